"""Protection against overflow, seen from the sums of the quantized model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from numpy.typing import NDArray
from openvino import opset13 as op

from builders import images, model, parameter
from openvino.tools.pot import quantize
from openvino.tools.pot.diagnosis.fidelity import decibels
from openvino.tools.pot.diagnosis.witnessing import fill, watched_in
from openvino.tools.pot.graph.edits.emulate import emulated
from openvino.tools.pot.graph.geometry import linear_layer, neighbours
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.report.overflow import overflows
from openvino.tools.pot.statistics.witness import Witness
from openvino.tools.pot.verification.instruction_sets import Apart, sets_at_hand

pytestmark = pytest.mark.long

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


def of_one_channel(kernel: tuple[int, ...]) -> ov.Model:
    """A convolution over a single channel, whose taps AVX-512 without VNNI sums in pairs as if they were channels."""
    size, ones = len(kernel), [1] * len(kernel)
    x = parameter([1, 1, *[12] * size])
    pads = [extent // 2 for extent in kernel]
    return model(op.tanh(op.convolution(x, even_weights(4, 1, *kernel) * 0.1, ones, pads, pads, ones)), x)


def bright(*shape: int) -> Samples:
    return [np.random.default_rng(n).uniform(0.6, 1, shape).astype(np.float32) for n in range(6)]


@pytest.mark.parametrize("kernel", [(5,), (3, 3), (1, 5), (5, 2), (3, 3, 3)])
def test_taps_of_a_single_channel_do_not_overflow_either(kernel: tuple[int, ...]) -> None:
    source = of_one_channel(kernel)
    samples = bright(1, 1, *[12] * len(kernel))
    assert counts(samples, samples, source) == [0]
    assert counts(samples, samples, source, saturation_fix="no")[0] > 0


def test_taps_are_taken_column_by_column() -> None:
    """As OpenVINO 2026.4 was seen to saturate them: ``(row, column)``, from pair to pair."""
    view = GraphView(of_one_channel((3, 3)))
    (name,) = (name for name in view.nodes if view.type(name) == "Convolution")
    layer = linear_layer(view, name)
    assert layer is not None
    taps = neighbours(view, layer, np.arange(9).reshape(1, 1, 1, 9))
    assert taps.shape == (1, 1, 9, 1)
    rows = [divmod(int(tap), 3) for tap in taps.reshape(-1)]
    assert list(zip(rows[0:8:2], rows[1:8:2], strict=True)) == [
        ((0, 0), (1, 0)), ((2, 0), (0, 1)), ((1, 1), (2, 1)), ((0, 2), (1, 2)),
    ]  # fmt: skip
    several = GraphView(network(kernel=3))
    layers = [linear_layer(several, name) for name in several.nodes if several.type(name) == "Convolution"]
    weights = np.arange(4 * 3 * 9).reshape(1, 4, 3, 9)
    assert layers[0] is not None and neighbours(several, layers[0], weights) is weights


@pytest.mark.process
@pytest.mark.skipif("AVX512_CORE" not in sets_at_hand(), reason="the processor has no AVX-512")
def test_a_processor_without_vnni_computes_a_single_channel_as_it_is_defined(tmp_path: Path) -> None:
    samples = bright(1, 1, 12, 12)
    found = {}
    for fix in (None, "no"):
        quantized = quantize(
            of_one_channel((3, 3)), samples, **({} if fix is None else {"saturation_fix": fix})
        )
        witness = Witness(watched_in([quantized]), samples=4)
        fill(witness, emulated(quantized, narrow=True), [{"x": sample} for sample in samples[:4]], "CPU")
        run = Apart.of(quantized, str(tmp_path)).run(witness, "AVX512_CORE")
        found[fix] = decibels(witness, run)
    assert found[None] > 50 > 30 > found["no"]
