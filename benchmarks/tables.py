"""Records of a benchmark as Markdown tables, written between markers in documents."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import openvino as ov

from openvino.tools.pot import __version__

Record = Mapping[str, Any]
Column = tuple[str, Callable[[Record], str]]

NETWORK: tuple[Column, ...] = (
    ("network", lambda r: r["name"]),
    ("metric", lambda r: r["metric"]),
)
SHORT: tuple[Column, ...] = (
    *NETWORK,
    ("float", lambda r: f"{r['float']:.3f}"),
    ("INT8", lambda r: f"{r['int8']:.3f}"),
    ("request", lambda r: f"{r['speedup']:.1f}x"),
    ("size", lambda r: f"{r['size']:.2f}"),
)
FULL: tuple[Column, ...] = (
    *NETWORK,
    ("float", lambda r: f"{r['float']:.4f}"),
    ("INT8", lambda r: f"{r['int8']:.4f}"),
    ("fidelity, dB", lambda r: f"{r['fidelity']:.2f}"),
    ("layers in INT8", lambda r: f"{r['int8_layers']} of {r['layers']}"),
    ("quantizing, s", lambda r: f"{r['workflow_s']:.2f}"),
    ("plain pass, s", lambda r: f"{r['plain_s']:.2f}"),
    ("speed-up", lambda r: f"{r['speedup']:.2f}"),
    ("size", lambda r: f"{r['size']:.3f}"),
)


def compared(records: Sequence[Record]) -> str:
    """The float model's figures, ours and, where there are any, NNCF's."""
    tools = ("ours", "nncf") if any("nncf" in record for record in records) else ("ours",)
    ratio = [("time, ours / NNCF", lambda r: f"{r['ratio']:.2f}" if "ratio" in r else "")]
    columns: list[Column] = [
        *NETWORK,
        ("float", lambda r: f"{r['float']:.4f}"),
        *_of_tools(tools, "INT8", lambda f: f"{f['int8']:.4f}"),
        *_of_tools(tools, "fidelity, dB", lambda f: f"{f['fidelity']:.2f}"),
        *_of_tools(tools, "speed-up", lambda f: f"{f['speedup']:.2f}"),
        *(ratio if len(tools) > 1 else ()),
        *_of_tools(tools, "size", lambda f: f"{f['size']:.3f}"),
        *_of_tools(tools, "layers in INT8", lambda f: f"{f['int8_layers']} of {f['layers']}"),
    ]
    return table(records, columns)


def _of_tools(tools: Sequence[str], title: str, cell: Callable[[Record], str]) -> list[Column]:
    """A column for each tool, empty where a record does not have its figures."""

    def column(tool: str) -> Column:
        name = f"NNCF: {title}" if tool == "nncf" else title
        return name, lambda r: cell(r[tool]) if tool in r else ""

    return [column(tool) for tool in tools]


def ablated(records: Sequence[Record], figure: str, digits: int) -> str:
    """One figure of each variant: that of the first, and by how much the others differ from it.

    Args:
        records: each holds ``variants``: name -> figures.
        figure: which of the figures.
        digits: how many decimals are shown.
    """
    first, *others = records[0]["variants"]
    mean = {
        name: {figure: fmean(record["variants"][name][figure] for record in records)}
        for name in (first, *others)
    }

    def whole(record: Record) -> str:
        return f"{record['variants'][first][figure]:.{digits}f}"

    def change(name: str) -> Column:
        def cell(record: Record) -> str:
            found, base = (record["variants"][each][figure] for each in (name, first))
            return f"{round(found - base, digits) + 0.0:+.{digits}f}"  # adding zero makes -0.0 positive

        return name, cell

    rows = [*records, {"name": "mean", "variants": mean}]
    return table(rows, (NETWORK[0], (first, whole), *map(change, others)), left=1)


def ordered(records: Iterable[Record]) -> str:
    """Mean, extremes and spread over orders of the samples, of the metric and of the fidelity."""

    def column(title: str, figure: str, key: str, form: str) -> Column:
        return f"{title}: {key}", lambda r: format(r[figure][key], form)

    kinds = (("INT8", "int8", ".4f"), ("fidelity, dB", "fidelity", ".2f"))
    keys = ("mean", "min", "max", "spread")
    columns = [column(title, figure, key, form) for title, figure, form in kinds for key in keys]
    return table(records, (*NETWORK, *columns))


def spent(records: Sequence[Record]) -> str:
    """Seconds beside a plain pass, by step; beside NNCF's and with peak memory, where they were measured."""
    nncf = any("nncf" in record for record in records)
    memory = any("workflow_mb" in record for record in records)
    names = dict.fromkeys(step for record in records for step in record["steps"])

    def step(name: str) -> Column:
        return name, lambda r: f"{r['steps'].get(name, 0.0):.2f}"

    def figure(title: str, cell: Callable[[Record], str], key: str) -> Column:
        return title, lambda r: cell(r) if key in r else ""

    columns: list[Column] = [
        NETWORK[0],
        ("plain pass, s", lambda r: f"{r['plain_s']:.2f}"),
        ("workflow, s", lambda r: f"{r['workflow_s']:.2f}"),
        ("1.5 plain + 1.5, s", lambda r: f"{r['allowed_s']:.2f}"),
    ]
    if nncf:
        columns += [
            figure("NNCF, s", lambda r: f"{r['nncf']['quantize_s']:.2f}", "nncf"),
            figure("beyond plain, ours / NNCF", lambda r: f"{r['share_of_nncf']:.2f}", "nncf"),
        ]
    if any("int8" in record for record in records):
        columns += [
            figure("metric", lambda r: r["metric"], "int8"),
            figure("float", lambda r: f"{r['float']:.4f}", "int8"),
            figure("INT8", lambda r: f"{r['int8']:.4f}", "int8"),
            figure("fidelity, dB", lambda r: f"{r['fidelity']:.1f}", "int8"),
        ]
    if any("int8" in record.get("nncf", {}) for record in records):
        columns += [
            figure("INT8, NNCF", lambda r: f"{r['nncf']['int8']:.4f}", "int8"),
            figure("fidelity, NNCF, dB", lambda r: f"{r['nncf']['fidelity']:.1f}", "int8"),
        ]
    if memory:
        columns += [
            figure("plain, MB", lambda r: f"{r['plain_mb']}", "plain_mb"),
            figure("workflow, MB", lambda r: f"{r['workflow_mb']}", "workflow_mb"),
            figure("weights, MB", lambda r: f"{r['weights_mb']}", "weights_mb"),
        ]
    steps = table(records, [NETWORK[0], *map(step, names)], left=1)
    return f"{table(records, columns, left=1)}\n\nThe workflow's steps, seconds:\n\n{steps}"


