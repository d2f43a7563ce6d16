"""``inference.yml``, which PaddleOCR and PaddleX store beside a model."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from openvino.tools.pot.data_loaders.stating.sources import Source, UnclearError, numbers, scaled, whole
from openvino.tools.pot.data_loaders.stating.statement import Resize, Statement

_FILES = ("inference.yml", "inference.yaml", "infer_cfg.yml")
_IGNORED = ("ToCHWImage", "Permute", "KeepKeys", "ToBatch")
_SIGNED = {"mean": (127.5,), "scale": (127.5,)}
_EXTENT = 3


def read(source: Source) -> Statement | None:
    """What it says, None where there is none, or one without steps for images.

    Raises:
        UnclearError: a step is not understood.
    """
    beside = source.beside(*_FILES)
    if beside is None:
        return None
    where, values = beside[0].name, beside[1]
    if "Preprocess" in values:  # PaddleDetection's steps are other ones
        raise UnclearError(
            where, "Preprocess", values["Preprocess"], "PreProcess, as PaddleOCR and PaddleX write it"
        )
    steps = values.get("PreProcess")
    steps = steps.get("transform_ops") if isinstance(steps, Mapping) else steps
    if not isinstance(steps, list) or not steps:
        return None
    said: dict[str, Any] = {"color_order": "BGR", "family": "ppocr"}
    for step in steps:
        if not isinstance(step, Mapping) or len(step) != 1:
            raise UnclearError(where, "transform_ops", step, "a mapping of one name")
        name, arguments = next(iter(step.items()))
        said |= _step(where, str(name), arguments or {})
    post = values.get("PostProcess")
    characters = post.get("character_dict") if isinstance(post, Mapping) else None
    said["classes"] = tuple(map(str, characters)) if isinstance(characters, list) else ()
    said["task"] = str(post.get("name", "")) if isinstance(post, Mapping) else ""
    return Statement(where, **said)


def _step(where: str, name: str, arguments: Any) -> dict[str, Any]:
    if name in _IGNORED or name.endswith(("LabelEncode", "Encode")):  # labels are of training
        return {}
    if name not in _STEPS:
        raise UnclearError(where, "transform_ops", name, f"one of {', '.join(_STEPS)}")
    if not isinstance(arguments, Mapping):
        raise UnclearError(where, name, arguments, "a mapping")
    return dict(_STEPS[name](where, arguments))


def _only(where: str, values: Mapping[str, Any], key: str, known: tuple[Any, ...]) -> None:
    """Make sure that an argument, if there is one, is of what images are fed with."""
    if values.get(key, known[0]) not in known:
        raise UnclearError(where, key, values[key], " or ".join(map(str, known)))


def _decode(where: str, values: Mapping[str, Any]) -> dict[str, Any]:
    order = values.get("img_mode", "BGR")
    if order not in ("RGB", "BGR"):
        raise UnclearError(where, "img_mode", order, "RGB or BGR")
    return {"color_order": order}


def _read(where: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return _decode(where, {"img_mode": values.get("format", "RGB")})


def _line(where: str, values: Mapping[str, Any]) -> dict[str, Any]:
    shape = values.get("image_shape", [3, 48, 320])
    shape = [int(part) for part in str(shape).strip("[]() ").replace(",", " ").split()]
    if len(shape) != _EXTENT:
        raise UnclearError(where, "image_shape", values.get("image_shape"), "channels, height and width")
    resize = Resize("line", fill=127.5, method="LINEAR", shortest=shape[2])
    return {**_SIGNED, "resize": resize, "size": (shape[1], None)}


def _grid(where: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """As large as it is, in multiples of 32; PaddleX's own default bounds the shorter side from below."""
    known = {"resize_long", "limit_side_len", "limit_type"}
    if set(values) - known:
        raise UnclearError(where, "DetResizeForTest", dict(values), f"one of {', '.join(sorted(known))}")
    longest = values.get("resize_long")
    shortest = None
    if longest is None:
        bound = whole(where, "limit_side_len", values.get("limit_side_len", 736))
        kind = values.get("limit_type", "min")
        if kind not in ("min", "max"):
            raise UnclearError(where, "limit_type", kind, "min or max")
        longest, shortest = (bound, None) if kind == "max" else (None, bound)
    return {"resize": Resize("grid", method="LINEAR", longest=longest, shortest=shortest, step=32)}


def _normalise(where: str, values: Mapping[str, Any]) -> dict[str, Any]:
    _only(where, values, "is_scale", (True,))
    _only(where, values, "norm_type", ("mean_std",))
    factor = values.get("scale", "1./255.")
    parts = str(factor).replace(" ", "").split("/")
    try:
        unit = 1 / float(Fraction(parts[0].rstrip(".")) / Fraction((parts[1:] or ["1"])[0].rstrip(".")))
    except (ValueError, ZeroDivisionError) as error:
        raise UnclearError(where, "scale", factor, "a number such as 1./255.") from error
    mean = numbers(where, "mean", values.get("mean", [0.485, 0.456, 0.406]))
    return {**scaled(where, mean, numbers(where, "std", values.get("std", [0.229, 0.224, 0.225])), unit)}


def _stretch(where: str, values: Mapping[str, Any]) -> dict[str, Any]:
    _only(where, values, "interp", (1, "LINEAR"))
    size = values.get("size") or values.get("target_size")
    parts = size if isinstance(size, (list, tuple)) else [size, size]
    if len(parts) != 2 or values.get("keep_ratio"):
        raise UnclearError(where, "Resize", dict(values), "a size without keep_ratio")
    width, height = (whole(where, "size", part) for part in parts)
    return {"resize": Resize("stretch", method="LINEAR"), "size": (height, width)}


_STEPS = {
    "DecodeImage": _decode,
    "ReadImage": _read,
    "RecResizeImg": _line,
    "DetResizeForTest": _grid,
    "NormalizeImage": _normalise,
    "Normalize": _normalise,
    "Resize": _stretch,
}
