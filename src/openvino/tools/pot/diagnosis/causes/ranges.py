"""Causes that lie in ranges, weights and biases of a layer."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from openvino.tools.pot.diagnosis.causes.places import cause, loses, of_data
from openvino.tools.pot.diagnosis.facts import Cause, Layer, Span
from openvino.tools.pot.diagnosis.looking import Looked
from openvino.tools.pot.diagnosis.measuring import Error, Seen, concat_before
from openvino.tools.pot.graph.tensors import InputId

_FEW = 0.005
"""Share of values for which three quarters of the levels are there: of a bell curve over its range it is a quarter, of
one with a long tail (Laplace) some 8 %; below half a percent the levels of the others are sixty and fewer."""

_IMBALANCE = 12.0
"""How many times the largest channel is larger than the median one: twelve leave that some 20 of 256 levels, 25 dB."""

_BRANCHES = 12.0
"""The same of the largest branch of a Concat over the smallest one, which has no other levels than these."""

_CUT = 10.0
"""How many times what is cut off outweighs what rounding changes. Ranges of least error stay near one."""

_USED = 0.2
"""Share of the range that is used: of 256 levels 50 are left, 15 dB less than with all."""

_SHIFTED, _STILL_SHIFTED = 0.5, 0.25
"""Share of a layer's own error that a shift of whole channels makes, and what must be left of it in the whole model:
a shift that makes up for the errors of layers before is none there."""

_OF_WEIGHTS, _COARSE = 0.7, 22.0
"""Share of the error that is of weights, and dB of the weights of the worst output channel: eight bits by channel give
35 and more, 22 are two bits less."""

_STRETCH = 3.0
"""How many times wider one sample is than the median one: two bits less are left to all others with six."""

_FEWEST_SAMPLES = 5
"""Samples without which none can be called unlike the others."""


def _losing(looked: Looked, layer: Layer) -> Iterator[tuple[Span, Seen]]:
    """The quantized inputs of a layer whose rounding is worth explaining."""
    error = looked.errors.get(layer.node)
    if error is None or not loses(layer):
        return
    yield from zip(layer.spans, error.inputs, strict=True)


def outliers(looked: Looked, layer: Layer) -> Iterator[Cause]:
    """A few values take most of the levels."""
    for span, seen in _losing(looked, layer):
        if seen.outer is not None and seen.outer < _FEW and span.used > _USED and span.imbalance < _IMBALANCE:
            yield cause(
                "outlier_activation", layer.node,
                f"three quarters of the levels are there for {seen.outer:.2%} of the values of input {span.port}",
                0.85 * of_data(layer),
            )  # fmt: skip


def imbalance(looked: Looked, layer: Layer) -> Iterator[Cause]:
    """Channels, or branches, of different size share a range."""
    for span, seen in _losing(looked, layer):
        if span.per_channel or span.used < _USED:
            continue
        joined = joined_branches(looked, layer, seen)
        if joined is not None:
            yield joined
        elif span.imbalance > _IMBALANCE and not _are_large_ones_constant(seen):
            yield cause(
                "imbalanced_channels", layer.node,
                f"the largest channel of input {span.port} is {span.imbalance:.0f} times the median one",
                (0.7 + span.imbalance / 1000) * of_data(layer),
            )  # fmt: skip


def joined_branches(looked: Looked, layer: Layer, seen: Seen) -> Cause | None:
    """Branches of different size under one range, as far as a Concat before an input joins them."""
    sizes = {name: size for name, size in seen.branches if size > 0}
    if len(sizes) < 2:
        return None
    small, large = min(sizes, key=sizes.__getitem__), max(sizes, key=sizes.__getitem__)
    ratio = sizes[large] / sizes[small]
    if ratio < _BRANCHES:
        return None
    where = concat_before(looked.view, looked.view.source(InputId(layer.node, seen.port)))
    return cause(
        "joined_branches", where,
        f"{large} is {ratio:.0f} times as large as {small}, and {where} joins them under one range",
        0.95 * of_data(layer),
    )  # fmt: skip


def _are_large_ones_constant(seen: Seen) -> bool:
    """Whether without the channels that tell nothing the others are of one size."""
    left = seen.channels[~seen.constant & (seen.channels > 0)]
    return left.size == 0 or float(left.max() / np.median(left)) < _IMBALANCE


def clipping(looked: Looked, layer: Layer) -> Iterator[Cause]:
    """What is cut off outweighs what is rounded."""
    for span, seen in _losing(looked, layer):
        ratio = cut_ratio(seen)
        if ratio > _CUT:
            yield cause(
                "clipped_range", layer.node,
                f"{span.clipped or 0:.1%} of input {span.port} lie beyond the range {span.low:.3g} to {span.high:.3g}, "
                f"up to {span.least if -span.least > span.most else span.most:.3g}; that is {_times(ratio)} what "
                "rounding changes", (0.6 + 0.1 * np.log10(ratio)) * of_data(layer),
            )  # fmt: skip


def cut_ratio(seen: Seen) -> float:
    """The power of what a range cuts off, over that of rounding errors between evenly spaced levels."""
    return (seen.excess or 0.0) / max(float(np.square(seen.span.scale).mean()) / 12, 1e-30)


def _times(ratio: float) -> str:
    return f"{ratio:.0f} times" if ratio < 1000 else "more than a thousand times"


def wide(looked: Looked, layer: Layer) -> Iterator[Cause]:
    """The data reaches a small part of its range."""
    for span, _ in _losing(looked, layer):
        if span.used < _USED:
            yield cause(
                "wide_range", layer.node,
                f"the data of input {span.port} lies between {span.least:.3g} and {span.most:.3g}, {span.used:.1%} of "
                f"its range", 0.95 * (1 - span.used) * of_data(layer),
            )  # fmt: skip


def endless(looked: Looked, layer: Layer) -> Iterator[Cause]:
    """A border is no number that anything could be rounded with."""
    for _, seen in _losing(looked, layer):
        low, high = float(seen.span.low.min()), float(seen.span.high.max())
        if not (np.isfinite(low) and np.isfinite(high)):
            said = f"the range of input {seen.port} is {low:.3g} to {high:.3g}"
            yield cause("endless_range", layer.node, said, 1.0)


def addend(looked: Looked, layer: Layer) -> Iterator[Cause]:
    """What is added is smaller than the step that it is rounded with."""
    pairs = [(span, span.rms) for span, _ in _losing(looked, layer) if span.rms is not None]
    if layer.type != "Add" or len(pairs) != 2:
        return
    (small, size), (_, other) = sorted(pairs, key=lambda pair: pair[1])
    step = (small.high - small.low) / max(small.levels - 1, 1)
    # A step of half the root mean square is an error of a seventh of it, 17 dB.
    if other > 8 * size and step > size / 2:
        yield cause(
            "tiny_addend", layer.node,
            f"input {small.port} is {other / max(size, 1e-30):.0f} times smaller than the other, and its step "
            f"is {step / max(size, 1e-30):.1f} times its size", 1.0,
        )  # fmt: skip


def coarse(looked: Looked, layer: Layer) -> Iterator[Cause]:
    """Weights don't follow."""
    if layer.weight_error is None or not loses(layer):
        return
    of_weights = layer.from_weights or 0.0
    if of_weights > _OF_WEIGHTS and layer.weight_error < _COARSE:
        yield cause(
            "weights", layer.node,
            f"weights of the worst output channel follow to {layer.weight_error:.1f} dB, and make {of_weights:.0%} of "
            "the layer's error", 0.9 * of_weights,
        )  # fmt: skip


