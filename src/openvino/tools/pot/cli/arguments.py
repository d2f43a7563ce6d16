"""The arguments of ``pot``: POT's flags, and the commands that it did not have."""

from __future__ import annotations

import argparse
from typing import Any, NoReturn

from openvino.tools.pot.cli.command_arguments import SUBCOMMANDS
from openvino.tools.pot.cli.shared_arguments import (
    LOG_LEVELS,
    add_agreement,
    add_data,
    add_ignored,
    add_weights,
    add_workers,
)
from openvino.tools.pot.utils.errors import ConfigError, nearest
from openvino.tools.pot.version import __version__

COMMANDS = ("plan", "adopt", "diagnose", "compare", "frontier", "probe", "verify", "doctor", "run-script")
"""As the line of usage has them."""
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
    add_weights(parser.add_argument_group("with --quantize weights"))
    add_data(parser.add_argument_group("data, with --quantize"))
    _add_output(parser.add_argument_group("results"))
    _add_logging(parser)
    parser.set_defaults(command=None)
    if with_commands:
        names = " | ".join(COMMANDS)
        commands = parser.add_subparsers(dest="command", metavar=names, parser_class=Parser)
        for name, command in SUBCOMMANDS.items():
            command.add(commands.add_parser(name, help=command.help, epilog=command.epilog))
    return parser


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
    add_ignored(group)
    group.add_argument(
        "--max-drop",
        type=float,
        help="what accuracy_aware may lose of a metric, or of agreement (default: 0.01)",
    )
    add_agreement(group)
    group.add_argument("--stat-cache", metavar="FOLDER", help="keeps statistics: no pass is made twice")
    group.add_argument(
        "--max-memory", metavar="SIZE", help="that quantizing may take beyond what is there, such as 4GB"
    )
    add_workers(group)


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
