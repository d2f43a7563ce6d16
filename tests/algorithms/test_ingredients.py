"""Each ingredient of DefaultQuantization wins on a network where it matters, and switching it off loses.

Figures are dB on data that the calibration did not see. Margins asked for are about half of those found, over
ten seeds.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import openvino as ov
import pytest
from numpy.typing import NDArray
from openvino import opset13 as op

import proofs
from builders import Floats
from openvino.tools.pot.algorithms.quantization import inputs
from openvino.tools.pot.algorithms.quantization.alignment import AlignmentStage
from openvino.tools.pot.algorithms.quantization.biases import BiasStage
from openvino.tools.pot.algorithms.quantization.migration import MigrationStage
from openvino.tools.pot.algorithms.quantization.ranges import RangeStage
from openvino.tools.pot.arithmetic.ranges import asymmetric_range
from openvino.tools.pot.graph.edits.quantize import insert_fake_quantize
from openvino.tools.pot.graph.tensors import InputId, TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.hardware import find_device
from openvino.tools.pot.placement.planner import make_plan
from openvino.tools.pot.report.overflow import overflows
from proofs import Make, Proof, configured, restaged, without

DECODING = ("moved", "centre", "growth", "grown", "size", "half", "low", "high", "boxes")


def assert_wins(proof: Proof, loser: Make, good: float, margin: float) -> None:
    winning, losing = proof.fidelity(), proof.fidelity(loser)
    assert winning > good
    assert winning > losing + margin


def test_no_quantizer_stands_in_the_decoding_of_boxes() -> None:
    view = GraphView(proofs.detector(0).network)
    plan = make_plan(view, find_device("CPU"), {})
    assert {layer.node for layer in plan.layers} == {"backbone", "head"}
    assert not {quantizer.tensor.node for quantizer in plan.activations} & {"head", *DECODING}
    reasons = {layer.node: layer.reason for layer in plan.floats}
    for name in DECODING[:-1]:
        assert reasons[name].startswith(f"{view.type(name)} has no INT8 form worth entering on CPU")
    assert reasons["boxes"] == "no operation that runs in INT8 reads its result directly"


@pytest.mark.long
def test_a_decoding_in_float_keeps_boxes_where_they_are() -> None:
    proof = proofs.detector(0)
    quantized = proof.quantized()
    ours = proof.closeness(quantized)
    quantize_decoding(quantized, proof.calibration)
    assert ours > 32
    assert ours > proof.closeness(quantized) + 9


def quantize_decoding(network: ov.Model, samples: Sequence[Floats]) -> None:
    """Put quantizers where placement by operation types does: on what elementwise operations and Concat read."""
    view = GraphView(network)
    readers: dict[TensorId, list[InputId]] = {}
    for name in nodes_behind(view, "offsets"):
        for port, tensor in enumerate(view.inputs(name)):
            if view.type(name) in ("Add", "Subtract", "Multiply", "Concat") and not view.is_constant(tensor):
                readers.setdefault(tensor, []).append(InputId(name, port))
    for tensor, (low, high) in extremes(view, list(readers), samples).items():
        grid = asymmetric_range(low, high, 256).reshaped()
        insert_fake_quantize(view, tensor, readers[tensor], grid, f"{readers[tensor][0].node}/classic")
    network.validate_nodes_and_infer_types()


def nodes_behind(view: GraphView, start: str) -> list[str]:
    """The nodes that depend on one, in topological order; loading may have merged and renamed some."""
    behind = {start}
    for name in view.nodes:
        if any(tensor.node in behind for tensor in view.inputs(name)):
            behind.add(name)
    return [name for name in view.nodes if name in behind]


def extremes(
    view: GraphView, tensors: Sequence[TensorId], samples: Sequence[Floats]
) -> dict[TensorId, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """The smallest and the largest value of each tensor over all samples."""
    found = {}
    for tensor in tensors:
        cut = ov.Model([op.result(view.output(tensor))], view.model.get_parameters(), "cut")
        values = proofs.outputs(cut, samples)
        found[tensor] = (values.min().reshape(1), values.max().reshape(1))
    return found


@pytest.mark.long
def test_an_outlier_channel_before_a_matrix_product() -> None:
    assert_wins(proofs.outlier_before_matmul(0), without(MigrationStage), good=34, margin=13)


@pytest.mark.long
def test_an_outlier_channel_before_a_convolution() -> None:
    assert_wins(proofs.outlier_before_convolution(0), without(AlignmentStage), good=34, margin=14)


@pytest.mark.long
@pytest.mark.parametrize("activation", [op.relu, op.hswish])
def test_an_imbalanced_pair_of_convolutions(activation: proofs.Activation) -> None:
    assert_wins(proofs.imbalanced_pair(activation, 0), without(AlignmentStage), good=32, margin=9)


@pytest.mark.long
def test_weights_that_all_round_down() -> None:
    assert_wins(proofs.small_weights(0), without(BiasStage), good=35, margin=12)


@pytest.mark.long
def test_inputs_that_all_round_down() -> None:
    assert_wins(proofs.small_inputs(0), without(BiasStage), good=39, margin=9)


@pytest.mark.parametrize("preset", ["default", "quantile"])
@pytest.mark.long
def test_ranges_that_some_samples_alone_reach(preset: str) -> None:
    assert_wins(proofs.loud_samples(0), pots_ranges(preset), good=28, margin=11)


@pytest.mark.parametrize("preset", ["default", "quantile"])
@pytest.mark.long
def test_ranges_of_heavy_tails(preset: str) -> None:
    assert_wins(proofs.heavy_tails(0), pots_ranges(preset), good=27, margin=1.8)


def pots_ranges(preset: str) -> Make:
    return restaged(RangeStage, {"activations": {"range_estimator": {"preset": preset}}})


@pytest.mark.long
def test_weights_of_correlated_inputs() -> None:
    assert_wins(proofs.correlated_inputs(0), configured(weight_rounding="nearest"), good=41, margin=4.8)


@pytest.mark.long
def test_padding_that_repeats_comes_out_as_in_float(monkeypatch: pytest.MonkeyPatch) -> None:
    proof = proofs.padded(0)
    ours = errors_of_columns(proof)
    monkeypatch.setattr(inputs, "repetitions", lambda rows, _: np.ones(len(rows)))
    plain = errors_of_columns(proof)
    assert ours[proofs.PADDING :].max() < 0.2 * plain[proofs.PADDING :].max()
    assert ours[: proofs.PADDING].mean() < 1.2 * plain[: proofs.PADDING].mean()


def errors_of_columns(proof: Proof) -> NDArray[np.float64]:
    """Root of the mean squared error of each column."""
    differences = [proofs.outputs(network, proof.held_out) for network in (proof.quantized(), proof.network)]
    return np.sqrt(((differences[0] - differences[1]) ** 2).mean(axis=(0, 1, 2, 3)))


@pytest.mark.long
def test_protection_against_overflow_costs_only_where_it_is_needed() -> None:
    proof = proofs.large_neighbours(0)
    assert overflowing(proof, configured()) == 0
    assert overflowing(proof, configured(saturation_fix="no")) > 0
    assert_wins(proof, configured(saturation_fix="all"), good=36, margin=2.4)


def overflowing(proof: Proof, make: Make) -> int:
    feeds = [{"x": sample} for sample in proof.held_out]
    return sum(layer.overflows for layer in overflows(proof.quantized(make), feeds))
