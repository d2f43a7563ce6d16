"""What each layer adds to the error of the outputs: one compiled model whose rounding an input switches on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot.algorithms.checking.running import hides
from openvino.tools.pot.arithmetic.distance import squared_error
from openvino.tools.pot.diagnosis.reading import Reading
from openvino.tools.pot.engines.compiling import compiled_for
from openvino.tools.pot.engines.stream import Feed, run_stream
from openvino.tools.pot.graph.edits.switch import FLAGS, Switches
from openvino.tools.pot.graph.parts import Part, parts, values_in
from openvino.tools.pot.graph.tensors import InputId, TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.statistics.phases import TOKEN_MASKS
from openvino.tools.pot.utils.progress import track

Doubles = NDArray[np.float64]


_GROUPS = 4
"""Settings of no layer, of all, of weights alone and of activations alone; those of single layers follow."""

_MOST, _FEWEST = 0.8, 8
"""Share of the error whose layers are run on more than one sample, and how many are in any case."""


@dataclass(frozen=True)
class Shares:
    """Squared errors of all outputs together, each in units of how much it varies from sample to sample.

    Of an output in which several are joined, such as boxes and scores, each part counts as an output.

    Attributes:
        alone: of each layer alone, ``[layers]``.
        whole: of all layers.
        weights, activations: of all weights alone, and of all activations alone.
    """

    alone: Doubles
    whole: float
    weights: float
    activations: float


def settings_for(layers: int) -> NDArray[np.float32]:
    """Flags of the inferences that tell layers apart, ``[layers + 4, 3 * layers]``: activations, weights, biases.

    None, all, weights alone, activations alone, each layer alone.
    """
    none, both = np.zeros(layers), np.ones(layers)
    groups = [(none,) * 3, (both,) * 3, (none, both, none), (both, none, none)]
    rows = [*(np.concatenate(group) for group in groups), *np.tile(np.eye(layers), 3)]
    return np.asarray(rows, np.float32)


def shares(model: ov.Model, readings: Sequence[Reading], feeds: Sequence[Feed], device: str) -> Shares:
    """What each quantized layer adds to the error.

    On the first sample each layer is run alone; on the others those alone that made most of its error.

    Args:
        model: in float.
        readings: what is done to its layers; at least one.
        feeds: few of them are enough.
        device: where it runs.
    """
    compiled = compiled_for("compared", switched(model, readings), device)
    settings, split = settings_for(len(readings)), _parts_of(model)
    every = np.arange(len(settings))
    seen, powers = _Seen(len(settings)), _Powers()
    for number, feed in enumerate(track(feeds, len(feeds), "Layers one by one")):
        rows = every if number == 0 else _worth(seen.errors(powers.varying()))
        mask = next((feed[name] for name in sorted(TOKEN_MASKS & {*feed})), None)
        runs = ((None, {**feed, FLAGS: settings[row]}) for row in rows)
        exact: Sequence[NDArray[np.generic]] = ()
        for row, (_, given) in zip(rows.tolist(), run_stream(compiled, runs), strict=True):
            read = [_read(value, mask) for value in given]
            found = [values_in(value, part) for value, own in zip(read, split, strict=True) for part in own]
            if row == 0:
                exact = found
                powers.add(exact)
            else:
                seen.add(row, [_lost(*pair) for pair in zip(exact, found, strict=True)])
    errors = seen.errors(powers.varying())
    return Shares(errors[_GROUPS:], float(errors[1]), float(errors[2]), float(errors[3]))


def _worth(errors: Doubles) -> NDArray[np.intp]:
    """The settings of no layer, of groups of them, and of the fewest layers that make most of the error."""
    alone = errors[_GROUPS:]
    order = np.argsort(-alone, kind="stable")
    gone = np.cumsum(alone[order]) / max(float(alone.sum()), 1e-30)
    count = max(int(np.searchsorted(gone, _MOST)) + 1, _FEWEST)
    return np.concatenate([np.arange(_GROUPS), _GROUPS + np.sort(order[:count])])


class _Seen:
    """Squared errors with each setting, of the samples that were run with it."""

    def __init__(self, settings: int) -> None:
        self._sums: Doubles = np.zeros((settings, 0))
        self._first = self._sums
        self._counts = np.zeros(settings)

    def add(self, setting: int, lost: Sequence[float]) -> None:
        """Take those of a sample, by part of the outputs."""
        if not self._sums.size:
            self._sums = np.zeros((len(self._counts), len(lost)))
            self._first = self._sums.copy()
        if not self._counts[setting]:
            self._first[setting] = lost
        self._sums[setting] += lost
        self._counts[setting] += 1

    def errors(self, varying: Doubles) -> Doubles:
        """Means over samples of all parts together, in units of what varies, ``[settings]``.

        What was run on the first sample alone grows as the error of the whole model did since.
        """
        whole = 1
        means = self._sums / np.maximum(self._counts, 1)[:, None]
        errors, first = ((own / np.maximum(varying, 1e-30)).sum(axis=1) for own in (means, self._first))
        grown = errors[whole] / first[whole] if first[whole] > 0 else 1.0
        return np.asarray(np.where(self._counts < self._counts[whole], errors * grown, errors))


def _read(value: NDArray[np.generic], mask: NDArray[np.generic] | None) -> NDArray[np.generic]:
    """An output with zeros where tokens are masked, which nobody reads."""
    if mask is None or not hides(mask, value) or not mask.any():
        return value
    valid = np.asarray(mask, np.float64).reshape(mask.shape + (1,) * (value.ndim - mask.ndim)) > 0
    return np.where(valid, value, np.zeros_like(value))


def _parts_of(model: ov.Model) -> list[tuple[Part, ...]]:
    """The parts of each output."""
    view = GraphView(model)
    return [parts(view, view.inputs(node.get_friendly_name())[0]) for node in model.get_results()]


class _Powers:
    """How much the outputs of the float model vary from sample to sample."""

    def __init__(self) -> None:
        self._sums: list[Any] = []
        self._squares: list[float] = []
        self._count = 0

    def add(self, outputs: Sequence[NDArray[np.generic]]) -> None:
        """Take those of one sample."""
        values = [np.nan_to_num(np.asarray(each, np.float64), posinf=0, neginf=0) for each in outputs]
        self._sums = self._sums or [0.0] * len(values)
        self._squares = self._squares or [0.0] * len(values)
        self._count += 1
        for number, value in enumerate(values):
            same = self._count == 1 or np.shape(self._sums[number]) == value.shape
            self._sums[number] = self._sums[number] + value if same else None
            self._squares[number] += float(np.square(value).sum())

    def varying(self) -> Doubles:
        """Mean of squares around the mean of each place over samples; of what does not vary, all of it."""
        found = []
        for total, squares in zip(self._sums, self._squares, strict=True):
            own = 0.0 if total is None else squares - float(np.square(total).sum()) / self._count
            found.append(own if own > 1e-8 * squares else squares or 1.0)
        return np.asarray(found) / max(self._count, 1)


def _lost(before: NDArray[np.generic], after: NDArray[np.generic]) -> float:
    """The squared error of an output, which is finite, so that errors of layers add up.

    What a layer makes infinite is off by the largest value. Where it changes how many values there are, as of boxes
    that are found, that can't be told from chance, and counts as nothing.
    """
    values = np.asarray(before, np.float64)
    error = squared_error(values, after, float(np.abs(values[np.isfinite(values)]).max(initial=0.0)))
    return error if isfinite(error) else 0.0


def switched(model: ov.Model, readings: Sequence[Reading]) -> ov.Model:
    """A copy of the float model with three flags for each layer: for its inputs, its weights, and its bias."""
    clone = model.clone()
    switches, view = Switches(clone, 3 * len(readings)), GraphView(model)
    for number, reading in enumerate(readings):
        node = reading.pair.node
        for port, span in reading.spans.items():
            switches.activation(number, InputId(node, port), span)
        if reading.weights is not None:
            rank = len(view.shape(TensorId(node)) or ())
            place = InputId(node, reading.weights.port)
            switches.weights(len(readings) + number, place, reading.weights.error)
            shift = reading.shift_for(rank)
            if shift is not None:
                switches.shift(2 * len(readings) + number, node, shift)
    clone.validate_nodes_and_infer_types()
    return clone
