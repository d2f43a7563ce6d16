"""Values as large as float32 holds, which sentinels are: every constant of the result is a number."""

from __future__ import annotations

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

from openvino.tools.pot import quantize

LOWEST = np.finfo(np.float32).min


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("value", [1e30, -LOWEST, LOWEST])
@pytest.mark.parametrize("preset", [None, "mixed"])
def test_constants_are_finite_whatever_the_values(value: float, preset: str | None) -> None:
    random = np.random.default_rng(0)
    x = op.parameter([1, 8, 32], np.float32, name="x")
    weights = op.constant(random.standard_normal((32, 48)).astype(np.float32))
    network = ov.Model([op.result(op.tanh(op.matmul(x, weights, False, False)))], [x], "sentinels")
    shape = (1, 8, 32)
    data = [
        np.where(random.random(shape) < 0.1, value, random.standard_normal(shape)).astype(np.float32)
        for _ in range(30)
    ]
    model = quantize(network, data, preset=preset, self_check=False)
    constants = [node for node in model.get_ops() if node.get_type_name() == "Constant"]
    assert all(np.isfinite(node.data).all() for node in constants if node.get_element_type().is_real())
