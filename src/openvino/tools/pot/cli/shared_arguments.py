"""The arguments that several commands of ``pot`` have."""

from __future__ import annotations

import argparse

from openvino.tools.pot.cli.feeding_arguments import add_feeding

WEIGHT_MODES = ("int8_asym", "int8_sym", "int4_sym", "int4_asym")
AGREEMENTS = ("auto", "boxes", "text", "classes", "masks", "correlation", "fidelity")
"""As the parameters of accuracy control have them, which are not imported for a line of help."""
LOG_LEVELS = ("CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG")


def add_float_model(parser: argparse.ArgumentParser) -> None:
    """The network in float that a command starts from."""
    parser.add_argument(
        "-m", "--model", metavar="FILE", required=True, help="in float: .xml, .onnx, .tflite, .pb, .pdmodel"
    )
    parser.add_argument("-w", "--weights", metavar="FILE", help=".bin; absent: beside the .xml")


def add_ignored(group: argparse._ActionsContainer) -> None:
    """What is left in float."""
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


def add_agreement(group: argparse._ActionsContainer) -> None:
    """What accuracy control goes by without labels."""
    group.add_argument(
        "--agreement",
        choices=AGREEMENTS,
        help="what accuracy_aware compares with the float model without labels (default: auto, by the outputs' form)",
    )


def add_workers(group: argparse._ActionsContainer) -> None:
    """Who shares the passes over samples."""
    group.add_argument(
        "--workers", type=int, metavar="N", help="processes that share the passes over samples"
    )
    group.add_argument(
        "--dask", metavar="ADDRESS", help="of a Dask scheduler whose workers do, such as tcp://host:8786"
    )


def add_weights(group: argparse._ArgumentGroup) -> None:
    """How weights alone are compressed."""
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


def add_data(group: argparse._ArgumentGroup, count: int = 300) -> None:
    """Samples, and how they are fed.

    Args:
        group: that gets the flags.
        count: samples that are used where nobody says how many.
    """
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


def add_own_settings(parser: argparse.ArgumentParser) -> None:
    """Whether what is not in 8 bits runs as the device would have it."""
    parser.add_argument(
        "--own-settings",
        dest="float32",
        action="store_false",
        help="run what is not in 8 bits as the device does by itself, which may be in bf16 or f16 (absent: float32)",
    )


def add_format(parser: argparse.ArgumentParser) -> None:
    """How a command that shows something prints it."""
    parser.add_argument("--format", choices=("table", "json", "md"), default="table", help="default: table")
    parser.add_argument("--log-level", type=str.upper, choices=LOG_LEVELS, default="WARNING")
