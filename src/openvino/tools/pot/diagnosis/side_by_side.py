"""Models side by side as text: tables for a terminal of 80 columns, and the same in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from openvino.tools.pot.diagnosis.comparing import Candidate, Comparison
from openvino.tools.pot.diagnosis.frontiers import Frontier, Point
from openvino.tools.pot.report.columns import Mark, Row, aligned, piped, plotted, prose, short

_NAME, _FULL_NAME = 28, 200
_EXACT = 120.0
"""dB from which nothing differs that a float32 would show."""
_TITLES = ("model", "dB", "same", "ms", "per s", "MB", "8-bit")
_POINT_TITLES = ("", *_TITLES[:1], "expected", *_TITLES[1:])
_LEGEND = (
    "dB: how closely the worst output follows that of {first} (20 is an error of a tenth, 40 of a hundredth); "
    "same: the share of answers, or of values within 1 %, that agree with it; ms: a single request; "
    "per s: requests a second with several under way; 8-bit: layers that run in 8 bits."
)


def comparison_as_text(found: Comparison) -> str:
    """Models in the order in which they were given, and what the columns mean."""
    lines = [
        _ran(found),
        *aligned(_TITLES, [_row(each, _NAME) for each in found.models]),
    ]
    legend = _LEGEND.format(first=f"{short(found.models[0].name, _NAME)}, the first model")
    return "\n".join([*lines, "", *prose(legend), *_notes(found.notes)])


def comparison_as_markdown(found: Comparison) -> str:
    """The same as Markdown."""
    lines = [_ran(found), ""]
    lines += piped(_TITLES, [_row(each, _FULL_NAME) for each in found.models])
    legend = _LEGEND.format(first=f"{found.models[0].name}, the first model")
    return "\n".join([*lines, "", legend, *(f"\n- {note}" for note in found.notes)])


def frontier_as_text(found: Frontier) -> str:
    """Float and the points in a table and in a plot, and what each point leaves in float."""
    lines = [_ran(found), *aligned(_POINT_TITLES, _rows(found, _NAME))]
    lines += [
        "",
        *plotted(_marks(found), "ms", "dB"),
        "",
    ]
    for scope in _scopes(found.points):
        lines += prose(scope, "   ")
    lines += ["", *prose(f"-: another is faster, and as close to float. {_LEGEND.format(first='float')}")]
    return "\n".join([*lines, *_notes(found.notes), *_files(found)])


def frontier_as_markdown(found: Frontier) -> str:
    """The same as Markdown."""
    lines = [
        _ran(found),
        "",
        *piped(_POINT_TITLES, _rows(found, _FULL_NAME)),
        "",
        "```",
    ]
    lines += [
        *plotted(_marks(found), "ms", "dB"),
        "```",
        "",
    ]
    lines += [f"- {scope}" for scope in _scopes(found.points)]
    lines += [f"- {note}" for note in found.notes]
    return "\n".join([*lines, *_files(found)])


def _ran(found: Comparison | Frontier) -> str:
    precision = "" if found.float32 else ", with its own settings"
    return f"{found.samples} samples on {found.device[0]} ({found.device[1]}){precision}"


def _row(model: Candidate, width: int) -> Row:
    fidelity = "exact" if model.fidelity >= _EXACT else f"{model.fidelity:.1f}"
    times = f"{1000 * model.seconds:.3g}", f"{model.per_second:.0f}"
    layers = f"{model.int8_layers} of {model.layers}"
    return (
        short(model.name, width),
        fidelity,
        f"{model.agreement:.1%}",
        *times,
        f"{model.bytes / 1e6:.2f}",
        layers,
    )


def _rows(found: Frontier, width: int) -> list[Row]:
    rows = [
        (number, f"{point.expected:.1f}", point.model, point.beaten)
        for number, point in enumerate(found.points)
    ]
    float_row = _row(found.original, width)
    return [
        ("F", float_row[0], "", *float_row[1:]),
        *(
            (f"{number}{' -' if beaten else ''}", own[0], expected, *own[1:])
            for number, expected, model, beaten in rows
            for own in [_row(model, width)]
        ),
    ]


def _marks(found: Frontier) -> list[Mark]:
    known = [(point.model.seconds * 1000, min(point.model.fidelity, _EXACT)) for point in found.points]
    top = max(y for _, y in known) + 3
    return [
        *((x, y, str(number % 10)) for number, (x, y) in enumerate(known)),
        (found.original.seconds * 1000, min(found.original.fidelity, top), "F"),
    ]


def _scopes(points: Sequence[Point]) -> Iterator[str]:
    """What each point leaves in float, beside what the one before does."""
    before: tuple[str, ...] = ()
    for number, point in enumerate(points):
        further = point.in_float[len(before) :]
        named = f"{f'as {number - 1}, and ' if before else 'in float: '}{', '.join(further)}"
        yield f"{number}: {named if further else 'all that can be in INT8'}"
        before = point.in_float


def _files(found: Frontier) -> Iterator[str]:
    files = [point.model.file for point in found.points if point.model.file]
    if files:
        yield ""
        yield from (f"stored {file}" for file in files)


def _notes(notes: tuple[str, ...]) -> Iterator[str]:
    for note in notes:
        yield from ("", *prose(f"note: {note}"))
