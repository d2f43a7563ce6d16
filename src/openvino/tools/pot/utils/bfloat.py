"""Arrays of bfloat16, which NumPy doesn't know: OpenVINO shows their bits as float16."""

from __future__ import annotations

from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

_EVEN = np.uint32(0x7FFF)


def packed(values: NDArray[Any]) -> NDArray[np.float16]:
    """Numbers rounded to bfloat16, ties to even, as the array that OpenVINO takes for them."""
    single = np.ascontiguousarray(values, np.float32)
    bits = single.view(np.uint32)
    rounded = ((bits + _EVEN + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
    rounded[np.isnan(single)] = 0x7FC0
    return rounded.view(np.float16)


def unpacked(bits: NDArray[Any]) -> NDArray[np.float32]:
    """The numbers, in float32, that an array of OpenVINO's stands for."""
    whole = np.ascontiguousarray(bits).view(np.uint16).astype(np.uint32) << 16
    return whole.view(np.float32)


def values_of(tensor: Any) -> NDArray[Any]:
    """What an OpenVINO tensor or constant holds: a view of its memory, or float32 for bfloat16."""
    kind = tensor.get_element_type()
    return unpacked(tensor.data) if kind == ov.Type.bf16 else np.asarray(tensor.data)
