"""What holds for the plan of every model, on random ones."""

from __future__ import annotations

import random

import numpy as np
import openvino as ov
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openvino import opset13 as op
from plans import activations, plan_of, weights_of
from test_planner import ACTIVATION_FUNCTIONS, TRANSPARENT, Tensor, bias, depthwise, interpolate, matmul

from builders import conv, labelled, model, parameter, quantized, run, weights
from openvino.tools.pot import compress_model_weights

MOVING = ("Transpose", "Pad", "Pad by reflection", "Interpolate by repetition")
KINDS = [
    "conv",
    "biased",
    "depthwise",
    "matmul",
    "sum",
    "product",
    "concat",
    "halves",
    "average",
    "largest",
    "linear",
    *(f"active {name}" for name in ACTIVATION_FUNCTIONS),
    *(f"moved {name}" for name in MOVING),
]


def random_model(kinds: list[str], seed: int) -> ov.Model:
    """Every operation reads one or two of the tensors made before; all have four channels."""
    choice = random.Random(seed)
    x = parameter([1, 4, 8, 8])
    made = [x]
    for number, kind in enumerate(kinds):
        source = choice.choice(made[-3:])
        other = choice.choice([t for t in made if t.get_shape() == source.get_shape()])
        made.append(_output(_operation(kind, source, other, f"{number}")))
    outputs = [op.tanh(made[-1]), *(op.tanh(t) for t in made[1:] if choice.random() < 0.1)]
    return model(outputs, x)


def _output(tensor: Tensor) -> ov.Output:
    return tensor if isinstance(tensor, ov.Output) else tensor.output(0)


def _operation(kind: str, source: ov.Output, other: ov.Output, name: str) -> Tensor:
    width = source.get_shape()[3]
    word, _, rest = kind.partition(" ")
    if word == "active":
        return ACTIVATION_FUNCTIONS[rest](source)
    if word == "moved":
        return TRANSPARENT[rest](source)
    return {
        "conv": lambda: conv(source, 4, name),
        "biased": lambda: op.relu(op.add(conv(source, 4, name), bias(4, f"{name}/bias"))),
        "depthwise": lambda: depthwise(source, 4, name),
        "matmul": lambda: matmul(source, width, width, name),
        "sum": lambda: op.add(source, other),
        "product": lambda: op.multiply(source, op.sigmoid(other)),
        "concat": lambda: conv(op.concat([source, other], 1).output(0), 4, name),
        "halves": lambda: op.concat(op.split(source, op.constant(1), 2).outputs()[::-1], 1),
        "average": lambda: op.avg_pool(source, [1, 1], [1, 1], [1, 1], [3, 3], True),
        "largest": lambda: op.max_pool(source, [1, 1], [1, 1], [1, 1], [1, 1], [3, 3]),
        "linear": lambda: interpolate(source, "linear_onnx"),
    }[word]()


GRAPHS = st.builds(
    random_model, st.lists(st.sampled_from(KINDS), min_size=1, max_size=10), st.integers(0, 1000)
)


@given(GRAPHS, st.booleans())
@pytest.mark.long
def test_plans_are_sound(network: ov.Model, transformer: bool) -> None:
    plan_of(network, transformer=transformer)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.long
def test_random_models_run_quantized_and_are_not_quantized_again(seed: int) -> None:
    choice = random.Random(seed)
    network = random_model([*choice.choices(KINDS, k=8), "biased"], seed)
    images = [weights((1, 4, 8, 8), number, 1.0) for number in range(3)]
    result = quantized(network, labelled(images))
    compress_model_weights(result)
    network_again = result.submodels[0].model
    for ours, theirs in zip(run(network_again, images[0]), run(network, images[0]), strict=True):
        assert ours.shape == theirs.shape
        assert np.sqrt(np.mean((ours - theirs) ** 2)) < 0.1 * np.sqrt(np.mean(theirs**2)) + 1e-3
    plan = plan_of(network_again)
    assert (activations(plan), weights_of(plan)) == ({}, {})
