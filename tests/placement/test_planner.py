"""Where quantizers go, on graphs of a few nodes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op
from plans import activations, groups, layers, plan_of, reason, weights_of

from builders import conv, model, parameter, weights

Tensor = ov.Output | ov.Node


def const(values: Any, name: str | None = None) -> ov.Node:
    return op.constant(np.asarray(values), name=name)


def bias(channels: int, name: str = "bias") -> ov.Node:
    return const(weights((1, channels, 1, 1)), name)


def matmul(source: Tensor, inputs: int, outputs: int, name: str) -> ov.Node:
    return op.matmul(source, const(weights((inputs, outputs)), f"{name}/weights"), False, False, name=name)


ACTIVATION_FUNCTIONS: dict[str, Callable[[Tensor], ov.Node]] = {
    "relu": op.relu,
    "prelu": lambda x: op.prelu(x, const(np.float32([0.1]))),
    "clamp": lambda x: op.clamp(x, 0, 6),
    "swish": op.swish,
    "swish in parts": lambda x: op.multiply(x, op.sigmoid(x)),
    "hswish": op.hswish,
    "hswish in parts": lambda x: op.multiply(
        x, op.multiply(op.clamp(op.add(x, const(np.float32(3))), 0, 6), const(np.float32(1 / 6)))
    ),
    "hsigmoid": op.hsigmoid,
    "mish": op.mish,
    "gelu": lambda x: op.gelu(x, "erf"),
    "sigmoid": op.sigmoid,
    "softplus": op.softplus,
    "elu": lambda x: op.elu(x, 1.0),
    "nothing": lambda x: op.add(x, const(np.float32(0))),
}


@pytest.mark.parametrize("function", ACTIVATION_FUNCTIONS.values(), ids=ACTIVATION_FUNCTIONS)
def test_a_layer_its_bias_and_its_activation_are_never_cut(function: Callable[[Tensor], ov.Node]) -> None:
    x = parameter([1, 3, 8, 8])
    active = function(op.add(conv(x, 4, "a"), bias(4)))
    active.set_friendly_name("active")
    plan = plan_of(model(conv(active.output(0), 5, "b"), x))
    assert activations(plan) == {"x": {"a:in0"}, "active": {"b:in0"}}
    assert weights_of(plan) == {"a/weights": ({"a:in1"}, (0,)), "b/weights": ({"b:in1"}, (0,))}
    assert layers(plan) == {"a", "b"}


@pytest.mark.parametrize("function", ["relu", "gelu", "swish in parts"])
def test_a_matrix_product_its_bias_and_its_activation_are_never_cut(function: str) -> None:
    x = parameter([1, 1, 8])
    active = ACTIVATION_FUNCTIONS[function](op.add(matmul(x, 8, 6, "a"), const(weights((1, 6)))))
    active.set_friendly_name("active")
    plan = plan_of(model(matmul(active, 6, 4, "b"), x))
    assert activations(plan) == {"x": {"a:in0"}, "active": {"b:in0"}}
    assert weights_of(plan) == {"a/weights": ({"a:in1"}, (1,)), "b/weights": ({"b:in1"}, (1,))}


@pytest.mark.parametrize(
    ("shape", "widths", "follower"),
    [
        ([2, 8], (6, 4), False),
        ([2, 8], (300, 4), False),
        ([1, 8], (6, 4), False),
        ([1, 8], (256, 256), False),
        ([-1, 8], (6, 4), False),
        ([1, 300], (6, 4), True),
        ([1, 8], (257, 4), True),
        ([1, 8], (6, 257), True),
        ([-1, 8], (300, 4), True),
        ([1, 2, 8], (6, 4), True),
    ],
)
def test_a_product_that_the_device_fuses_with_the_one_before_stays_float(
    shape: list[int], widths: tuple[int, int], follower: bool
) -> None:
    x, (first, second) = parameter(shape), widths
    active = op.relu(op.add(matmul(x, shape[-1], first, "a"), const(weights((1, first)))))
    plan = plan_of(model(matmul(active, first, second, "b"), x))
    assert layers(plan) == ({"a", "b"} if follower else {"a"})
    assert follower or "miscomputes" in reason(plan, "b")


def test_a_residual_sum_reads_quantized_data() -> None:
    x = parameter([1, 4, 8, 8])
    block = op.relu(conv(x, 4, "stem"), name="start")
    inner = op.relu(conv(block.output(0), 4, "a"), name="inner")
    total = op.add(conv(inner.output(0), 4, "b"), block, name="sum")
    plan = plan_of(model(conv(op.relu(total, name="after").output(0), 4, "c"), x))
    assert activations(plan) == {
        "x": {"stem:in0"},
        "start": {"a:in0", "sum:in1"},
        "inner": {"b:in0"},
        "after": {"c:in0"},
    }
    transformer = plan_of(model(total, x), transformer=True)
    assert activations(transformer)["start"] == {"a:in0"}


def test_a_sum_with_a_constant_is_not_a_residual() -> None:
    x = parameter([1, 4, 8, 8])
    start = op.relu(x, name="start")
    plan = plan_of(model([conv(start.output(0), 4, "a"), op.add(start, bias(4), name="shifted")], x))
    assert activations(plan) == {"start": {"a:in0"}}


def test_concatenation_has_one_range() -> None:
    x, z = parameter([1, 3, 8, 8]), parameter([1, 2, 8, 8], "z")
    parts = [op.relu(x, name="left"), op.sigmoid(z, name="right")]
    plan = plan_of(model(conv(op.concat(parts, 1, name="joined").output(0), 4, "a"), x, z))
    assert activations(plan) == {"left": {"joined:in0"}, "right": {"joined:in1"}}
    assert groups(plan) == {frozenset({"left", "right"})}


def test_concatenations_that_share_an_input_have_one_range() -> None:
    x = parameter([1, 3, 8, 8])
    a, b, c = (f(x, name=name) for f, name in ((op.relu, "a"), (op.sigmoid, "b"), (op.tanh, "c")))
    first, second = op.concat([a, b], 1, name="ab"), op.concat([b, c], 1, name="bc")
    plan = plan_of(model([conv(first.output(0), 4, "one"), conv(second.output(0), 4, "two")], x))
    assert groups(plan) == {frozenset({"a", "b", "c"})}


@pytest.mark.parametrize("float_reader", [False, True])
def test_a_concatenation_with_a_constant_or_a_float_reader_is_quantized_behind(float_reader: bool) -> None:
    x = parameter([1, 3, 8, 8])
    other = op.sigmoid(x) if float_reader else const(weights((1, 2, 8, 8)))
    joined = op.concat([op.relu(x), other], 1, name="joined")
    outputs = [conv(joined.output(0), 4, "a"), *([op.exp(joined)] if float_reader else [])]
    assert activations(plan_of(model(outputs, x))) == {"joined": {"a:in0"}}


def depthwise(source: Tensor, channels: int, name: str) -> ov.Output:
    kernel = const(weights((channels, 1, 1, 3, 3)), f"{name}/weights")
    return op.group_convolution(source, kernel, [1, 1], [1, 1], [1, 1], [1, 1], name=name).output(0)


def test_depthwise_convolutions_take_a_range_per_channel() -> None:
    x = parameter([1, 4, 8, 8])
    plan = plan_of(model(depthwise(op.relu(x, name="in"), 4, "a"), x))
    assert [q.per_channel for q in plan.activations] == [True]
    assert weights_of(plan) == {"a/weights": ({"a:in1"}, (0, 1))}


def test_a_range_per_channel_needs_all_readers_to_take_it() -> None:
    x = parameter([1, 4, 8, 8])
    start = op.relu(x, name="in")
    plan = plan_of(model([depthwise(start, 4, "a"), conv(start.output(0), 4, "b")], x))
    assert [q.per_channel for q in plan.activations] == [False]
    both = plan_of(model(op.add(depthwise(start, 4, "a"), depthwise(start, 4, "b")), x))
    assert [q.per_channel for q in both.activations] == [True]


@pytest.mark.parametrize("multiplier", [1, 2])
def test_depthwise_convolutions_of_several_outputs_take_one_range(multiplier: int) -> None:
    x = parameter([1, 4, 8, 8])
    kernel = const(weights((4, multiplier, 1, 3, 3)))
    plan = plan_of(model(op.group_convolution(x, kernel, [1, 1], [0, 0], [0, 0], [1, 1]), x))
    assert [q.per_channel for q in plan.activations] == [multiplier == 1]


def test_grouped_convolutions_take_one_range() -> None:
    x = parameter([1, 4, 8, 8])
    kernel = const(weights((2, 3, 2, 3, 3)), "kernel")
    grouped = op.group_convolution(x, kernel, [1, 1], [0, 0], [0, 0], [1, 1], name="a")
    plan = plan_of(model(grouped, x))
    assert [q.per_channel for q in plan.activations] == [False]
    assert weights_of(plan)["kernel"][1] == (0, 1)


def test_channel_axes_of_transposed_convolutions() -> None:
    x = parameter([1, 4, 8, 8])
    plain = op.convolution_backprop_data(x, const(weights((4, 16, 2, 2)), "w"), [2, 2], name="plain")
    grouped = op.group_convolution_backprop_data(
        x,
        const(weights((2, 2, 8, 2, 2)), "v"),
        [2, 2],
        pads_begin=[0, 0],
        pads_end=[0, 0],
        dilations=[1, 1],
        name="grouped",
    )
    network = model([plain, grouped], x)
    assert {t: axes for t, (_, axes) in weights_of(plan_of(network, device="GPU")).items()} == {
        "w": (1,),
        "v": (0, 2),
    }
    assert layers(plan_of(network)) == {"plain"}  # the CPU has no integers for the other


@pytest.mark.parametrize("transpose", [False, True])
@pytest.mark.parametrize("port", [0, 1])
def test_channel_axes_of_matrix_products(port: int, transpose: bool) -> None:
    x = parameter([2, 4, 4])
    constant = const(weights((4, 4)), "w")
    pair = (constant, x) if port == 0 else (x, constant)
    plan = plan_of(model(op.matmul(*pair, transpose and port == 0, transpose and port == 1, name="a"), x))
    axes = () if port == 0 else (0,) if transpose else (1,)  # rows of a matrix on the left are no channels
    assert weights_of(plan) == {"w": ({f"a:in{port}"}, axes)}
    assert activations(plan) == {"x": {f"a:in{1 - port}"}}


TRANSPARENT: dict[str, Callable[[Tensor], Tensor]] = {
    "Transpose": lambda x: op.transpose(x, const([0, 1, 3, 2])),
    "Reshape": lambda x: op.reshape(x, const([1, 4, 16, 4]), False),
    "MaxPool": lambda x: op.max_pool(x, [2, 2], [1, 1], [0, 0], [0, 0], [2, 2]).output(0),
    "Squeeze": lambda x: op.unsqueeze(op.squeeze(x, const([0])), const([0])),
    "Split": lambda x: op.split(x, const(1), 2).output(0),
    "VariadicSplit": lambda x: op.variadic_split(x, const(1), const([1, 3])).output(1),
    "Slice": lambda x: op.slice(x, const([1]), const([4]), const([2]), const([1])),
    "StridedSlice": lambda x: op.strided_slice(
        x, const([0, 1]), const([1, 4]), const([1, 1]), [0, 0], [0, 0]
    ),
    "Gather": lambda x: op.gather(x, const([2, 0, -1, 1]), const(1)),
    "Pad": lambda x: op.pad(x, const([0, 0, 1, 1]), const([0, 0, 1, 1]), "constant", const(np.float32(0))),
    "Pad by reflection": lambda x: op.pad(x, const([0, 0, 1, 1]), const([0, 0, 1, 1]), "reflect"),
    "DepthToSpace": lambda x: op.depth_to_space(x, "blocks_first", 2),
    "ShuffleChannels": lambda x: op.shuffle_channels(x, 1, 2),
    "Broadcast": lambda x: op.broadcast(x, const([3, 4, 8, 8])),
    "ReduceMax": lambda x: op.reduce_max(x, const([2]), True),
    "Interpolate by repetition": lambda x: interpolate(x, "nearest"),
}


def interpolate(source: Tensor, mode: str) -> ov.Node:
    return op.interpolate(source, const([16, 16]), mode, "sizes", [0], [0], axes=const([2, 3]))


@pytest.mark.parametrize("function", TRANSPARENT.values(), ids=TRANSPARENT)
def test_quantizers_stand_before_what_only_moves_data(function: Callable[[Tensor], Tensor]) -> None:
    x = parameter([1, 4, 8, 8])
    made = op.sigmoid(x, name="made")
    moved = function(made)
    moved = moved if isinstance(moved, ov.Output) else moved.output(0)
    plan = plan_of(model(conv(moved, 4, "a"), x))
    assert list(activations(plan)) == ["made"]
    assert "a:in0" not in activations(plan)["made"]
    assert "carried by" in plan.activations[0].reason


PARTS: dict[str, Callable[[Tensor], Tensor]] = {
    "Gather": lambda x: op.gather(x, const([0]), const(0)),
    "Slice": lambda x: op.slice(x, const([0]), const([1]), const([1]), const([0])),
    "StridedSlice": lambda x: op.strided_slice(x, const([0]), const([1]), const([1]), [0], [0]),
}


@pytest.mark.parametrize("part", PARTS)
def test_a_part_is_quantized_by_itself_where_somebody_needs_the_rest_in_float(part: str) -> None:
    """As with the two states of an LSTM in one tensor: the cell state is larger by far."""
    x = parameter([2, 4, 8, 8])
    made = op.sigmoid(x, name="made")
    taken = PARTS[part](made)
    taken.set_friendly_name("taken")
    rest = op.exp(op.gather(made, const([1]), const(0)), name="rest")
    plan = plan_of(model([conv(taken, 4, "a"), rest], x))
    assert list(activations(plan)) == ["taken"]


@pytest.mark.parametrize(
    ("indices", "quantized"),
    [([[0], [1]], "made"), ([[1], [0, 1]], "made"), ([[0], [0]], "first"), ([[-1], [1]], "first")],
)
def test_gathers_are_crossed_if_they_leave_nothing_out_between_them(
    indices: list[list[int]], quantized: str
) -> None:
    x = parameter([2, 4, 8, 8])
    made = op.sigmoid(x, name="made")
    parts = [op.gather(made, const(each), const(0)) for each in indices]
    for part, name in zip(parts, ("first", "second"), strict=True):
        part.set_friendly_name(name)
    plan = plan_of(model([conv(part, 4, f"c{number}") for number, part in enumerate(parts)], x))
    assert quantized in activations(plan)
    assert ("made" in activations(plan)) == (quantized == "made")


FLOAT_READERS = ["Result", "Exp", "Multiply", "Add of a constant"]


@pytest.mark.parametrize("reader", FLOAT_READERS)
@pytest.mark.parametrize("transformer", [False, True])
def test_quantizers_stop_where_somebody_needs_float_values(reader: str, transformer: bool) -> None:
    x = parameter([1, 4, 8, 8])
    moved = op.transpose(op.sigmoid(x, name="made"), const([0, 1, 3, 2]), name="moved")
    other = {
        "Result": lambda: moved,
        "Exp": lambda: op.exp(moved),
        "Add of a constant": lambda: op.add(moved, bias(4)),
        "Multiply": lambda: op.multiply(moved, x),
    }[reader]()
    plan = plan_of(model([conv(moved.output(0), 4, "a"), other], x), transformer=transformer)
    assert activations(plan) == {"moved": {"a:in0"}}


def test_a_sum_beside_a_matrix_product_needs_float_values() -> None:
    x = parameter([1, 4, 8])
    moved = op.transpose(op.sigmoid(x, name="made"), const([0, 1, 2]), name="moved")
    network = model(op.add(matmul(moved, 8, 8, "a"), moved, name="sum"), x)
    assert activations(plan_of(network)) == {"moved": {"a:in0"}}


def test_a_residual_sum_behind_moved_data_in_a_transformer() -> None:
    x = parameter([1, 4, 8, 8])
    moved = op.transpose(op.sigmoid(x, name="made"), const([0, 1, 3, 2]), name="moved")
    network = model(op.add(conv(moved.output(0), 4, "a"), moved, name="sum"), x)
    assert activations(plan_of(network, transformer=True)) == {"moved": {"a:in0"}}
    assert "made" in activations(plan_of(network))


def test_padding_with_another_value_is_quantized_behind() -> None:
    x = parameter([1, 4, 8, 8])
    padded = op.pad(
        op.sigmoid(x),
        const([0, 0, 1, 1]),
        const([0, 0, 1, 1]),
        "constant",
        const(np.float32(1)),
        name="padded",
    )
    assert activations(plan_of(model(conv(padded.output(0), 4, "a"), x))) == {"padded": {"a:in0"}}


def test_long_chains_to_several_layers() -> None:
    x = parameter([1, 4, 8, 8])
    made = op.sigmoid(x, name="made")
    turned = op.transpose(made, const([0, 1, 3, 2]), name="turned")
    left, right = op.split(turned, const(1), 2, name="halves").outputs()
    plan = plan_of(model([conv(left, 4, "a"), conv(right, 4, "b"), conv(made.output(0), 4, "c")], x))
    assert activations(plan) == {"made": {"turned:in0", "c:in0"}}


@pytest.mark.parametrize("mode", ["linear", "linear_onnx", "cubic"])
def test_interpolation_that_makes_new_values_stays_float(mode: str) -> None:
    x = parameter([1, 4, 8, 8])
    larger = interpolate(op.sigmoid(x, name="made"), mode)
    larger.set_friendly_name("larger")
    plan = plan_of(model(conv(larger.output(0), 4, "a"), x))
    assert activations(plan) == {"larger": {"a:in0"}}


def test_average_pooling_that_no_layer_reads_stays_float() -> None:
    x = parameter([1, 4, 8, 8])
    pooled = op.avg_pool(conv(x, 4, "a"), [1, 1], [0, 0], [0, 0], [2, 2], True, name="pooled")
    plan = plan_of(model(pooled, x))
    assert activations(plan) == {"x": {"a:in0"}}
    assert "no operation that runs in INT8 reads" in reason(plan, "pooled")


def test_shapes_indices_and_masks_are_left_alone() -> None:
    x, ids = parameter([-1, 4, 8], "x"), parameter([-1, 4], "ids", np.int64)
    batch = op.gather(op.shape_of(x), const([0]), const(0), name="batch")
    target = op.concat([batch, const([32])], 0, name="target")
    flat = op.reshape(x, target, False, name="flat")
    mask = op.convert(op.greater(ids, const(np.int64(0))), "f32", name="mask")
    taken = op.gather(flat, op.squeeze(op.add(ids, ids), const([0])), const(0), name="taken")
    scores = op.select(op.greater(ids, const(np.int64(2))), mask, const(np.float32(-1)), name="scores")
    plan = plan_of(model([matmul(flat, 32, 5, "a"), matmul(scores, 4, 3, "b"), taken], x, ids))
    assert activations(plan) == {"flat": {"a:in0"}, "scores": {"b:in0"}}
    assert {"batch", "target"}.isdisjoint(layer.node for layer in plan.floats)


def fake_quantize(source: Tensor, name: str, out: float = 1.0) -> ov.Node:
    low, high = const(np.float32(0)), const(np.float32(1))
    return op.fake_quantize(source, low, high, const(np.float32(0)), const(np.float32(out)), 256, name=name)


@pytest.mark.parametrize("moved", [False, True])
def test_quantized_activations_are_respected(moved: bool) -> None:
    x = parameter([1, 4, 8, 8])
    given: Tensor = fake_quantize(op.sigmoid(x), "given")
    given = op.transpose(given, const([0, 1, 3, 2])) if moved else given
    plan = plan_of(model(conv(given.output(0), 4, "a"), x))
    assert activations(plan) == {}
    assert weights_of(plan) == {"a/weights": ({"a:in1"}, (0,))}
    assert plan.layers[0].groups == ((),)


def test_quantized_activations_are_respected_beside_a_float_reader() -> None:
    x = parameter([1, 4, 8, 8])
    moved = op.transpose(fake_quantize(op.sigmoid(x), "given"), const([0, 1, 3, 2]))
    plan = plan_of(model([conv(moved.output(0), 4, "a"), op.exp(moved)], x))
    assert activations(plan) == {}


def test_a_concatenation_of_quantized_and_float_data() -> None:
    x = parameter([1, 4, 8, 8])
    joined = op.concat([fake_quantize(op.sigmoid(x), "given"), op.tanh(x, name="made")], 1, name="joined")
    plan = plan_of(model(conv(joined.output(0), 4, "a"), x))
    assert activations(plan) == {"made": {"joined:in1"}}


def integers(shape: tuple[int, ...] = (4, 4, 3, 3), dtype: type = np.int8) -> ov.Node:
    return op.convert(const(np.ones(shape, dtype)), "f32")


SCALE = np.float32(0.1)
COMPRESSED: dict[str, Callable[[], ov.Node]] = {
    "FakeQuantize": lambda: fake_quantize(const(weights((4, 4, 3, 3))), "given"),
    "int8": lambda: op.multiply(integers(), const(SCALE)),
    "zero point": lambda: op.multiply(
        op.subtract(integers(dtype=np.uint8), const(np.float32(128))), const(SCALE)
    ),
    "moved": lambda: op.reshape(op.multiply(integers((4, 36)), const(SCALE)), const([4, 4, 3, 3]), False),
    "scale first": lambda: op.multiply(const(SCALE), integers()),
}


@pytest.mark.parametrize(
    "weight",
    COMPRESSED.values(),
    ids=COMPRESSED,
)
def test_quantized_weights_are_respected(weight: Callable[[], ov.Node]) -> None:
    x = parameter([1, 4, 8, 8])
    plan = plan_of(model(op.convolution(x, weight(), [1, 1], [0, 0], [0, 0], [1, 1], name="a"), x))
    assert weights_of(plan) == {}
    assert activations(plan) == {"x": {"a:in0"}}


@pytest.mark.parametrize("stored", [np.float16, np.float64])
def test_weights_stored_in_other_precision_are_quantized(stored: type) -> None:
    x = parameter([1, 4, 8, 8])
    kernel = op.convert(const(weights((4, 4, 3, 3)).astype(stored)), "f32", name="kernel")
    plan = plan_of(model(op.convolution(x, kernel, [1, 1], [0, 0], [0, 0], [1, 1], name="a"), x))
    assert weights_of(plan) == {"kernel": ({"a:in1"}, (0,))}


def test_layers_that_share_a_weight_share_its_quantizer() -> None:
    x, kernel = parameter([1, 4, 8, 8]), const(weights((4, 4, 3, 3)), "kernel")
    nodes = [op.convolution(x, kernel, [1, 1], [p, p], [p, p], [1, 1], name=f"conv{p}") for p in (0, 1)]
    plan = plan_of(model(nodes, x))
    assert weights_of(plan) == {"kernel": ({"conv0:in1", "conv1:in1"}, (0,))}
    assert activations(plan) == {"x": {"conv0:in0", "conv1:in0"}}


@pytest.mark.parametrize("transpose", [False, True])
def test_an_embedding_tied_to_a_matrix_product(transpose: bool) -> None:
    ids = parameter([1, 5], "ids", np.int64)
    table = const(weights((8, 8)), "table")
    looked_up = op.gather(table, ids, const(0), name="embedding")
    plan = plan_of(
        model(op.matmul(op.tanh(looked_up, name="hidden"), table, False, transpose, name="head"), ids)
    )
    assert layers(plan) == {"embedding", "head"}
    assert activations(plan) == {"hidden": {"head:in0"}}
    axes = sorted((str(q.readers[0]), len(q.readers), q.channel_axes) for q in plan.weights)
    tied = [("embedding:in0", 2, (0,))]
    assert axes == (tied if transpose else [("embedding:in0", 1, (0,)), ("head:in1", 1, (1,))])


def test_a_product_of_two_activations() -> None:
    x, z = parameter([1, 2, 4, 8]), parameter([1, 2, 8, 4], "z")
    scores = op.softmax(op.matmul(x, z, False, False, name="scores"), 3, name="shares")
    plan = plan_of(model(op.matmul(scores, x, False, False, name="context"), x, z), transformer=True)
    assert activations(plan) == {
        "x": {"scores:in0", "context:in1"},
        "z": {"scores:in1"},
        "shares": {"context:in0"},
    }
    assert all(q.attention for q in plan.activations)
    assert plan.weights == ()


def test_layers_that_cannot_run_in_int8_say_why() -> None:
    x, kernel = parameter([1, 4, 8, 8]), parameter([4, 4, 3, 3], "kernel")
    nodes = [
        op.convolution(x, kernel, [1, 1], [0, 0], [0, 0], [1, 1], name="computed"),
        op.matmul(parameter_like(x, [1, 8, 1]), parameter_like(x, [1, 1, 8]), False, False, name="outer"),
    ]
    plan = plan_of(model(nodes, x, kernel))
    assert plan.layers == ()
    assert reason(plan, "computed") == "its weights are computed, not constant"
    assert "one element" in reason(plan, "outer")


def parameter_like(source: Tensor, shape: list[int]) -> ov.Node:
    return op.reshape(op.reduce_max(source, const([1, 2]), True), const(shape), False)


def two_convolutions() -> ov.Model:
    x = parameter([1, 4, 8, 8])
    strided = op.convolution(x, const(weights((4, 4, 3, 3))), [2, 2], [0, 0], [0, 0], [1, 1], name="strided")
    return model(conv(op.relu(strided, name="between").output(0), 4, "plain"), x)


@pytest.mark.parametrize(
    ("ignored", "left"),
    [
        ({"scope": ["strided"]}, {"plain"}),
        ({"scope": ["strided", "plain"]}, set()),
        ({"operations": [{"type": "Convolution"}]}, set()),
        ({"operations": [{"type": "Convolution", "attributes": {"strides": [2, 2]}}]}, {"plain"}),
        ({"operations": [{"type": "Convolution", "attributes": {"strides": ["1", "1"]}}]}, {"strided"}),
        ({"operations": [{"type": "Convolution", "attributes": {"auto_pad": "EXPLICIT"}}]}, set()),
        ({"operations": [{"type": "Convolution", "attributes": {"group": 1}}]}, {"strided", "plain"}),
        ({"operations": [{"type": "MatMul"}]}, {"strided", "plain"}),
        ({"skip_model": True}, set()),
        ({}, {"strided", "plain"}),
    ],
)
def test_the_ignored_scope(ignored: dict[str, Any], left: set[str]) -> None:
    plan = plan_of(two_convolutions(), ignored)
    assert layers(plan) == left
    assert {str(q.readers[0].node) for q in plan.activations} == left
    assert {str(q.readers[0].node) for q in plan.weights} == left
    for name in {"strided", "plain"} - left:
        assert "ignored scope" in reason(plan, name)


def test_ignored_names_that_are_not_there() -> None:
    with pytest.raises(
        ValueError, match=r"ignored\.scope: the model has no node 'strides'; did you mean 'strided'\?"
    ):
        plan_of(two_convolutions(), {"scope": ["strides"]})


@pytest.mark.parametrize(
    ("attributes", "sentence"),
    [
        (
            {"strides": [3, 3], "pads_begin": [0, 0]},
            "the model has no Convolution with attributes {'strides': [3, 3], 'pads_begin': [0, 0]}, "
            "found {'strides': [2, 2], 'pads_begin': [0, 0]}, {'strides': [1, 1], 'pads_begin': [1, 1]}",
        ),
        (
            {"stride": [1, 1]},
            "the model has no Convolution with attributes {'stride': [1, 1]}: expected some of strides, dilations, "
            "pads_begin, pads_end, auto_pad, found 'stride'; did you mean 'strides'?",
        ),
    ],
)
def test_ignored_attributes_that_match_nothing_are_told_of(
    attributes: dict[str, Any], sentence: str, caplog: pytest.LogCaptureFixture
) -> None:
    scope = {"operations": [{"type": "Convolution", "attributes": attributes}]}
    with caplog.at_level(logging.WARNING, "openvino.tools.pot"):
        assert layers(plan_of(two_convolutions(), scope)) == {"strided", "plain"}
    assert caplog.messages == [f"ignored.operations: {sentence}"]


def test_an_ignored_operation_stops_a_quantizer() -> None:
    x = parameter([1, 4, 8, 8])
    moved = op.transpose(op.sigmoid(x), const([0, 1, 3, 2]), name="moved")
    plan = plan_of(model(conv(moved.output(0), 4, "a"), x), {"scope": ["moved"]})
    assert activations(plan) == {"moved": {"a:in0"}}


def test_an_ignored_sum_does_not_read_quantized_data() -> None:
    x = parameter([1, 4, 8, 8])
    start = op.transpose(op.sigmoid(x, name="made"), const([0, 1, 3, 2]), name="start")
    network = model(op.add(conv(start.output(0), 4, "a"), start, name="sum"), x)
    assert activations(plan_of(network, {"scope": ["sum"]})) == {"start": {"a:in0"}}


def test_the_first_convolutions_are_marked() -> None:
    x = parameter([1, 3, 8, 8])
    first = [conv(x, 4, "a"), conv(op.relu(x).output(0), 4, "b")]
    plan = plan_of(model(conv(op.relu(op.add(*first)).output(0), 4, "c"), x))
    assert {q.readers[0].node for q in plan.weights if q.first} == {"a", "b"}


def test_a_model_with_nothing_to_quantize() -> None:
    x = parameter([1, 4])
    plan = plan_of(model(op.exp(op.relu(x, name="a"), name="b"), x))
    assert (plan.activations, plan.weights, plan.layers) == ((), (), ())
    assert [layer.node for layer in plan.floats] == ["a", "b"]


@pytest.mark.parametrize("device", ["CPU", "GPU", "NPU"])
def test_a_squeeze_and_excite_gate_is_left_alone(device: str) -> None:
    x = parameter([1, 4, 8, 8])
    start = op.swish(conv(x, 4, "stem"), name="start")
    squeezed = op.reduce_mean(start, const([2, 3]), True, name="squeezed")
    narrow = op.relu(conv(squeezed.output(0), 2, "down", kernel=1), name="narrow")
    gate = op.sigmoid(conv(narrow.output(0), 4, "up", kernel=1), name="gate")
    gated = op.multiply(start, gate, name="gated")
    plan = plan_of(model(conv(gated.output(0), 4, "out"), x), device=device)
    assert activations(plan) == {
        "x": {"stem:in0"},
        "squeezed": {"down:in0"},
        "narrow": {"up:in0"},
        "gated": {"out:in0"},
    }


def test_first_convolutions_are_those_that_an_input_reaches_past_no_other() -> None:
    """As POT's saturation_fix chose them, found with the original: matrix products are passed, ways around count."""
    x = parameter([1, 8])
    picture = op.reshape(matmul(x, 8, 192, "gemm"), np.array([1, 3, 8, 8]), False)
    around = op.add(conv(picture, 3, "one"), picture)
    grouped = op.group_convolution(
        around, const(weights((3, 1, 1, 3, 3))), [1, 1], [1, 1], [1, 1], [1, 1], name="two"
    )
    found = plan_of(model([conv(conv(around, 4, "three"), 4, "four"), grouped], x)).weights
    first = {reader.node for quantizer in found if quantizer.first for reader in quantizer.readers}
    assert first == {"one", "two", "three"}


