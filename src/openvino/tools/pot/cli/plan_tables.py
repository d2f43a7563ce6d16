"""A plan as text: ten lines, or tables of all of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

_REASONS, _KINDS = 2, 4
"""Reasons and types that the ten lines name."""
_NAMED = "named in the ignored scope"


def show_summary(found: Mapping[str, Any], show: Callable[..., None]) -> None:
    """How many layers run in integers, which don't and why, and what comes of it.

    Args:
        found: the plan, as ``described_plan`` gives it.
        show: prints a line.
    """
    from rich.markup import escape

    kind = ", a transformer" if found["transformer"] else ""
    layers, floats = found["layers"], _left(found)
    show(
        f"[bold]{escape(found['file'] or found['model'])}[/bold] on {found['device']}{kind}: {len(layers)} of "
        f"{len(layers) + len(floats)} layers in INT8",
        soft_wrap=True,
    )
    _warnings(found, show)
    rows = [("in INT8", _kinds(layers) or "nothing")]
    rows += [("in float" if not number else "", line) for number, line in enumerate(_why(floats))]
    rows.append(("", _others(found, floats)))
    rows += [("ignored", _matched(each)) for each in found["matched"]]
    rows += [("size", size_of(found)), ("gain", _gain(found)), ("calibration", calibration_of(found["cost"]))]
    for title, line in rows:
        show(f"  {title:<12}{escape(line)}", soft_wrap=True)
    show("[dim]all layers, tensors and reasons: pot plan ... --all[/dim]", soft_wrap=True)


def show_tables(found: Mapping[str, Any], show: Callable[..., None]) -> None:
    """All of it.

    Args:
        found, show: as of ``show_summary``.
    """
    from rich.markup import escape

    kind = ", a transformer" if found["transformer"] else ""
    show(
        f"[bold]{escape(found['file'] or found['model'])}[/bold] on {found['device']}{kind}: {_counts(found)}\n",
        soft_wrap=True,
    )
    _warnings(found, show, "\n")
    show(_table("inputs", ("name", "shape", "type", "layout"), found["inputs"]))
    weights = {each["name"]: f"{each['granularity']}, {each['bits']} bits" for each in found["weights"]}
    layers = [
        {**layer, "weights": [weights[name] for name in layer["quantizers"] if name in weights]}
        for layer in found["layers"]
    ]
    show(_table("in integers", ("node", "type", "weights"), layers))
    columns = ("tensor", "granularity", "bits", "reason")
    show(_table("quantized activations", columns, found["activations"]))
    show(_table("stays in float", ("node", "type", "reason"), found["float"]))
    if found["matched"]:
        show(_table("ignored", ("name", "nodes", "layers"), found["matched"]))
    show(f"size: {size_of(found)}", soft_wrap=True)
    show(f"calibration: {calibration_of(found['cost'])}", soft_wrap=True)


def _warnings(found: Mapping[str, Any], show: Callable[..., None], end: str = "") -> None:
    """Whether the device was measured, and names that match nothing."""
    from rich.markup import escape

    if not found["measured"]:
        text = f"not measured: no {found['device']} was at hand, and what it runs is said by documents and source"
        show(f"[yellow]{text}[/yellow]{end}", soft_wrap=True)
    for entry in found["unmatched"]:
        near = f", the nearest name is {entry['nearest']!r}" if entry["nearest"] else ""
        text = escape(f"ignored: the model has no node {entry['name']!r}{near}")
        show(f"[yellow]{text}[/yellow]{end}", soft_wrap=True)


def _left(found: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The layers that stay in float."""
    return [each for each in found["float"] if each["layer"] or each["costly"]]


def _why(floats: Iterable[Mapping[str, Any]]) -> list[str]:
    """A line for each of the most frequent reasons, and one for the others."""
    by_reason: dict[str, list[Mapping[str, Any]]] = {}
    for each in floats:
        reason = "no faster in INT8" if each["costly"] else each["reason"]
        reason = _NAMED if reason.startswith(_NAMED) else reason
        by_reason.setdefault(reason, []).append(each)
    ordered = sorted(by_reason.items(), key=lambda pair: -len(pair[1]))
    lines = [f"{_kinds(own)}: {reason}" for reason, own in ordered[:_REASONS]]
    rest = sum(len(own) for _, own in ordered[_REASONS:])
    return lines + ([f"{rest} more for other reasons"] if rest else [])


def _others(found: Mapping[str, Any], floats: list[Mapping[str, Any]]) -> str:
    """What stays in float and is no layer."""
    rest = len(found["float"]) - len(floats)
    return f"{rest} other operations in float: fused with layers, or without an INT8 form worth entering"


def _kinds(entries: Iterable[Mapping[str, Any]]) -> str:
    """``21 Convolution, 4 MatMul``, the most frequent first."""
    counts = Counter(each["type"] for each in entries).most_common()
    told = [f"{count} {kind}" for kind, count in counts[:_KINDS]]
    rest = sum(count for _, count in counts[_KINDS:])
    return ", ".join([*told, *([f"{rest} others"] if rest else [])])


def _matched(entry: Mapping[str, Any]) -> str:
    nodes = f"{entry['nodes']} node{'' if entry['nodes'] == 1 else 's'}"
    return f"{entry['name']!r} matches {nodes}, {entry['layers']} of them layers"


def _gain(found: Mapping[str, Any]) -> str:
    share = found["gain"]["int8_multiplications"]
    work = "it multiplies nothing" if share is None else f"{share:.0%} of the multiplications are in INT8"
    return f"{work}; how much faster that is, a run tells"


def size_of(found: Mapping[str, Any]) -> str:
    """Of the weights, before and after."""
    before, after = found["size"]["float_bytes"], found["size"]["int8_bytes"]
    ratio = before / max(after, 1)
    return f"{before / 1e6:.2f} MB now, about {after / 1e6:.2f} MB quantized ({ratio:.1f} times smaller)"


def _counts(found: Mapping[str, Any]) -> str:
    costly = sum(layer["costly"] for layer in found["float"])
    slower = f" ({costly} of them would be no faster in INT8)" if costly else ""
    return (
        f"{len(found['layers'])} layers in integers, {len(found['activations'])} activations and "
        f"{len(found['weights'])} weights quantized, {len(found['float'])} operations stay in float{slower}"
    )


def calibration_of(cost: Mapping[str, Any]) -> str:
    """Time and memory that it takes."""
    seconds, memory = cost["seconds_per_sample"], cost["activation_bytes"]
    time = "unknown (dynamic shapes)" if seconds is None else f"about {seconds * 1000:.2f} ms"
    room = "unknown (dynamic shapes)" if memory is None else f"about {memory / 1e6:.1f} MB"
    return f"{time} a sample on one request, {room} of activations for each request"


def _table(title: str, columns: Iterable[str], rows: list[Any]) -> Any:
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=f"{title} ({len(rows)})", title_justify="left", title_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        cells = (row[column] for column in columns)
        table.add_row(*(escape(", ".join(cell) if isinstance(cell, list) else str(cell)) for cell in cells))
    return table
