"""Which networks are taken for transformers, and what follows from it."""

from __future__ import annotations

import logging
from collections.abc import Callable

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op
from plans import plan_of
from test_planner import Tensor, const

from builders import conv, images, model, parameter, quantized, weights
from openvino.tools.pot import load_model
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.placement.transformers import why_transformer
from openvino.tools.pot.utils.errors import ConfigError

WIDTH, HEADS = 16, 2
Attention = Callable[[Tensor, Tensor, Tensor], ov.Node]
Norm = Callable[[Tensor], ov.Node]


def dense(source: Tensor, outputs: int, name: str, half: bool = False) -> ov.Node:
    node = source if isinstance(source, ov.Output) else source.output(0)
    inputs = node.get_partial_shape()[-1].get_length()
    values: ov.Node = const(weights((inputs, outputs), len(name)).astype(np.float16 if half else np.float32))
    return op.matmul(source, op.convert(values, "f32") if half else values, False, False, name=name)


def heads(source: Tensor) -> ov.Node:
    return op.transpose(op.reshape(source, const([0, 0, HEADS, -1]), True), const([0, 2, 1, 3]))


def in_one(query: Tensor, key: Tensor, value: Tensor) -> ov.Node:
    return op.scaled_dot_product_attention(query, key, value)


def in_parts(query: Tensor, key: Tensor, value: Tensor) -> ov.Node:
    scores = op.multiply(op.matmul(query, key, False, True), const(np.float32(0.5)))
    masked = op.add(scores, const(weights((1, 1, 8, 8), 3)))
    return op.matmul(op.softmax(masked, 3), value, False, False)


def flattened(query: Tensor, key: Tensor, value: Tensor) -> ov.Node:
    """As Swin has it: masks are added between two changes of shape."""
    scores = op.unsqueeze(op.matmul(query, key, False, True), const([0]))
    flat = op.reshape(op.add(scores, const(weights((1, 1, 1, 8, 8), 3))), const([-1, HEADS, 8, 8]), False)
    return op.matmul(op.convert(op.softmax(flat, 3), "f32"), value, False, False)


def layer_norm(x: Tensor) -> ov.Node:
    return op.mvn(x, const([2]), True, 1e-5, "inside_sqrt")


def layer_norm_in_parts(x: Tensor) -> ov.Node:
    centred = op.subtract(x, op.reduce_mean(x, const([2]), True))
    variance = op.reduce_mean(op.power(centred, const(np.float32(2))), const([2]), True)
    return op.divide(centred, op.sqrt(op.add(variance, const(np.float32(1e-5)))))


def rms_norm(x: Tensor) -> ov.Node:
    squares = op.reduce_mean(op.multiply(x, x), const([2]), True)
    return op.multiply(x, op.power(op.add(squares, const(np.float32(1e-5))), const(np.float32(-0.5))))


def block(x: Tensor, number: int, attention: Attention, norm: Norm, half: bool = False) -> ov.Node:
    normed = norm(x)
    parts = [heads(dense(normed, WIDTH, f"{part}{number}", half)) for part in ("q", "key", "value")]
    context = op.reshape(op.transpose(attention(*parts), const([0, 2, 1, 3])), const([0, 0, WIDTH]), True)
    x = op.add(x, dense(context, WIDTH, f"out{number}", half))
    return op.add(x, dense(op.relu(dense(norm(x), 32, f"up{number}", half)), WIDTH, f"down{number}", half))


def encoder(
    attention: Attention = in_parts, norm: Norm = layer_norm, half: bool = False, batch: int = 1
) -> ov.Model:
    x = parameter([batch, 8, WIDTH])
    hidden: Tensor = x
    for number in range(2):
        hidden = block(hidden, number, attention, norm, half)
    return model(op.softmax(dense(hidden, 4, "head"), 2), x)


def reason(network: ov.Model) -> str:
    """Of the network as it is read, and as ``load_model`` leaves it, which must agree."""
    found = why_transformer(GraphView(network))
    assert why_transformer(GraphView(load_model(network).submodels[0].model)) == found
    return found


@pytest.mark.parametrize("attention", [in_one, in_parts, flattened])
@pytest.mark.parametrize("norm", [layer_norm, layer_norm_in_parts, rms_norm])
@pytest.mark.parametrize("half", [False, True])
def test_encoders(attention: Attention, norm: Norm, half: bool) -> None:
    expected = "2 attention blocks, 100% of the multiplications in matrix products"
    assert reason(encoder(attention, norm, half)) == expected


def test_an_encoder_with_a_dynamic_batch() -> None:
    assert reason(encoder(batch=-1)).startswith("2 attention blocks, 100%")


