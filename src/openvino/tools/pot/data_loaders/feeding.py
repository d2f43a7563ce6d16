"""How the samples of a loader are fed, in one line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from openvino.tools.pot.data_loaders.deciding import ASKED, DEFAULT, Decision, named
from openvino.tools.pot.data_loaders.patches import EVERY
from openvino.tools.pot.data_loaders.stating.statement import Kind
from openvino.tools.pot.utils.errors import DataError

_MEASURED = 4
"""Samples that are read to tell the range of their values."""
_OWN = "in their own"
_WAYS: Mapping[Kind, str] = {
    "stretch": "stretched to",
    "letterbox": "letterboxed to",
    "keep": "fitted left and above into",
    "cover": "cut to the proportions of, and stretched to",
    "crop": "resized by the shorter side and cut to",
    "line": "fitted by their height, left, into",
    "grid": "resized in steps to",
}


@dataclass(frozen=True)
class Feeding:
    """How samples are fed; as a text, one line for people.

    Attributes:
        order: of the channels: ``RGB``, ``BGR`` or ``gray``.
        low, high: the least and the largest value of the first samples.
        way: how images get their size.
        shape: of the first sample.
        one_shape: whether the others that were looked at have the same.
        anomalies: whether some images get a patch that doesn't belong there.
        sources: what of it -> who says it.
    """

    order: str
    low: float
    high: float
    way: str
    shape: tuple[int, ...]
    one_shape: bool
    anomalies: bool
    sources: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        size = (
            f"[{','.join(map(str, self.shape))}]" if self.one_shape else f"sizes such as {list(self.shape)}"
        )
        if self.one_shape and self.way == _OWN:
            size = f"size {size}"
        patched = f", every {EVERY}th with an anomaly pasted in" if self.anomalies else ""
        return f"fed as {self.order}, {self.low:.3g} to {self.high:.3g}, {self.way} {size}{patched} ({self._origin()})"

    def _origin(self) -> str:
        by: dict[str, list[str]] = {}
        for name, source in self.sources:
            by.setdefault(source, []).append(name)
        if list(by) == [DEFAULT]:
            return "by default: nothing says how; --like, --color-order, --mean-values and --scale-values do"
        hint = "" if all(_is_asked(source) for source in by) else "; --no-metadata to say it yourself"
        if len(by) == 1:
            return f"{named(next(iter(by)))}{hint}"
        return "; ".join(f"{', '.join(names)} {named(source)}" for source, names in by.items()) + hint


def _is_asked(source: str) -> bool:
    return source in (ASKED, DEFAULT) or source.startswith("like ")


def measured(
    image: Callable[[int], NDArray[Any]], pictures: Sequence[int], decision: Decision
) -> Feeding | None:
    """How images are fed, seen on the first of them; None where none of these can be read.

    Args:
        image: gives one by its index, as it is fed.
        pictures: the indices of all.
        decision: that was made about them.
    """
    arrays = []
    for index in pictures[:_MEASURED]:
        with suppress(DataError):  # which comes again when the sample is needed
            arrays.append(image(index))
    if not arrays:
        return None
    reader = decision.reader
    order = "gray" if reader.channels == 1 else "BGR" if reader.blue_first else "RGB"
    open_ = None in (reader.target.height, reader.target.width)
    way = _OWN if open_ and reader.resize.kind == "stretch" else _WAYS[reader.resize.kind]
    low, high = min(float(array.min()) for array in arrays), max(float(array.max()) for array in arrays)
    one_shape = len({array.shape for array in arrays}) == 1
    return Feeding(order, low, high, way, arrays[0].shape, one_shape, reader.anomalies, decision.sources)
