"""Where the time goes: each layer in float and in INT8, which precision really ran, what stands between layers."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import openvino as ov

from openvino.tools.pot.engines.profiling import (
    INT8_TYPES,
    RuntimeLayer,
    heavy_layers,
    originals,
    seconds_of,
    timed,
)
from openvino.tools.pot.engines.stream import Feed
from openvino.tools.pot.report.measure import latencies
from openvino.tools.pot.utils.memory import apart

CONVERSIONS = frozenset({"Reorder", "Convert", "Subgraph/Convert"})
"""What the device calls operations that change layout or precision alone."""

_COUNTED = 8
"""Requests of which layers are timed."""

_SLOWER, _COUNTS = 1.25, 0.02
"""How much longer a layer must seem to take in INT8, and of which share of a request, to be timed once more."""

_SECONDS, _TURNS = 0.4, (5, 60)
"""Seconds that timing whole requests may take, and the least and most requests of it."""


@dataclass(frozen=True)
class Ran:
    """How a device runs a node.

    Attributes:
        kind: of operation, as the device says.
        precision: of its arithmetic.
        conversions: what stands before it that changes layout or precision alone.
    """

    kind: str
    precision: str
    conversions: int

    @property
    def is_int8(self) -> bool:
        """Whether it multiplies 8-bit integers."""
        return self.precision in INT8_TYPES


@dataclass(frozen=True)
class Clocked:
    """One model on the device.

    Attributes:
        ran: node of the model -> how it ran; nodes that left no trace have none.
        seconds: node -> mean seconds of what the device ran for it.
        before: node -> mean seconds of quantizers and conversions that the device runs by themselves before it.
        conversions: of the whole.
        heavy: convolutions, matrix products and recurrent layers as the device runs them.
    """

    ran: Mapping[str, Ran]
    seconds: Mapping[str, float]
    before: Mapping[str, float]
    conversions: int
    heavy: tuple[RuntimeLayer, ...]

    def of(self, names: Sequence[str]) -> Ran | None:
        """How the first of some nodes ran that left a trace: a product of matrices may be known by its bias alone."""
        return next((self.ran[name] for name in names if name in self.ran), None)

    def seconds_of(self, names: Sequence[str]) -> float | None:
        """Seconds of the first of some nodes that left a trace."""
        return next((self.seconds[name] for name in names if name in self.ran and name in self.seconds), None)

    def seconds_before(self, names: Sequence[str]) -> float:
        """Seconds of what stands before the first of some nodes that left a trace."""
        return next((self.before[name] for name in names if name in self.before), 0.0)


def clocked(model: ov.Model, compiled: ov.CompiledModel, feeds: Sequence[Feed]) -> Clocked:
    """What the device runs for each node of a model, and for how long.

    Args:
        model: float or quantized.
        compiled: of it, by ``timed``.
        feeds: taken in turn.
    """
    return _clocked(model, compiled, seconds_of(compiled, feeds, _COUNTED))


def clocked_again(
    models: Sequence[ov.Model], clocks: Sequence[Clocked], feeds: Sequence[Feed], device: str
) -> tuple[Clocked, Clocked]:
    """The same of a float model and of its quantized one, where a layer of the second seemed to be slower.

    Whatever else the machine does can slow the same layer down as long as a compiled model lives.

    Args:
        models, clocks: the two, whose compiled models are gone: there is memory for one at a time.
        feeds: taken in turn.
        device: where they run.
    """
    first, second = clocks
    if _is_slower_somewhere(first.seconds, second.seconds):
        first, second = (_again(*own, feeds, device) for own in zip(models, clocks, strict=True))
    return first, second


@apart
def _again(model: ov.Model, clock: Clocked, feeds: Sequence[Feed], device: str) -> Clocked:
    """The shorter of both times of each node."""
    compiled = timed(model, device)
    found = seconds_of(compiled, feeds, _COUNTED)
    return _clocked(
        model, compiled, {name: min(own, found.get(name, own)) for name, own in clock.seconds.items()}
    )


def _is_slower_somewhere(before: Mapping[str, float], after: Mapping[str, float]) -> bool:
    """Whether a node that counts takes longer in the second model."""
    counts = _COUNTS * sum(after.values())
    return any(value > max(counts, _SLOWER * before.get(name, value)) for name, value in after.items())


def _clocked(model: ov.Model, compiled: ov.CompiledModel, seconds: Mapping[str, float]) -> Clocked:
    nodes = compiled.get_runtime_model().get_ordered_ops()
    ran: dict[str, Ran] = {}
    spent: dict[str, float] = {}
    quantizers = {
        node.get_friendly_name() for node in model.get_ops() if node.get_type_name() == "FakeQuantize"
    }
    total = 0
    for node in nodes:
        kind, precision = _told(node)
        total += kind in CONVERSIONS
        before = sum(_told(source.get_node())[0] in CONVERSIONS for source in node.input_values())
        taken = sum(_seconds_before(source.get_node(), quantizers, seconds) for source in node.input_values())
        for name in originals(node):
            known = ran.get(name)
            if known is None or (before and not known.conversions):
                ran[name] = Ran(kind, precision, before)
            spent[name] = max(spent.get(name, 0.0), taken)
    return Clocked(ran, seconds, spent, total, tuple(heavy_layers(compiled)))


def _seconds_before(node: ov.Node, quantizers: Container[str], seconds: Mapping[str, float]) -> float:
    """Seconds of a node of a runtime model that rounds or converts and does nothing else, and of those before it."""
    names = originals(node)
    if _told(node)[0] not in CONVERSIONS and not all(name in quantizers for name in names):
        return 0.0
    before = sum(_seconds_before(source.get_node(), quantizers, seconds) for source in node.input_values())
    return before + max(seconds.get(name, 0.0) for name in names)


def _told(node: ov.Node) -> tuple[str, str]:
    info = node.get_rt_info()
    kind, precision = (
        info[key].astype(str) if key in info else "" for key in ("layerType", "runtimePrecision")
    )
    return kind, precision


def request_seconds(compiled: Sequence[ov.CompiledModel], feeds: Sequence[Feed]) -> list[float]:
    """Median seconds of a single request of each model, in turns."""
    once = sum(latencies(compiled, feeds, repeats=3, warm_up=2))
    turns = int(np.clip(_SECONDS / max(once, 1e-6), *_TURNS))
    return latencies(compiled, feeds, repeats=turns, warm_up=1)
