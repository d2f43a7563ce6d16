"""What the graph says of the sign of values."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

from builders import model, parameter
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.values import is_nonnegative
from openvino.tools.pot.graph.view import GraphView

PADS = ([0, 0], [0, 0], [2, 2])
CASES = {
    "relu": (lambda x: op.relu(x), True),
    "sigmoid": (lambda x: op.sigmoid(x), True),
    "softmax": (lambda x: op.softmax(x, 1), True),
    "clamp from zero": (lambda x: op.clamp(x, 0.0, 6.0), True),
    "clamp from below": (lambda x: op.clamp(x, -1.0, 6.0), False),
    "swish": (lambda x: op.swish(x), False),
    "nothing": (lambda x: op.tanh(x), False),
    "pooled": (lambda x: op.max_pool(op.relu(x), [1, 1], [1, 1], *PADS), True),
    "averaged": (lambda x: op.avg_pool(op.relu(x), [1, 1], *PADS, False), True),
    "moved": (lambda x: op.transpose(op.relu(x), op.constant([0, 2, 3, 1])), True),
    "joined": (lambda x: op.concat([op.relu(x), op.sigmoid(x)], 1), True),
    "joined with another": (lambda x: op.concat([op.relu(x), op.tanh(x)], 1), False),
    "shifted": (lambda x: op.subtract(op.relu(x), op.constant(np.float32(1))), False),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_signs(case: tuple[Callable[[ov.Output], ov.Node], bool]) -> None:
    build, expected = case
    x = parameter([1, 4, 6, 6])
    node = build(x)
    node.set_friendly_name("last")
    assert is_nonnegative(GraphView(model(node.output(0), x)), TensorId("last")) is expected
