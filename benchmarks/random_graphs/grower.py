"""What steps of a random network are made with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as op

from openvino.tools.pot.graph.geometry import axis_shape

Value = Any  # a node or one of its outputs, both of which operations take


class Step(Protocol):
    """Puts an operation behind a value; None where it doesn't fit there."""

    def __call__(self, grower: Grower, x: Value) -> Value | None: ...


STEPS: list[tuple[Step, float]] = []
"""All steps, with how often each is tried."""


def step(often: float = 1.0) -> Callable[[Step], Step]:
    """Enters a step into the table."""

    def enter(function: Step) -> Step:
        STEPS.append((function, often))
        return function

    return enter


class Grower:
    """Chance, and the constants that suit it.

    Attributes:
        random: all chance comes from it.
        type: of floating-point values.
        values: that are there to be joined with, the newest last.
        inputs: of the network, made so far.
        sinks: that keep states.
    """

    def __init__(self, random: np.random.Generator, element: ov.Type) -> None:
        self.random, self.type = random, element
        self.values: list[Value] = []
        self.inputs: list[Any] = []
        self.sinks: list[Any] = []
        self.results: list[Value] = []

    def chance(self, share: float = 0.5) -> bool:
        """True in a share of the cases."""
        return bool(self.random.random() < share)

    def pick(self, *choices: Any) -> Any:
        """One of them."""
        return choices[self.random.integers(len(choices))]

    def constant(self, values: Any) -> Value:
        """Of the type of the network's values."""
        return op.constant(np.asarray(values, np.float64), self.type)

    def whole(self, *values: int) -> Value:
        """A list of whole numbers."""
        return op.constant(np.asarray(values, np.int64))

    def number(self, value: int) -> Value:
        """One whole number."""
        return op.constant(np.int64(value))

    def normal(self, *shape: int) -> NDArray[np.float64]:
        """Random numbers about 0, of size 1."""
        return self.random.standard_normal(shape)

    def weights(self, *shape: int, inputs: int, axis: int = 0) -> Value:
        """Weights that keep the size of what they are multiplied with, in one of the ways that files hold them.

        Args:
            shape: of the weights.
            inputs: how many of them are summed up.
            axis: of what they give.
        """
        values = self.normal(*shape) / np.sqrt(inputs)
        if self.chance(0.3):
            values *= np.exp(0.8 * self.normal(*axis_shape(shape[axis], axis, len(shape))))
        if self.chance(0.05):
            values *= self.pick(1e-4, 1e3)
        if self.chance(0.05):
            values[self.random.integers(shape[0])] = 0
        kind = self.random.random()
        if kind < 0.75 or len(shape) == 1:
            return self.constant(values)
        if kind < 0.85:
            half = self.pick(ov.Type.f16, ov.Type.bf16)
            return op.convert(op.constant(values, half), self.type)
        if kind < 0.95:
            return self._integers(values, axis)
        return op.multiply(self.constant(values), self.constant(np.float64(self.pick(0.5, 1.0, 2.0))))

    def _integers(self, values: NDArray[np.float64], axis: int) -> Value:
        """As a file of integers with a scale for each output, and perhaps a zero point."""
        axes = tuple(
            place for place, size in enumerate(axis_shape(values.shape[axis], axis, values.ndim)) if size == 1
        )
        scale = np.maximum(np.abs(values).max(axes, keepdims=True), 1e-12) / 127
        whole = np.round(values / scale)
        if self.chance():
            stored = op.convert(op.constant(whole.astype(np.int8)), self.type)
        else:
            unsigned = op.convert(op.constant((whole + 128).astype(np.uint8)), self.type)
            stored = op.subtract(unsigned, self.constant(np.full_like(scale, 128)))
        return op.multiply(stored, self.constant(scale))


def shape_of(value: Value) -> list[int]:
    """The sizes of a value, which are all known while a network grows."""
    output = value.output(0) if isinstance(value, ov.Node) else value
    return list(output.get_shape())


def rows_of(shape: Sequence[int]) -> tuple[int, ...]:
    """Ones, but for the second axis: where constants by channel lie."""
    return axis_shape(shape[1], 1, len(shape))
