"""On devices that compute what stays in float in half precision, what that can't hold is seen, divided and told of."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from openvino import opset13 as op

from builders import bias, conv, images, labelled, model, parameter, runner
from openvino.tools.pot import IEEngine, load_model, quantize, save_model
from openvino.tools.pot.algorithms.accuracy.candidates import AS_GIVEN, Candidates
from openvino.tools.pot.algorithms.transform import ROOT
from openvino.tools.pot.graph.edits.half import in_half, rounded_to_half
from openvino.tools.pot.graph.half import LARGEST, Halves
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.utils.runtime import core

PLACE = ["runtime_options", "ACTIVATIONS_SCALE_FACTOR"]
Floats = NDArray[np.float32]
Node = ov.Output | ov.Node


def times(source: Node, factor: float, name: str | None = None) -> ov.Output:
    return op.multiply(source, op.constant(np.full((1, 1, 1, 1), factor, np.float32)), name=name).output(0)


def factor_of(network: ov.Model) -> float | None:
    return float(network.get_rt_info(PLACE).astype(float)) if network.has_rt_info(PLACE) else None


def growing(size: float, between: Callable[[Node], Node] = op.relu) -> ov.Model:
    """Three convolutions, of which the second gives what is ``size`` times as large as the third needs it."""
    x = parameter([1, 3, 8, 8])
    first = op.relu(op.add(conv(x, 4, "first"), bias(4, "b1")))
    large = op.add(conv(times(first, size), 4, "large", seed=1), bias(4, "b2"), name="sum")
    return model(conv(times(between(large), 1 / size), 5, "last", seed=2), x)


IN_FLOAT = {"ignored": {"scope": ["large", "last"]}}


@given(arrays(np.float32, 64, elements=st.floats(-1e6, 1e6, width=32)))
def test_rounding_is_that_of_half_precision(values: Floats) -> None:
    expected = np.clip(values, -LARGEST, LARGEST).astype(np.float16).astype(np.float32)
    np.testing.assert_array_equal(rounding(values)[0], expected)


x = parameter([64])
rounding = runner(model(rounded_to_half(x), x))


def test_rounding_at_its_ends() -> None:
    edges = [
        0,
        2**-14,
        2**-24,
        2**-25,
        3 * 2**-25,
        2**-14 - 2**-25,
        65504,
        65519,
        65520,
        1e9,
        -70000,
        1 + 2**-11,
    ]
    values = np.resize(np.array(edges, np.float32), 64)
    expected = np.clip(values, -LARGEST, LARGEST).astype(np.float16).astype(np.float32)
    np.testing.assert_array_equal(rounding(values)[0], expected)


@pytest.mark.long
@pytest.mark.parametrize("device", ["GPU", "NPU"])
def test_a_factor_is_found_written_and_read_back(
    device: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    int8 = quantize(growing(3e4), images(40), target_device=device, **IN_FLOAT)
    factor = factor_of(int8)
    largest = max(np.abs(values).max() for values in seen(growing(3e4), "sum"))
    assert factor is not None and factor in 2.0 ** np.arange(1, 16)
    assert factor / 2 < 2 * largest / LARGEST <= factor
    assert f"'sum' (up to {largest:.3g}) may overflow" in caplog.text
    assert f"ACTIVATIONS_SCALE_FACTOR of {factor:g}" in caplog.text
    save_model(load_model(int8), str(tmp_path), "int8")
    assert factor_of(ov.Core().read_model(tmp_path / "int8.xml")) == factor


def seen(network: ov.Model, name: str) -> list[Floats]:
    """Values of a tensor on the samples of calibration."""
    view = GraphView(network)
    compiled = runner(ov.Model([op.result(view.output(TensorId(name)))], network.get_parameters()))
    return [compiled(sample)[0] for sample in images(40)]


def test_the_line_of_the_check_says_what_it_wins() -> None:
    int8 = quantize(growing(3e4), images(40), target_device="GPU", **IN_FLOAT)
    (note,) = json.loads(int8.get_rt_info([ROOT, "check"]).astype(str))["notes"]
    words = note.split()
    with_factor, without = (float(words[place - 1]) for place, word in enumerate(words) if word == "dB")
    assert "which a tensor may leave" in note and "(emulated)" in note
    assert with_factor > 30
    assert without < 15


@pytest.mark.parametrize("device", ["CPU", "ANY"])
def test_nothing_is_asked_for_where_float_is_no_half(device: str) -> None:
    assert factor_of(quantize(growing(3e4), images(40), target_device=device, **IN_FLOAT)) is None


@pytest.mark.long
@pytest.mark.parametrize(("size", "params"), [(1.0, IN_FLOAT), (3e4, {})])
def test_what_fits_or_is_cut_by_quantizers_needs_none(
    size: float, params: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    int8 = quantize(growing(size), images(40), target_device="GPU", **params)
    assert factor_of(int8) is None
    assert "overflow" not in caplog.text


def to_softmax(source: Node) -> ov.Node:
    return op.softmax(source, 1)


def gelu(source: Node) -> ov.Node:
    return op.gelu(source, "erf")


def cube(source: Node) -> ov.Node:
    return op.multiply(op.multiply(source, source), source, name="cube")


@pytest.mark.parametrize("between", [to_softmax, gelu, cube])
@pytest.mark.long
def test_what_no_factor_helps_is_said(
    between: Callable[[Node], Node], caplog: pytest.LogCaptureFixture
) -> None:
    """A Softmax needs values as they are, a Gelu gives them on, and a product has the square of the factor."""
    network = growing(3e4, lambda source: op.multiply(between(source), op.constant(np.float32(1e-3))))
    int8 = quantize(network, images(40), target_device="GPU", **IN_FLOAT)
    assert (
        "may overflow, and no factor helps: compile the model with INFERENCE_PRECISION_HINT f32"
        in caplog.text
    )
    assert factor_of(int8) is None


@pytest.mark.parametrize("between", [op.tanh, op.sigmoid, lambda source: op.tanh(times(source, 0.7))])
@pytest.mark.long
def test_functions_with_an_end_need_no_more_than_half_precision(
    between: Callable[[Node], Node], caplog: pytest.LogCaptureFixture
) -> None:
    quantize(growing(3e4, between), images(40), target_device="GPU", **IN_FLOAT)
    assert "overflow" not in caplog.text


@pytest.mark.long
def test_masks_are_no_overflow(caplog: pytest.LogCaptureFixture) -> None:
    x = parameter([1, 4, 8])
    lowest = op.constant(np.where(np.eye(8) > 0, np.finfo(np.float32).min, 0).astype(np.float32))
    matrix = op.constant(np.random.default_rng(0).standard_normal((8, 8)).astype(np.float32))
    scores = op.softmax(
        op.add(
            op.matmul(x, matrix, False, False), op.gather(lowest, op.constant([0, 1, 2, 3]), op.constant(0))
        ),
        -1,
    )
    quantize(
        model(op.matmul(scores, matrix, False, False), x), images(40, shape=(1, 4, 8)), target_device="GPU"
    )
    assert "overflow" not in caplog.text


@pytest.mark.parametrize("kind", [np.float16, "bf16"])
@pytest.mark.long
def test_networks_in_other_precisions(kind: Any) -> None:
    """What is in half already, or in bfloat16 at an input, is neither measured nor rounded once more."""
    typed = op.parameter([1, 3, 8, 8], ov.Type.bf16 if kind == "bf16" else kind, name="x")
    x = op.convert(typed, "f32").output(0) if kind == "bf16" else typed.output(0)
    halves = op.relu(op.multiply(x, op.constant(np.array(2, np.float32 if kind == "bf16" else kind))))
    large = times(op.convert(halves, "f32"), 3e4, "large")
    network = ov.Model([op.result(conv(op.relu(large), 4, "layer"))], [typed])
    int8 = quantize(network, images(40), target_device="GPU")
    (note,) = json.loads(int8.get_rt_info([ROOT, "check"]).astype(str))["notes"]
    assert "which 2 tensors may leave" in note


@pytest.mark.long
def test_a_larger_factor_of_the_user_s_stays() -> None:
    network = growing(3e4)
    network.set_rt_info(4096.0, PLACE)
    assert factor_of(quantize(network, images(40), target_device="GPU", **IN_FLOAT)) == 4096


@pytest.mark.long
def test_an_input_beyond_half_precision_is_named(caplog: pytest.LogCaptureFixture) -> None:
    x = parameter([1, 3, 8, 8])
    network = model(conv(op.relu(conv(times(x, 1e-5), 4, "first")), 4, "last"), x)
    quantize(network, [1e5 * sample for sample in images(40)], target_device="GPU")
    assert "'x' (up to" in caplog.text and "no factor helps" in caplog.text


def by_hand(factor: float) -> ov.Model:
    """What OpenVINO makes of ``growing(3e4)`` with a factor: what the second convolution gives stays divided."""
    x = parameter([1, 3, 8, 8])
    first = op.relu(op.add(conv(x, 4, "first"), bias(4, "b1")))
    shift = op.multiply(bias(4, "b2"), op.constant(np.float32(1 / factor)))
    large = op.add(conv(times(times(first, 3e4 / factor), 1), 4, "large", seed=1), shift)
    return model(times(conv(times(op.relu(large), 1 / 3e4), 5, "last", seed=2), factor), x)


@pytest.mark.long
def test_the_emulation_departs_where_half_precision_ends() -> None:
    network = growing(3e4)
    exact, without, divided = (runner(each) for each in (network, in_half(network), in_half(network, 64.0)))
    for sample in images(4, seed=5):
        expected = exact(sample)[0]
        assert departure(without(sample)[0], expected) > 0.1
        assert 1e-5 < departure(divided(sample)[0], expected) < 0.01


@pytest.mark.skipif(
    "FP16" not in core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"),
    reason="this CPU does not compute in half precision",
)
def test_the_cpu_departs_as_the_emulation_does() -> None:
    """It computes in half precision for real; what it divides by is written into the network by hand."""
    network, halves = growing(3e4), {"INFERENCE_PRECISION_HINT": "f16"}
    exact = runner(network)
    without, divided = (core().compile_model(each, "CPU", halves) for each in (network, by_hand(64.0)))
    for sample in images(4, seed=5):
        expected = exact(sample)[0]
        real = [next(iter(each([sample]).values())) for each in (without, divided)]
        assert not np.isfinite(real[0]).all() or departure(real[0], expected) > 0.1
        assert departure(real[1], expected) < 0.01


def departure(found: NDArray[Any], expected: NDArray[Any]) -> float:
    """The largest difference, as a share of the largest value."""
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def test_a_factor_far_too_large_costs_small_values() -> None:
    network = growing(1.0)
    exact, some, many = (runner(each) for each in (network, in_half(network, 2.0), in_half(network, 2.0**18)))
    (sample,) = images(1)
    assert (
        np.abs(many(sample)[0] - exact(sample)[0]).max()
        > 5 * np.abs(some(sample)[0] - exact(sample)[0]).max()
    )


def test_which_tensors_are_divided() -> None:
    x = parameter([1, 3, 8, 8])
    first = op.add(conv(x, 4, "first"), bias(4, "b"), name="sum")
    pooled = op.max_pool(op.relu(first, name="relu"), [2, 2], [1, 1], [0, 0], [0, 0], [2, 2], name="pool")
    both = op.concat([pooled.output(0), times(pooled.output(0), 2.0, "twice")], 1, name="both")
    end = op.sigmoid(op.add(both, op.constant(np.float32(1)), name="shifted"), name="end")
    halves = Halves.of_quantized(GraphView(model(end, x)))
    assert {tensor.node for tensor in halves.scaled} == {"first", "sum", "relu", "pool", "twice", "both"}
    assert "first" not in {tensor.node for tensor in halves.stored()}  # its bias is added before it is stored
    assert not halves.is_helped(TensorId("sum"))  # the shift behind needs it as it is


@pytest.mark.long
def test_a_search_for_layers_in_float_needs_one_pass_and_gives_each_model_its_factor() -> None:
    engine = IEEngine({"device": "CPU"}, labelled(images(40)))
    candidates = Candidates(load_model(growing(3e4)), engine, {"target_device": "GPU"})
    candidates.measure([AS_GIVEN])
    factors = []
    for floats in ((), ("large",), ("large", "last"), ("first", "large")):
        jobs = candidates.made(AS_GIVEN, floats)
        factors.append(factor_of(candidates.assembled(jobs).submodels[0].model))
    assert candidates.known.taken == 1
    assert factors == [None, None, 32, None]  # the quantizer of "last" is computed with "large" at once
