"""A diagnosis as a page: one HTML file that holds everything it needs, for a browser without a network."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from openvino.tools.pot.diagnosis.causes import CAUSES
from openvino.tools.pot.diagnosis.control import amount
from openvino.tools.pot.diagnosis.control_chart import chart_of
from openvino.tools.pot.diagnosis.facts import Cause, Diagnosis, Layer, Remedy
from openvino.tools.pot.utils.optional import optional

_FLAGS = 3
_BAD, _POOR = 10.0, 20.0
"""dB of the whole below which its tile is marked as broken, and as worse."""

_MARKS = {"good": "✓", "no gain": "=", "slower": "▾", "worse": "!", "broken": "✕"}
"""A sign for each verdict, for whom its color says nothing."""

_SCRIPTS = ("common.js", "picture.js", "layers.js", "panel.js", "graph.js")
"""Parts of the page's script, each of which uses those before it."""


@dataclass(frozen=True)
class Tile:
    """A figure of the whole.

    Attributes:
        label: what it is of.
        value: the figure.
        note: what else is to say.
        mark: ``bad``, ``poor`` or empty.
    """

    label: str
    value: str
    note: str
    mark: str = ""


@dataclass(frozen=True)
class Flag:
    """What the picture says of one of the worst layers.

    Attributes:
        rank: 1 for the worst.
        layer: the layer.
        cause: the strongest of its causes.
        remedy: the best of those measured that are for it.
    """

    rank: int
    layer: Layer
    cause: Cause | None
    remedy: Remedy | None


def check_page() -> None:
    """See whether a page can be written, before the long work that it is about.

    Raises:
        ConfigError: jinja2 is not installed.
    """
    _jinja2()


def page(facts: Diagnosis) -> str:
    """A diagnosis as an HTML file: verdict, picture, remedies, layers, graph, outputs and samples.

    Args:
        facts: the diagnosis.

    Raises:
        ConfigError: jinja2, which writes the file, is not installed.
    """
    jinja2 = _jinja2()
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_asset), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    environment.filters.update(figure=figure, ms=_ms, mb=_mb, percent=_percent)
    text: str = environment.get_template("page.html").render(
        facts=facts, causes=CAUSES, mark=_MARKS[facts.verdict], tiles=tiles(facts), flags=flags(facts),
        depth=_depths(facts.layers), again=_again(facts), amount=amount, chart=chart_of(facts.accuracy_control),
        style=_asset("page.css"), script="\n".join(_asset(name) for name in _SCRIPTS), data=_data(facts),
    )  # fmt: skip
    return text


def _asset(name: str) -> str:
    return files(__package__).joinpath("assets", name).read_text("utf-8")


def _data(facts: Diagnosis) -> str:
    """What the script reads: the whole diagnosis, in a form that cannot end the element it stands in."""
    used = {cause.name for layer in facts.layers for cause in layer.causes}
    kinds = {
        name: {"title": kind.title, "means": kind.means, "helps": kind.helps}
        for name, kind in CAUSES.items()
        if name in used
    }
    text = f'{{"kinds":{json.dumps(kinds)},"facts":{facts.model_dump_json()}}}'
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def tiles(facts: Diagnosis) -> tuple[Tile, ...]:
    """What was lost, and what was won for it."""
    timing = facts.timing
    speed = timing.float_seconds / max(timing.int8_seconds, 1e-12)
    smaller = timing.float_bytes / max(timing.int8_bytes, 1)
    return (
        _lost(facts),
        Tile(
            "one request, float → INT8", f"{_ms(timing.float_seconds)} → {_ms(timing.int8_seconds)} ms",
            f"{speed:.2g} times as fast" if speed >= 1 else f"{1 / speed:.2g} times as slow",
            "" if speed >= 1 else "poor",
        ),
        Tile(
            "weights, float → INT8", f"{_mb(timing.float_bytes)} → {_mb(timing.int8_bytes)} MB",
            f"{smaller:.1f} times smaller",
        ),
        Tile(
            "layers in 8 bits", f"{timing.int8_layers} of {timing.layers}",
            f"{timing.conversions} conversion{'' if timing.conversions == 1 else 's'} between formats",
        ),
    )  # fmt: skip


def _lost(facts: Diagnosis) -> Tile:
    parts = facts.parts
    mark = "bad" if parts.whole < _BAD else "poor" if parts.whole < _POOR else ""
    error = f"an error of {figure(100 * 10 ** (-parts.whole / 20), 2)} %"
    if facts.metric is not None:
        name, before, after = facts.metric
        value = f"{figure(before, 4)} → {figure(after, 4)}"
        return Tile(f"{name}, float → INT8", value, f"fidelity {figure(parts.whole)} dB", mark)
    halves = [
        f"{what} alone {figure(value)} dB"
        for what, value in (("weights", parts.weights), ("activations", parts.activations))
        if value is not None
    ]
    return Tile("fidelity to float", f"{figure(parts.whole)} dB", "; ".join([error, *halves]), mark)


def flags(facts: Diagnosis) -> tuple[Flag, ...]:
    """Of the worst layers, in the order in which the model computes them."""
    worst = [layer for layer in facts.layers if layer.causes or layer.share > 0][:_FLAGS]
    found = [
        Flag(rank, layer, layer.causes[0] if layer.causes else None, _remedy_for(layer, facts.remedies))
        for rank, layer in enumerate(worst, 1)
    ]
    return tuple(sorted(found, key=lambda flag: flag.layer.order))


def _remedy_for(layer: Layer, remedies: Sequence[Remedy]) -> Remedy | None:
    """The best that names the layer, or is for the strongest of its causes."""
    cause = layer.causes[0].name if layer.causes else None
    named = json.dumps(layer.node)
    return next((each for each in remedies if named in each.config or each.helps == cause), None)


def _depths(layers: Sequence[Layer]) -> dict[str, int]:
    """Layer -> its number along the network, from 1."""
    return {layer.node: number for number, layer in enumerate(sorted(layers, key=lambda own: own.order), 1)}


def _again(facts: Diagnosis) -> str:
    """The call that gives the same diagnosis."""
    models = [facts.model] if facts.int8_model in ("", facts.model) else [facts.model, facts.int8_model]
    given = ", ".join(repr(name) for name in models)
    samples, device = facts.calibration.samples, facts.device[0]
    return f"diagnose({given}, data=data, samples={samples}, device={device!r})"


def figure(value: float | None, digits: int = 3) -> str:
    """A number as people write it, with so many digits that count; a dash for one that is not known."""
    if value is None:
        return "-"
    if value and not 1e-4 <= abs(value) < 1e6:
        return f"{value:.{digits - 1}e}"
    whole = len(str(int(abs(value)))) if abs(value) >= 1 else 0
    if whole >= digits:
        return f"{value:,.0f}"
    return f"{float(f'{value:.{digits}g}'):.10g}"


def _ms(seconds: float | None) -> str:
    return figure(None if seconds is None else 1000 * seconds)


def _mb(count: int) -> str:
    return figure(count / 1e6)


def _percent(share: float | None) -> str:
    return figure(None if share is None else 100 * share, 2)


def _jinja2() -> Any:
    return optional("jinja2", "jinja2", "pages", "report")
