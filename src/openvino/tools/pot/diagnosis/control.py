"""What accuracy control did, in the language of a diagnosis."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from math import isfinite
from pathlib import Path
from typing import Any

import openvino as ov

from openvino.tools.pot.algorithms.accuracy.report import AccuracyReport, LayerFigures, Step
from openvino.tools.pot.diagnosis.control_facts import AccuracyControl, ControlLayer, ControlStep
from openvino.tools.pot.graph.view import all_bodies
from openvino.tools.pot.utils.errors import ConfigError
from openvino.tools.pot.utils.files import as_path, why_no_file

_FILE = "search.json"


def course_of(report: AccuracyReport) -> AccuracyControl:
    """The course of a search as plain data, with what changed from step to step."""
    before = [(), *(step.floats for step in report.steps)]
    known = [(step.variant, step.floats) for step in report.steps]
    taken = report.chosen
    chosen = None if taken is None else known.index((taken.variant, taken.floats)) + 1
    return AccuracyControl(
        baseline=_known(report.baseline), maximal_drop=report.maximal_drop,
        drop_type="relative" if report.drop_type == "relative" else "absolute",
        steps=tuple(_step(step, floats) for step, floats in zip(report.steps, before, strict=False)),
        chosen=chosen, met=taken is not None and taken.met,
        layers=tuple(_layer(layer, report) for layer in report.layers),
        ended=report.ended, seconds=report.seconds, passes=report.passes,
    )  # fmt: skip


def report_in(given: str | Path) -> AccuracyReport:
    """The report of a search, from its ``state_dir`` or the ``search.json`` in it.

    Raises:
        ConfigError: there is none, or the search has not come to an end.
    """
    path = as_path(given, "search")
    path = path / _FILE if path.is_dir() else path
    why = why_no_file(path)
    if why:
        raise ConfigError(f"search: {str(path)!r} {why}")
    try:
        facts = json.loads(path.read_bytes())
        dict(facts["identity"])  # which each state has
        found = _restored(facts["report"]) if "report" in facts else None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ConfigError(f"search: {str(path)!r} is no {_FILE} of a state_dir") from error
    if found is None:
        raise ConfigError(f"search: {str(path)!r} holds no report, expected that of a search that has ended")
    return found


def _restored(facts: Mapping[str, Any]) -> AccuracyReport:
    """A report of what its ``as_dict`` gave."""
    steps = [_step_of(step) for step in facts["steps"]]
    layers = [LayerFigures(**layer) for layer in facts["layers"]]
    chosen = None if facts["chosen"] is None else _step_of(facts["chosen"])
    compared = tuple(facts.get("agreement", ()))  # which reports of before do not have
    own = {"steps": steps, "layers": layers, "chosen": chosen, "agreement": compared}
    return AccuracyReport(**{**facts, **own})


def _step_of(facts: Mapping[str, Any]) -> Step:
    return Step(**{**facts, "floats": tuple(facts["floats"])})


def strange_to(control: AccuracyControl, model: ov.Model) -> str:
    """A layer of a search that a network does not have; empty where it has all."""
    own = {node.get_friendly_name() for each in (model, *all_bodies(model)) for node in each.get_ops()}
    layers, floats = [layer.node for layer in control.layers], [step.floats for step in control.steps]
    return next((name for names in (layers, *floats) for name in names if name not in own), "")


def _step(step: Step, before: Iterable[str]) -> ControlStep:
    earlier = set(before)
    return ControlStep(
        what=step.what, variant=step.variant, floats=step.floats,
        freed=tuple(name for name in step.floats if name not in earlier),
        returned=tuple(sorted(earlier.difference(step.floats))), metrics=_known(step.metrics),
        drop=step.drop if isfinite(step.drop) else None, complete=step.complete, met=step.met, seconds=step.seconds,
    )  # fmt: skip


def _layer(layer: LayerFigures, report: AccuracyReport) -> ControlLayer:
    first = next((number for number, step in enumerate(report.steps, 1) if layer.node in step.floats), None)
    return ControlLayer(
        node=layer.node, type=layer.type, share=layer.share, latency=layer.latency, bought=layer.bought,
        bought_at_least=layer.bought is not None and not _all_seen_without(layer.node, report),
        is_float=layer.is_float, step=first,
    )  # fmt: skip


def _all_seen_without(node: str, report: AccuracyReport) -> bool:
    """Whether the model that has this layer alone in INT8 again was evaluated on all samples."""
    taken = report.chosen
    if taken is None:
        return True
    wanted = taken.variant, {*taken.floats} - {node}
    return all(step.complete for step in report.steps if (step.variant, {*step.floats}) == wanted)


def _known(metrics: Mapping[str, float]) -> dict[str, float | None]:
    return {name: float(value) if isfinite(value) else None for name, value in metrics.items()}


def metric_of_search(control: AccuracyControl) -> tuple[str, float, float] | None:
    """The first metric of a search: name, figure of the float model and of the one that was taken."""
    found = {} if control.taken is None else control.taken.metrics
    return next(
        ((name, before, after) for name, before in control.baseline.items()
         if before is not None and (after := found.get(name)) is not None),
        None,
    )  # fmt: skip


def reasons_of(control: AccuracyControl) -> dict[str, str]:
    """Layer -> why it is in float, of those that the search put back."""
    return {
        layer.node: f"accuracy control put it back to float, first in step {layer.step}"
        + _worth(layer, control)
        for layer in control.layers
        if layer.is_float
    }


def _worth(layer: ControlLayer, control: AccuracyControl) -> str:
    if layer.bought is None:
        return ""
    least = "at least " if layer.bought_at_least else ""
    return f": without, the drop is {least}{amount(layer.bought, control)} larger"


def amount(drop: float | None, control: AccuracyControl) -> str:
    """A drop with its unit."""
    if drop is None:
        return "unknown"
    return f"{100 * drop:.3g} %" if control.drop_type == "relative" else f"{drop:.3g}"


def told(control: AccuracyControl) -> str:
    """What the search came to, as a part of a sentence."""
    taken = control.taken
    if taken is None:
        return f"accuracy control evaluated nothing: {control.ended}"
    of = f" of {len(control.layers)}" if control.layers else ""
    count = len(taken.floats)
    what = (
        f"put {count}{of} layer{'' if count == 1 and not of else 's'} back to float"
        if count
        else "put no layer back to float"
    )
    drop = "a drop that is no number" if taken.drop is None else (
        f"a drop of {amount(taken.drop, control)}" if taken.drop > 0 else "no drop"
    )  # fmt: skip
    allowed = f"where {amount(control.maximal_drop, control)} is allowed"
    return f"accuracy control {what} {'for' if control.met else 'and still has'} {drop} {allowed}"
