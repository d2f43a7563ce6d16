"""Recurrent layers, from the float model to what the CPU runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from numpy.typing import NDArray
from openvino import opset13 as op
from plans import activations, groups, plan_of, weights_of

from builders import Items, model, parameter, weights
from openvino.tools.pot import IEEngine, compress_model_weights, create_pipeline, load_model
from openvino.tools.pot.algorithms.job import decided
from openvino.tools.pot.algorithms.networks import Networks
from openvino.tools.pot.algorithms.quantization.default import DefaultQuantization
from openvino.tools.pot.algorithms.switched import switched

STEPS, INPUTS, HIDDEN = 12, 16, 32
GATES = {"LSTM": 4, "GRU": 3}
Feed = dict[str, NDArray[np.float32]]

CPU_FLAGS = Path("/proc/cpuinfo")
HAS_INT8_RNN = CPU_FLAGS.exists() and "avx512_vnni" in CPU_FLAGS.read_text(encoding="utf-8")


def recurrent(
    kind: str, state: str = "zeros", batch: int = 1, gain: float = 1, **attributes: Any
) -> ov.Model:
    """One layer; its state starts from constant zeros, an input ``h``, or zeros made for the batch.

    ``gain`` is a factor of the weights of data.
    """
    directions = 2 if attributes.get("direction") == "bidirectional" else 1
    rows, biases = GATES[kind] * HIDDEN, (GATES[kind] + attributes.get("linear_before_reset", 0)) * HIDDEN
    x = parameter([batch, STEPS, INPUTS])
    inputs, shape = [x], (1, directions, HIDDEN)
    size = op.gather(op.shape_of(x), op.constant([0]), op.constant(0))
    lengths = op.broadcast(op.constant([STEPS]), size) if batch < 0 else op.constant([STEPS])
    start: Any = op.constant(np.zeros(shape, np.float32))
    if state == "made":
        start = op.broadcast(
            op.constant(np.zeros((1, 1, 1), np.float32)), op.concat([size, op.constant(list(shape[1:]))], 0)
        )
    cell = start if state == "made" else op.constant(np.zeros(shape, np.float32))
    if state == "input":
        start = parameter([batch, *shape[1:]], "h")
        inputs.append(start)
    constants = [
        op.constant(weights((directions, rows, size), seed, scale), name=name)
        for seed, (name, size, scale) in enumerate([("W", INPUTS, 0.3 * gain), ("R", HIDDEN, 0.3)])
    ] + [op.constant(weights((directions, biases), 3, 0.2))]
    direction = attributes.pop("direction", "forward")
    states = (start, cell) if kind == "LSTM" else (start,)
    make = op.lstm_sequence if kind == "LSTM" else op.gru_sequence
    node = make(x, *states, lengths, *constants, HIDDEN, direction, **attributes, name="rnn")
    return model(node.output(0), *inputs)


def feeds(network: ov.Model, low: float = -1.0, high: float = 1.0, count: int = 6) -> list[Feed]:
    rng = np.random.default_rng(4)
    dimensions = {port.get_any_name(): port.get_partial_shape() for port in network.inputs}
    shapes = {
        name: [1 if d.is_dynamic else d.get_length() for d in dims] for name, dims in dimensions.items()
    }
    spans = {"x": (low, high), "h": (-0.3, 0.3)}
    return [
        {name: rng.uniform(*spans[name], shape).astype(np.float32) for name, shape in shapes.items()}
        for _ in range(count)
    ]


def compiled(network: ov.Model) -> ov.CompiledModel:
    return ov.Core().compile_model(network, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})


def quantized(network: ov.Model, data: list[Feed], algorithm: str, compress: bool, **params: Any) -> ov.Model:
    engine = IEEngine({}, Items([(feed, None) for feed in data]))
    result = create_pipeline([{"name": algorithm, "params": params}], engine).run(load_model(network))
    if compress:
        compress_model_weights(result)
    return result.submodels[0].model


def error(network: ov.Model, other: ov.Model, data: list[Feed]) -> float:
    """The root of the mean square error, in standard deviations of the float output."""
    ours, theirs = (np.array([run(feed)[0] for feed in data]) for run in (compiled(other), compiled(network)))
    return float(np.sqrt(((ours - theirs) ** 2).mean()) / theirs.std())


def precision(network: ov.Model) -> set[str]:
    """In what the CPU runs the recurrent layers."""
    info = [node.get_rt_info() for node in compiled(network).get_runtime_model().get_ordered_ops()]
    return {i["runtimePrecision"].astype(str) for i in info if i["layerType"].astype(str) == "RNNSeq"}


@pytest.mark.parametrize(
    ("algorithm", "compress"), [("MinMaxQuantization", False), ("DefaultQuantization", True)]
)
@pytest.mark.parametrize(("state", "batch"), [("zeros", 1), ("input", 1), ("made", -1)])
@pytest.mark.parametrize("kind", GATES)
@pytest.mark.long
def test_from_float_to_int8(kind: str, state: str, batch: int, compress: bool, algorithm: str) -> None:
    network = recurrent(kind, state, batch)
    data = feeds(network)
    result = quantized(network, data, algorithm, compress)
    assert error(network, result, data) < 0.03
    if HAS_INT8_RNN:
        assert precision(result) == {"u8"}


@pytest.mark.long
@pytest.mark.parametrize("kind", GATES)
@pytest.mark.parametrize("direction", ["reverse", "bidirectional"])
def test_other_directions(kind: str, direction: str) -> None:
    network = recurrent(kind, direction=direction)
    data = feeds(network)
    assert error(network, quantized(network, data, "DefaultQuantization", True), data) < 0.03


@pytest.mark.long
@pytest.mark.parametrize("kind", GATES)
@pytest.mark.parametrize(("low", "high"), [(-0.05, 0.05), (0.0, 1.0)])
def test_inputs_of_another_range_than_the_state(kind: str, low: float, high: float) -> None:
    network = recurrent(kind)
    data = feeds(network, low, high)
    assert error(network, quantized(network, data, "DefaultQuantization", True), data) < 0.05


@pytest.mark.parametrize(
    ("state", "batch", "params"), [("zeros", 1, {}), ("made", -1, {"preset": "performance"})]
)
@pytest.mark.parametrize(("low", "high"), [(-0.2, 0.2), (-50, 50), (0, 1), (0, 50)])
@pytest.mark.parametrize("kind", GATES)
@pytest.mark.long
def test_the_state_is_kept_whatever_the_width_of_the_data(
    kind: str, low: float, high: float, state: str, batch: int, params: dict[str, Any]
) -> None:
    network = recurrent(kind, state, batch, gain=1 / high)
    data = feeds(network, low, high)
    result = quantized(network, data, "DefaultQuantization", True, self_check=False, **params)
    assert error(network, result, data) < 0.05
    if HAS_INT8_RNN:
        assert precision(result) == {"u8"}


def test_the_copy_with_switches_rounds_wide_data_at_its_own_width() -> None:
    network = recurrent("GRU", gain=1 / 50)
    data = feeds(network, -50, 50)
    engine = IEEngine({}, Items([(feed, None) for feed in data]))
    loaded, algorithms = load_model(network), [DefaultQuantization({}, engine)]
    networks = Networks.of(loaded, algorithms, engine)
    (name, job), *_ = networks.planned(algorithms).items()
    job = decided(job, networks.measuring.measured({name: job})[name])
    copy, flags = compiled(switched(job.decisions)), np.ones(1, np.float32)
    ours = np.array([copy({**feed, "quantized_layers": flags})[0] for feed in data])
    theirs = np.array([compiled(network)(feed)[0] for feed in data])
    assert 0 < np.abs(ours - theirs).max() < 0.1


def test_data_that_others_read_too_is_not_divided() -> None:
    network = recurrent("GRU")
    x = network.get_parameters()[0].output(0)
    beside = op.matmul(x, op.constant(weights((INPUTS, 4), 5)), False, False, name="beside")
    both = model([network.get_results()[0].input_value(0), beside], x)
    data = feeds(both)
    result = quantized(both, data, "DefaultQuantization", False, self_check=False)
    assert error(both, result, data) < 0.05
    for node in result.get_ordered_ops():
        if node.get_type_name() == "FakeQuantize":
            low, high = ((node.input_value(port), node.input_value(port + 2)) for port in (1, 2))
            assert all(np.array_equal(a.get_node().data, b.get_node().data) for a, b in (low, high))


@pytest.mark.parametrize("state", ["zeros", "input"])
def test_gru_with_linear_before_reset_can_be_compiled(state: str) -> None:
    network = recurrent("GRU", state, linear_before_reset=True)
    data = feeds(network)
    assert error(network, quantized(network, data, "DefaultQuantization", True), data) < 0.03


@pytest.mark.parametrize("kind", GATES)
def test_the_plan(kind: str) -> None:
    first = 4 if kind == "LSTM" else 3
    plan = plan_of(recurrent(kind, "input"))
    assert activations(plan) == {"x": {"rnn:in0"}, "h": {"rnn:in1"}}
    assert groups(plan) == {frozenset({"x", "h"})}
    assert set(weights_of(plan)) == {"W", "R"}
    assert {reader for readers, _ in weights_of(plan).values() for reader in readers} == {
        f"rnn:in{first}",
        f"rnn:in{first + 1}",
    }
    assert len({q.group for q in plan.weights}) == 1
    # A quantizer on a constant state would keep the layer in float.
    assert activations(plan_of(recurrent(kind, "zeros"))) == {"x": {"rnn:in0"}}
