"""A layout whose model has an input that follows from what was measured on the samples before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot.statistics.layout import StatisticsLayout
from openvino.tools.pot.statistics.measured import Statistics
from openvino.tools.pot.statistics.requests import Request

Vector = NDArray[np.float32]


class Steering(Protocol):
    """Turns what was measured so far into what the model is fed."""

    def begin(self, expected: int) -> None:
        """A pass of so many inferences begins, as far as that is known."""
        ...

    def awaits(self, position: int) -> bool:
        """Whether figures of inferences before this one must be taken before it is fed."""
        ...

    def fed(self, position: int) -> Mapping[str, NDArray[Any]]:
        """What the model gets beside the sample at an inference."""
        ...

    def take(self, figures: Mapping[Request, Vector]) -> None:
        """The figures of the next inference, in the order in which they were fed; they are overwritten afterwards."""
        ...


class SteeredLayout(StatisticsLayout):
    """A layout whose figures steer what its model is fed, inference by inference, the same however many run at once.

    Args:
        network: whose inputs samples are for.
        model: that is measured; has these inputs first, and results of the network first.
        requests: what is measured of it, none of which follows from others.
        steering: takes it.
        seen: the model with inputs of the sizes that samples have, where it leaves sizes open.
    """

    is_split = False

    def __init__(
        self,
        network: ov.Model,
        model: ov.Model,
        requests: Iterable[Request],
        steering: Steering,
        seen: ov.Model | None = None,
    ) -> None:
        self._requests, self._steering = tuple(requests), steering
        super().__init__(model, self._requests, seen=seen)
        self.float_model = network

    def feed(
        self, position: int, feed: Mapping[str, NDArray[Any]], fresh: bool = True, sample: object = None
    ) -> dict[str, NDArray[Any]]:
        """As of any layout, with what was found so far."""
        return {**super().feed(position, feed, fresh, sample), **self._steering.fed(position)}

    def awaits(self, position: int) -> bool:
        """Whether figures of inferences before this one must be taken before it is fed."""
        return self._steering.awaits(position)

    def empty(self, expected: int = 1) -> Statistics:
        """Statistics that steer."""
        self._steering.begin(expected)
        where = {each: self._slices[each.tensor, each.reducer] for each in self._requests}
        return _Steering(
            self._blocks, self._answers, self.witness, expected, where=where, steering=self._steering
        )


class _Steering(Statistics):
    def __init__(self, *arguments: Any, where: Mapping[Request, slice], steering: Steering) -> None:
        super().__init__(*arguments)
        self._where, self._steering = where, steering

    def add(self, outputs: Sequence[NDArray[Any]]) -> None:
        super().add(outputs)
        vector = np.concatenate([np.asarray(part, np.float32) for part in outputs])
        self._steering.take({request: vector[own] for request, own in self._where.items()})
