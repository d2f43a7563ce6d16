"""What Model API reads: ``model_info``, as Geti, OpenVINO Training Extensions, Anomalib and Ultralytics write it.

In an ONNX file, the same stands under keys such as ``model_info resize_type``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openvino.tools.pot.data_loaders.stating.sources import (
    Source,
    UnclearError,
    numbers,
    scaled,
    truth,
    whole,
)
from openvino.tools.pot.data_loaders.stating.statement import Kind, Order, Resize, Size, Span, Statement

_RESIZES: Mapping[str, Kind] = {
    "standard": "stretch",
    "fit_to_window": "keep",
    "fit_to_window_letterbox": "letterbox",
    "crop": "cover",
}
_UNITS = {"": 1.0, "none": 1.0, "scale_to_unit": 255.0}
_WHITE = 255
_PREFIX = "model_info "
_OF_TRAINING = ("otx_version", "getitune_version", "label_info", "label_ids", "task_type")
_OF_IMAGES = ("resize_type", "mean_values", "scale_values", "reverse_input_channels", "pad_value")


def read(source: Source) -> Statement | None:
    """What it says, None where it says nothing.

    Raises:
        UnclearError: a value is not understood.
    """
    values, where = source.part("model_info"), f"model_info of {source.name}"
    if not values:
        framework = source.part("framework")
        values = {key[len(_PREFIX) :]: each for key, each in framework.items() if key.startswith(_PREFIX)}
    facts: dict[str, Any] = {
        "task": str(values.get("task_type") or values.get("model_type") or ""),
        "classes": _labels(values.get("labels")),
        "layout": _layout(values.get("layout")),
        "anomalies": _finds_anomalies(values) or None,
    }
    if not any(key in values for key in _OF_IMAGES):
        return Statement(where, **facts) if any(facts.values()) else None
    span = _span(where, values)
    order = _order(where, values, span)
    if truth(where, "embedded_processing", values.get("embedded_processing", False)):
        # Its graph resizes, normalises and reverses channels by itself.
        if order is not None and _reverses(where, values):
            order = "BGR" if order == "RGB" else "RGB"
        return Statement(where, order, mean=(0.0,), scale=(1.0,), **facts)
    return Statement(where, order, **span, resize=_resize(where, values), size=_size(where, values), **facts)


def _finds_anomalies(values: Mapping[str, Any]) -> bool:
    """Whether the model is one of Anomalib's, or of OTX's tasks of the kind."""
    return any(
        str(values.get(key, "")).lower().startswith("anomaly") for key in ("model_type", "task_type", "task")
    )


def _span(where: str, values: Mapping[str, Any]) -> Span:
    mode = str(values.get("intensity_mode", "")).lower()
    if mode not in _UNITS:
        raise UnclearError(where, "intensity_mode", mode, "scale_to_unit")
    mean = numbers(where, "mean_values", values["mean_values"]) if values.get("mean_values") else (0.0,)
    scale = numbers(where, "scale_values", values["scale_values"]) if values.get("scale_values") else (1.0,)
    return scaled(where, mean, scale, _UNITS[mode])


def _order(where: str, values: Mapping[str, Any], span: Span) -> Order | None:
    """The order that the network takes; the key says whether that of a reader, which differs, is reversed."""
    reversed_, mean = _reverses(where, values), span["mean"]
    if len(mean) > 1 and mean[0] != mean[-1]:  # red is the largest of ImageNet's and of CLIP's
        return "RGB" if mean[0] > mean[-1] else "BGR"
    kind = str(values.get("model_type", "")).upper()
    if any(key in values for key in _OF_TRAINING) and (kind == "YOLOX" or not kind.startswith("YOLO")):
        return "BGR" if reversed_ else "RGB"  # their loaders read RGB
    return "RGB" if reversed_ else None  # others' read BGR


def _reverses(where: str, values: Mapping[str, Any]) -> bool:
    return truth(where, "reverse_input_channels", values.get("reverse_input_channels") or False)


def _resize(where: str, values: Mapping[str, Any]) -> Resize:
    name = str(values.get("resize_type", "standard"))
    if name not in _RESIZES:
        raise UnclearError(where, "resize_type", name, f"one of {', '.join(_RESIZES)}")
    fill = whole(where, "pad_value", values.get("pad_value", 0), least=0)
    if fill > _WHITE:
        raise UnclearError(where, "pad_value", fill, f"a pixel from 0 to {_WHITE}")
    return Resize(_RESIZES[name], fill=float(fill), method="LINEAR")


def _size(where: str, values: Mapping[str, Any]) -> Size | None:
    if "orig_height" not in values or "orig_width" not in values:
        return None
    return (
        whole(where, "orig_height", values["orig_height"]),
        whole(where, "orig_width", values["orig_width"]),
    )


def _layout(value: Any) -> str | None:
    """That of the input that takes images, of ``NCHW`` or ``image:NCHW,info:NC``."""
    layouts = [part.rpartition(":")[2].strip().upper() for part in str(value or "").split(",")]
    return next((each for each in layouts if sorted(each) in (sorted("NCHW"), sorted("CHW"))), None)


def _labels(value: Any) -> tuple[str, ...]:
    parts = value if isinstance(value, (list, tuple)) else str(value or "").split()
    return tuple(str(part) for part in parts)
