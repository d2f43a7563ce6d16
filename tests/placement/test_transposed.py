"""Transposed convolutions run in 8 bits on the CPU whatever they read, with what ``quantize`` does by itself.

The CPU leaves one in float where its data has a zero point, and says nothing; so data are not centred here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

from builders import bias, conv, model, parameter, runner, weights
from openvino.tools.pot import quantize
from openvino.tools.pot.report.measure import compile_single, heavy_layers

pytestmark = pytest.mark.skipif(
    "INT8" not in ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"), reason="this CPU has no INT8"
)

BEFORE: dict[str, Callable[[ov.Output], Any]] = {
    "Swish": lambda x: op.swish(op.add(conv(x, 8, "before"), bias(8, "bias"))),
    "LeakyReLU": lambda x: op.prelu(op.add(conv(x, 8, "before"), bias(8, "bias")), np.float32([0.1])),
    "nothing": lambda x: x,
}


@pytest.mark.parametrize("preset", [None, "mixed", "performance"])
@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.long
def test_a_transposed_convolution_runs_in_8_bits(before: str, preset: str | None) -> None:
    x = parameter([1, 8, 12, 12])
    kernel = op.constant(weights((8, 6, 2, 2)))
    network = model(op.convolution_backprop_data(BEFORE[before](x), kernel, [2, 2], name="up"), x)
    data = [weights((1, 8, 12, 12), seed, 1.0) + np.float32(0.5) for seed in range(16)]
    int8 = quantize(network, data[4:], **({"preset": preset} if preset else {}))

    layers = heavy_layers(compile_single(int8))
    (up,) = (layer for layer in layers if layer.type == "Deconvolution")
    assert up.precision == "i8" and all(layer.is_int8 for layer in layers)

    expected, found = (
        np.stack([once(each)[0] for each in data[:4]]) for once in map(runner, (network, int8))
    )
    assert 10 * np.log10(expected.var() / np.mean((found - expected) ** 2)) > 30
