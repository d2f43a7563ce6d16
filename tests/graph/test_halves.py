"""Constants in half precision, as the model came with them."""

from __future__ import annotations

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

from openvino.tools.pot import quantize
from openvino.tools.pot.utils.runtime import core

RANDOM = np.random.default_rng(0)


def gained(batch: int) -> ov.Model:
    """A product of half precision weights, and a gain that is none of its columns'."""

    def weights(*shape: int) -> ov.Node:
        return op.constant(RANDOM.standard_normal(shape).astype(np.float32))

    x = op.parameter([batch, 16, 20, 24], np.float32, name="x")
    value = op.matmul(x, weights(24, 32), False, False)
    stored = RANDOM.standard_normal((32, 8)).astype(np.float16)
    value = op.matmul(value, op.convert(op.constant(stored), "f32"), False, False, name="product")
    value = op.divide(value, op.constant(RANDOM.uniform(0.5, 2, (1, 16, 1, 1)).astype(np.float32)))
    return ov.Model([op.result(value)], [x], "gained")


@pytest.mark.parametrize("batch", [1, -1])
@pytest.mark.long
def test_what_stays_in_float_is_read_as_the_model_came_with_it(batch: int) -> None:
    data = [RANDOM.standard_normal((1, 16, 20, 24)).astype(np.float32) for _ in range(30)]
    model, report = quantize(gained(batch), data, report=True)
    assert report is not None and report.decibels > 25
    core().compile_model(model, "CPU")
