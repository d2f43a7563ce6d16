"""The command ``mo``: Model Optimizer's flags, and its files where it wrote them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from openvino.tools.pot.graph.writing import write_networks
from openvino.tools.pot.legacy.mo.arguments import DROPPED, Arguments
from openvino.tools.pot.legacy.mo.convert import convert_model
from openvino.tools.pot.utils.errors import PotError
from openvino.tools.pot.version import __version__

_SHORT = {
    "input_model": ("-w", "-m"),
    "model_name": ("-n",),
    "output_dir": ("-o",),
    "scale": ("-s",),
    "mean_values": ("-ms",),
    "batch": ("-b",),
}
_PATHS = ("input_model", "saved_model_dir", "output_dir")
_KINDS: dict[str, Any] = {"batch": int, "scale": float}
_IDLE = (
    *("progress", "stream_output", "static_shape", "use_legacy_frontend"),
    *("disable_fusing", "disable_gfusing", "disable_resnet_optimization"),
    *("enable_concat_optimization", "finegrain_fusing"),
)
"""Flags that changed how a model was converted or shown, and not what it computes."""
_ELSEWHERE = ("help", "version", "compress_to_fp16", "example_input", "silent")
"""Arguments that are no flags, or flags of another kind."""
_VERSION = 11  # of the IR that OpenVINO writes


def main(argv: Sequence[str] | None = None) -> int:
    """Convert a model as ``mo`` did, and say where it is; the exit code."""
    given = vars(_parser().parse_args(argv))
    given |= {name: str(Path(given[name]).expanduser()) for name in _PATHS if given[name]}
    idle = [name for name in _IDLE if given.pop(name)]
    if idle:
        print(f"[ WARNING ]  without effect here: {', '.join(f'--{name}' for name in idle)}", file=sys.stderr)
    try:
        stem = _stem(given)
        model = convert_model(**given)
        (written,) = write_networks({stem: model}, Path(given["output_dir"]))
    except PotError as error:
        print(f"[ ERROR ]  {str(error).removeprefix('convert_model: ')}", file=sys.stderr)
        return 1
    print(f"[ SUCCESS ] Generated IR version {_VERSION} model.")
    print(f"[ SUCCESS ] XML file: {Path(written['model']).absolute()}")
    print(f"[ SUCCESS ] BIN file: {Path(written['weights']).absolute()}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mo", description="Model Optimizer's command, on openvino.convert_model."
    )
    defaults = {field.name: field.default for field in fields(Arguments)} | DROPPED
    for name, default in defaults.items():
        if name in _ELSEWHERE or default is True:
            continue
        flags = (f"--{name}", *_SHORT.get(name, ()))
        if default is False:
            parser.add_argument(*flags, action="store_true")
        else:
            parser.add_argument(*flags, default=default, type=_KINDS.get(name, str))
    parser.add_argument("--compress_to_fp16", nargs="?", const=True, default=False, type=_truth)
    parser.add_argument("--silent", action="store_true", default=True)
    parser.add_argument("--use_new_frontend", action="store_true")
    parser.add_argument("--version", action="version", version=f"mo of openvino-pot {__version__}")
    parser.set_defaults(output_dir=".")
    return parser


def _truth(text: str) -> bool:
    if text.lower() not in ("true", "false", "1", "0"):
        raise argparse.ArgumentTypeError(f"expected True or False, found {text!r}")
    return text.lower() in ("true", "1")


def _stem(given: dict[str, Any]) -> str:
    """What the files are called."""
    if given["model_name"]:
        return str(given["model_name"])
    return Path(given["input_model"]).stem if given["input_model"] else "saved_model"
