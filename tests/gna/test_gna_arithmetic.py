"""Ranges of GNA, its sums, and how the CPU computes what GNA would."""

from __future__ import annotations

from pathlib import Path

import gna_networks as networks
import numpy as np
import openvino as ov
import openvino.opset13 as op
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from test_gna_placement import quantized

from builders import Items
from openvino.tools.pot import IEEngine, compress_model_weights, create_pipeline, load_model, save_model
from openvino.tools.pot.arithmetic.fake_quantize import fake_quantize
from openvino.tools.pot.arithmetic.ranges import QuantizerRange, symmetric_range
from openvino.tools.pot.arithmetic.saturation import accumulator_limit, fitting_factor, steps
from openvino.tools.pot.graph.edits.emulate import emulated
from openvino.tools.pot.utils.errors import DataError
from openvino.tools.pot.utils.runtime import core

LIMIT = 2**31 - 1
Floats = NDArray[np.float64]
Feed = dict[str, NDArray[np.float32]]


def grid_of(node: ov.Node) -> QuantizerRange:
    low, high = (node.input_value(port).get_node().data for port in (1, 2))
    return QuantizerRange(low, high, int(node.get_attributes()["levels"]))


def quantizer(model: ov.Model, name: str) -> ov.Node:
    return next(node for node in model.get_ops() if node.get_friendly_name() == name)


def runner(model: ov.Model) -> ov.CompiledModel:
    return core().compile_model(emulated(model), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})


def run(model: ov.Model, feed: Feed) -> NDArray[np.float32]:
    return np.array(runner(model)(feed)[0])


def decibels(model: ov.Model, other: ov.Model, feeds: list[Feed]) -> float:
    outputs = [np.stack([np.array(each(feed)[0]) for feed in feeds]) for each in map(runner, (model, other))]
    expected, found = (each.astype(np.float64) for each in outputs)
    return float(10 * np.log10((expected**2).sum() / ((found - expected) ** 2).sum()))


@pytest.mark.parametrize("device", ["GNA", "GNA3"])
@pytest.mark.parametrize("name", [name for name in networks.NETWORKS if name != "stateful"])
@pytest.mark.long
def test_outputs_are_close_to_float(name: str, device: str) -> None:
    model = networks.NETWORKS[name]()
    narrow = device == "GNA3" and "conv" in name  # inputs of 8 bits
    feeds = networks.feeds(model)
    least = 20 if narrow else 25 if name == "functions" else 38  # Sign and Log make much of little
    assert decibels(model, quantized(model, 40, target_device=device), feeds) > least


@pytest.mark.long
def test_16_bit_weights_are_closer_than_8_bit_ones() -> None:
    model = networks.residual()
    feeds = networks.feeds(model)
    eight = decibels(model, quantized(model, 40, target_device="GNA"), feeds)
    sixteen = decibels(model, quantized(model, 40, target_device="GNA", weights={"bits": 16}), feeds)
    assert sixteen > eight + 15


@pytest.mark.parametrize("preset", ["performance", "accuracy"])
def test_ranges_are_those_of_pot(preset: str) -> None:
    """A two-sided range up to the mean over samples of the largest magnitude; weights up to their largest."""
    model = networks.dense()
    made = quantized(model, target_device="GNA", preset=preset)
    grid = grid_of(quantizer(made, "fc1_mm/fq_input_0"))
    highest = np.mean([np.abs(feed["x"]).max() for feed in networks.feeds(model, 8)])
    assert grid.levels == 65536
    assert grid.high == pytest.approx(highest, rel=1e-6)
    assert grid.low == pytest.approx(-highest * 65536 / 65534, rel=1e-6)
    weights = grid_of(quantizer(made, "fc3_mm/fq_weights_1"))
    assert (weights.levels, weights.low.size) == ((255, 10) if preset == "performance" else (65535, 1))
    assert np.array_equal(weights.low, -weights.high)


def test_without_a_preset_no_sample_is_clipped() -> None:
    model = networks.dense()
    grid = grid_of(quantizer(quantized(model, target_device="GNA"), "fc1_mm/fq_input_0"))
    assert grid.high == pytest.approx(
        max(np.abs(feed["x"]).max() for feed in networks.feeds(model, 8)), rel=1e-6
    )


