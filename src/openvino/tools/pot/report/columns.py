"""Tables of plain text and of Markdown, and a plot of letters."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from textwrap import wrap

from openvino.tools.pot.utils.sheets import width_of

_WIDTH = 80

Row = tuple[str, ...]
Mark = tuple[float, float, str]
"""x, y, and the letter that stands there."""


def aligned(titles: Row, rows: Sequence[Row], left: Container[int] = (0,)) -> Iterator[str]:
    """Lines whose columns of text begin at the left, and the others end at the right."""
    table = [titles, *rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(titles))]
    for row in table:
        cells = [
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def piped(titles: Row, rows: Iterable[Row], left: Container[int] = (0,)) -> Iterator[str]:
    """The same in Markdown."""
    yield f"| {' | '.join(titles)} |"
    yield f"|{''.join(' --- |' if column in left else ' ---: |' for column in range(len(titles)))}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', ' ') for cell in row)} |"


def prose(text: str, further: str = "") -> list[str]:
    """A text in lines of 80 columns at most, or of a narrower terminal; further ones begin with something."""
    return wrap(
        text, width_of(_WIDTH), subsequent_indent=further, break_long_words=False, break_on_hyphens=False
    )


def short(text: str, width: int) -> str:
    """A text of at most so many letters; the end of a name tells more than its beginning."""
    return text if len(text) <= width else f"...{text[3 - width :]}"


def plotted(marks: Sequence[Mark], across: str, up: str, width: int = 60, height: int = 12) -> Iterator[str]:
    """Letters over two axes; of several at one place, the first stays.

    Args:
        marks: at least one.
        across, up: what the axes show.
        width, height: of the field, in letters.
    """
    lefts, rights = _ends([mark[0] for mark in marks])
    lows, highs = _ends([mark[1] for mark in marks])
    field = [[" "] * width for _ in range(height)]
    for x, y, letter in reversed(marks):
        column = round((x - lefts) / (rights - lefts) * (width - 1))
        row = round((highs - y) / (highs - lows) * (height - 1))
        field[row][column] = letter
    yield up
    for number, line in enumerate(field):
        label = f"{highs:.4g}" if number == 0 else f"{lows:.4g}" if number == height - 1 else ""
        yield f"{label:>8} |{''.join(line)}".rstrip()
    yield f"{'':>8} +{'-' * width}"
    left, right = f"{lefts:.3g}", f"{rights:.3g} {across}"
    yield f"{'':>10}{left}{right:>{width - len(left)}}"


def _ends(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return (low, high) if high > low else (low - 0.5, high + 0.5)
