"""A small network of which each quantizer is written either as FakeQuantize or as the arithmetic that defines it.

as users store it                            as it is defined
x ── FakeQuantize                            x ── max ── min ── - low ── / step ── round ── * step ── + low
Constant(i8) ── Convert ── Multiply          Constant(f32)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as op

Floats = NDArray[np.float32]

LAYER = "layer"
"""The node that is asked about, by name."""

_LEVELS = 255
"""Steps of a range of 8 bits."""

_BORDERS = {
    "without a zero point": (0.0, 3.0),
    "signed": (-3.0 * 128 / 127, 3.0),
    "with a zero point": (-85.0 * 3.4 / _LEVELS, 170.0 * 3.4 / _LEVELS),
    "with a zero point off the levels": (-85.3 * 3.4 / _LEVELS, 169.7 * 3.4 / _LEVELS),
}
"""How the data of a layer is quantized -> the borders of its range."""

ZERO_POINTS = frozenset(name for name in _BORDERS if "zero point" in name and "without" not in name)
KINDS = tuple(_BORDERS)


def _borders(kind: str, size: int) -> tuple[Floats, Floats]:
    """Of so many ranges: of several, widths differ, and so do the zero points where there are some."""
    low, high = _BORDERS[kind]
    if size == 1:
        return np.asarray([low], np.float32), np.asarray([high], np.float32)
    width = (high - low) * np.linspace(0.4, 1.6, size)
    share = np.full(size, low / (high - low))
    if kind in ZERO_POINTS:
        share -= np.round(np.linspace(-40, 60, size)) / _LEVELS
    return (share * width).astype(np.float32), ((1 + share) * width).astype(np.float32)


class Network:
    """The network; data, weights and scales are the same for both ways of writing.

    Args:
        is_exact: whether it is written as arithmetic.
        seed: of all random values.
    """

    def __init__(self, is_exact: bool, seed: int) -> None:
        self._is_exact = is_exact
        self.random = np.random.default_rng(seed)
        self._parameters: list[Any] = []
        self.feeds: list[Floats] = []

    def input(self, *shape: int, open_axes: Sequence[int] = ()) -> ov.Output:
        """An input, some of whose axes may have any size; it is fed normal values of this shape."""
        declared = [-1 if axis in open_axes else size for axis, size in enumerate(shape)]
        parameter = op.parameter(ov.PartialShape(declared), np.float32, name=f"x{len(self.feeds)}")
        self._parameters.append(parameter)
        self.feeds.append(self.random.standard_normal(shape).astype(np.float32))
        return parameter.output(0)

    def rounded(self, source: ov.Output, kind: str, size: int = 1, axis: int = 0) -> ov.Output:
        """Data in 8 bits.

        Args:
            source: the data.
            kind: one of ``KINDS``.
            size: how many ranges there are.
            axis: along which they differ.
        """
        shape: list[int] = [1] * source.get_partial_shape().rank.get_length() if size > 1 else []
        if size > 1:
            shape[axis] = size
        low, high = (border.reshape(shape) for border in _borders(kind, size))
        if not self._is_exact:
            quantized: ov.Output = op.fake_quantize(source, low, high, low, high, _LEVELS + 1).output(0)
            return quantized
        step = ((high.astype(np.float64) - low) / _LEVELS).astype(np.float32)
        inside = op.subtract(op.minimum(op.maximum(source, low), high), low)
        level = op.round(op.divide(inside, step), "half_to_even")
        plain: ov.Output = op.add(op.multiply(level, step), low).output(0)
        return plain

    def weights(self, *shape: int, axes: Sequence[int] = ()) -> ov.Output:
        """Weights in 8 bits with scales along some axes."""
        whole = self.random.integers(-127, 128, shape).astype(np.int8)
        count = float(np.prod(shape)) / max(shape[0], 1)
        sizes = [size if axis in axes else 1 for axis, size in enumerate(shape)]
        scale = (self.random.uniform(0.5, 1.5, sizes) / (73 * np.sqrt(count))).astype(np.float32)
        if self._is_exact:
            plain: ov.Output = op.constant(whole.astype(np.float32) * scale).output(0)
            return plain
        stored: ov.Output = op.multiply(op.convert(op.constant(whole), "f32"), op.constant(scale)).output(0)
        return stored

    def constant(self, *shape: int, low: float = 0.5, high: float = 1.5) -> ov.Output:
        """Numbers that stay in float."""
        values: ov.Output = op.constant(self.random.uniform(low, high, shape).astype(np.float32)).output(0)
        return values

    def model(self, *outputs: ov.Output) -> ov.Model:
        """All of it."""
        return ov.Model(list(outputs), self._parameters, "probe")
