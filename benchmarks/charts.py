"""Charts of the benchmarks, and the statement of where we lose, from the tables in docs/benchmarks.md.

python benchmarks/charts.py           # name what is not as the tables are
python benchmarks/charts.py --write   # draw it anew, which the benchmarks' own --write does, too
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from drawing import WIDTH, Drawing, settle
from losses import losses
from tables import between, rows, write_between

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs/benchmarks.md"
IMAGES = ROOT / "docs/images"
STATED = (ROOT / "README.md", DOCUMENT)
"""Documents that say where we lose."""

Rows = Sequence[Mapping[str, str]]
Tables = Mapping[str, Rows]

_MARKERS = (
    "benchmark",
    "accuracy",
    "others-accuracy",
    "speed",
    "own settings",
    "own settings, AMX",
    "weights",
    "course",
)
_TOOLS = ("openvino-pot", "NNCF")
_SECONDS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
_SHARES = tuple(0.25 * step for step in range(20))
_TENS = range(-100, 101, 10)
_SIDE, _SIDE_TOP, _BOTTOM = 50, 104, 360
_LEFT, _RIGHT, _TOP, _STEP = 176, 30, 92, 26


@dataclass(frozen=True)
class Line:
    """A network in a chart: the figure of one side and, where there is one, of the other."""

    name: str
    one: float
    other: float | None


@dataclass(frozen=True)
class Axis:
    """A scale from ``low`` to ``high`` along the width of a chart, between ``left`` and ``right`` in pixels."""

    low: float
    high: float
    ticks: Sequence[float]
    logarithmic: bool = False
    left: float = _LEFT
    right: float = WIDTH - _RIGHT

    def place(self, value: float) -> float:
        """Where a value stands, in pixels."""
        low, high, value = (
            (math.log(each) if self.logarithmic else each) for each in (self.low, self.high, value)
        )
        return self.left + (value - low) / (high - low) * (self.right - self.left)


def spanned(
    values: Iterable[float], ticks: Sequence[float], logarithmic: bool = False, left: float = _LEFT
) -> Axis:
    """An axis on which all values have a place, with a little room, and those ticks that are on it."""
    found = [math.log(value) if logarithmic else value for value in values]
    low, high = min(found), max(found)
    room = 0.04 * (high - low)
    ends = [math.exp(end) if logarithmic else end for end in (low - room, high + room)]
    seen = [tick for tick in ticks if ends[0] <= tick <= ends[1]]
    return Axis(ends[0], ends[1], seen, logarithmic, left)


def _values(lines: Iterable[Line]) -> list[float]:
    return [value for line in lines for value in (line.one, line.other) if value is not None]


def beside(title: str, note: str, axis: Axis, lines: Sequence[Line]) -> Drawing:
    """Our figure and NNCF's of each network, as dots on a line: ours full, the other one hollow."""
    drawing = _framed(title, note, axis, len(lines))
    _legend(drawing, _TOOLS, ("ours", "hollow"))
    for index, line in enumerate(lines):
        y = _TOP + 30 + _STEP * index
        drawing.text(12, y + 5, line.name, "small")
        if line.other is not None:
            drawing.line([(axis.place(line.other), y), (axis.place(line.one), y)])
            drawing.dot(axis.place(line.other), y, "hollow")
        drawing.dot(axis.place(line.one), y, "ours")
    return drawing


def barred(title: str, note: str, sides: tuple[str, str], axis: Axis, lines: Sequence[Line]) -> Drawing:
    """Two figures of each network as bars, and a line at 1, which is the float model."""
    drawing = _framed(title, note, axis, len(lines), step=36)
    _legend(drawing, sides, ("ours", "good"))
    start, bottom = axis.place(0), _TOP + 16 + 36 * len(lines)
    for index, line in enumerate(lines):
        y = _TOP + 18 + 36 * index
        drawing.text(12, y + 18, line.name, "small")
        for value, kind, top in ((line.one, "ours", y), (line.other, "good", y + 14)):
            if value is not None:
                drawing.box(start, top, axis.place(value) - start, 11, kind, radius=2)
    drawing.line([(axis.place(1), _TOP + 10), (axis.place(1), bottom)], "axis dashed")
    drawing.text(axis.place(1), _TOP - 2, "float", "small quiet", "middle")
    return drawing


def _framed(title: str, note: str, axis: Axis, count: int, step: int = _STEP) -> Drawing:
    bottom = _TOP + 16 + step * count
    drawing = Drawing(title, note, bottom + 36)
    drawing.text(12, 28, title, "large")
    drawing.text(12, 48, note, "small quiet")
    for tick in axis.ticks:
        x = axis.place(tick)
        drawing.line([(x, _TOP + 10), (x, bottom)], "grid")
        drawing.text(x, bottom + 20, f"{tick:g}", "small quiet", "middle")
    return drawing


