"""What a verification found as text: for a terminal of 80 columns, and in Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterator

from openvino.tools.pot.report.columns import Row as Cells
from openvino.tools.pot.report.columns import aligned, piped, prose
from openvino.tools.pot.verification.facts import Departure, Identity, Row, Verification

_TITLES = ("device", "precision", "instructions", "dB", "enough", "same", "verdict")
_WORDS = (0, 1, 2, 6)
_LEGEND = (
    "dB: how closely the worst output follows what the model is defined to give (20 is an error of a tenth, 40 of a "
    "hundredth); enough: dB from which it agrees, by how restless its own rounding is; same: equal decisions; "
    "own: the device's own settings. Instruction sets run in float32 beside the integers."
)


def as_text(found: Verification) -> str:
    """What is recorded, a line for each setting, and what the columns mean."""
    lines = [line for paragraph in _said(found.identity, found.model) for line in prose(paragraph, "  ")]
    lines += ["", *prose(_ran(found)), *aligned(_TITLES, [_cells(row) for row in found.rows], _WORDS), ""]
    for remark in _remarks(found):
        lines += prose(remark, "  ")
    if lines[-1]:
        lines.append("")
    return "\n".join([*lines, *prose(_LEGEND), "", *prose(_verdict(found))])


def as_markdown(found: Verification) -> str:
    """The same as Markdown."""
    lines = [f"- {paragraph}" for paragraph in _said(found.identity, found.model)]
    lines += ["", _ran(found), "", *piped(_TITLES, [_cells(row) for row in found.rows], _WORDS), ""]
    lines += [f"- {remark}" for remark in _remarks(found)]
    return "\n".join([*lines, "", _LEGEND, "", f"**{_verdict(found)}**"])


def _said(own: Identity, model: str) -> Iterator[str]:
    """What is recorded in a model, in short paragraphs."""
    name = model or "the model"
    if not own.is_ours:
        yield f"{name}: nothing of openvino-pot is recorded in it"
        return
    names = ", ".join(each.name for each in own.algorithms)
    with_openvino = f" on OpenVINO {own.openvino.partition('-')[0]}" if own.openvino else ""
    samples = "" if own.samples is None else f", {own.samples} samples"
    yield f"{name}: made by openvino-pot {own.version}{with_openvino} with {names}{samples}"
    for each in own.algorithms:
        yield f"parameters of {each.name}: {json.dumps(each.parameters)}"
    if own.statistics:
        yield f"statistics: {own.statistics}"
    if own.float_graph:
        beside = {"the same": ", which is the one that was given", "another": ", not what was given"}
        yield (
            f"float model: graph {own.float_graph}, weights {own.float_weights}"
            f"{beside.get(own.float_model, '')}"
        )
    yield {
        "as it was": "as it was saved: graph and weights are those that were recorded",
        "changed": "not as it was saved",
        "unknown": "what it was when it was saved is not recorded: save_model of openvino-pot does that",
    }[own.saved]
    yield from own.findings


def _ran(found: Verification) -> str:
    devices = ", ".join(f"{name} ({own})" for name, own in found.devices.items())
    made = " made-up" if found.made_up else ""
    return f"{found.samples}{made} samples on {devices}"


def _cells(row: Row) -> Cells:
    own = "" if row.decibels is None else "exact" if row.decibels >= 120 else f"{row.decibels:.1f}"
    same = "" if row.same is None else f"{row.same:.1%}"
    return (
        row.device,
        row.precision,
        row.instruction_set.lower() or "all",
        own,
        f"{row.least:.1f}",
        same,
        row.verdict,
    )


def _remarks(found: Verification) -> Iterator[str]:
    for row in found.rows:
        where = f"{row.device}, {row.precision}" + (f", {row.instruction_set}" if row.instruction_set else "")
        if row.first is not None:
            yield f"{where}: the first tensor that departs is {_tensor(row.first)}"
        if row.note:
            yield f"{where}: {row.note}"
    for note in found.notes:
        yield f"note: {note}"


def _tensor(first: Departure) -> str:
    behind = f", behind quantizer {first.quantizer!r}" if first.quantizer else ""
    return f"{first.tensor!r} ({first.type}){behind}: {first.decibels:.1f} dB, {first.least:.1f} are enough"


def _verdict(found: Verification) -> str:
    if found.agrees:
        return "It agrees." if found.identity.is_ours else "Outputs agree."
    said = [] if found.identity.holds else ["it is not what it says it is"]
    wrong = sum(row.verdict in ("departs", "fails") for row in found.rows)
    said += [f"{wrong} of {len(found.rows)} settings depart"] if wrong else []
    text = "; ".join(said)
    return f"{text[0].upper()}{text[1:]}."