def behind_patches(patch: int, kernel: int, depth: int) -> ov.Model:
    """Convolutions, then one block over 8 tokens."""
    x = parameter([1, 3, 8 * patch, patch])
    maps: Tensor = x
    for number in range(depth):
        maps = op.relu(conv(maps, WIDTH, f"conv{number}", kernel=kernel))
    values = const(weights((WIDTH, WIDTH if depth else 3, patch, patch)), "embed/weights")
    embedded = op.convolution(maps, values, [patch, patch], [0, 0], [0, 0], [1, 1], name="embed")
    tokens = op.transpose(op.reshape(embedded, const([0, 0, -1]), True), const([0, 2, 1]))
    return model(dense(block(tokens, 0, in_parts, layer_norm), 4, "head"), x)


def test_convolutions_that_cut_an_image_into_tokens() -> None:
    assert reason(behind_patches(patch=4, kernel=1, depth=0)).startswith("1 attention block, ")


def test_a_convolutional_network_that_ends_in_attention() -> None:
    assert reason(behind_patches(patch=4, kernel=3, depth=3)) == ""


def squeeze_and_excite() -> ov.Model:
    x = parameter([1, 3, 8, 8])
    maps = conv(x, 8, "stem")
    gate = op.sigmoid(conv(op.reduce_mean(maps, const([2, 3]), True), 8, "gate", kernel=1))
    return model(conv(op.multiply(maps, gate).output(0), 4, "out"), x)


def classifier() -> ov.Model:
    x = parameter([1, 8, WIDTH])
    return model(op.softmax(dense(op.relu(dense(layer_norm(x), 32, "a")), 4, "b"), 2), x)


def gate_over_products() -> ov.Model:
    """A softmax behind a product of activations, but no second one."""
    x = parameter([1, 8, WIDTH])
    normed = layer_norm(x)
    scores = op.softmax(op.matmul(normed, normed, False, True), 2)
    return model(dense(op.multiply(scores, const(np.float32(2))), 4, "head"), x)


OTHERS = {
    "squeeze and excite": squeeze_and_excite,
    "classifier": classifier,
    "one product": gate_over_products,
    "no normalisation": lambda: encoder(norm=op.relu),
}


@pytest.mark.parametrize("make", OTHERS.values(), ids=OTHERS)
def test_what_is_no_transformer(make: Callable[[], ov.Model]) -> None:
    assert reason(make()) == ""


def recurrent_front() -> ov.Model:
    x = parameter([1, 8, WIDTH])
    shapes = ((1, 4 * 64, WIDTH), (1, 4 * 64, 64), (1, 4 * 64))
    state = const(np.zeros((1, 1, 64), np.float32))
    lstm = op.lstm_sequence(
        x, state, state, const(np.int64([8])), *(const(weights(s)) for s in shapes), 64, "forward"
    )
    return model(block(dense(op.squeeze(lstm.output(0), const([1])), WIDTH, "in"), 0, in_one, layer_norm), x)


def test_a_recurrent_network_with_an_attention_block() -> None:
    assert reason(recurrent_front()) == ""


@pytest.mark.parametrize("transformer", [True, False])
def test_zero_points_of_attention_are_fixed(transformer: bool) -> None:
    found = plan_of(encoder(), transformer=transformer).activations
    assert {q.symmetric for q in found if q.attention} == {True}


SAMPLES = images(6, shape=(1, 8, WIDTH))


def recorded(network: ov.Model, **params: object) -> str:
    found = quantized(network, [(s, None) for s in SAMPLES], **params).submodels[0].model
    return str(found.get_rt_info(["openvino_pot", "model_type"]).astype(str))


@pytest.mark.parametrize(
    ("params", "logged", "type_"),
    [
        ({}, True, "transformer"),
        ({"model_type": None}, True, "transformer"),
        ({"model_type": "Transformer"}, False, "transformer"),
        ({"model_type": "None"}, False, "none"),
    ],
)
@pytest.mark.long
def test_what_is_found_is_logged_and_recorded(
    params: dict[str, str | None], logged: bool, type_: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        assert recorded(encoder(), **params) == type_
    lines = [record.message for record in caplog.records if "is a transformer" in record.message]
    assert len(lines) == logged
    if logged:
        assert "2 attention blocks, 100% of the multiplications in matrix products" in lines[0]
        assert "model_type: none" in lines[0]


def test_other_types_are_refused() -> None:
    with pytest.raises(ConfigError, match="model_type"):
        recorded(encoder(), model_type="cnn")
