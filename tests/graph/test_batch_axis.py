"""The axis of samples is followed where samples stay apart, which running the model on turned batches shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

import builders
from openvino.tools.pot.graph.batch import fixed_batch, is_batch, output_axes, takes_samples_apart

BATCH = 5


def ints(*values: int) -> Any:
    return op.constant(np.array(values, np.int64))


def recurrent(x: Any) -> Any:
    """An LSTM over ``[batch, time, 4]``."""
    weights = [builders.weights((1, 12, 4), 1), builders.weights((1, 12, 3), 2), builders.weights((1, 12))]
    state = np.zeros((BATCH, 1, 3), np.float32)
    lengths = np.full(BATCH, 6, np.int32)
    return op.lstm_sequence(x, state, state, lengths, *weights, 3, "forward").output(0)


KEPT: dict[str, tuple[list[int], Callable[[Any], Any], int]] = {
    "convolution": ([5, 3, 6, 6], lambda x: builders.conv(x, 4, "c"), 0),
    "added": ([5, 3, 6], lambda x: op.add(x, builders.weights((3, 1))), 0),
    "added to a lower rank": ([5, 3], lambda x: op.add(x, builders.weights((2, 1, 1))), 1),
    "transposed": ([5, 3, 6], lambda x: op.transpose(x, ints(2, 0, 1)), 1),
    "transposed, then reduced": (
        [5, 3, 6], lambda x: op.reduce_max(op.transpose(x, ints(1, 2, 0)), ints(1), False), 1
    ),
    "reshaped": ([5, 4, 6], lambda x: op.reshape(x, ints(5, -1), False), 0),
    "reshaped with a size of one in front": ([5, 4], lambda x: op.reshape(x, ints(1, 5, 2, 2), False), 1),
    "squeezed": ([5, 1, 4], lambda x: op.squeeze(x, ints(1)), 0),
    "rows of a product": ([5, 6], lambda x: op.matmul(x, builders.weights((6, 3)), False, False), 0),
    "columns of a product": ([5, 6], lambda x: op.matmul(builders.weights((3, 6)), x, False, True), 1),
    "matrices of a product": ([5, 2, 6], lambda x: op.matmul(x, x, False, True), 0),
    "softmax": ([5, 6], lambda x: op.softmax(x, 1), 0),
    "mean over the others": ([5, 6, 2], lambda x: op.reduce_mean(x, ints(-1, 1), True), 0),
    "concatenated": ([5, 2, 6], lambda x: op.concat([x, op.exp(x)], 1), 0),
    "split": ([5, 4], lambda x: op.split(x, op.constant(np.int64(1)), 2).output(1), 0),
    "one of the others": ([5, 4, 3], lambda x: op.gather(x, op.constant(np.int64(1)), op.constant(np.int64(1))), 0),
    "looked up": ([5, 2], lambda x: op.gather(builders.weights((9, 3)), op.convert(op.abs(x), "i32"),
                                              op.constant(np.int64(0))), 0),
    "recurrent": ([5, 6, 4], recurrent, 0),
    "pooled": ([5, 3, 6, 6], lambda x: op.max_pool(x, [2, 2], [1, 1], [0, 0], [0, 0], [2, 2]).output(0), 0),
    "sliced": ([5, 6], lambda x: op.slice(x, ints(1), ints(4), ints(1), ints(1)), 0),
    "normalized": ([5, 6, 3], lambda x: op.mvn(x, ints(1, 2), True, 1e-5, "inside_sqrt"), 0),
    "its own sizes": ([5, 4, 2], lambda x: op.reshape(x, op.concat([op.gather(op.shape_of(x), ints(0), ints(0)),
                                                                   ints(-1)], 0), False), 0),
}  # fmt: skip
MIXED: dict[str, tuple[list[int], Callable[[Any], Any]]] = {
    "softmax over samples": ([5, 6], lambda x: op.softmax(x, 0)),
    "sum over samples": ([5, 6], lambda x: op.reduce_sum(x, ints(0), True)),
    "product of samples": ([5, 5], lambda x: op.matmul(x, x, True, False)),
    "attention between samples": ([5, 6], lambda x: op.matmul(op.matmul(x, x, False, True), x, False, False)),
    "samples as channels": (
        [5, 6, 6], lambda x: builders.conv(op.unsqueeze(x, ints(0)).output(0), 5, "c")
    ),
    "samples as time": ([5, 5, 4], lambda x: recurrent(op.transpose(x, ints(1, 0, 2)))),
    "turned round": ([5, 6], lambda x: op.slice(x, ints(-1), ints(-100), ints(-1), ints(0))),
    "in another order": ([5, 6], lambda x: op.gather(x, ints(1, 0, 2, 3, 4), op.constant(np.int64(0)))),
    "flattened": ([5, 6], lambda x: op.reshape(x, ints(-1), False)),
    "another five": ([5, 2, 5], lambda x: op.reduce_max(x, ints(0, 1), False)),
    "cumulated": ([5, 6], lambda x: op.cum_sum(x, op.constant(np.int64(0)))),
    "behind a mixture": ([5, 6], lambda x: op.add(x, op.softmax(x, 0))),
}  # fmt: skip


def network(shape: list[int], make: Callable[[Any], Any]) -> ov.Model:
    x = builders.parameter(shape)
    return builders.model(make(x), x)


@pytest.mark.long
@pytest.mark.parametrize("name", KEPT)
def test_the_axis_of_samples(name: str) -> None:
    shape, make, axis = KEPT[name]
    model = network(shape, make)
    assert output_axes(model) == [axis]
    data = np.random.default_rng(0).uniform(0.5, 8, shape).astype(np.float32)
    (plain,), (turned,) = builders.run(model, data), builders.run(model, np.roll(data, 1, 0))
    np.testing.assert_allclose(turned, np.roll(plain, 1, axis), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", MIXED)
def test_mixed_samples_are_not_followed(name: str) -> None:
    shape, make = MIXED[name]
    assert output_axes(network(shape, make)) == [None]


@pytest.mark.parametrize(
    ("shape", "layout", "batch", "certain"),
    [
        ([4, 3, 8, 8], "", 4, True),
        ([1, 3, 8, 8], "", 1, True),
        ([-1, 3, 8, 8], "", 1, True),
        ([4, 32], "", 4, False),
        ([4, 1, 400], "", 4, False),
        ([4, 32], "NC", 4, True),
        ([3, 64, 64], "", 1, False),
        ([3, 64, 64], "NTC", 3, True),
        ([6, 3, 3], "CHW", 1, False),
        ([1600], "", 1, False),
    ],
)
def test_what_is_a_batch(shape: list[int], layout: str, batch: int, certain: bool) -> None:
    model = network(shape, op.relu)
    if layout:
        model.get_parameters()[0].set_layout(ov.Layout(layout))
    assert (fixed_batch(model), is_batch(model)) == (batch, certain)


def test_inputs_of_different_sizes_have_no_batch() -> None:
    a, b = builders.parameter([4, 3, 8, 8], "a"), builders.parameter([1, 3, 8, 8], "b")
    assert fixed_batch(builders.model(op.add(a, b), a, b)) == 1


@pytest.mark.parametrize(
    ("shape", "make", "apart"),
    [
        ([-1, 3, 8, 8], op.relu, True),
        ([-1, 3, 8, 8], lambda x: op.softmax(x, 0), False),
        ([-1, 3, 8, 8], lambda x: op.reshape(x, ints(2, 96), False), False),
        ([-1, 32], op.relu, False),
        ([4, 3, 8, 8], op.relu, False),
    ],
)
def test_batches_that_may_be_taken_apart(shape: list[int], make: Any, apart: bool) -> None:
    assert takes_samples_apart(network(shape, make)) is apart