def _legend(drawing: Drawing, sides: tuple[str, str], kinds: tuple[str, str]) -> None:
    for x, kind, words in zip((18, 18 + 30 + 8 * len(sides[0])), kinds, sides, strict=True):
        drawing.dot(x, 66, kind)
        drawing.text(x + 13, 71, words, "small")


def _figure(row: Mapping[str, str], column: str) -> float | None:
    return float(row[column]) if row.get(column, "").strip() else None


def _all(tables: Tables) -> Rows:
    return [*tables["accuracy"], *tables["others-accuracy"]]


def _lines(found: Rows, one: str, other: str) -> list[Line]:
    """The lines of a table in which the first figure is."""
    figures = ((row["network"], _figure(row, one), _figure(row, other)) for row in found)
    return [Line(name, first, second) for name, first, second in figures if first is not None]


def fidelity(tables: Tables) -> Drawing:
    """How close outputs are to the float model's, beside NNCF."""
    lines = _lines(_all(tables), "fidelity, dB", "NNCF: fidelity, dB")
    note = "outputs against the float model's, dB; further right is closer"
    return beside("Fidelity of INT8 models", note, spanned(_values(lines), _TENS), lines)


def metric(tables: Tables) -> Drawing:
    """What the metric loses or gains, beside NNCF."""
    lines = []
    for row in _all(tables):
        ours, theirs = (100 * (float(row[key]) - float(row["float"])) for key in ("INT8", "NNCF: INT8"))
        lines.append(Line(row["network"], ours, theirs))
    axis = spanned(_values(lines), _TENS)
    drawing = beside("What the metric loses", "INT8 less float, in points; at 0 nothing changed", axis, lines)
    drawing.line([(axis.place(0), _TOP + 10), (axis.place(0), _TOP + 16 + _STEP * len(lines))], "axis dashed")
    return drawing


def seconds(tables: Tables) -> Drawing:
    """How long quantizing takes, beside NNCF."""
    lines = _lines(tables["speed"], "workflow, s", "NNCF, s")
    note = "seconds; ours from loading to saving, NNCF's of its function alone"
    return beside("Time of quantizing", note, spanned(_values(lines), _SECONDS, logarithmic=True), lines)


def size_and_request(tables: Tables) -> Drawing:
    """What INT8 saves in size and in the time of a request."""
    lines = [
        Line(row["network"], float(row["size"]), 1 / float(row["speed-up"])) for row in tables["benchmark"]
    ]
    axis = spanned([0, 1, *_values(lines)], _SHARES)
    note = "as a share of the float32 model's; shorter is better"
    return barred("Size and time of INT8", note, ("size of weights", "time of a request"), axis, lines)


def own_settings(tables: Tables) -> Drawing:
    """The time of a request beside bf16, which processors choose for float models by themselves."""
    amx = {row["network"]: row for row in tables["own settings, AMX"]}
    lines = [
        Line(row["network"], float(row["INT8, of that"]), _figure(amx[row["network"]], "INT8, of that"))
        for row in tables["own settings"]
    ]
    axis = spanned([0, 1, *_values(lines)], _SHARES)
    note = "one request in INT8 as a share of the float model in bf16; shorter is better"
    return barred("Where the processor has bf16", note, ("without AMX", "with AMX"), axis, lines)


def _plane(
    title: str, note: str, across: Axis, upwards: Axis, titles: tuple[str, str], unit: str = ""
) -> Drawing:
    """An empty chart with an axis in each direction."""
    top, bottom = upwards.right, upwards.left
    drawing = Drawing(title, note, bottom + 58)
    drawing.text(12, 28, title, "large")
    drawing.text(12, 48, note, "small quiet")
    for tick in upwards.ticks:
        drawing.line([(across.left, upwards.place(tick)), (across.right, upwards.place(tick))], "grid")
        drawing.text(across.left - 8, upwards.place(tick) + 5, f"{tick:g}", "small quiet", "end")
    for tick in across.ticks:
        drawing.line([(across.place(tick), top), (across.place(tick), bottom)], "grid")
        drawing.text(across.place(tick), bottom + 20, f"{tick:g}{unit}", "small quiet", "middle")
    drawing.text(across.left, top - 8, titles[0], "small quiet")
    drawing.text(across.right, bottom + 42, titles[1], "small quiet", "end")
    return drawing


def _upright(values: Iterable[float], ticks: Sequence[float]) -> Axis:
    return replace(spanned(values, ticks), left=_BOTTOM, right=_SIDE_TOP)


