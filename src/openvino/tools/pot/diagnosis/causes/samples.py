"""Causes that lie in the samples of the calibration: their scale, their number, one of them, their channels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.algorithms.telling import FEW_SAMPLES
from openvino.tools.pot.algorithms.transform import recorded_samples
from openvino.tools.pot.diagnosis.borders import Borders, extremes
from openvino.tools.pot.diagnosis.causes.places import EXPLAINED, cause
from openvino.tools.pot.diagnosis.causes.ranges import cut_ratio
from openvino.tools.pot.diagnosis.facts import Cause, Layer, Span
from openvino.tools.pot.diagnosis.looking import Looked
from openvino.tools.pot.diagnosis.measuring import Seen
from openvino.tools.pot.diagnosis.samples import Samples
from openvino.tools.pot.engines.compiling import compiled_for
from openvino.tools.pot.engines.stream import Feed, run_stream
from openvino.tools.pot.graph.tensors import InputId, TensorId
from openvino.tools.pot.utils.errors import PotError

_SCALE, _SCALED_TOO = 6.0, 2.0
"""How far off the range of the first quantizer must be, and that of the median one, which biases hold back. Estimators
that cut ranges stay below; the usual mistakes (255, 1 / std, 128) lie far above."""

_FEWEST_RANGES = 2
"""Quantizers without which there is no saying about most of them."""

_CUT, _MOST = 10.0, 0.5
"""What is cut off over what is rounded, and the share of quantizers of which that is so. Ranges of least error stay
near one; the means of the largest values of many samples reach it here and there."""

_STRETCH, _FEWEST_SAMPLES = 3.0, 5
"""How many times wider than the median sample one is that takes two bits of six from the others, and of how many."""

_UNFIT = float(np.log(1.25))
"""Mean of the logarithm by which ranges and data differ from which it is looked for another order of channels."""

_COLORS, _TRIED = 3, 8


def found(looked: Looked, fed: Samples, device: str) -> Iterator[Cause]:
    """What is wrong with the samples that the INT8 model was made with, or one of those that it is fed now."""
    seen = list(_seen(looked, fed, device))
    yield from seen
    if all(each.name != "few_samples" for each in seen):
        yield from _recorded(looked)


def _seen(looked: Looked, fed: Samples, device: str) -> Iterator[Cause]:
    """What ranges and samples show."""
    inputs = [pair for layer in looked.layers for pair in _inputs(looked, layer) if not pair[1].per_channel]
    if len(inputs) < _FEWEST_RANGES:
        return
    scaled = list(_scaled(looked, inputs))
    yield from scaled
    yield from _unlike(looked, inputs)
    if not scaled:
        swapped = list(_swapped(looked, inputs, fed, device))
        yield from swapped
        yield from () if swapped else _few(inputs)


def _inputs(looked: Looked, layer: Layer) -> Iterable[tuple[InputId, Span, Seen]]:
    error = looked.errors.get(layer.node)
    for span, seen in zip(layer.spans, () if error is None else error.inputs, strict=False):
        yield InputId(layer.node, span.port), span, seen


Inputs = Sequence[tuple[InputId, Span, Seen]]


def factor(span: Span) -> float:
    """The magnitude of a range over that of the data."""
    return max(-span.low, span.high) / max(-span.least, span.most, 1e-30)


def _scaled(looked: Looked, inputs: Inputs) -> Iterator[Cause]:
    factors = [factor(span) for _, span, _ in inputs]
    first, middle = factors[0], float(np.median(factors))
    if (first > _SCALE and middle > _SCALED_TOO) or (first < 1 / _SCALE and middle < 1 / _SCALED_TOO):
        how = f"{first:.0f} times as wide as" if first > 1 else f"{1 / first:.0f} times narrower than"
        yield cause(
            "scaled_data", inputs[0][0].node,
            f"the range of the first quantizer is {how} what is fed, and {middle:.2g} times is the median of all", 1.0,
        )  # fmt: skip


def _recorded(looked: Looked) -> Iterator[Cause]:
    """A model that loses, and says itself that few samples made it; what was measured is named before that."""
    samples = recorded_samples(looked.other.model)
    if 0 < samples < FEW_SAMPLES and looked.parts.whole < EXPLAINED:
        come = "1 sample" if samples == 1 else f"{samples} samples"
        yield cause("few_samples", "", f"as the model records, its ranges come from {come}", 0.3)


def _few(inputs: Inputs) -> Iterator[Cause]:
    known = [pair for pair in inputs if pair[2].excess is not None]
    beyond = [span for _, span, seen in known if cut_ratio(seen) > _CUT]
    if len(beyond) > _MOST * len(known):
        middle = float(np.median([1 / max(factor(span), 1e-30) for span in beyond]))
        yield cause(
            "few_samples", "",
            f"the samples go beyond the ranges of {len(beyond)} of {len(known)} quantizers, to {middle:.1f} times the "
            "border of the median one", 0.85,
        )  # fmt: skip


def _unlike(looked: Looked, inputs: Inputs) -> Iterator[Cause]:
    """One sample to which most ranges reach and no other."""
    if looked.calibration.samples < _FEWEST_SAMPLES:
        return
    reaching: dict[int, list[float]] = {}
    for _, span, seen in inputs:
        middle = float(np.median(seen.highs - seen.lows)) or 1e-30
        if span.stretch > _STRETCH and span.high - span.low > _STRETCH * middle:
            reaching.setdefault(span.stretched_by, []).append(span.stretch)
    number = max(reaching, key=lambda each: len(reaching[each]), default=None)
    if number is not None and len(reaching[number]) > _MOST * len(inputs):
        yield cause(
            "unlike_sample", "",
            f"sample {number} widens {len(reaching[number])} of {len(inputs)} ranges, the median one to "
            f"{np.median(reaching[number]):.1f} times that of the median sample", 0.95,
        )  # fmt: skip


def _swapped(looked: Looked, inputs: Inputs, fed: Samples, device: str) -> Iterator[Cause]:
    """Ranges that fit reversed channels far better."""
    if unfit([factor(span) for _, span, _ in inputs]) < _UNFIT:
        return
    feeds = fed.spread(_TRIED)
    reversed_feeds = [reversed_channels(feed) for feed in feeds]
    if any(feed is None for feed in reversed_feeds):
        return
    tensors = [looked.view.source(reader) for reader, _, _ in inputs]
    borders = np.array([max(-span.low, span.high) for _, span, _ in inputs])
    try:
        as_fed, other = (
            unfit(borders / magnitudes(looked, tensors, own, device))
            for own in (feeds, [feed for feed in reversed_feeds if feed is not None])
        )
    except PotError as error:
        looked.notes.append(f"the order of channels was not looked at: {error}")
        return
    if as_fed > _UNFIT and other < as_fed / 2:
        yield cause(
            "swapped_channels", "",
            f"ranges and data differ by {np.exp(as_fed):.2g} times as it is fed, by {np.exp(other):.2g} times with "
            "channels reversed", 1.0,
        )  # fmt: skip


def unfit(factors: Sequence[float] | NDArray[np.float64]) -> float:
    """The mean of how far factors are from one, as a logarithm."""
    return float(np.abs(np.log(np.maximum(factors, 1e-30))).mean())


def reversed_channels(feed: Feed) -> Feed | None:
    """A sample with the colors of its images in the other order; None where there is no image."""
    found = {name: _reversed(np.asarray(value)) for name, value in feed.items()}
    if all(value is None for value in found.values()):
        return None
    return {name: feed[name] if value is None else value for name, value in found.items()}


def _reversed(value: NDArray[np.generic]) -> NDArray[np.generic] | None:
    axis = next((axis for axis in (1, 3) if value.ndim == 4 and value.shape[axis] == _COLORS), None)
    return None if axis is None else np.ascontiguousarray(np.flip(value, axis))


def magnitudes(
    looked: Looked, tensors: Sequence[TensorId], feeds: Sequence[Feed], device: str
) -> NDArray[np.float64]:
    """The largest magnitudes of tensors of the float model over samples."""
    borders = Borders(looked.view.model)
    slots = [borders.range(tensor, None) for tensor in tensors]
    compiled = compiled_for("measured", borders.model(), device)
    found = extremes(
        (own for _, own in run_stream(compiled, ((None, feed) for feed in feeds))), borders.starts
    )
    largest = np.maximum(-found.lows, found.highs)
    return np.maximum([slot.of(largest)[0] for slot in slots], 1e-30)
