"""What ranges and samples have to do with each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.diagnosis.facts import Calibration, Span
from openvino.tools.pot.diagnosis.measuring import Error, Seen, by_sample
from openvino.tools.pot.diagnosis.samples import Samples
from openvino.tools.pot.engines.stream import Feed

_FAR = 2.0
"""Times the width of the median sample from which one stretches a range."""

_ROOM = 0.05
"""By how much a range may fall short of its final width to count as settled."""


def span_of(seen: Seen) -> Span:
    """A range, and what was seen of the data there."""
    low, high = finite(seen.span.low.min()), finite(seen.span.high.max())
    least, most = finite(seen.lows.min()), finite(seen.highs.max())
    reach = max(high - low, 1e-30)
    inside = max(min(most, high) - max(least, low), 0.0)
    magnitudes = seen.channels[seen.channels > 0]
    widths = seen.highs - seen.lows
    middle = float(np.median(widths)) or 1e-30
    return Span(
        port=seen.port, low=low, high=high, levels=seen.span.levels, per_channel=seen.span.low.size > 1,
        least=least, most=most, rms=None if seen.power is None else float(np.sqrt(max(seen.power, 0.0))),
        clipped=seen.clipped,
        used=min(inside / reach, 1.0),
        imbalance=float(magnitudes.max() / np.median(magnitudes)) if magnitudes.size else 1.0,
        settled=settled(seen.lows[:, None], seen.highs[:, None]),
        stretched_by=int(np.argmax(widths)), stretch=float(widths.max() / middle),
    )  # fmt: skip


def finite(value: float) -> float:
    """A number that a file can hold: the largest of float32 for one without end, 0 for none."""
    return float(np.nan_to_num(np.float32(value)))


def calibration_of(samples: Samples, errors: Mapping[str, Error], fed: Fed) -> Calibration:
    """What the samples do to ranges."""
    lows, highs = by_sample(errors)
    wide: dict[int, int] = {}
    if lows.size:
        widths = highs - lows
        middle, numbers = np.maximum(np.median(widths, axis=0), 1e-30), np.argmax(widths, axis=0)
        for number in numbers[widths.max(axis=0) > _FAR * middle].tolist():
            wide[number] = wide.get(number, 0) + 1
    enough = settled(lows, highs)
    return Calibration(
        samples=len(samples), enough=enough if 0 < enough < len(samples) else None,
        stretching=tuple(sorted(wide.items(), key=lambda pair: -pair[1])[:5]), inputs=fed.inputs(samples),
    )  # fmt: skip


class Fed:
    """Least, most and mean of what is fed, seen while it goes by: reading samples once more can take long."""

    def __init__(self) -> None:
        self._found: dict[str, list[tuple[float, float, float]]] = {}
        self._count = 0

    def passing(self, feeds: Iterable[Feed]) -> Iterator[Feed]:
        """The feeds, from the first on."""
        self._found, self._count = {}, 0
        for feed in feeds:
            self._count += 1
            for name, value in feed.items():
                own = np.asarray(value)
                if own.size:
                    figures = float(own.min()), float(own.max()), float(own.mean(dtype=np.float64))
                    self._found.setdefault(name, []).append(figures)
            yield feed

    def inputs(self, samples: Samples) -> dict[str, tuple[float, float, float]]:
        """The figures of all samples, which are read here where not all went by."""
        if self._count < len(samples):
            for _ in self.passing(samples):
                pass
        return {
            name: (min(least), max(most), float(np.mean(mean)))
            for name, all_of in self._found.items()
            for least, most, mean in [zip(*all_of, strict=True)]
        }


def settled(lows: NDArray[np.float64], highs: NDArray[np.float64]) -> int:
    """How many samples it takes until all ranges have next to their final width."""
    if not lows.size:
        return 0
    widths = np.maximum.accumulate(highs) - np.minimum.accumulate(lows)
    short = np.any(widths < (1 - _ROOM) * widths[-1], axis=1)
    return int(np.flatnonzero(short)[-1]) + 2 if short.any() else 1