POSITIONS = np.arange(16, dtype=np.float32)


@pytest.mark.parametrize("moved", [False, True])
@pytest.mark.parametrize("values", [POSITIONS, np.float16(POSITIONS / 15 - 0.5), weights((16,))])
def test_the_mean_of_positions_behind_a_softmax_stays_float(values: Any, moved: bool) -> None:
    x = parameter([1, 4, 16, 400] if moved else [1, 16, 4, 400])
    shares = op.softmax(x, 2 if moved else 1)
    if moved:
        shares = op.transpose(shares, const([0, 2, 1, 3]))
    kernel = const(np.float32(values.reshape(1, 16, 1, 1)))
    plan = plan_of(model(op.convolution(shares, kernel, [1, 1], [0, 0], [0, 0], [1, 1], name="a"), x))
    of_positions = len(values) == 16 and np.all(np.diff(values) > 0)
    assert layers(plan) == (set() if of_positions else {"a"})
    assert not of_positions or "averages positions" in reason(plan, "a")


def test_coordinates_of_a_heat_map_stay_float() -> None:
    x = parameter([1, 4, 48])
    places = np.stack([np.tile(np.arange(8), 6), np.repeat(np.arange(6), 8)], 1).astype(np.float32)
    plan = plan_of(model(op.matmul(op.softmax(x, 2), const(places), False, False, name="a"), x))
    assert "averages positions" in reason(plan, "a")


