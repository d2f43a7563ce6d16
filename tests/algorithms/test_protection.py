"""Protection against overflow, seen from the sums of the quantized model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import openvino as ov
import pytest
from numpy.typing import NDArray
from openvino import opset13 as op

from builders import images, model, parameter
from openvino.tools.pot import quantize
from openvino.tools.pot.report.overflow import overflows

Samples = Sequence[NDArray[np.float32]]


def even_weights(*shape: int) -> NDArray[np.float32]:
    """All about as large as the largest, which is the worst for sums of pairs."""
    return np.random.default_rng(0).uniform(0.9, 1, shape).astype(np.float32)


def network(pad: int = 0, kernel: int = 1) -> ov.Model:
    x = parameter([1, 3, 8, 8])
    ones = [1, 1]
    hidden = op.relu(op.convolution(x, even_weights(4, 3, kernel, kernel), ones, [pad] * 2, [pad] * 2, ones))
    grouped = op.group_convolution(hidden, even_weights(2, 3, 2, 1, 1), ones, [0, 0], [0, 0], ones)
    rows = op.reshape(op.relu(grouped), np.array([1, 6, -1]), False)
    return model(op.matmul(rows, even_weights(6, 5), True, False), x)


def counts(
    calibration: Samples, samples: Samples, source: ov.Model | None = None, **params: Any
) -> list[int]:
    quantized = quantize(source or network(), calibration, compress=False, **params)
    return [layer.overflows for layer in overflows(quantized, [{"x": sample} for sample in samples])]


@pytest.mark.parametrize("device", ["ANY", "CPU"])
@pytest.mark.parametrize("rounding", ["nearest", "least_error"])
def test_nothing_overflows_on_cpus(device: str, rounding: str) -> None:
    samples = images(6)
    assert counts(samples, samples, target_device=device, weight_rounding=rounding) == [0, 0, 0]


@pytest.mark.parametrize(
    "params", [{"saturation_fix": "no"}, {"target_device": "GPU"}, {"target_device": "NPU"}]
)
def test_it_would_without_protection(params: dict[str, str]) -> None:
    samples = images(6)
    assert all(count > 0 for count in counts(samples, samples, **params))


@pytest.mark.long
def test_the_first_layers_alone() -> None:
    samples = images(6)
    first, second, third = counts(samples, samples, saturation_fix="first_layer")
    assert first == 0
    assert second > 0
    assert third > 0
    assert counts(samples, samples, saturation_fix="all") == [0, 0, 0]


def test_samples_larger_than_those_of_the_calibration() -> None:
    assert counts(images(6), [image * 1.8 for image in images(6, seed=1)]) == [0, 0, 0]


def test_padding_counts_where_zero_is_the_largest() -> None:
    below_zero = [-np.abs(image) - 0.3 for image in images(6)]
    assert counts(below_zero, below_zero, network(pad=1, kernel=3))[0] == 0