def shifts(looked: Looked, layer: Layer) -> Iterator[Cause]:
    """The mean of the output moved."""
    error = looked.errors.get(layer.node)
    if error is None or not loses(layer):
        return
    share = shift_share(error)
    if share > _SHIFTED and (layer.bias or 0.0) > _STILL_SHIFTED:
        worst = float(np.abs(error.own_mean).max()) if error.own_mean is not None else 0.0
        yield cause(
            "bias_shift", layer.node,
            f"{share:.0%} of the layer's error is a shift of whole channels, by up to {worst:.3g}", 0.98 * share,
        )  # fmt: skip


def shift_share(error: Error) -> float:
    """The share of a layer's own error that is the same for all positions and samples."""
    if error.own is None or error.own_mean is None or error.own.size < 2 or not error.own.any():
        return 0.0
    return float(np.square(error.own_mean).mean() / error.own.mean())


def dead(looked: Looked, layer: Layer) -> Iterator[Cause]:
    """Channels that tell nothing; they do harm where they stretch the range of those that do."""
    error = looked.errors.get(layer.node)
    for span, seen in zip(layer.spans, () if error is None else error.inputs, strict=False):
        count = int(seen.constant.sum())
        if not count or seen.channels.size < 2 or count == seen.channels.size:
            continue
        largest, others = (float(seen.channels[which].max()) for which in (seen.constant, ~seen.constant))
        said = f"{count} of {seen.channels.size} channels of input {span.port} are the same for all samples"
        if not span.per_channel and largest > _IMBALANCE * others and loses(layer):
            yield cause(
                "dead_channels", layer.node,
                f"{said}, and widen the range by {largest / max(others, 1e-30):.0f}", 0.95 * of_data(layer),
            )  # fmt: skip
        else:
            yield cause("dead_channels", layer.node, said, 0.05)


def stretched(looked: Looked, layer: Layer) -> Iterator[Cause]:
    """One sample widens the range."""
    if looked.calibration.samples < _FEWEST_SAMPLES:
        return
    for span, _ in _losing(looked, layer):
        if span.stretch > _STRETCH and span.used > _USED:
            yield cause(
                "unlike_sample", layer.node,
                f"sample {span.stretched_by} is {span.stretch:.1f} times as wide as the median at input {span.port}",
                min(0.97, 0.5 + span.stretch / 20) * of_data(layer),
            )  # fmt: skip


FINDERS = (endless, outliers, imbalance, clipping, wide, addend, coarse, shifts, dead, stretched)
