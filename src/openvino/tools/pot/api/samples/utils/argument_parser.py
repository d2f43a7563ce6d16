"""The command line arguments that samples share."""

from __future__ import annotations

from argparse import ArgumentParser


def get_common_argparser() -> ArgumentParser:
    """A parser of arguments about the model, the data and the result, which a sample adds its own arguments to.

    Names can't be abbreviated. Without ``--weights``, the file beside the model is meant.
    """
    parser = ArgumentParser(
        description="Quantize a model and measure it before and after", allow_abbrev=False
    )
    parser.add_argument("-m", "--model", required=True, help="the model's .xml file")
    parser.add_argument("-w", "--weights", help="its .bin file (default: the one beside it)")
    parser.add_argument("-d", "--dataset", required=True, help="folder with the data")
    add_keeping_of_floats(parser)
    return parser


def add_keeping_of_floats(parser: ArgumentParser) -> None:
    """Let a parser take ``--keep-uncompressed-weights``."""
    parser.add_argument(
        "--keep-uncompressed-weights", action="store_true", help="store quantized weights as floats"
    )
