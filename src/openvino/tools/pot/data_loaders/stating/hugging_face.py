"""``preprocessor_config.json``, which image processors of Hugging Face's transformers store beside a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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
from openvino.tools.pot.data_loaders.stating.statement import Resize, Size, Span, Statement

_FILE = "preprocessor_config.json"
_STEPS = ("do_resize", "do_rescale", "do_normalize", "do_center_crop", "do_pad", "do_flip_channel_order")
_OF_LABELS = ("do_convert_rgb", "do_convert_annotations", "do_reduce_labels")
_OF_SIZES = ("keep_aspect_ratio", "ensure_multiple_of", "size_divisor", "patch_size", "limit_type")
_OF_NUMBERS = ("offset", "rescale_offset")
_METHODS = ("NEAREST", "LANCZOS", "BILINEAR", "BICUBIC", "BOX", "HAMMING")
"""Names of Pillow's numbers."""


@dataclass(frozen=True)
class _Own:
    """What the code of a processor does that its file says nothing of.

    Attributes:
        flips: whether channels come as BGR; mean and deviation are still of RGB, in that order.
        normalizes: whether it does so if the file does not say.
        edge: factor of the shorter side.
        repeats: key that divides by the deviations a second time, where it is true or absent.
        short: key of the shorter side, in place of ``size``.
        square: whether a single number as size is that of both sides, even if the middle is taken then.
    """

    flips: bool = False
    normalizes: bool = True
    edge: float = 1.0
    repeats: str = ""
    short: str = ""
    square: bool = False


_PROCESSORS: Mapping[str, _Own] = {
    "Beit": _Own(square=True),
    "DeiT": _Own(square=True),
    "Flava": _Own(square=True),
    "Levit": _Own(edge=256 / 224),
    "EfficientNet": _Own(repeats="include_top"),
    "MobileViT": _Own(normalizes=False),
    "SuperPoint": _Own(normalizes=False),
    "UVDoc": _Own(flips=True, normalizes=False),
    "PPLCNet": _Own(flips=True, short="resize_short"),
    "PPOCRV5ServerDet": _Own(flips=True),
}
"""Compared with transformers 5.5: all of its processors that give one image of three channels and are not here are fed
as their files say."""


def read(source: Source) -> Statement | None:
    """What it says, None where there is none, or one of sounds.

    Raises:
        UnclearError: a value is not understood.
    """
    beside = source.beside(_FILE, above=True)
    if beside is None or "sampling_rate" in beside[1]:
        return None
    where, values = beside[0].name, beside[1]
    own = _PROCESSORS.get(_type(values), _Own())
    for key in _OF_NUMBERS:
        if values.get(key):
            raise UnclearError(where, key, values[key], "none, or false")
    span = _span(where, values, own)
    flips = own.flips or _is(where, values, "do_flip_channel_order", False)
    resize, size, unclear = None, None, ""
    try:
        resize, size = _sized(where, values, own)
    except UnclearError as error:
        unclear = f"{error}: how images get their size is not taken from there"
    if own.flips:
        span = {"mean": span["mean"][::-1], "scale": span["scale"][::-1]}
    return Statement(where, "BGR" if flips else "RGB", **span, resize=resize, size=size, unclear=unclear)


def _type(values: Mapping[str, Any]) -> str:
    """The name of a processor, without the words that all have."""
    name = str(values.get("image_processor_type") or values.get("feature_extractor_type") or "")
    for word in ("Fast", "Pil", "ImageProcessor", "FeatureExtractor"):
        name = name.removesuffix(word)
    return name


def _sized(where: str, values: Mapping[str, Any], own: _Own) -> tuple[Resize | None, Size | None]:
    """How images get their size, and the size."""
    for key, value in values.items():
        more = key in _OF_SIZES or (key.startswith("do_") and key not in (*_STEPS, *_OF_LABELS))
        if more and value and not (key == "size_divisor" and value == 1):
            raise UnclearError(where, key, value, f"nothing but {', '.join(_STEPS)}")
    if _is(where, values, "do_resize", True):
        return _resized(where, values, own)
    return None, _cropped(where, values)


def _is(where: str, values: Mapping[str, Any], key: str, absent: bool) -> bool:
    value = values.get(key)
    return absent if value is None else truth(where, key, value)


def _span(where: str, values: Mapping[str, Any], own: _Own) -> Span:
    factor = values.get("rescale_factor", 1 / 255) if _is(where, values, "do_rescale", True) else 1.0
    if not isinstance(factor, (int, float)) or not factor > 0:
        raise UnclearError(where, "rescale_factor", factor, "a number above 0")
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    if _is(where, values, "do_normalize", own.normalizes and "image_mean" in values):
        for key in ("image_mean", "image_std"):
            if key not in values:
                raise UnclearError(where, key, None, "numbers beside do_normalize")
        mean = numbers(where, "image_mean", values["image_mean"])
        std = numbers(where, "image_std", values["image_std"])
        if own.repeats and _is(where, values, own.repeats, True):
            std = tuple(each * each for each in std)
    return scaled(where, mean, std, 1 / factor)


def _resized(where: str, values: Mapping[str, Any], own: _Own) -> tuple[Resize | None, Size | None]:
    method, size = _method(where, values), values.get("size")
    if values.get(own.short):
        size = {"shortest_edge": values[own.short]}
    cropped = _cropped(where, values)
    pads = _is(where, values, "do_pad", False)
    if size is None:
        raise UnclearError(where, "size", None, "height and width, or shortest_edge, beside do_resize")
    if isinstance(size, int) and not isinstance(size, bool):  # as it was written before 2022
        size = {"shortest_edge": size} if cropped and not own.square else {"height": size, "width": size}
    if not isinstance(size, Mapping):
        raise UnclearError(where, "size", size, "height and width, or shortest_edge")
    if {"height", "width"} <= set(size) and not pads:
        height, width = whole(where, "size", size["height"]), whole(where, "size", size["width"])
        return _stretched(where, (height, width), cropped, method)
    if "shortest_edge" in size and "longest_edge" not in size and not pads:
        edge = int(whole(where, "size", size["shortest_edge"]) * own.edge)
        return _by_edge(where, values, edge, cropped, method)
    raise UnclearError(where, "size", dict(size), "height and width, or shortest_edge alone, without do_pad")


def _stretched(where: str, whole_: tuple[int, int], cropped: Size | None, method: str) -> tuple[Resize, Size]:
    """To a size, and perhaps the middle of that, of the same proportions."""
    if cropped is None:
        return Resize("stretch", method=method), whole_
    parts = {part / side for part, side in zip(cropped, whole_, strict=True) if part is not None}
    if len(parts) != 1 or max(parts) > 1:
        raise UnclearError(where, "crop_size", list(cropped), f"the middle of size, {list(whole_)}")
    return Resize("stretch", part=max(parts), method=method), cropped


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
        raise UnclearError(where, "crop_size", list(cropped), f"no more than the shorter side, {edge}")
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
