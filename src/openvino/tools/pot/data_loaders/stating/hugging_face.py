"""``preprocessor_config.json``, which image processors of Hugging Face's transformers store beside a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openvino.tools.pot.data_loaders.stating.sources import (
    Source,
    UnclearError,
    numbers,
    part_of,
    scaled,
    truth,
    whole,
)
from openvino.tools.pot.data_loaders.stating.statement import Order, Resize, Size, Span, Statement

_FILE = "preprocessor_config.json"
_STEPS = ("do_resize", "do_rescale", "do_normalize", "do_center_crop", "do_pad", "do_flip_channel_order")
_OF_LABELS = ("do_convert_rgb", "do_convert_annotations", "do_reduce_labels")
_MORE = ("keep_aspect_ratio", "ensure_multiple_of", "size_divisor", "patch_size", "offset", "rescale_offset")
_METHODS = ("NEAREST", "LANCZOS", "BILINEAR", "BICUBIC", "BOX", "HAMMING")
"""Names of Pillow's numbers."""


def read(source: Source) -> Statement | None:
    """What it says, None where there is none, or one of sounds.

    Raises:
        UnclearError: a value is not understood.
    """
    beside = source.beside(_FILE, above=True)
    if beside is None or "sampling_rate" in beside[1]:
        return None
    where, values = beside[0].name, beside[1]
    for key, value in values.items():
        more = key in _MORE or (key.startswith("do_") and key not in (*_STEPS, *_OF_LABELS))
        if more and value:
            raise UnclearError(where, key, value, f"nothing but {', '.join(_STEPS)}")
    if _is(where, values, "do_resize", True):
        resize, size = _resized(where, values)
    else:
        resize, size = None, _cropped(where, values)
    order: Order = "BGR" if _is(where, values, "do_flip_channel_order", False) else "RGB"
    return Statement(where, order, **_span(where, values), resize=resize, size=size)


def _is(where: str, values: Mapping[str, Any], key: str, absent: bool) -> bool:
    value = values.get(key)
    return absent if value is None else truth(where, key, value)


def _span(where: str, values: Mapping[str, Any]) -> Span:
    factor = values.get("rescale_factor", 1 / 255) if _is(where, values, "do_rescale", True) else 1.0
    if not isinstance(factor, (int, float)) or not factor > 0:
        raise UnclearError(where, "rescale_factor", factor, "a number above 0")
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    if _is(where, values, "do_normalize", "image_mean" in values):
        for key in ("image_mean", "image_std"):
            if key not in values:
                raise UnclearError(where, key, None, "numbers beside do_normalize")
        mean = numbers(where, "image_mean", values["image_mean"])
        std = numbers(where, "image_std", values["image_std"])
    return scaled(where, mean, std, 1 / factor)


def _resized(where: str, values: Mapping[str, Any]) -> tuple[Resize | None, Size | None]:
    method, size = _method(where, values), values.get("size")
    cropped = _cropped(where, values)
    pads = _is(where, values, "do_pad", False)
    if size is None:
        return None, cropped
    if isinstance(size, int) and not isinstance(size, bool):  # as it was written before 2022
        size = {"shortest_edge": size} if cropped else {"height": size, "width": size}
    if not isinstance(size, Mapping):
        raise UnclearError(where, "size", size, "height and width, or shortest_edge")
    if {"height", "width"} <= set(size) and not pads:
        height, width = whole(where, "size", size["height"]), whole(where, "size", size["width"])
        if cropped and cropped != (height, width):
            raise UnclearError(where, "crop_size", values.get("crop_size"), "that of size")
        return Resize("stretch", method=method), (height, width)
    if "shortest_edge" in size and "longest_edge" not in size and not pads:
        return _by_edge(where, values, whole(where, "size", size["shortest_edge"]), cropped, method)
    raise UnclearError(where, "size", dict(size), "height and width, or shortest_edge alone, without do_pad")


def _by_edge(
    where: str, values: Mapping[str, Any], edge: int, cropped: Size | None, method: str
) -> tuple[Resize, Size]:
    """By the shorter side: ConvNeXt's processor divides it by ``crop_pct``, and takes its middle."""
    if values.get("crop_pct") is not None:
        part = part_of(where, "crop_pct", values["crop_pct"])
        return (
            Resize("stretch", method=method) if edge >= 384 else Resize("crop", part=part, method=method)
        ), (
            edge,
            edge,
        )
    if cropped is None:
        raise UnclearError(
            where, "size", {"shortest_edge": edge}, "a crop_size with do_center_crop beside it"
        )
    shorter = min(size for size in cropped if size is not None)
    if shorter > edge:
        raise UnclearError(where, "crop_size", shorter, f"no more than the shortest_edge, {edge}")
    return Resize("crop", part=shorter / edge, method=method), cropped


def _cropped(where: str, values: Mapping[str, Any]) -> Size | None:
    size = values.get("crop_size")
    if size is None or not _is(where, values, "do_center_crop", False):
        return None
    if isinstance(size, Mapping):
        return whole(where, "crop_size", size.get("height")), whole(where, "crop_size", size.get("width"))
    return whole(where, "crop_size", size), whole(where, "crop_size", size)


def _method(where: str, values: Mapping[str, Any]) -> str:
    number = values.get("resample", 2)
    number = 2 if number is None else whole(where, "resample", number, least=0)
    if number >= len(_METHODS):
        raise UnclearError(where, "resample", number, f"0 to {len(_METHODS) - 1}")
    return _METHODS[number]
