"""A small network with a state among its inputs and outputs, and samples of several time steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as op

import builders
from openvino.tools.pot import IEEngine, Metric, load_model
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.statistics.layout import StatisticsLayout
from openvino.tools.pot.statistics.reducers import Extreme
from openvino.tools.pot.statistics.requests import Request

Floats = NDArray[np.float32]
INPUTS, STATES, CLASSES = 5, 8, 3
MIX, READ, TELL = (builders.weights(s, i) for i, s in enumerate([(5, 8), (8, 8), (8, 3)]))
MAP = {"next": "h"}


def network() -> ov.Model:
    """``next = tanh(h @ READ + x @ MIX)``, made by node ``mixed``, and ``y = next @ TELL``."""
    x, h = builders.parameter([1, INPUTS], "x"), builders.parameter([1, STATES], "h")
    h.add_names({"state"})
    read = op.matmul(h, op.constant(READ, name="READ"), False, False, name="read")
    taken = op.matmul(x, op.constant(MIX, name="MIX"), False, False, name="taken")
    mixed = op.tanh(op.add(read, taken), name="mixed")
    y = op.matmul(mixed, op.constant(TELL, name="TELL"), False, False, name="tell")
    found = builders.model([y, mixed], x, h)
    found.outputs[1].add_names({"next"})
    return found


NETWORK = network()


def sample(seed: int, length: int, h: Floats | None = None) -> dict[str, list[Any]]:
    x = list(np.random.default_rng(seed).standard_normal((length, 1, INPUTS)).astype(np.float32))
    return {"x": x, "h": [np.zeros((1, STATES), np.float32) if h is None else h, *[None] * (length - 1)]}


LENGTHS = [4, 1, 7, 2, 9, 3]
ITEMS = [(sample(seed, n), (seed, n), {"file": f"{seed}.wav"}) for seed, n in enumerate(LENGTHS)]


def by_hand(data: dict[str, list[Any]]) -> list[tuple[Floats, Floats, Floats]]:
    """For each step the state before it, the answer and the state after it."""
    found, h = [], None
    for x, given in zip(data["x"], data["h"], strict=True):
        before = h if given is None else given
        h = np.tanh(before @ READ + x @ MIX)
        found.append((before, h @ TELL, h))
    return found


class Seen(Metric):
    """Keeps what it is given; each step's value is its own."""

    def __init__(self) -> None:
        self.updates: list[tuple[list[Any], list[Any], list[Any]]] = []
        super().__init__()

    avg_value = property(lambda self: {"sum": sum(self.sums)})  # type: ignore[assignment]
    value = property(lambda self: {"sum": self.sums[-1:]})  # type: ignore[assignment]

    def update(self, output: Any, target: Any, metadata: Any) -> None:  # type: ignore[override]
        self.updates.append((output, target, metadata))
        self.sums.append(float(output[0].sum()))

    def reset(self) -> None:
        self.updates, self.sums = [], []

    def get_attributes(self) -> Any:
        return {"sum": {"direction": "higher-better", "type": "sum"}}


def engine(items: Any = ITEMS, out_in: Any = MAP, kind: type[IEEngine] = IEEngine, **config: Any) -> IEEngine:
    loader = items if hasattr(items, "__getitem__") and not isinstance(items, list) else builders.Items(items)
    return kind({"device": "CPU", "recurrent_out_in_map": out_in, **config}, loader, Seen())


def updates(own: IEEngine, model: ov.Model = NETWORK) -> list[Any]:
    own.set_model(load_model(model))
    own.predict()
    seen: list[Any] = own.metric.updates
    return seen


def check_answers(seen: Sequence[Any], samples: Sequence[dict[str, list[Any]]]) -> None:
    """Each sample's steps in order, one sample after the other, with the outputs of the loop by hand."""
    expected = [step for data in samples for step in by_hand(data)]
    assert len(seen) == len(expected)
    for (output, _, _), (_, y, after) in zip(seen, expected, strict=True):
        np.testing.assert_allclose(output[0], y, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(output[1], after, rtol=1e-4, atol=1e-5)


REQUESTS = [
    Request(TensorId(node), Extreme(kind), kind) for node in ("h", "mixed", "tell") for kind in ("min", "max")
]


def extremes(own: IEEngine) -> list[float]:
    own.set_model(load_model(NETWORK))
    statistics = own.predict(stats_layout=StatisticsLayout(NETWORK, REQUESTS))[1]
    return [float(statistics.value(request)[0]) for request in REQUESTS]
