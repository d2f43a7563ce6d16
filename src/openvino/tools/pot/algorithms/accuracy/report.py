"""What a search did, as plain data and as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from openvino.tools.pot.placement.avoided import Stored
from openvino.tools.pot.utils.sheets import block, line, table


@dataclass(frozen=True)
class Step:
    """An evaluation.

    Attributes:
        what: in words.
        variant: name of the parameters' variant.
        floats: layers in float.
        metrics: by name; bounds where the evaluation stopped early.
        drop: the largest of the metrics, in the unit of the target; a lower bound where it stopped early.
        complete: whether all samples were seen.
        met: whether the drop is allowed.
        seconds: of quantizing and evaluating; zero if it was known from an earlier run.
        stored: which layers in float have weights of 8 bits: ``none``, ``convolutions`` or ``all``.
    """

    what: str
    variant: str
    floats: tuple[str, ...]
    metrics: Mapping[str, float]
    drop: float
    complete: bool
    met: bool
    seconds: float
    stored: Stored = "none"


@dataclass(frozen=True)
class LayerFigures:
    """A layer that can go back to float.

    Attributes:
        node, type: its name and operation.
        share: its part of the squared error at the outputs.
        latency: seconds that it takes longer in float than in INT8, zero where that isn't known.
        bought: what the drop would be larger by with this layer in INT8; None where that was not measured.
        is_float: whether it ended up in float.
    """

    node: str
    type: str
    share: float
    latency: float
    bought: float | None = None
    is_float: bool = False


@dataclass
class AccuracyReport:
    """The course of a search.

    Attributes:
        baseline: metrics of the float model.
        maximal_drop, drop_type: the target.
        steps: all evaluations, in their order.
        layers: in the order in which they were tried, the most promising first; empty where that wasn't needed.
        chosen: what was returned, one of the steps; None before the first one.
        ended: why the search ended, in words.
        seconds: that it took, earlier runs of the same state left out.
        passes: over the samples: evaluations, statistics, and samples fed to compare layers, float or not.
        agreement: what is compared with the float model in place of a metric, and why, in sentences.
    """

    maximal_drop: float
    drop_type: str
    baseline: Mapping[str, float] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    layers: list[LayerFigures] = field(default_factory=list)
    chosen: Step | None = None
    ended: str = ""
    seconds: float = 0.0
    passes: float = 0.0
    agreement: Sequence[str] = ()

    def as_dict(self) -> dict[str, Any]:
        """All of it as numbers, texts, lists and mappings."""
        return asdict(self)

    def table(self) -> str:
        """The steps and the layers in float, as text for a terminal."""
        lines = _lines(_STEP_TITLES, [_step_row(step, step == self.chosen) for step in self.steps])
        floats = [layer for layer in self.layers if layer.is_float]
        if floats:
            lines += ["", *_lines(_LAYER_TITLES, [_layer_row(layer) for layer in floats])]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        steps = [_step_row(step, step == self.chosen) for step in self.steps]
        floats = [_layer_row(layer) for layer in self.layers if layer.is_float]
        return block(
            line(self.ended),
            table(_STEP_TITLES, steps, (0, 1, 3)),
            table(_LAYER_TITLES, floats, (0, 1)) if floats else "",
        )


_STEP_TITLES = ("", "step", "layers in float", "metrics", "drop", "s")
_LAYER_TITLES = ("layer in float", "type", "drop bought", "latency paid, ms")


def shown(metrics: Mapping[str, float]) -> str:
    """Metrics as text."""
    return ", ".join(f"{name} {value:.5g}" for name, value in metrics.items())


def _step_row(step: Step, chosen: bool) -> tuple[str, ...]:
    drop = f"{'' if step.complete else '>= '}{step.drop:.4g}"
    mark, floats = ">" if chosen else "", str(len(step.floats))
    return mark, step.what, floats, shown(step.metrics), drop, f"{step.seconds:.1f}"


def _layer_row(layer: LayerFigures) -> tuple[str, ...]:
    bought = "-" if layer.bought is None else f"{layer.bought:.4g}"
    return layer.node, layer.type, bought, f"{1000 * layer.latency:.3f}"


def _lines(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    from io import StringIO

    from rich.console import Console
    from rich.table import Table

    table = Table(*titles, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*row)
    text = StringIO()
    Console(file=text, width=160).print(table)
    return [line.rstrip() for line in text.getvalue().rstrip("\n").splitlines()]
