"""Pictures as SVG, of a few shapes: small text files, the same bytes from the same figures, legible in light and dark.

They bring a background and colours of their own for both, chosen by what the reader prefers, since nobody can tell
where a picture will stand: on the site, on a repository's pages, on the package index. Sizes are in pixels; a picture
is 520 wide, so that on a phone its letters are still two thirds as large.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from pathlib import Path

WIDTH = 520
_STYLE = """\
svg { --paper: #fff; --raised: #f3f5f8; --ink: #18222c; --quiet: #566472; --line: #d8dfe6; --edge: #9aa8b5;
  --ours: #2b6cb0; --other: #d9622b; --good: #237a4b; --soft: #e2edf8; --warm: #fdeee5; --mint: #e3f3ea; }
@media (prefers-color-scheme: dark) { svg { --paper: #15191e; --raised: #1e242b; --ink: #e3e8ed; --quiet: #9aa8b5;
  --line: #343d47; --edge: #6a7785; --ours: #63a4e4; --other: #f0894f; --good: #5fcf92; --soft: #1b2f44;
  --warm: #40281b; --mint: #183526; } }
text { font: 14px system-ui, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; fill: var(--ink); }
.small { font-size: 13px; } .large { font-size: 16px; font-weight: 600; } .strong { font-weight: 600; }
.quiet { fill: var(--quiet); } .code { font-family: ui-monospace, Menlo, Consolas, monospace; font-size: 13px; }
.paper { fill: var(--paper); stroke: var(--line); } .grid { stroke: var(--line); } .axis { stroke: var(--edge); }
.link { stroke: var(--edge); stroke-width: 2; fill: none; } .tip { fill: var(--edge); }
.raised { fill: var(--raised); stroke: var(--edge); } .soft { fill: var(--soft); stroke: var(--ours); }
.warm { fill: var(--warm); stroke: var(--other); } .mint { fill: var(--mint); stroke: var(--good); }
.ours { fill: var(--ours); stroke: var(--ours); } .other { fill: var(--other); stroke: var(--other); }
.good { fill: var(--good); stroke: var(--good); } .plain { fill: var(--edge); stroke: var(--edge); }
.hollow { fill: var(--paper); stroke: var(--other); stroke-width: 2; } .dashed { stroke-dasharray: 4 4; }
.words-ours { fill: var(--ours); } .words-other { fill: var(--other); } .words-good { fill: var(--good); }"""


def number(value: float) -> str:
    """A length, with no more digits than can be seen."""
    return f"{round(value, 1) + 0.0:g}"  # adding zero makes -0.0 positive


class Drawing:
    """A picture that is being drawn; what is drawn later lies above."""

    def __init__(self, title: str, description: str, height: float, width: float = WIDTH) -> None:
        self.width, self.height = width, height
        self._words = (escape(title), escape(description))
        self._parts: list[str] = []

    def box(self, x: float, y: float, width: float, height: float, kind: str, radius: float = 6) -> None:
        """A rectangle with its upper left corner at ``x``, ``y``."""
        size = f'width="{number(width)}" height="{number(height)}" rx="{number(radius)}"'
        self._parts.append(f'<rect x="{number(x)}" y="{number(y)}" {size} class="{kind}"/>')

    def dot(self, x: float, y: float, kind: str, radius: float = 6) -> None:
        """A circle."""
        self._parts.append(f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(radius)}" class="{kind}"/>')

    def line(self, points: Iterable[tuple[float, float]], kind: str = "link") -> None:
        """A line through points, which encloses nothing."""
        path = " ".join(f"{number(x)},{number(y)}" for x, y in points)
        self._parts.append(f'<polyline points="{path}" class="{kind}" fill="none"/>')

    def arrow(self, *points: tuple[float, float]) -> None:
        """A line with a tip at its last point, upright or level there."""
        (x0, y0), (x1, y1) = points[-2:]
        length = max(abs(x1 - x0), abs(y1 - y0)) or 1
        dx, dy = 8 * (x1 - x0) / length, 8 * (y1 - y0) / length
        self.line([*points[:-1], (x1 - dx, y1 - dy)])
        corners = ((x1, y1), (x1 - dx - dy / 2, y1 - dy + dx / 2), (x1 - dx + dy / 2, y1 - dy - dx / 2))
        path = " ".join(f"{number(x)},{number(y)}" for x, y in corners)
        self._parts.append(f'<polygon points="{path}" class="tip"/>')

    def text(self, x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> None:
        """A line of words, if any, whose feet stand at ``y``; ``anchor`` is ``start``, ``middle`` or ``end``."""
        if not words:
            return
        told = f' class="{kind}"' if kind else ""
        place = "" if anchor == "start" else f' text-anchor="{anchor}"'
        self._parts.append(f'<text x="{number(x)}" y="{number(y)}"{told}{place}>{escape(words)}</text>')

    def label(self, x: float, y: float, width: float, height: float, kind: str, *lines: str) -> None:
        """A box with lines in its middle, of which the first is strong."""
        self.box(x, y, width, height, kind)
        first = y + height / 2 + 5 - 9 * (len(lines) - 1)
        for index, words in enumerate(lines):
            style = "small quiet" if index else "strong"
            self.text(x + width / 2, first + 18 * index, words, style, "middle")

    def svg(self) -> str:
        """The whole as a document."""
        title, description = self._words
        width, height = number(self.width), number(self.height)
        frame = f'<rect x="0.5" y="0.5" width="{number(self.width - 1)}" height="{number(self.height - 1)}" rx="8"'
        return "\n".join((
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
            f'height="{height}" role="img">',
            f"<title>{title}</title>", f"<desc>{description}</desc>", f"<style>\n{_STYLE}\n</style>",
            f'{frame} class="paper"/>', *self._parts, "</svg>\n",
        ))  # fmt: skip


def settle(pictures: dict[Path, Drawing], write: bool) -> list[Path]:
    """Write the files that are not as they would be drawn, or only find them; returns which."""
    stale = []
    for path, drawing in pictures.items():
        drawn = drawing.svg()
        if not path.exists() or path.read_text(encoding="utf-8") != drawn:
            stale.append(path)
            if write:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(drawn, encoding="utf-8", newline="\n")
    return stale
