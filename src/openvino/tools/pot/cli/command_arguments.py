"""The commands of ``pot`` that POT did not have, and the arguments of each."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from openvino.tools.pot.cli.shared_arguments import (
    LOG_LEVELS,
    add_agreement,
    add_data,
    add_float_model,
    add_format,
    add_ignored,
    add_own_settings,
    add_weights,
    add_workers,
)

_ADOPT = """\
examples:
  pot adopt yolo11n_openvino_model --data-source images/
  pot adopt distilbert --data-source sentences.txt --output-dir distilbert_int8
"""
_COMPARE = """\
example:
  pot compare model.xml int8.xml others_int8.xml --data-source images/ --subset-size 100
"""
_FRONTIER = """\
example:
  pot frontier -m model.xml --data-source images/ --points 5 --output-dir models/
"""


@dataclass(frozen=True)
class Command:
    """A command of ``pot``.

    Attributes:
        help: of the list of commands.
        add: gives its parser the arguments.
        epilog: examples, below its own help.
    """

    help: str
    add: Callable[[argparse.ArgumentParser], None]
    epilog: str | None = None


def _add_plan(parser: argparse.ArgumentParser) -> None:
    one = parser.add_mutually_exclusive_group(required=True)
    one.add_argument("-m", "--model", metavar="FILE", help=".xml, .onnx, .tflite, .pb, .pdmodel")
    one.add_argument("-c", "--config", metavar="FILE", help="a configuration, in place of all that follow")
    parser.add_argument("-w", "--weights", metavar="FILE", help=".bin; absent: beside the .xml")
    parser.add_argument("--shape", help="of a dynamic input, such as [1,3,224,224], which it is fixed to")
    add_ignored(parser)
    parser.add_argument("--target-device", help="ANY, CPU, GPU, NPU, GNA or GNA3 (default: ANY)")
    parser.add_argument("--model-type", help="transformer or none; absent: the graph shows it")
    parser.add_argument("--all", action="store_true", help="tables of all layers, tensors and reasons")
    parser.add_argument("--format", choices=("table", "json"), default="table", help="default: table")
    parser.add_argument("--log-level", type=str.upper, choices=LOG_LEVELS, default="WARNING")


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
    add_ignored(parser)
    parser.add_argument("--target-device", help="ANY, CPU, GPU or NPU (default: ANY)")
    parser.add_argument("--model-type", help="transformer or none; absent: the graph shows it")
    parser.add_argument("--max-drop", type=float, help="of accuracy_aware (default: 0.01)")
    add_agreement(parser)
    add_weights(parser.add_argument_group("with --quantize weights"))
    add_data(parser.add_argument_group("data"))
    add_workers(parser)
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
    add_float_model(parser)
    parser.add_argument(
        "-q", "--int8", metavar="FILE", help="the same in INT8, made by anybody; absent: it is made"
    )
    parser.add_argument(
        "--search", metavar="FILE", help="search.json in the state_dir of the accuracy control that made -q"
    )
    add_data(parser.add_argument_group("data"))
    parser.add_argument("--preset", choices=("performance", "mixed", "accuracy"), help="of what is made")
    add_ignored(parser)
    parser.add_argument("--target-device", help="ANY, CPU, GPU or NPU (default: ANY)")
    parser.add_argument("--model-type", help="transformer or none; absent: the graph shows it")
    parser.add_argument(
        "--no-remedies", dest="remedies", action="store_false", help="change nothing, only look"
    )
    parser.add_argument("--apply", metavar="FOLDER", help="store the model of the best remedy there")
    add_workers(parser)
    parser.add_argument("--report", metavar="FILE", help="write a page of HTML")
    add_format(parser)


def _add_compare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "models",
        metavar="FILE",
        nargs="+",
        help="two or more, with the same inputs; the others are held against the first, best the one in float",
    )
    add_data(parser.add_argument_group("data"))
    add_own_settings(parser)
    add_format(parser)


def _add_probe(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", default="CPU", help="as OpenVINO calls it, such as GPU.0 (default: CPU)")
    parser.add_argument(
        "--quick", action="store_true", help="few forms of each operation, nothing timed, nothing kept"
    )
    parser.add_argument("--output", metavar="FILE", help="store all rows there, as JSON")
    add_format(parser)


def _add_frontier(parser: argparse.ArgumentParser) -> None:
    add_float_model(parser)
    add_data(parser.add_argument_group("data"))
    parser.add_argument(
        "--points",
        type=int,
        default=5,
        help="models that are made at most, full INT8 among them (default: 5)",
    )
    parser.add_argument("--output-dir", metavar="FOLDER", help="store the models there")
    parser.add_argument("--preset", choices=("performance", "mixed", "accuracy"), help="of what is made")
    add_ignored(parser)
    parser.add_argument("--target-device", help="ANY, CPU, GPU or NPU (default: ANY)")
    parser.add_argument("--model-type", help="transformer or none; absent: the graph shows it")
    add_own_settings(parser)
    add_format(parser)


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
    add_data(parser.add_argument_group("data"), count=8)
    add_format(parser)


def _add_doctor(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--no-self-test",
        dest="self_test",
        action="store_false",
        help="look only: quantize and run nothing",
    )
    add_format(parser)


def _add_script(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("script", metavar="SCRIPT", help="a Python file")
    parser.add_argument(
        "arguments", metavar="ARGS", nargs=argparse.REMAINDER, help="its own arguments", default=[]
    )


SUBCOMMANDS: Mapping[str, Command] = {
    "plan": Command("show what would be quantized and why; needs no data", _add_plan),
    "adopt": Command(
        "quantize an export of Ultralytics, Geti, OTX, Anomalib or Optimum, and keep it one",
        _add_adopt,
        _ADOPT,
    ),
    "diagnose": Command("find what INT8 loses, where and why, and what helps", _add_diagnose),
    "compare": Command("hold models against the first of them: fidelity, size, time", _add_compare, _COMPARE),
    "probe": Command(
        "ask a device what it runs in 8 bits, and whether that is right; needs no model", _add_probe
    ),
    "frontier": Command(
        "make a few models between float and full INT8, and measure each", _add_frontier, _FRONTIER
    ),
    "verify": Command("see whether an INT8 model is what it says, and the same everywhere", _add_verify),
    "doctor": Command(
        "see whether this machine is fit: versions, devices, a network tried on them", _add_doctor
    ),
    "run-script": Command("run a script written for POT as it is", _add_script),
}
"""Command -> what it takes, in the order in which help describes them."""