@settings(deadline=None, max_examples=30)
@given(
    st.sampled_from([257, 65535, 65536]),
    st.floats(1e-3, 1e3),
    st.booleans(),
    st.integers(0, 1000),
)
@pytest.mark.long
def test_emulation_is_what_fake_quantize_is_defined_as(
    levels: int, high: float, centred: bool, seed: int
) -> None:
    grid = symmetric_range(np.array([high]), levels, unsigned=False)
    if not centred:
        grid = QuantizerRange(grid.low * np.float32(0.37), grid.high, levels)
    source = op.parameter([64], np.float32, name="x")
    borders = [op.constant(border.astype(np.float32)) for border in (grid.low, grid.high)] * 2
    model = ov.Model([op.fake_quantize(source, *borders, levels)], [source], "m")
    assert emulated(model) is not model
    values = np.random.default_rng(seed).uniform(-1.5 * high, 1.5 * high, 64).astype(np.float32)
    expected = fake_quantize(values.astype(np.float64), grid)
    found = run(model, {"x": values})
    assert np.abs(found - expected).max() <= 1.01 * grid.scale.max()  # a tie may go the other way
    assert np.median(np.abs(found - expected)) <= 0.02 * grid.scale.max()
    assert len(np.unique(np.round((found - grid.low) / grid.scale))) <= levels


def test_borders_are_all_that_is_left_of_32_bits() -> None:
    source = op.parameter([4], np.float32, name="x")
    borders = [op.constant(np.float32(border)) for border in (-1, 1, -1, 1)]
    model = ov.Model([op.fake_quantize(source, *borders, 2**32)], [source], "m")
    values = np.array([-3, -0.123456, 0.5, 2], np.float32)
    assert run(model, {"x": values}).tolist() == np.clip(values, -1, 1).tolist()


@pytest.mark.parametrize(
    ("dtype", "borders", "levels", "expected"),
    [
        (np.float16, (-0.1, 0.1, -0.1, 0.1), 65536, [-0.1, 0.05, 0.1]),  # its steps are nothing to float16
        (np.float32, (0, 0, 0, 0), 65536, [0, 0, 0]),
        (np.float32, (-1, 1, 0, 2), 65537, [0, 1.05, 2]),
        (np.float32, (-1, 1, 0, 2), 2**32, [0, 1.05, 2]),
    ],
)
def test_emulation_of_quantizers_that_others_made(
    dtype: type, borders: tuple[float, ...], levels: int, expected: list[float]
) -> None:
    source = op.parameter([3], dtype, name="x")
    node = op.fake_quantize(source, *(op.constant(dtype(border)) for border in borders), levels)
    found = run(ov.Model([node], [source], "m"), {"x": np.array([-3, 0.05, 3], dtype)})
    assert found.astype(np.float64).tolist() == pytest.approx(expected, abs=1e-3)


def test_weights_that_two_products_share_are_emulated_for_each() -> None:
    """The CPU confuses the products if they share a constant that just one of them transposes."""
    random = np.random.default_rng(0)
    weights, values = (random.normal(size=(rows, 8)).astype(np.float32) for rows in (8, 1))
    source = op.parameter([1, 8], np.float32, name="x")
    borders = [op.constant(np.float32(border)) for border in (-40, 40, -40, 40)]
    shared = op.fake_quantize(op.constant(weights), *borders, 65535)
    hidden = op.relu(op.matmul(source, shared, False, False))
    product = op.fake_quantize(op.matmul(hidden, shared, False, True), *borders, 65536)
    found = run(ov.Model([product], [source], "m"), {"x": values})
    assert found == pytest.approx(np.maximum(values @ weights, 0) @ weights.T, abs=0.05)


def test_models_of_8_bits_are_left_as_they_are() -> None:
    source = op.parameter([4], np.float32, name="x")
    borders = [op.constant(np.float32(border)) for border in (-1, 1, -1, 1)]
    model = ov.Model([op.fake_quantize(source, *borders, 256)], [source], "m")
    assert emulated(model) is model


