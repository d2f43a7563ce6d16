"""The arguments of ``pot``: POT's flags, and the commands that it did not have."""

from __future__ import annotations

import argparse
from typing import Any, NoReturn

from openvino.tools.pot.cli.feeding_arguments import add_feeding
from openvino.tools.pot.utils.errors import ConfigError, nearest
from openvino.tools.pot.version import __version__

WEIGHT_MODES = ("int8_asym", "int8_sym", "int4_sym", "int4_asym")
AGREEMENTS = ("auto", "boxes", "text", "classes", "masks", "correlation", "fidelity")
"""As the parameters of accuracy control have them, which are not imported for a line of help."""
LOG_LEVELS = ("CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG")
COMMANDS = ("plan", "adopt", "diagnose", "compare", "frontier", "probe", "verify", "doctor", "run-script")
_EPILOG = """\
examples:
  pot -q default -m model.xml --data-source images/ --mean-values 127.5 --scale-values 127.5
  pot -q weights -m model.xml --mode int4_sym
  pot -c config.json -e
  pot plan -m model.onnx
  pot adopt yolo11n_openvino_model --data-source images/
  pot diagnose -m model.xml -q int8.xml --data-source images/ --report page.html
  pot compare model.xml int8.xml --data-source images/
  pot frontier -m model.xml --data-source images/ --output-dir models/
  pot probe --device CPU
  pot verify int8.xml -m model.xml
  pot doctor
  pot run-script old_script.py --its-own arguments
"""
_COMPARE = """\
example:
  pot compare model.xml int8.xml others_int8.xml --data-source images/ --subset-size 100
"""
_ADOPT = """\
examples:
  pot adopt yolo11n_openvino_model --data-source images/
  pot adopt distilbert --data-source sentences.txt --output-dir distilbert_int8
"""
_FRONTIER = """\
example:
  pot frontier -m model.xml --data-source images/ --points 5 --output-dir models/
"""


