"""A diagnosis as text: a table for a terminal of 80 columns, and the same in Markdown."""

from __future__ import annotations

from collections.abc import Mapping

from openvino.tools.pot.diagnosis.causes import CAUSES
from openvino.tools.pot.diagnosis.control import amount
from openvino.tools.pot.diagnosis.control_facts import AccuracyControl
from openvino.tools.pot.diagnosis.facts import Diagnosis, Layer, Remedy
from openvino.tools.pot.report.columns import Row, aligned, piped, prose, short

_SHOWN = 10
_LAYER_TITLES = ("layer", "error", "own dB", "so far", "ms", "ran in", "cause")
_STEP_TITLES = ("", "step", "in float", "back in float", "metrics", "drop", "allowed")
_REMEDY_TITLES = ("remedy", "dB", "won", "ms", "paid", "MB", "8-bit")


def as_text(found: Diagnosis, shown: int = _SHOWN) -> str:
    """The sentence, the worst layers, the remedies, and lines to paste; in 80 columns, but for these."""
    lines = [*prose(f"{found.verdict.upper()}: {found.sentence}"), *prose(_parts_line(found)), ""]
    lines.append(f"Worst layers ({min(shown, len(found.layers))} of {len(found.layers)})")
    rows = [_layer_row(layer) for layer in found.layers[:shown]]
    lines += aligned(_LAYER_TITLES, rows, (0, len(_LAYER_TITLES) - 1))
    for cause in found.causes:
        kind = CAUSES[cause.name]
        lines += ["", *prose(f"{kind.title}: {cause.evidence}; {kind.helps}")]
    if found.accuracy_control is not None:
        rows = _step_rows(found.accuracy_control)
        lines += ["", "Accuracy control", *aligned(_STEP_TITLES, rows, (0, 1, 3, 4, 6))]
    if found.remedies:
        rows = [_remedy_row(remedy) for remedy in found.remedies]
        lines += [
            "",
            "What helps, tried and measured",
            *aligned(_REMEDY_TITLES, rows, (0, len(_REMEDY_TITLES) - 1)),
        ]
        lines += ["", *_pasted(found.remedies[0])]
    lines += [line for note in found.notes for line in prose(f"note: {note}")]
    return "\n".join(line.rstrip() for line in lines)


def as_markdown(found: Diagnosis, shown: int = _SHOWN) -> str:
    """The same as Markdown."""
    parts = [f"**{found.verdict}**: {found.sentence}", "", _parts_line(found), ""]
    rows = [_layer_row(layer, 200) for layer in found.layers[:shown]]
    parts += piped(_LAYER_TITLES, rows, range(len(_LAYER_TITLES)))
    parts += [f"- {CAUSES[cause.name].title}: {cause.evidence}" for cause in found.causes]
    if found.accuracy_control is not None:
        rows = _step_rows(found.accuracy_control, 200)
        parts += ["", *piped(_STEP_TITLES, rows, range(len(_STEP_TITLES)))]
    if found.remedies:
        rows = [_remedy_row(remedy, 200) for remedy in found.remedies]
        parts += ["", *piped(_REMEDY_TITLES, rows, range(len(_REMEDY_TITLES))), ""]
        parts += ["```", *_pasted(found.remedies[0]), "```"]
    parts += [f"- {note}" for note in found.notes]
    return "\n".join(parts)


def _parts_line(found: Diagnosis) -> str:
    parts = found.parts
    known = [
        (f"{parts.weights:.1f} dB with weights alone" if parts.weights is not None else ""),
        (f"{parts.activations:.1f} dB with activations alone" if parts.activations is not None else ""),
        f"{parts.defined:.1f} dB as it is defined",
    ]
    return f"{parts.whole:.1f} dB as it runs; {', '.join(filter(None, known))}."


def _layer_row(layer: Layer, width: int = 24) -> Row:
    cause = layer.causes[0].name.replace("_", " ") if layer.causes else ""
    return (
        short(layer.node, width), f"{layer.share:.0%}", _figure(layer.own, 1), _figure(layer.so_far, 1),
        _figure(None if layer.int8_seconds is None else 1000 * layer.int8_seconds, 2), layer.precision, cause,
    )  # fmt: skip


def _step_rows(control: AccuracyControl, width: int = 13) -> list[Row]:
    """The float model, and each step of the search with what it put back to float; the one that was taken is marked."""
    rows: list[Row] = [("", "float", "", "", short(_metrics(control.baseline), width), "", "")]
    for number, step in enumerate(control.steps, 1):
        drop = f"{'' if step.complete else '>= '}{amount(step.drop, control)}"
        rows.append((
            ">" if number == control.chosen else "", short(step.what, width), str(len(step.floats)),
            short(", ".join(step.freed), width), short(_metrics(step.metrics), width), drop,
            "yes" if step.met else "no",
        ))  # fmt: skip
    return rows


def _metrics(metrics: Mapping[str, float | None]) -> str:
    return ", ".join(f"{name} {'-' if value is None else f'{value:.4g}'}" for name, value in metrics.items())


def _remedy_row(remedy: Remedy, width: int = 36) -> Row:
    return (
        short(remedy.title, width), f"{remedy.fidelity:.1f}", f"{remedy.won:+.1f}", f"{1000 * remedy.seconds:.3g}",
        f"{1000 * remedy.paid:+.2g}", f"{remedy.bytes / 1e6:.2f}", str(remedy.int8_layers),
    )  # fmt: skip


def _pasted(remedy: Remedy) -> list[str]:
    return [
        f"{kind}: {text}" for kind, text in (("Python", remedy.script), ("command", remedy.command)) if text
    ]


def _figure(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"