@given(st.floats(1e-3, 1e9), st.floats(1e-6, 1), st.floats(1e-6, 1))
def test_sums_fit_with_the_factor_and_no_less(largest: float, first: float, second: float) -> None:
    counted = steps(np.array([largest]), first, second)
    factor = fitting_factor(counted, 32)[0]
    assert factor >= 1
    assert steps(np.array([largest]), first, second * factor)[0] <= accumulator_limit(32) * (1 + 1e-12)
    if factor > 1:
        assert steps(np.array([largest]), first, second * factor * 0.999)[0] > accumulator_limit(32)


def overflowing(kind: str) -> tuple[ov.Model, list[Feed]]:
    """Networks whose inputs and weights go together, so that sums are as large as can be."""
    random = np.random.default_rng(3)
    signs = random.choice([-1.0, 1.0], 2048)
    scale = 1 + random.uniform(0, 0.01, (2048, 8))
    b = networks.Builder(x=(1, 2048) if kind == "dense" else (1, 2048, 1, 6))
    weights = (signs[:, None] * scale).astype(np.float32)
    if kind == "dense":
        product = b.op("MatMul", "layer", "x", b.constant(weights))
        b.op("Tanh", "out", b.op("Mul", "small", b.op("Relu", "relu", product), b.constant(1e-3)))
    else:
        kernel = b.constant(weights.T.reshape(8, 2048, 1, 1))
        product = b.op("Conv", "layer", "x", kernel, kernel_shape=[1, 1])
        b.op("Tanh", "out", b.op("Mul", "small", b.op("Relu", "relu", product), b.constant(1e-3)))
    model = b.model(out=(1, 8) if kind == "dense" else (1, 8, 1, 6))
    shape = (1, 2048) if kind == "dense" else (1, 2048, 1, 6)
    along = signs.reshape(1, 2048, *[1] * (len(shape) - 2))
    feeds = [{"x": (along * random.uniform(0.1, 1, shape)).astype(np.float32)} for _ in range(40)]
    return model, feeds


def integer_sums(model: ov.Model, feed: Feed) -> NDArray[np.int64]:
    """What the layer sums up, in integers."""
    source, weights = (grid_of(quantizer(model, f"layer/fq_{name}")) for name in ("input_0", "weights_1"))
    values = np.asarray(quantizer(model, "layer/fq_weights_1").input_value(0).get_node().data, np.float64)
    clipped = np.clip(feed["x"].astype(np.float64), source.low, source.high)
    left, right = (
        np.rint(clipped / source.scale).astype(np.int64),
        np.rint(values / weights.scale).astype(np.int64),
    )
    if right.ndim > 2:
        return np.einsum("nihw,oi->nohw", left, right[:, :, 0, 0])
    transposed = quantizer(model, "layer").get_attributes()["transpose_b"]
    return left @ (right.T if transposed else right)


@pytest.mark.long
@pytest.mark.parametrize("kind", ["dense", "conv"])
@pytest.mark.parametrize("preset", ["performance", "accuracy"])
def test_sums_that_would_overflow_fit_after_the_correction(kind: str, preset: str) -> None:
    model, feeds = overflowing(kind)
    params = {"target_device": "GNA", "preset": preset}
    loader = Items([(feed, None) for feed in feeds])
    names = ("MinMaxQuantization", "OverflowCorrection")
    made = [
        create_pipeline(
            [{"name": name, "params": params} for name in some], IEEngine({"device": "CPU"}, loader)
        )
        .run(load_model(model))
        .submodels[0]
        .model
        for some in (names[:1], names)
    ]
    before, after = (max(int(np.abs(integer_sums(each, feed)).max()) for feed in feeds) for each in made)
    assert before > LIMIT
    assert after <= LIMIT

    weights = np.asarray(quantizer(made[0], "layer/fq_weights_1").input_value(0).get_node().data, np.float64)
    first, second = (saturation_error(each, weights, feeds) for each in made)
    assert second < 0.1 * first
    assert second < 0.02


def saturation_error(model: ov.Model, weights: Floats, feeds: list[Feed]) -> float:
    """The largest error of the layer with an accumulator that saturates, as a share of its largest result."""
    grids = [grid_of(quantizer(model, f"layer/fq_{name}")) for name in ("input_0", "weights_1")]
    columns = weights.reshape(len(weights), -1) if len(weights) == 8 else weights.T
    error = largest = 0.0
    for feed in feeds:
        exact = np.einsum("ni...,oi->no...", feed["x"].astype(np.float64), columns)
        steps_of = grids[0].scale.reshape(-1)[0] * grids[1].scale.reshape(-1)
        shape = [1, -1] + [1] * (exact.ndim - 2)
        found = np.clip(integer_sums(model, feed), -LIMIT, LIMIT) * steps_of.reshape(shape)
        error, largest = max(error, np.abs(found - exact).max()), max(largest, np.abs(exact).max())
    return float(error / largest)


