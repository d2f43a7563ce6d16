"""``config.json`` of timm's models on Hugging Face, whose ``pretrained_cfg`` says how images are fed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openvino.tools.pot.data_loaders.stating.sources import (
    Source,
    UnclearError,
    numbers,
    part_of,
    scaled,
    whole,
)
from openvino.tools.pot.data_loaders.stating.statement import Kind, Resize, Statement

_MODES: Mapping[str, Kind] = {"center": "crop", "squash": "stretch"}
_METHODS = {"bilinear": "BILINEAR", "bicubic": "BICUBIC", "nearest": "NEAREST", "lanczos": "LANCZOS"}


def read(source: Source) -> Statement | None:
    """What it says, None where there is none of timm's.

    Raises:
        UnclearError: a value is not understood.
    """
    beside = source.beside("config.json", above=True)
    values: Any = None if beside is None else beside[1].get("pretrained_cfg")
    if beside is None or not isinstance(values, Mapping) or not {"mean", "std"} <= set(values):
        return None
    where = beside[0].name
    shape = values.get("input_size", [3, 224, 224])
    if not isinstance(shape, list) or len(shape) != 3:
        raise UnclearError(where, "input_size", shape, "channels, height and width")
    size = whole(where, "input_size", shape[1]), whole(where, "input_size", shape[2])
    method = values.get("interpolation", "bicubic")
    if method not in _METHODS:
        raise UnclearError(where, "interpolation", method, f"one of {', '.join(_METHODS)}")
    mode = values.get("crop_mode") or "center"
    if mode not in _MODES:
        raise UnclearError(where, "crop_mode", mode, " or ".join(_MODES))
    part = part_of(where, "crop_pct", values.get("crop_pct", 0.875))
    mean, std = numbers(where, "mean", values["mean"]), numbers(where, "std", values["std"])
    return Statement(
        where,
        "RGB",
        **scaled(where, mean, std, 255.0),
        resize=Resize(_MODES[mode], part=part, method=_METHODS[method]),
        size=size,
        family="timm",
    )
