"""What ONNX itself lets a model say about its images: ``Image.BitmapPixelFormat``, as Custom Vision writes it."""

from __future__ import annotations

from collections.abc import Mapping

from openvino.tools.pot.data_loaders.stating.sources import Source, UnclearError
from openvino.tools.pot.data_loaders.stating.statement import Order, Statement

_ORDERS: Mapping[str, Order | None] = {"Rgb8": "RGB", "Bgr8": "BGR", "Gray8": None}
_RANGES = {
    "NominalRange_0_255": (0.0, 1.0),
    "Normalized_0_1": (0.0, 255.0),
    "Normalized_1_1": (127.5, 127.5),
}
_FORMAT, _RANGE = "Image.BitmapPixelFormat", "Image.NominalPixelRange"


def read(source: Source) -> Statement | None:
    """What it says, None where it says nothing.

    Raises:
        UnclearError: a value is not understood.
    """
    values, where = source.part("framework"), f"metadata of {source.name}"
    if _FORMAT not in values and _RANGE not in values:
        return None
    order = values.get(_FORMAT, "Gray8")  # which has none
    if order not in _ORDERS:
        raise UnclearError(where, _FORMAT, order, f"one of {', '.join(_ORDERS)}")
    span = values.get(_RANGE, "NominalRange_0_255")
    if span not in _RANGES:
        raise UnclearError(where, _RANGE, span, f"one of {', '.join(_RANGES)}")
    mean, scale = _RANGES[span]
    return Statement(where, _ORDERS[order], mean=(mean,), scale=(scale,))