def test_weights_of_8_bits_keep_their_levels_where_sums_overflow() -> None:
    model, feeds = overflowing("dense")
    loader = Items([(feed, None) for feed in feeds])
    ranges = []
    for name in ("MinMaxQuantization", "DefaultQuantization"):
        algorithms = [{"name": name, "params": {"target_device": "GNA", "preset": "performance"}}]
        made = create_pipeline(algorithms, IEEngine({"device": "CPU"}, loader)).run(load_model(model))
        network = made.submodels[0].model
        ranges.append([grid_of(quantizer(network, f"layer/fq_{port}")) for port in ("input_0", "weights_1")])
    assert np.array_equal(ranges[0][1].high, ranges[1][1].high)
    assert ranges[1][0].high > ranges[0][0].high


@pytest.mark.parametrize("preset", ["performance", "accuracy"])
def test_sums_over_joined_tensors_fit_with_the_largest_of_their_steps(preset: str) -> None:
    b = networks.Builder(x=(1, 2048), z=(1, 16))
    parts = [b.op("Abs", "large", "x"), b.op("Abs", "small", "z")]
    b.op("MatMul", "layer", b.op("Concat", "joined", *parts, axis=1), b.constant(np.ones((2064, 8))))
    model = b.model(layer=(1, 8))
    feeds = [{"x": np.full((1, 2048), 3, np.float32), "z": np.full((1, 16), 0.1, np.float32)}] * 8
    algorithms = [{"name": "DefaultQuantization", "params": {"target_device": "GNA", "preset": preset}}]
    engine = IEEngine({"device": "CPU"}, Items([(feed, None) for feed in feeds]))
    made = create_pipeline(algorithms, engine).run(load_model(model)).submodels[0].model
    large, small, weights = (
        grid_of(quantizer(made, name))
        for name in ("joined/fq_input_0", "joined/fq_input_1", "layer/fq_weights_1")
    )
    counted = (2048 * 3 + 16 * 0.1) / (large.scale.max() * weights.scale.max())
    assert counted == pytest.approx(LIMIT / 1.25, rel=1e-3)
    assert small.high == pytest.approx(0.1)


@pytest.mark.long
@pytest.mark.parametrize("constant", [20000.0, 131000.0])
@pytest.mark.parametrize("kind", ["Add", "Sub"])
def test_a_sum_of_a_large_and_a_small_number_keeps_its_function(kind: str, constant: float) -> None:
    """The finer of two ranges is widened; POT narrowed the coarser one, which changes what is computed."""
    b = networks.Builder(x=(1, 16))
    small = b.op("Sign", "sign", b.dense("fc", "x", 16, 16))
    summed = b.op(kind, "sum", small, b.constant(np.full(16, constant)))
    b.dense("out", summed, 16, 4)
    model = b.model(out=(1, 4))
    made = quantized(model, 40, target_device="GNA")
    fine, coarse = (
        grid_of(quantizer(made, f"sum/fq_{name}")).scale.max() for name in ("input_0", "weights_1")
    )
    assert coarse <= fine * 32767 * (1 + 1e-6)
    assert (fine > 2.1 / 65535) == (constant > 32767)
    assert decibels(model, made, networks.feeds(model)) > 40


def test_a_joined_tensor_is_brought_closer_to_what_is_added() -> None:
    b = networks.Builder(x=(1, 16))
    parts = [b.op("Sign", "sign", b.dense("f0", "x", 16, 8)), b.op("Tanh", "tanh", b.dense("f1", "x", 16, 8))]
    joined = b.op("Concat", "joined", b.op("Mul", "half", parts[1], b.constant(0.5)), parts[0], axis=1)
    b.dense("out", b.op("Add", "sum", joined, b.constant(np.full(16, 131000.0))), 16, 4)
    made = quantized(b.model(out=(1, 4)), target_device="GNA")
    small, large, added = (
        grid_of(quantizer(made, name)).scale.max()
        for name in ("joined/fq_input_0", "joined/fq_input_1", "sum/fq_weights_1")
    )
    assert added == pytest.approx(32767 * large, rel=1e-5)
    assert small < 1.1 / 65535