def table(records: Iterable[Record], columns: Sequence[Column], left: int = 2) -> str:
    """A Markdown table, numbers to the right; the first columns, which hold words, to the left."""
    rows = [[title for title, _ in columns]]
    rows.append(["---" if number < left else "---:" for number in range(len(columns))])
    rows.extend([[cell(record) for _, cell in columns] for record in records])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def machine() -> str:
    """What the figures were measured on, in a sentence."""
    core = ov.Core()
    name = core.get_property("CPU", "FULL_DEVICE_NAME")
    return (
        f"openvino-pot {__version__}, OpenVINO {ov.__version__.split('-')[0]}, {name}, "
        f"{os.cpu_count()} processors."
    )


def rows(text: str) -> list[dict[str, str]]:
    """The rows of the first table in a text, by the titles of its columns."""
    (first, *_) = re.findall(r"(?:^\|.*\|\n?)+", text, re.MULTILINE)
    found = [[cell.strip() for cell in line[1:-1].split("|")] for line in first.splitlines()]
    titles, _, *others = found
    return [dict(zip(titles, cells, strict=True)) for cells in others]


def between(path: Path, marker: str) -> str:
    """What stands between the markers of a document."""
    text = path.read_text(encoding="utf-8")
    return text.split(f"<!-- {marker}: begin -->")[1].split(f"<!-- {marker}: end -->")[0].strip()


def write_between(path: Path, marker: str, body: str) -> None:
    """Replace what stands between ``<!-- marker: begin -->`` and ``<!-- marker: end -->`` in a document."""
    begin, end = f"<!-- {marker}: begin -->", f"<!-- {marker}: end -->"
    text = path.read_text(encoding="utf-8")
    if text.count(begin) != 1 or text.count(end) != 1:
        raise SystemExit(f"{path} must hold {begin} and {end} once each")
    head, rest = text.split(begin)
    path.write_text(f"{head}{begin}\n{body}\n{end}{rest.split(end)[1]}", encoding="utf-8")
