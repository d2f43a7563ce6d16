"""A table with words around it, as text for a terminal and as HTML for a notebook: what results end in."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from textwrap import wrap

from openvino.tools.pot.utils.terminal import is_terminal

Row = tuple[str, ...]

_WIDTH = 100
_NARROW, _NAME = 40, 16
"""Columns of the narrowest terminal that text is fitted to, and letters of a name that are left at least."""
_COLOURS = {
    "good": "#2e9e4f",
    "no gain": "#b8860b",
    "slower": "#b8860b",
    "worse": "#d2691e",
    "broken": "#d64545",
}
"""Of verdicts, to be read on white and on black."""
_LINE = "1px solid rgba(128, 128, 128, 0.4)"
_CELL = f"padding: 2px 12px 2px 0; border: 0; border-bottom: {_LINE}; background: none; color: inherit"


@dataclass(frozen=True)
class Sheet:
    """What was found, for people.

    Attributes:
        verdict: in a word; empty: there is none.
        sentence: the same in one sentence.
        head: lines before all else.
        titles, rows: of the table; columns but the first are figures.
        left: columns of words.
        notes: sentences behind it.
        facts: label and text of each line at the end, which are not wrapped: paths and commands are copied.
    """

    verdict: str = ""
    sentence: str = ""
    head: Row = ()
    titles: Row = ()
    rows: tuple[Row, ...] = ()
    left: tuple[int, ...] = (0,)
    notes: Row = ()
    facts: tuple[tuple[str, str], ...] = ()

    def text(self) -> str:
        """In lines of 100 columns at most, or of a narrower terminal, but for paths and commands; in ASCII alone."""
        said = "   ".join(filter(None, (self.verdict.upper(), self.sentence)))
        parts = [
            [line for head in self.head for line in _wrapped(head)] + (_wrapped(said) if said else []),
            _columns(self.titles, self.rows, self.left),
            [line for note in self.notes for line in _wrapped(note)],
            _labelled(self.facts),
        ]
        return "\n\n".join("\n".join(part) for part in parts if part)

    def html(self) -> str:
        """The same; everything in it is escaped, and colours are those of the page."""
        said = badge(self.verdict) + escape(self.sentence)
        parts = [
            *(line(head) for head in self.head),
            f"<div>{said}</div>" if said else "",
            table(self.titles, self.rows, self.left) if self.rows else "",
            *(line(note) for note in self.notes),
            table((), self.facts, (0, 1)) if self.facts else "",
        ]
        return block(*parts)


def block(*parts: str) -> str:
    """Parts of HTML as one, in letters of one size."""
    return f'<div style="font-size: 13px; line-height: 1.5">{"".join(parts)}</div>'


def line(text: str) -> str:
    """A line of text."""
    return f'<div style="white-space: pre-wrap">{escape(text)}</div>'


def badge(verdict: str) -> str:
    """A verdict as a word that is seen; nothing for none."""
    if not verdict:
        return ""
    colour = _COLOURS.get(verdict, "#808080")
    style = (
        f"border: 1px solid {colour}; border-radius: 3px; padding: 0 6px; margin-right: 8px; color: {colour}"
    )
    return f'<b style="{style}">{escape(verdict.upper())}</b>'


def table(titles: Row, rows: Iterable[Sequence[str]], left: Container[int] = (0,)) -> str:
    """A table; columns of words begin at the left, and the others end at the right."""
    head = f"<tr>{_cells('th', titles, left)}</tr>" if titles else ""
    body = "".join(f"<tr>{_cells('td', row, left)}</tr>" for row in rows)
    return f'<table style="border-collapse: collapse; margin: 6px 0">{head}{body}</table>'


def _cells(kind: str, row: Sequence[str], left: Container[int]) -> str:
    sides = ("left" if column in left else "right" for column in range(len(row)))
    return "".join(
        f'<{kind} style="{_CELL}; text-align: {side}">{escape(cell)}</{kind}>'
        for side, cell in zip(sides, row, strict=True)
    )


def width_of(most: int) -> int:
    """Columns of text: those of the terminal, if standard output is one, and no more than are good to read."""
    if not is_terminal(sys.stdout):
        return most
    return min(most, max(shutil.get_terminal_size((most, 24)).columns, _NARROW))


def _wrapped(text: str) -> list[str]:
    return wrap(
        text, width_of(_WIDTH), subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
    )


def _columns(titles: Row, rows: Sequence[Row], left: Container[int]) -> list[str]:
    if not rows:
        return []
    lines = [titles, *rows] if titles else [*rows]
    behind = sum(3 + max(map(len, column)) for column in list(zip(*lines, strict=True))[1:])
    lines = [(_short(row[0], max(width_of(_WIDTH) - behind, _NAME)), *row[1:]) for row in lines]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return [
        "   ".join(
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in lines
    ]


def _short(text: str, width: int) -> str:
    """A text of at most so many letters, with its first word and its end: of a name that tells most."""
    if len(text) <= width:
        return text
    first = text.split(" ", 1)[0] + " " if " " in text else ""
    return f"{first}...{text[len(text) - max(width - len(first) - 3, 1) :]}"


def _labelled(facts: Sequence[tuple[str, str]]) -> list[str]:
    width = max((len(label) for label, _ in facts), default=0)
    return [f"{label:{width}}   {text}" for label, text in facts]


def size(count: int) -> str:
    """Bytes, for people."""
    return (
        f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB" if count >= 1e4 else f"{count} B"
    )


def duration(seconds: float) -> str:
    """The time of a request, for people: three digits of milliseconds."""
    return f"{1000 * seconds:.3g} ms" if seconds < 1 else f"{seconds:.2f} s"


def times(ratio: float, more: str, less: str) -> str:
    """A ratio in words: ``2.2x faster``."""
    if 0.95 <= ratio < 1.05:
        return "1.0x"
    return f"{ratio:.1f}x {more}" if ratio > 1 else f"{1 / ratio:.1f}x {less}"