@pytest.mark.long
def test_8_bit_weights_are_stored_as_integers_and_others_as_pot_left_them(tmp_path: Path) -> None:
    feeds = networks.feeds(networks.dense(), 8)
    loader = Items([(feed, None) for feed in feeds])
    for preset, kinds in (("performance", {"i8"}), ("accuracy", {"f32"})):
        algorithms = [{"name": "DefaultQuantization", "params": {"target_device": "GNA", "preset": preset}}]
        made = create_pipeline(algorithms, IEEngine({"device": "CPU"}, loader)).run(
            load_model(networks.dense())
        )
        before = run(made.submodels[0].model, feeds[0])
        compress_model_weights(made)
        saved = core().read_model(save_model(made, tmp_path, preset)[0]["model"])
        large = {
            node.get_element_type().get_type_name()
            for node in saved.get_ops()
            if node.get_type_name() == "Constant" and node.data.size >= 240
        }
        assert large == kinds
        assert np.allclose(run(saved, feeds[0]), before, atol=1e-5)


def test_states_that_never_change_are_no_statistics() -> None:
    """Samples of one step each begin with the initial state, which tells nothing of the states to come."""
    model = networks.stateful()
    loader = Items([(feed, None) for feed in networks.feeds(model, 8)])
    pipeline = create_pipeline(
        [{"name": "DefaultQuantization", "params": {"target_device": "GNA"}}], IEEngine({}, loader)
    )
    with pytest.raises(DataError, match=r"state 'ReadValue_\d+' was zero at all times .* several steps"):
        pipeline.run(load_model(model))


@pytest.mark.long
def test_states_of_all_steps_count_and_begin_anew_with_each_sample() -> None:
    model, feeds = networks.stateful(), networks.feeds(networks.stateful(), 8)
    made = quantized(model, target_device="GNA")
    cell = core().compile_model(networks.gates(), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    largest = 0.0
    for sample in (feeds[:3], feeds[3:]):
        states = [np.zeros((1, 16), np.float32)] * 2
        for feed in sample:
            largest = max(largest, float(np.abs(states[0]).max()))
            _, *states = (
                np.array(each) for each in cell({**feed, "h_in": states[0], "c_in": states[1]}).values()
            )
    grid = grid_of(quantizer(made, "gh/fq_input_0"))
    assert grid.high == pytest.approx(largest, rel=1e-5)
    assert len(made.get_variables()) == 2
    compiled, plain = (
        core().compile_model(each, "CPU", {"INFERENCE_PRECISION_HINT": "f32"}).create_infer_request()
        for each in (emulated(made), model)
    )
    errors = [np.abs(compiled.infer(feed)[0] - plain.infer(feed)[0]).max() for feed in feeds[:3]]
    assert max(errors) < 0.02


@pytest.mark.long
def test_states_among_inputs_and_outputs_give_the_ranges_of_states() -> None:
    """The same cell, its states mapped in the engine or its own: what is measured is the same."""
    feeds = networks.feeds(networks.stateful(), 8)
    zeros = np.zeros((1, 16), np.float32)
    samples = [
        {
            "x": [feed["x"] for feed in steps_of],
            **{key: [zeros, *[None] * (len(steps_of) - 1)] for key in ("h_in", "c_in")},
        }
        for steps_of in (feeds[:3], feeds[3:])
    ]
    config = {"device": "CPU", "recurrent_out_in_map": {"h_new": "h_in", "c_new": "c_in"}}
    engine = IEEngine(config, Items([(sample, None) for sample in samples]))
    algorithms = [{"name": "DefaultQuantization", "params": {"target_device": "GNA"}}]
    mapped = create_pipeline(algorithms, engine).run(load_model(networks.gates())).submodels[0].model
    own = quantized(networks.stateful(), target_device="GNA")
    for name in ("gh/fq_input_0", "i_c/fq_input_0", "split/fq_input_0"):
        assert grid_of(quantizer(mapped, name)).high == pytest.approx(
            grid_of(quantizer(own, name)).high, rel=1e-5
        )