def accuracy_against_time(tables: Tables) -> Drawing:
    """Each network twice: what its INT8 model is worth, over the seconds it took."""
    worth = _lines(tables["speed"], "fidelity, dB", "fidelity, NNCF, dB")
    names = {line.name for line in worth}
    took = [line for line in _lines(tables["speed"], "workflow, s", "NNCF, s") if line.name in names]
    across = spanned(_values(took), _SECONDS, logarithmic=True, left=_SIDE)
    upwards = _upright([0, *_values(worth)], _TENS)
    note = "each network: from NNCF's INT8 model to ours"
    titles = ("fidelity, dB", "seconds of quantizing")
    drawing = _plane("Accuracy against time", note, across, upwards, titles, " s")
    _legend(drawing, _TOOLS, ("ours", "hollow"))
    for time, value in zip(took, worth, strict=True):
        if time.other is not None and value.other is not None:
            theirs = across.place(time.other), upwards.place(value.other)
            ours = across.place(time.one), upwards.place(value.one)
            drawing.line([theirs, ours])
            drawing.dot(*theirs, "hollow", 5)
            drawing.dot(*ours, "ours", 5)
    return drawing


def metric_over_fidelity(tables: Tables) -> Drawing:
    """What decibels are worth: the metric's change over the fidelity of the outputs."""
    found = [
        (kind, float(row[f"{side}fidelity, dB"]), 100 * (float(row[f"{side}INT8"]) - float(row["float"])))
        for kind, side in (("hollow", "NNCF: "), ("ours", ""))
        for row in _all(tables)
    ]
    across = spanned([decibels for _, decibels, _ in found], _TENS, left=_SIDE)
    upwards = _upright([change for *_, change in found], _TENS)
    note = "INT8 models of all networks, ours and NNCF's"
    titles = ("metric less float's, points", "fidelity, dB")
    drawing = _plane("What a decibel is worth", note, across, upwards, titles)
    _legend(drawing, _TOOLS, ("ours", "hollow"))
    for kind, decibels, change in found:
        drawing.dot(across.place(decibels), upwards.place(change), kind, 5)
    return drawing


def course(tables: Tables) -> Drawing:
    """The evaluations of a search by accuracy control: the drop of each, and which was returned."""
    rows = tables["course"]
    drops = [float(row["drop"].removeprefix("at least ")) for row in rows]
    (allowed,) = (
        float(word) for word in re.findall(r"a drop of ([\d.]+) allowed", between(DOCUMENT, "course"))
    )
    across = spanned([1, len(rows)], [1, *range(5, len(rows) + 1, 5)], left=_SIDE + 10)
    upwards = _upright([0, allowed, *drops], [0.02 * step for step in range(50)])
    note = "each candidate's drop of the metric; those below the line are allowed"
    drawing = _plane("The course of accuracy control", note, across, upwards, ("drop", "evaluation"))
    _legend(drawing, ("allowed", "not allowed"), ("good", "hollow"))
    drawing.line(
        [(across.left, upwards.place(allowed)), (across.right, upwards.place(allowed))], "axis dashed"
    )
    drawing.line(
        [(across.place(number), upwards.place(drop)) for number, drop in enumerate(drops, 1)], "grid"
    )
    for number, (row, drop) in enumerate(zip(rows, drops, strict=True), 1):
        place = across.place(number), upwards.place(drop)
        drawing.dot(*place, "good" if row["kept"] else "hollow", 5)
        if number == 1 or row["kept"] == "returned":
            words = f"{row['kept'] or row['what']}, {row['layers in float']} layers in float"
            drawing.text(
                place[0] + 2,
                place[1] + (24 if row["kept"] else -12),
                words,
                "small",
                "start" if number == 1 else "middle",
            )
    return drawing


CHARTS: Mapping[str, Callable[[Tables], Drawing]] = {
    "fidelity": fidelity,
    "metric": metric,
    "seconds": seconds,
    "size-and-request": size_and_request,
    "own-settings": own_settings,
    "accuracy-against-time": accuracy_against_time,
    "metric-over-fidelity": metric_over_fidelity,
    "course": course,
}
"""Name of the file -> what draws it."""


def read(document: Path = DOCUMENT) -> dict[str, Rows]:
    """The tables that charts are made of, by their markers."""
    return {marker: rows(between(document, marker)) for marker in _MARKERS}


def settled(write: bool) -> list[str]:
    """Charts and statements that were not as the tables are, by name; written anew where that is asked for."""
    tables = read()
    stale = settle({IMAGES / f"{name}.svg": draw(tables) for name, draw in CHARTS.items()}, write)
    statement = losses(tables)
    for document in STATED:
        if between(document, "losses") != statement:
            stale.append(document)
            if write:
                write_between(document, "losses", statement)
    return [path.relative_to(ROOT).as_posix() for path in stale]


def main(arguments: Iterable[str]) -> int:
    """Write, or name what is stale; returns the exit code."""
    write = "--write" in arguments
    stale = settled(write)
    for path in stale:
        print(f"{path}: {'written' if write else 'not as the tables are'}")
    return int(bool(stale) and not write)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
