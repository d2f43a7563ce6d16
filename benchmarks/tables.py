"""Records of a benchmark as Markdown tables, written between markers in documents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

Record = Mapping[str, Any]
Column = tuple[str, Callable[[Record], str]]

SHORT: tuple[Column, ...] = (
    ("network", lambda r: r["name"]),
    ("metric", lambda r: r["metric"]),
    ("float", lambda r: f"{r['float']:.3f}"),
    ("INT8", lambda r: f"{r['int8']:.3f}"),
    ("request", lambda r: f"{r['speedup']:.1f}x"),
    ("size", lambda r: f"{r['size']:.2f}"),
)
FULL: tuple[Column, ...] = (
    *SHORT[:2],
    ("float", lambda r: f"{r['float']:.4f}"),
    ("INT8", lambda r: f"{r['int8']:.4f}"),
    ("fidelity, dB", lambda r: f"{r['fidelity']:.2f}"),
    ("layers in INT8", lambda r: f"{r['int8_layers']} of {r['layers']}"),
    ("quantizing, s", lambda r: f"{r['workflow_s']:.2f}"),
    ("plain pass, s", lambda r: f"{r['plain_s']:.2f}"),
    ("speed-up", lambda r: f"{r['speedup']:.2f}"),
    ("size", lambda r: f"{r['size']:.3f}"),
)


def table(records: Iterable[Record], columns: Sequence[Column]) -> str:
    """A Markdown table, numbers to the right."""
    rows = [[title for title, _ in columns]]
    rows.append(["---" if number < 2 else "---:" for number in range(len(columns))])
    rows.extend([[cell(record) for _, cell in columns] for record in records])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def write_between(path: Path, marker: str, body: str) -> None:
    """Replace what stands between ``<!-- marker: begin -->`` and ``<!-- marker: end -->`` in a document."""
    begin, end = f"<!-- {marker}: begin -->", f"<!-- {marker}: end -->"
    text = path.read_text(encoding="utf-8")
    if text.count(begin) != 1 or text.count(end) != 1:
        raise SystemExit(f"{path} must hold {begin} and {end} once each")
    head, rest = text.split(begin)
    path.write_text(f"{head}{begin}\n{body}\n{end}{rest.split(end)[1]}", encoding="utf-8")
