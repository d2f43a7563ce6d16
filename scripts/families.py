"""Write the table of families, as ``--like`` knows them, into docs/feeding.md.

python scripts/families.py
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from openvino.tools.pot.data_loaders.stating.families import FAMILIES
from openvino.tools.pot.data_loaders.stating.statement import Resize, Statement

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs/feeding.md"


def table() -> str:
    """The families as a table of Markdown."""
    rows = [
        "| `--like` | what it is | order | mean | scale | resize |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, (what, said) in FAMILIES.items():
        cells = (
            f"`{name}`",
            what,
            said.color_order,
            _numbers(said.mean),
            _numbers(said.scale),
            _resize(said),
        )
        rows.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(rows)


def _numbers(values: Sequence[float] | None) -> str:
    return ", ".join(f"{value:.7g}" for value in values or ())


def _resize(said: Statement) -> str:
    resize = said.resize or Resize()
    size = ""
    if said.size is not None:
        size = f", {said.size[0]} high" + (f" and {said.size[1]} wide" if said.size[1] else "")
    more = {
        "stretch": "",
        "letterbox": f", filled with {resize.fill:g}",
        "keep": f", filled with {resize.fill:g}",
        "cover": "",
        "crop": f", {resize.part:g} of it",
        "line": f", filled with {resize.fill:g}",
        "grid": f" of {resize.step}, {resize.longest} at most",
    }[resize.kind]
    return f"`{resize.kind}`{more}{size}; {resize.method.lower()}"


def main() -> None:
    """Write the table into the document."""
    sys.path.append(str(ROOT))
    from benchmarks.tables import write_between

    write_between(DOCUMENT, "families", table())


if __name__ == "__main__":
    main()
