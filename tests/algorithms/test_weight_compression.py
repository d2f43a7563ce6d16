"""Weights in few bits: what is stored, what runs, what stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from numpy.typing import NDArray
from openvino import opset13 as op

from builders import conv, model, parameter, run, weights
from openvino.tools.pot import WeightCompression, compress_weights, create_pipeline, load_model, save_model
from openvino.tools.pot.graph.scratch import scratch
from openvino.tools.pot.utils.errors import ConfigError, EngineError
from openvino.tools.pot.utils.runtime import FLOAT32, UNROUNDED, core

MODES = pytest.mark.parametrize("mode", ["int8_asym", "int8_sym", "int4_sym", "int4_asym"])
KINDS = {"int8_asym": "u8", "int8_sym": "i8", "int4_sym": "i4", "int4_asym": "u4"}
LEAST = {"int8_asym": 38.0, "int8_sym": 36.0, "int4_sym": 15.0, "int4_asym": 15.0}
"""Decibels over the noise of one matrix of normal weights and more."""


def stored_floats(shape: tuple[int, ...], seed: int, half: bool = False) -> ov.Node:
    """Weights, in half precision where asked for, as a reader sees them."""
    values = weights(shape, seed)
    if not half:
        return op.constant(values, name=f"w{seed}")
    return op.convert(op.constant(values.astype(np.float16), name=f"w{seed}"), "f32")


def two_products(half: bool = False, turned: bool = True) -> ov.Model:
    """Two products, the last of which gets the backup of modes of 4 bits."""
    x = parameter([-1, 256])
    shapes = [(96, 256), (64, 96)] if turned else [(256, 96), (96, 64)]
    hidden = op.relu(op.matmul(x, stored_floats(shapes[0], 1, half), False, turned, name="first"))
    return model(op.matmul(hidden, stored_floats(shapes[1], 2, half), False, turned, name="last"), x)


def decibels(before: NDArray[Any], after: NDArray[Any]) -> float:
    """The power of an output over that of its change."""
    return float(10 * np.log10(np.square(before).sum() / np.square(before - after).sum()))


def inputs(*shape: int, seed: int = 5) -> NDArray[np.float32]:
    """Normal numbers."""
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def precisions(network: ov.Model, layer: str) -> list[str]:
    """The types of numbers in which the CPU holds the weights of its layers of a type."""
    nodes = core().compile_model(network, "CPU", FLOAT32).get_runtime_model().get_ordered_ops()
    found = []
    for node in nodes:
        if node.get_rt_info()["layerType"].astype(str) == layer:
            found.append(node.get_rt_info()["runtimePrecision"].astype(str))
    return found


@pytest.mark.long
@MODES
@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("turned", [False, True])
def test_outputs_follow_and_the_cpu_runs_integers(mode: str, half: bool, turned: bool) -> None:
    before = two_products(half, turned)
    after, report = compress_weights(before, mode, report=True)
    backup = mode if mode.startswith("int8") else "int8_asym"
    assert [each["mode"] for each in report] == [mode, backup]
    assert precisions(after, "FullyConnected") == [KINDS[mode], KINDS[backup]]
    x = inputs(16, 256)
    assert decibels(run(before, x)[0], run(after, x)[0]) > LEAST[mode]


@MODES
def test_what_a_report_says_is_what_is_stored(mode: str, tmp_path: Path) -> None:
    before = two_products(half=True)
    after, report = compress_weights(before, mode, report=True)
    ov.save_model(after, tmp_path / "m.xml", compress_to_fp16=False)
    said = sum(each["bytes_after"] for each in report)
    assert 0 <= (tmp_path / "m.bin").stat().st_size - said < 128
    assert [each["bytes_before"] for each in report] == [2 * 96 * 256, 2 * 64 * 96]
    assert report[0]["decibels"] > LEAST[mode]
    again = run(core().read_model(tmp_path / "m.xml"), inputs(4, 256))[0]
    assert np.array_equal(again, run(after, inputs(4, 256))[0])


def test_the_given_model_stays_as_it_is() -> None:
    before = two_products()
    constants = [node.data.copy() for node in before.get_ops() if node.get_type_name() == "Constant"]
    compress_weights(before, "int4_sym")
    after = [node.data for node in before.get_ops() if node.get_type_name() == "Constant"]
    assert all(np.array_equal(one, other) for one, other in zip(constants, after, strict=True))


def test_embeddings_and_a_head_that_shares_them_are_stored_once_in_eight_bits() -> None:
    ids = parameter([-1, 7], "ids", np.int64)
    table = stored_floats((300, 64), 1)
    hidden = op.gather(table, ids, op.constant(0), name="embedding")
    hidden = op.relu(op.matmul(hidden, stored_floats((64, 64), 2), False, True, name="inner"))
    before = model(op.matmul(hidden, table, False, True, name="head"), ids)
    after, report = compress_weights(before, "int4_sym", report=True)
    assert report[0]["layers"] == {"embedding": "Gather", "head": "MatMul"}
    assert [(each["mode"], each["why"]) for each in report] == [
        ("int8_asym", "a table of embeddings"),
        ("int4_sym", "as asked for"),
    ]
    assert precisions(after, "FullyConnected") == ["i4", "u8"] and precisions(after, "Gather") == ["u8"]
    stored = [node for node in after.get_ops() if node.get_type_name() == "Constant"]
    assert sum(list(node.get_output_shape(0)) == [300, 64] for node in stored) == 1


def test_batches_of_matrices_have_scales_of_their_own() -> None:
    x = parameter([3, -1, 128])
    hidden = op.relu(op.matmul(x, stored_floats((3, 96, 128), 1), False, True, name="experts"))
    before = model(op.matmul(hidden, stored_floats((3, 96, 64), 2), False, False, name="last"), x)
    after, report = compress_weights(before, "int4_asym", report=True)
    assert [each["mode"] for each in report] == ["int4_asym", "int8_asym"]
    values = inputs(3, 5, 128)
    assert decibels(run(before, values)[0], run(after, values)[0]) > 15


def test_convolutions_have_eight_bits_and_small_ones_stay() -> None:
    x = parameter([1, 8, 12, 12])
    hidden = op.convolution(x, stored_floats((32, 8, 3, 3), 1), [1, 1], [1, 1], [1, 1], [1, 1])
    small = op.convolution(hidden, stored_floats((4, 32, 1, 1), 2), [1, 1], [0, 0], [0, 0], [1, 1])
    before = model(small, x)
    after, report = compress_weights(before, "int4_sym", report=True)
    assert [each["mode"] for each in report] == ["int8_asym", ""]
    assert report[1]["why"] == "128 weights are too few to save anything"
    values = inputs(1, 8, 12, 12)
    assert decibels(run(before, values)[0], run(after, values)[0]) > 35


@pytest.mark.parametrize(
    ("row", "group", "size", "said"),
    [
        (256, 64, 64, "as asked for"),
        (96, 64, 32, "groups of 64 do not divide rows of 96, those of 32 do"),
        (200, 64, 200, "neither groups of 64 nor smaller ones divide rows of 200: one scale for each row"),
        (48, 64, 48, "rows of 48 are shorter than groups of 64"),
        (256, -1, 256, "as asked for"),
    ],
)
def test_groups_divide_rows(row: int, group: int, size: int, said: str) -> None:
    x = parameter([-1, row])
    hidden = op.relu(op.matmul(x, stored_floats((96, row), 1), False, True, name="first"))
    before = model(op.matmul(hidden, stored_floats((64, 96), 2), False, True, name="last"), x)
    after, report = compress_weights(before, "int4_sym", group_size=group, report=True)
    assert (report[0]["group_size"], report[0]["why"]) == (size, said)
    assert precisions(after, "FullyConnected")[0] == "i4"
    values = inputs(9, row)
    expected = run(before, values)[0]
    for rows in (1, 3, 9):  # for which the CPU has ways of its own
        found = [run(after, values[at : at + rows])[0] for at in range(0, 9, rows)]
        assert decibels(expected, np.concatenate(found)) > 13


@pytest.mark.parametrize("row", [95, 127])
def test_rows_of_an_odd_number_have_eight_bits(row: int) -> None:
    x = parameter([-1, row])
    hidden = op.relu(op.matmul(x, stored_floats((96, row), 1), False, True))
    before = model(op.matmul(hidden, stored_floats((64, 96), 2), False, True), x)
    for ratio in (1.0, 0.9):
        after, report = compress_weights(before, "int4_sym", ratio=ratio, report=True)
        said = "rows of an odd number of weights the CPU (2026.4) computes wrongly in 4 bits"
        assert (report[0]["mode"], report[0]["why"]) == ("int8_asym", said)
    values = inputs(8, row)
    plain = core().compile_model(after, "CPU", {**FLOAT32, **UNROUNDED})
    assert decibels(run(before, values)[0], plain(values)[0]) > 30


ORDERS = {
    "to the end": (None, [0, 2, 3, 1], "int8_sym"),
    "turned": (None, [0, 3, 2, 1], ""),
    "to the front": ([0, 3, 1, 2], None, "int8_sym"),
    "turned before": ([0, 3, 2, 1], None, ""),
    "turned, and scaled": (None, [0, 2, 1, 3], ""),
}


@pytest.mark.parametrize("case", ORDERS)
@pytest.mark.parametrize("size", [[1, 64, 8, 8], [-1, 64, 8, 8]])
def test_points_beside_transpositions(case: str, size: list[int]) -> None:
    """The CPU (2026.4) takes a 1x1 convolution for a product of matrices, whatever the transposition is."""
    first, last, mode = ORDERS[case]
    x = parameter(ov.PartialShape(size))
    data = op.transpose(op.reshape(x, op.constant([-1, 8, 8, 64]), False), op.constant(first)) if first else x
    found = op.convolution(data, stored_floats((64, 64, 1, 1), 1), [1, 1], [0, 0], [0, 0], [1, 1])
    if case.endswith("scaled"):
        found = op.multiply(found, op.constant(np.float32([2.0]).reshape(1, 1, 1, 1)))
    before = model(op.transpose(found, op.constant(last)).output(0) if last else found, x)
    after, report = compress_weights(before, "int8_sym", report=True)
    assert report[0]["mode"] == mode and (mode or "miscomputes" in report[0]["why"])
    values = inputs(1, 64, 8, 8)
    expected, found = run(before, values)[0], run(after, values)[0]
    assert np.abs(found - expected).max() < 0.05 * np.abs(expected).max()


def test_the_ratio_leaves_eight_bits_to_those_that_four_cost_most() -> None:
    x, node = parameter([-1, 128]), None
    for seed in range(4):
        values = weights((128, 128), seed)
        if seed == 1:  # one weight of each group is far from the others
            values[:, ::64] *= 40
        node = op.matmul(
            x if node is None else op.relu(node), op.constant(values), False, True, name=f"l{seed}"
        )
    before = model(op.matmul(node, stored_floats((32, 128), 9), False, True, name="last"), x)
    _, report = compress_weights(before, "int4_sym", ratio=0.75, report=True)
    by_layer = {next(iter(each["layers"])): each["mode"] for each in report}
    assert by_layer == {
        "l0": "int4_sym", "l1": "int8_asym", "l2": "int4_sym", "l3": "int4_sym", "last": "int8_asym"
    }  # fmt: skip


def test_what_is_ignored_or_quantized_or_read_by_others_stays() -> None:
    x, factor = parameter([-1, 64]), parameter([1], "factor")
    shared = stored_floats((64, 64), 1)
    hidden = op.relu(op.matmul(x, shared, False, True, name="shared"))
    hidden = op.matmul(hidden, op.multiply(shared, factor, name="other"), False, True)
    plain = model(op.matmul(hidden, stored_floats((64, 64), 2), False, True, name="b"), x, factor)
    first = compress_weights(plain)
    (end,) = first.get_results()
    out = op.matmul(op.relu(end.input_value(0)), stored_floats((64, 64), 3), False, True, name="c")
    _, report = compress_weights(ov.Model([out], first.get_parameters()), ignored="c", report=True)
    assert {next(iter(each["layers"])): each["why"] for each in report} == {
        "shared": "'other' reads it too, which computes in float",
        "b": "its weights are quantized already",
        "c": "named in the ignored scope as 'c'",
    }


def test_weights_that_half_precision_can_not_hold_keep_their_size() -> None:
    x = parameter([-1, 64])
    tiny, huge = weights((64, 64), 1) * np.float32(1e-9), weights((64, 64), 2) * np.float32(1e9)
    hidden = op.relu(op.matmul(x, op.constant(tiny), False, True))
    before = model(op.matmul(hidden, op.constant(huge), False, True), x)
    after = compress_weights(before)
    values = inputs(8, 64)
    assert decibels(run(before, values)[0], run(after, values)[0]) > 35


def test_weights_that_are_not_finite_stay() -> None:
    x = parameter([-1, 64])
    values = weights((64, 64), 1)
    values[3, 3] = np.inf
    _, report = compress_weights(model(op.matmul(x, op.constant(values), False, True), x), report=True)
    assert [(each["mode"], each["why"]) for each in report] == [("", "some of its weights are not finite")]


def test_a_loop_keeps_its_weights_and_the_report_says_so() -> None:
    x, state = parameter([1, 5, 64]), parameter([1, 64], "state")
    item, carried = parameter([1, 1, 64], "item"), parameter([1, 64], "carried")
    body_out = op.tanh(op.matmul(carried, stored_floats((64, 64), 1), False, True, name="inside"))
    body_out = op.add(body_out, op.squeeze(item, op.constant([1])))
    body = ov.Model([body_out], [item.get_node(), carried.get_node()], "body")
    loop = op.tensor_iterator()
    loop.set_function(body)
    loop.set_sliced_input(item.get_node(), x, 0, 1, 1, -1, 1)
    loop.set_merged_input(
        carried.get_node(), state, body.get_results()[0].output(0).get_node().input_value(0)
    )
    out = loop.get_iter_value(body.get_results()[0].input_value(0), -1)
    loop.set_friendly_name("loop")
    head = op.matmul(op.relu(out), stored_floats((64, 64), 2), False, True, name="head")
    before = model(head, x, state)
    after, report = compress_weights(before, report=True)
    assert [(each["mode"], each["why"]) for each in report] == [
        ("", "it is inside of TensorIterator 'loop'"),
        ("int8_asym", "as asked for"),
    ]
    feeds = inputs(1, 5, 64), inputs(1, 64)
    assert decibels(run(before, *feeds)[0], run(after, *feeds)[0]) > 35


def test_a_path_and_a_loaded_model_and_a_pipeline_give_the_same(tmp_path: Path) -> None:
    paths = save_model(load_model(two_products()), tmp_path, "m")
    x = inputs(4, 256)
    found = run(compress_weights(paths[0]["model"]), x)[0]
    loaded = load_model(paths[0]["model"])
    pipeline = create_pipeline([{"name": "WeightCompression", "params": {"mode": "int8_asym"}}], None)
    piped = pipeline.run(loaded)
    assert np.array_equal(found, run(compress_weights(loaded), x)[0])
    assert np.array_equal(found, run(piped.submodels[0].model, x)[0])
    assert piped.submodels[0].weights


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        (
            {"mode": "int4"},
            "mode: input should be 'int8_asym', 'int8_sym', 'int4_sym' or 'int4_asym', found 'int4'",
        ),
        ({"mode": "int8_sym", "ratio": 0.5}, "ratio is for modes of 4 bits, found mode int8_sym"),
        (
            {"mode": "int4_sym", "group_size": 8},
            "group_size is 8, expected -1, for whole rows, or a power of two from 16 on",
        ),
        ({"mode": "int4_sym", "group_size": 33}, "group_size is 33, expected -1"),
        ({"mode": "int4_sym", "group_size": 96}, "group_size is 96, expected -1"),
        ({"mode": "int4_sym", "ratio": 2}, "ratio"),
        ({"grup_size": 8}, "unknown parameter 'grup_size'; did you mean 'group_size'?"),
        ({"target_device": "GNA"}, "target_device 'GNA' runs no layer in float"),
    ],
)
def test_what_is_wrong_is_said(parameters: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as error:
        compress_weights(two_products(), **parameters)
    assert said in str(error.value)


def correlated(count: int, size: int = 256) -> list[NDArray[np.float32]]:
    """Samples whose values have few causes."""
    rng = np.random.default_rng(11)
    causes = rng.normal(size=(size // 16, size))
    return [
        (rng.normal(size=(4, size // 16)) @ causes + 0.1 * rng.normal(size=(4, size))).astype(np.float32)
        for _ in range(count)
    ]


@MODES
def test_with_data_outputs_are_closer_and_no_byte_more_is_stored(mode: str) -> None:
    before, samples = two_products(half=True), correlated(80)
    plain, without = compress_weights(before, mode, report=True)
    after, report = compress_weights(before, mode, samples[:60], report=True)
    assert [each["bytes_after"] for each in report] == [each["bytes_after"] for each in without]
    x = np.concatenate(samples[60:])
    expected = run(before, x)[0]
    assert decibels(expected, run(after, x)[0]) > decibels(expected, run(plain, x)[0]) + 2
    assert report[0]["output_decibels"] > report[0]["decibels"] + 3
    assert without[0]["output_decibels"] is None


def test_nearest_levels_have_scales_by_data() -> None:
    before, samples = two_products(), correlated(60)
    found = [
        compress_weights(before, "int4_sym", samples, weight_rounding=each, report=True)[1][0][
            "output_decibels"
        ]
        for each in ("nearest", "least_error")
    ]
    assert found[0] + 3 < found[1]


def test_with_data_the_ratio_is_by_outputs() -> None:
    x = parameter([-1, 128])
    products = []
    for seed in range(2):
        values = weights((128, 128), seed)
        values[:, 64 * seed : 64 * seed + 64] *= 30  # hardly read, or what is read most
        products.append(op.matmul(x, op.constant(values), False, True, name=f"l{seed}"))
        values[:, 1 - seed] *= 8
    joined = op.relu(op.add(*products))
    before = model(op.matmul(joined, stored_floats((32, 128), 9), False, True, name="last"), x)
    samples = [inputs(4, 128, seed=each) * np.where(np.arange(128) < 64, 1, 1e-3) for each in range(40)]
    _, report = compress_weights(
        before, "int4_sym", [s.astype(np.float32) for s in samples], ratio=0.5, report=True
    )
    modes = {next(iter(each["layers"])): each["mode"] for each in report}
    assert sorted(modes.values()) == ["int4_sym", "int8_asym", "int8_asym"]


def test_rounding_by_data_needs_data() -> None:
    with pytest.raises(EngineError, match="weight_rounding: least_error needs an engine with a data loader"):
        compress_weights(two_products(), weight_rounding="least_error")


def test_a_file_as_result_is_the_same_and_leaves_nothing_else(tmp_path: Path) -> None:
    before = two_products(half=True)
    file = tmp_path / "new" / "small.xml"
    found = compress_weights(before, "int4_asym", output=file)
    assert sorted(path.name for path in file.parent.iterdir()) == ["small.bin", "small.xml"]
    x = inputs(4, 256)
    assert np.array_equal(run(found, x)[0], run(compress_weights(before, "int4_asym"), x)[0])


@MODES
def test_constants_in_files_are_those_in_the_process(mode: str, tmp_path: Path) -> None:
    before, x = two_products(half=True), inputs(4, 256)
    algorithm = WeightCompression({"mode": mode})
    with scratch(tmp_path, room=0) as algorithm.keep:
        (sub,) = algorithm.apply(load_model(before), None)
        assert len(list(tmp_path.glob(".saving-*/*.bin"))) == 2
        save_model(sub.model, tmp_path, "m")
    assert not list(tmp_path.glob(".saving-*"))
    found = run(core().read_model(tmp_path / "m.xml"), x)[0]
    assert np.array_equal(found, run(compress_weights(before, mode), x)[0])


def test_what_is_interrupted_leaves_the_file_that_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "small.xml"
    compress_weights(two_products(), output=file)
    kept = file.read_bytes(), file.with_suffix(".bin").read_bytes()

    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("openvino.tools.pot.algorithms.weights.compressing.store_as_integers", interrupted)
    with pytest.raises(KeyboardInterrupt):
        compress_weights(two_products(), "int4_sym", output=file)
    with pytest.raises(KeyboardInterrupt):
        compress_weights(two_products(), "int4_sym", output=tmp_path / "new" / "other.xml")
    assert (file.read_bytes(), file.with_suffix(".bin").read_bytes()) == kept
    assert sorted(path.name for path in tmp_path.iterdir()) == ["small.bin", "small.xml"]


def attention_of_a_part(kind: str) -> ov.Model:
    """A 1x1 convolution of the second half of channels, whose result gets another shape, as YOLO11's has."""
    x = parameter([1, 64, 7, 7])
    hidden = op.relu(conv(x, 64, "first"))
    if kind == "split":
        part = op.variadic_split(hidden, op.constant(1), op.constant([32, 32])).output(1)
        others: list[ov.Output] = []
    else:
        ends = [op.slice(hidden, *map(op.constant, ([at], [at + 32], [1], [1]))) for at in (0, 32)]
        part, others = ends[1].output(0), [ends[0].output(0)]
    shifted = op.add(conv(part, 64, "second", kernel=1), op.constant(weights((1, 64, 1, 1))))
    return model([op.reshape(shifted, op.constant([1, 64, 49]), False).output(0), *others], x)


@pytest.mark.parametrize("kind", ["split", "slices"])
@pytest.mark.parametrize("mode", ["int8_asym", "int8_sym", "int4_sym"])
def test_what_the_cpu_does_not_compile_stays(kind: str, mode: str) -> None:
    network, sample = attention_of_a_part(kind), weights((1, 64, 7, 7), 9)
    expected = run(network, sample)
    found = compress_weights(network, mode=mode)
    for output, wanted in zip(run(found, sample), expected, strict=True):
        assert np.abs(output - wanted).max() < 0.1 * np.abs(wanted).max()