@pytest.mark.parametrize(
    ("low", "high", "levels"), [(-1, 1, 256), (-1.5, 1, 16), (0.1, 0.9, 256), (0, 1, 256)]
)
@pytest.mark.parametrize("kind", ["convolution", "moved", "product"])
def test_a_grid_without_zero_is_for_products_alone(kind: str, low: float, high: float, levels: int) -> None:
    x = parameter([1, 3, 8, 8])
    borders = [const(np.float32(border)) for border in (low, high)]
    read = op.fake_quantize(x, *borders, *borders, levels).output(0)
    if kind == "moved":
        read = op.concat([read, read], 1).output(0)
    layer = matmul(read, 8, 8, "a") if kind == "product" else conv(read, 4, "a")
    plan = plan_of(model(layer, x))
    fits = kind == "product" or low in (-1.5, 0)
    assert layers(plan) == ({"a"} if fits else set())
    assert fits or "zero is no level" in reason(plan, "a")


def test_bodies_of_operations_are_not_entered_which_the_plan_says() -> None:
    x = parameter([1, 8])
    inner = op.parameter([1, 8], np.float32)
    branches = [ov.Model([op.matmul(inner, const(weights((8, 8))), False, False)], [inner])]
    other = op.parameter([1, 8], np.float32)
    branches.append(ov.Model([op.relu(other)], [other]))
    choice = op.if_op(op.greater(op.reduce_sum(x, const([0, 1])), const(np.float32(0))).output(0))
    for set_body, body in zip((choice.set_then_body, choice.set_else_body), branches, strict=True):
        set_body(body)
    choice.set_input(x, inner, other)
    choice.set_output(branches[0].get_results()[0], branches[1].get_results()[0])
    choice.set_friendly_name("choice")
    assert "does not enter" in reason(plan_of(model(choice.output(0), x)), "choice")