class Parser(argparse.ArgumentParser):
    """A parser whose errors are those of this package."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, **settings)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            known = [str(choice) for choice in action.choices]
            raise argparse.ArgumentError(
                action, f"found {value!r}, expected one of {', '.join(known)}{nearest(str(value), known)}"
            )

    def error(self, message: str) -> NoReturn:
        """Raise ConfigError in place of printing usage."""
        raise ConfigError(message)


def make_parser(with_commands: bool = True) -> argparse.ArgumentParser:
    """The parser of the whole command line, or of the flags that no command stands before."""
    parser = Parser(
        prog="pot", description="Quantizes OpenVINO models to INT8 without training.", epilog=_EPILOG
    )
    parser.add_argument("--version", action="version", version=f"pot {__version__}")
    _add_task(parser.add_argument_group("what is done"))
    _add_weights(parser.add_argument_group("with --quantize weights"))
    _add_data(parser.add_argument_group("data, with --quantize"))
    _add_output(parser.add_argument_group("results"))
    _add_logging(parser)
    parser.set_defaults(command=None)
    if with_commands:
        _add_commands(parser)
    return parser


def _add_commands(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="command", metavar=" | ".join(COMMANDS), parser_class=Parser)
    _add_plan(commands.add_parser("plan", help="show what would be quantized and why; needs no data"))
    _add_adopt(
        commands.add_parser(
            "adopt",
            help="quantize an export of Ultralytics, Geti, OTX, Anomalib or Optimum, and keep it one",
            epilog=_ADOPT,
        )
    )
    _add_diagnose(commands.add_parser("diagnose", help="find what INT8 loses, where and why, and what helps"))
    _add_compare(
        commands.add_parser(
            "compare", help="hold models against the first of them: fidelity, size, time", epilog=_COMPARE
        )
    )
    _add_probe(
        commands.add_parser(
            "probe", help="ask a device what it runs in 8 bits, and whether that is right; needs no model"
        )
    )
    _add_frontier(
        commands.add_parser(
            "frontier",
            help="make a few models between float and full INT8, and measure each",
            epilog=_FRONTIER,
        )
    )
    _add_verify(
        commands.add_parser(
            "verify", help="see whether an INT8 model is what it says, and the same everywhere"
        )
    )
    _add_doctor(
        commands.add_parser(
            "doctor", help="see whether this machine is fit: versions, devices, a network tried on them"
        )
    )
    script = commands.add_parser("run-script", help="run a script written for POT as it is")
    script.add_argument("script", metavar="SCRIPT", help="a Python file")
    script.add_argument(
        "arguments", metavar="ARGS", nargs=argparse.REMAINDER, help="its own arguments", default=[]
    )


def parse(argv: list[str]) -> argparse.Namespace:
    """The arguments of a command line.

    Raises:
        ConfigError: one is unknown, missing or out of its choices.
    """
    # Beside commands, argparse takes the value of an unknown flag for one.
    parser = make_parser(bool({*argv[:1]} & {*COMMANDS} or {*argv} & {"-h", "--help"}))
    options, unknown = parser.parse_known_args(argv)
    if unknown:
        known = [flag for action in _actions(parser, options.command) for flag in action.option_strings]
        if unknown[0] in COMMANDS:
            raise ConfigError(f"the command {unknown[0]!r} comes first: pot {unknown[0]} ...")
        word = unknown[0].partition("=")[0]
        hint = nearest(word, [*known, *COMMANDS]) if len(word) > 2 else ""
        raise ConfigError(f"unknown argument {unknown[0]!r}{hint}")
    return options


def flags_of(command: str) -> dict[str, argparse.Action]:
    """The flags of a command, by the names of their values."""
    return {action.dest: action for action in _actions(make_parser(), command)}


def _actions(parser: argparse.ArgumentParser, command: str | None) -> list[argparse.Action]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction) and command is not None:
            chosen: argparse.ArgumentParser = action.choices[command]
            return chosen._actions
    return parser._actions


def _add_task(group: argparse._ArgumentGroup) -> None:
    group.add_argument("-c", "--config", metavar="FILE", help="configuration, JSON with comments or YAML")
    group.add_argument(
        "-q",
        "--quantize",
        choices=("default", "accuracy_aware", "data_free", "weights"),
        help="without a configuration",
    )
    group.add_argument(
        "--preset", choices=("performance", "mixed", "accuracy"), help="absent: chosen for each tensor"
    )
    group.add_argument("-m", "--model", metavar="FILE", help=".xml, .onnx, .tflite, .pb, .pdmodel")
    group.add_argument("-w", "--weights", metavar="FILE", help=".bin; absent: beside the .xml")
    group.add_argument("-n", "--name", help="of the result; absent: as the model's file")
    group.add_argument("--target-device", help="ANY, CPU, GPU, NPU, GNA or GNA3 (default: ANY)")
    group.add_argument("--model-type", help="transformer or none; absent: the graph shows it")
    _add_ignored(group)
    group.add_argument(
        "--max-drop",
        type=float,
        help="what accuracy_aware may lose of a metric, or of agreement (default: 0.01)",
    )
    _add_agreement(group)
    group.add_argument("--stat-cache", metavar="FOLDER", help="keeps statistics: no pass is made twice")
    group.add_argument(
        "--max-memory", metavar="SIZE", help="that quantizing may take beyond what is there, such as 4GB"
    )
    _add_workers(group)


def _add_agreement(group: argparse._ActionsContainer) -> None:
    group.add_argument(
        "--agreement",
        choices=AGREEMENTS,
        help="what accuracy_aware compares with the float model without labels (default: auto, by the outputs' form)",
    )


def _add_workers(group: argparse._ActionsContainer) -> None:
    group.add_argument(
        "--workers", type=int, metavar="N", help="processes that share the passes over samples"
    )
    group.add_argument(
        "--dask", metavar="ADDRESS", help="of a Dask scheduler whose workers do, such as tcp://host:8786"
    )


def _add_weights(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--mode",
        choices=WEIGHT_MODES,
        help="how weights are stored (default: int8_asym)",
    )
    group.add_argument(
        "--group-size", type=int, help="of 4 bits: weights of a row that share a scale; -1: all (default: 64)"
    )
    group.add_argument(
        "--ratio", type=float, help="of 4 bits: share of the weights that get them (default: 1)"
    )
    group.add_argument(
        "--backup",
        choices=("int8_asym", "int8_sym", "none"),
        help="of 4 bits: for the others (default: int8_asym)",
    )


def _add_data(group: argparse._ArgumentGroup, count: int = 300) -> None:
    group.add_argument("--engine", choices=("accuracy_checker", "simplified", "data_free"))
    group.add_argument("--ac-config", metavar="FILE", help="configuration of Accuracy Checker")
    group.add_argument(
        "--data-source", metavar="PATH", help="folder, pattern, list (.txt) or file of samples"
    )
    group.add_argument("--subset-size", type=int, help=f"samples that are used (default: {count})")
    group.add_argument("--layout", help="of the input, such as NCHW; absent: the model's")
    group.add_argument("--shape", help="of a dynamic input, such as [1,3,224,224]")
    group.add_argument(
        "--static", action="store_true", help="fix the input's shape: --shape, or that of the first sample"
    )
    group.add_argument("--mean-values", metavar="M[,M,M]", help="taken from pixels, which are 0 to 255")
    group.add_argument("--scale-values", metavar="S[,S,S]", help="pixels are divided by them then")
    group.add_argument(
        "--color-order", type=str.upper, choices=("BGR", "RGB"), help="absent: see --like; BGR"
    )
    group.add_argument("--central-fraction", type=float, help="part of height and width that is kept")
    add_feeding(group)
    group.add_argument("--generate-data", action="store_true", help="data_free: make images anew")
    group.add_argument("--data-type", choices=("image",), help="data_free: what is made")


def _add_output(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--accept-loss",
        action="store_true",
        help="exit with 0 even if the result does not follow the float model",
    )
    group.add_argument("--report", metavar="FILE", help="write a page of HTML: what INT8 loses, and where")
    group.add_argument(
        "--format", choices=("text", "json"), default="text", help="of what is printed (default: text)"
    )
    group.add_argument("-e", "--evaluate", action="store_true", help="measure both models, too")
    group.add_argument("--output-dir", default="./results", metavar="FOLDER", help="default: ./results")
    group.add_argument("-d", "--direct-dump", action="store_true", help="no folders for model and time in it")
    group.add_argument(
        "--keep-uncompressed-weights", action="store_true", help="store weights as floats, not as integers"
    )


def _add_logging(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what is shown")
    group.add_argument(
        "--log-level",
        type=str.upper,
        choices=LOG_LEVELS,
        help="default: INFO; on a terminal steps and warnings",
    )
    group.add_argument("--progress-bar", dest="pbar", action="store_true", help="a bar instead of log lines")
    group.add_argument("--stream-output", action="store_true", help="progress as lines, never as a bar")


def _add_adopt(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "export",
        metavar="FOLDER",
        help="that a tool exported, or an .onnx file of Ultralytics; stays as it is",
    )
    parser.add_argument(
        "-q",
        "--quantize",
        choices=("default", "accuracy_aware", "weights"),
        help="absent: default, and weights of networks that make one token after the other",
    )
    parser.add_argument("--preset", choices=("performance", "mixed", "accuracy"), help="as of pot -q")
    _add_ignored(parser)
    parser.add_argument("--target-device", help="ANY, CPU, GPU or NPU (default: ANY)")
    parser.add_argument("--model-type", help="transformer or none; absent: the graph shows it")
    parser.add_argument("--max-drop", type=float, help="of accuracy_aware (default: 0.01)")
    _add_agreement(parser)
    _add_weights(parser.add_argument_group("with --quantize weights"))
    _add_data(parser.add_argument_group("data"))
    _add_workers(parser)
    parser.add_argument("-e", "--evaluate", action="store_true", help="measure both models, too")
    parser.add_argument(
        "--output-dir",
        metavar="FOLDER",
        help="a new one; absent: beside the export, by the name that its loader wants",
    )
    parser.add_argument(
        "--accept-loss",
        action="store_true",
        help="exit with 0 even if the result does not follow the float model",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    parser.add_argument("--log-level", type=str.upper, choices=LOG_LEVELS, default="INFO")


def _add_diagnose(parser: argparse.ArgumentParser) -> None:
    _add_float_model(parser)
    parser.add_argument(
        "-q", "--int8", metavar="FILE", help="the same in INT8, made by anybody; absent: it is made"
    )
    parser.add_argument(
        "--search", metavar="FILE", help="search.json in the state_dir of the accuracy control that made -q"
    )
    _add_data(parser.add_argument_group("data"))
    parser.add_argument("--preset", choices=("performance", "mixed", "accuracy"), help="of what is made")
    _add_ignored(parser)
    parser.add_argument("--target-device", help="ANY, CPU, GPU or NPU (default: ANY)")
    parser.add_argument("--model-type", help="transformer or none; absent: the graph shows it")
    parser.add_argument(
        "--no-remedies", dest="remedies", action="store_false", help="change nothing, only look"
    )
    parser.add_argument("--apply", metavar="FOLDER", help="store the model of the best remedy there")
    _add_workers(parser)
    parser.add_argument("--report", metavar="FILE", help="write a page of HTML")
    _add_format(parser)


def _add_float_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-m", "--model", metavar="FILE", required=True, help="in float: .xml, .onnx, .tflite, .pb, .pdmodel"
    )
    parser.add_argument("-w", "--weights", metavar="FILE", help=".bin; absent: beside the .xml")


def _add_ignored(group: argparse._ActionsContainer) -> None:
    group.add_argument(
        "--ignored",
        metavar="NAME",
        nargs="+",
        action="extend",
        help="nodes left in float: names, patterns ('/head/*', 're:/head/.*'), places (after:last-convolution)",
    )
    group.add_argument(
        "--ignored-types",
        metavar="TYPE",
        nargs="+",
        action="extend",
        help="operations left in float, by type",
    )


def _add_compare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "models",
        metavar="FILE",
        nargs="+",
        help="two or more, with the same inputs; the others are held against the first, best the one in float",
    )
    _add_data(parser.add_argument_group("data"))
    _add_own_settings(parser)
    _add_format(parser)


def _add_probe(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", default="CPU", help="as OpenVINO calls it, such as GPU.0 (default: CPU)")
    parser.add_argument(
        "--quick", action="store_true", help="few forms of each operation, nothing timed, nothing kept"
    )
    parser.add_argument("--output", metavar="FILE", help="store all rows there, as JSON")
    _add_format(parser)


def _add_frontier(parser: argparse.ArgumentParser) -> None:
    _add_float_model(parser)
    _add_data(parser.add_argument_group("data"))
    parser.add_argument(
        "--points",
        type=int,
        default=5,
        help="models that are made at most, full INT8 among them (default: 5)",
    )
    parser.add_argument("--output-dir", metavar="FOLDER", help="store the models there")
    parser.add_argument("--preset", choices=("performance", "mixed", "accuracy"), help="of what is made")
    _add_ignored(parser)
    parser.add_argument("--target-device", help="ANY, CPU, GPU or NPU (default: ANY)")
    parser.add_argument("--model-type", help="transformer or none; absent: the graph shows it")
    _add_own_settings(parser)
    _add_format(parser)


def _add_verify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "verified",
        metavar="MODEL",
        help="in INT8, made by anybody; without flags of data it is run on 8 made-up samples",
    )
    parser.add_argument("-m", "--model", metavar="FILE", help="in float, that it should have been made from")
    parser.add_argument(
        "--device",
        metavar="D",
        nargs="+",
        action="extend",
        help="where it is run (absent: all that are there)",
    )
    parser.add_argument(
        "--no-instruction-sets",
        dest="instruction_sets",
        action="store_false",
        help="don't hold the CPU to older instruction sets, too",
    )
    _add_data(parser.add_argument_group("data"), count=8)
    _add_format(parser)


def _add_doctor(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--no-self-test",
        dest="self_test",
        action="store_false",
        help="look only: quantize and run nothing",
    )
    _add_format(parser)


def _add_own_settings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--own-settings",
        dest="float32",
        action="store_false",
        help="run what is not in 8 bits as the device does by itself, which may be in bf16 or f16 (absent: float32)",
    )


def _add_format(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=("table", "json", "md"), default="table", help="default: table")
    parser.add_argument("--log-level", type=str.upper, choices=LOG_LEVELS, default="WARNING")


def _add_plan(parser: argparse.ArgumentParser) -> None:
    one = parser.add_mutually_exclusive_group(required=True)
    one.add_argument("-m", "--model", metavar="FILE", help=".xml, .onnx, .tflite, .pb, .pdmodel")
    one.add_argument("-c", "--config", metavar="FILE", help="a configuration, in place of all that follow")
    parser.add_argument("-w", "--weights", metavar="FILE", help=".bin; absent: beside the .xml")
    parser.add_argument("--shape", help="of a dynamic input, such as [1,3,224,224], which it is fixed to")
    _add_ignored(parser)
    parser.add_argument("--target-device", help="ANY, CPU, GPU, NPU, GNA or GNA3 (default: ANY)")
    parser.add_argument("--model-type", help="transformer or none; absent: the graph shows it")
    parser.add_argument("--all", action="store_true", help="tables of all layers, tensors and reasons")
    parser.add_argument("--format", choices=("table", "json"), default="table", help="default: table")
    parser.add_argument("--log-level", type=str.upper, choices=LOG_LEVELS, default="WARNING")
