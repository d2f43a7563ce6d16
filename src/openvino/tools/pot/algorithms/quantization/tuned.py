"""One layer tuned: candidates for each output channel, and which of them has the least error on other samples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.algorithms.decisions import Decisions, PlannedLayer
from openvino.tools.pot.arithmetic.fake_quantize import fake_quantize
from openvino.tools.pot.arithmetic.ranges import QuantizerRange
from openvino.tools.pot.arithmetic.repetition import repetitions, unevenly
from openvino.tools.pot.arithmetic.tuning import Grid, PairMoments, tuned
from openvino.tools.pot.graph.geometry import canonical_weights, from_canonical
from openvino.tools.pot.statistics.measured import Statistics
from openvino.tools.pot.statistics.reducers import Patches
from openvino.tools.pot.statistics.requests import Request

Doubles = NDArray[np.float64]
Singles = NDArray[np.float32]

HELD_OUT = 5
"""One of so many samples is held out."""

_BELIEFS = (0.0, 0.5, 1.0)
"""How far errors that arrive at a layer are taken for what will be seen again; other samples show which is best."""


class Pair(NamedTuple):
    """What is measured of a layer.

    Attributes:
        plain: rows or patches of its input in the float network.
        quantized: the same of the quantized one, at the same places; None where it is not to make up for what arrives.
        drift: of its output without its bias; None as well, and where its bias stays.
        has_bias: whether its bias may change.
    """

    plain: Request
    quantized: Request | None
    drift: Request | None
    has_bias: bool

    @property
    def requests(self) -> list[Request]:
        """All of them."""
        return [each for each in (self.plain, self.quantized, self.drift) if each is not None]


class TunedLayer(NamedTuple):
    """What becomes of a layer.

    Attributes:
        levels: in the shape of its weights, counted from zero.
        range: of these.
        shift: of its bias, shape ``[output channels]``; None where it stays.
    """

    levels: NDArray[np.integer]
    range: QuantizerRange
    shift: Doubles | None


@dataclass(frozen=True)
class _Rows:
    """Sampled inputs of a layer in both networks, ``[rows, groups, inputs]``, and how often each counts."""

    plain: Singles
    quantized: Singles
    counts: Doubles

    def moments(self, chosen: NDArray[np.bool_]) -> PairMoments:
        return PairMoments.of(self.plain[chosen], self.quantized[chosen], self.counts[chosen])


@dataclass(frozen=True)
class _Candidate:
    """Weights at levels, and the shift of the bias, ``[groups, outputs]``."""

    grid: Grid
    shift: Doubles

    def error(self, weights: Singles, moments: PairMoments) -> Doubles:
        """Of each output channel, less what no candidate changes."""
        values = self.grid.values
        mean = moments.mean_error(weights, values) + self.shift
        return np.asarray(moments.error(weights, values) + np.square(mean))

    def where(self, chosen: NDArray[np.bool_], other: _Candidate) -> _Candidate:
        """That of another one for the output channels that are chosen."""
        return _Candidate(self.grid.where(chosen, other.grid), np.where(chosen, other.shift, self.shift))


def tuned_layer(
    decisions: Decisions, statistics: Statistics, each: PlannedLayer, pair: Pair, fits_scale: bool
) -> TunedLayer | None:
    """The best of what a layer has and of what tuning makes of it, channel by channel, on samples that are held out.

    None where all stays: where rows repeat within most samples, errors that arrive are alike at many positions, and add
    up behind them, of which a mean square over rows says too little.

    Args:
        decisions: so far.
        statistics: with all of the pair measured.
        each: the layer.
        pair: what was measured.
        fits_scale: whether scales of weights may change; those of a whole tensor stay in any case.
    """
    _, layer, quantizer = each
    view, own = decisions.network.view, decisions.weights[quantizer]
    weights = decisions.weight_values(quantizer)
    flat = _flat(canonical_weights(view, layer, weights))
    now = _current(decisions, each)
    fits = fits_scale and own.low.size == now.shift.size
    rows, held_out = _rows(decisions, statistics, each, pair)
    if rows.counts.max() > 1:
        return None
    drift = None if pair.drift is None else statistics.value(pair.drift).reshape(now.shift.shape)
    others = rows.moments(held_out)
    best, least, changed = now, now.error(flat, others), np.zeros(now.shift.shape, bool)
    moments = rows.moments(~held_out)
    for candidate in _candidates(flat, now, own.levels // 2, moments, drift, pair.has_bias, fits):
        error = candidate.error(flat, others)
        better = error < least
        best, least, changed = best.where(better, candidate), np.where(better, error, least), changed | better
    levels = best.grid.levels.astype(np.min_scalar_type(-(own.levels // 2)))
    factor = best.grid.scale[:, :, 0].astype(np.float64) / now.grid.scale[:, :, 0]
    if not changed.any():
        return None
    return TunedLayer(
        from_canonical(view, layer, levels, weights.shape),
        own.widened(factor.reshape(own.low.shape)) if fits else own,
        best.shift.reshape(-1) if pair.has_bias else None,
    )


def _flat(canonical: NDArray[np.floating]) -> Singles:
    """Canonical weights as ``[groups, outputs, inputs]``."""
    return canonical.reshape(*canonical.shape[:2], -1).astype(np.float32, copy=False)


def _current(decisions: Decisions, each: PlannedLayer) -> _Candidate:
    """What was decided so far."""
    _, layer, quantizer = each
    view, own = decisions.network.view, decisions.weights[quantizer]
    values = decisions.rounded_weights(quantizer)
    scales = np.broadcast_to(own.scale.astype(np.float32), values.shape)
    scale = _flat(canonical_weights(view, layer, scales))[:, :, :1]
    levels = np.rint(_flat(canonical_weights(view, layer, values)) / scale)
    shift = decisions.bias_shifts.get(layer.node, np.zeros(scale.size))
    return _Candidate(Grid(levels, scale), shift.reshape(scale.shape[:2]))


def _candidates(
    weights: Singles,
    now: _Candidate,
    highest: int,
    moments: PairMoments,
    drift: Doubles | None,
    has_bias: bool,
    fits: bool,
) -> Iterator[_Candidate]:
    """The same with another bias, then with weights tuned more and more boldly.

    Args:
        weights: in float, shape ``[groups, outputs, inputs]``.
        now: what there is.
        highest: the largest magnitude of a level.
        moments: of the inputs.
        drift: of the output as it is, without its bias; None where it was not measured.
        has_bias: whether the bias may change.
        fits: whether scales may change.
    """
    if drift is not None:
        now = _Candidate(now.grid, -drift)
        yield now
    trusted, before = moments.trusted(), moments.mean_error(weights, now.grid.values)
    for belief in _BELIEFS:
        grid = tuned(weights, now.grid, highest, trusted, belief, fits)
        moved = moments.mean_error(weights, grid.values) - before
        yield _Candidate(grid, now.shift - moved if has_bias else now.shift)


def _rows(
    decisions: Decisions, statistics: Statistics, each: PlannedLayer, pair: Pair
) -> tuple[_Rows, NDArray[np.bool_]]:
    """What was gathered, as far as the layer's weights see it, and which rows are of samples that are held out."""
    _, layer, quantizer = each
    plain = _gathered(statistics, pair.plain)
    plain /= decisions.input_divisor(quantizer).astype(np.float32).reshape(-1, 1)
    samples = statistics.kept(pair.plain)
    ((reading, _),) = decisions.network.by_inputs([each], lambda _: pair.plain).items()
    if pair.quantized is not None:
        quantized = _gathered(statistics, pair.quantized)
    elif reading.tensor is not None:
        own = decisions.activations[reading.tensor].reshaped(-1, 1)
        quantized = np.asarray(fake_quantize(plain, own), np.float32)
    else:
        quantized = plain
    counts = np.ones(len(plain)) if reading.averaged else unevenly(repetitions(quantized, samples), samples)
    shape, held_out = (len(plain), layer.groups, -1), np.arange(samples) % HELD_OUT == 1
    return _Rows(plain.reshape(shape), quantized.reshape(shape), counts), held_out.repeat(
        len(plain) // samples
    )


def _gathered(statistics: Statistics, request: Request) -> Singles:
    """Rows or patches, ``[rows, channels, taps]``."""
    if isinstance(request.reducer, Patches):
        return np.array(statistics.patches(request), np.float32)
    return np.array(statistics.rows(request)[:, :, None], np.float32)
