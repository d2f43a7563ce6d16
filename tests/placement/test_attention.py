"""Attention that the CPU plugin makes garbage of on processors with AMX keeps its scores in float."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op
from plans import plan_of

from builders import labelled, model, parameter, quantized, runner, weights
from openvino.tools.pot.graph.edits.emulate import emulated

Mask = Callable[[], tuple[ov.Output, ov.Output | None]]


def attention(
    keys: int,
    depth: int = 16,
    values: int = 16,
    mask: Mask | None = None,
    fused: bool = False,
    queries: int = 8,
) -> ov.Model:
    """Two heads of queries, keys and values that layers make, as exporters write it or as one operation."""
    x, y = parameter([1, queries, 32]), parameter([1, keys, 32], "other")
    shaped = []
    for number, (source, size) in enumerate(((x, depth), (y, depth), (y, values))):
        made = op.matmul(source, op.constant(weights((32, 2 * size), number)), False, False)
        heads = op.reshape(made, op.constant([0, -1, 2, size]), True)
        shaped.append(op.transpose(heads, op.constant([0, 2, 1, 3])))
    added, given = (None, None) if mask is None else mask()
    if fused:
        result = op.scaled_dot_product_attention(*shaped, *([] if added is None else [added]), name="scores")
    else:
        scores = op.matmul(shaped[0], shaped[1], False, True, name="scores")
        scores = op.multiply(scores, op.constant(np.float32(depth**-0.5)))
        shares = op.softmax(scores if added is None else op.add(scores, added), 3)
        result = op.matmul(shares, shaped[2], False, False, name="result")
    return model(result, x, y, *([] if given is None else [given]))


def is_quantized(network: ov.Model) -> bool:
    return any(layer.node == "scores" for layer in plan_of(network).layers)


def reason(network: ov.Model) -> str:
    (found,) = (layer.reason for layer in plan_of(network).floats if layer.node == "scores")
    return found


def one_row() -> tuple[ov.Output, ov.Output]:
    given = parameter([1, 1, 1, 24], "mask")
    return given, given


def one_row_of_integers() -> tuple[ov.Output, ov.Output]:
    given = parameter([1, 24], "mask", np.int64)
    return op.convert(op.unsqueeze(given, op.constant([1, 2])), "f32").output(0), given


def one_row_of_an_open_batch() -> tuple[ov.Output, ov.Output]:
    given = parameter([-1, 1, 1, 24], "mask")
    return given, given


def constant_row() -> tuple[ov.Output, None]:
    return op.constant(weights((1, 1, 1, 24))).output(0), None


def several_rows() -> tuple[ov.Output, ov.Output]:
    given = parameter([1, 1, 8, 24], "mask")
    return given, given


def computed_row() -> tuple[ov.Output, ov.Output]:
    given = parameter([1, 1, 1, 24], "mask")
    return op.multiply(op.subtract(given, np.float32(1)), np.float32(9)).output(0), given


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("keys", [16, -1])
def test_square_keys_and_values_stay_in_float(keys: int, fused: bool) -> None:
    found = reason(attention(keys, fused=fused))
    assert "of square keys and values up to 32x32" in found


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize(
    ("keys", "depth", "values"), [(17, 16, 16), (16, 32, 16), (16, 16, 8), (48, 48, 48), (-1, 64, 64)]
)
def test_others_run_in_8_bits(keys: int, depth: int, values: int, fused: bool) -> None:
    assert is_quantized(attention(keys, depth, values, fused=fused))


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("mask", [one_row, one_row_of_integers, one_row_of_an_open_batch, constant_row])
def test_a_mask_of_one_row_that_nothing_computes_keeps_scores_in_float(mask: Mask, fused: bool) -> None:
    assert "with a mask of one row" in reason(attention(24, mask=mask, fused=fused))


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("mask", [several_rows, computed_row])
def test_other_masks_leave_them_in_8_bits(mask: Mask, fused: bool) -> None:
    assert is_quantized(attention(24, mask=mask, fused=fused))


def test_products_that_are_no_attention_are_left_alone() -> None:
    x, y = parameter([1, 2, 16, 16]), parameter([1, 2, 16, 16], "other")
    z = parameter([1, 2, 16, 16], "z")
    scores = op.matmul(x, y, False, True, name="scores")
    assert is_quantized(model(op.matmul(scores, z, False, False), x, y, z))


@pytest.mark.long
@pytest.mark.parametrize("queries", [1, 8, 16])
def test_the_device_does_in_its_own_precision_what_is_defined(queries: int) -> None:
    source = attention(16, queries=queries)
    feeds = [
        {"x": weights((1, queries, 32), n, 1), "other": weights((1, 16, 32), 99 - n, 1)} for n in range(8)
    ]
    int8 = quantized(source, labelled(feeds)).submodels[0].model
    compiled = ov.Core().compile_model(int8, "CPU")
    defined = runner(emulated(int8, narrow=True))
    for feed in feeds[:3]:
        expected, found = defined(feed["x"], feed["other"])[0], np.asarray(compiled(feed)[0], np.float32)
        assert np.square(found - expected).mean() < 1e-3 * np.square(expected).mean()
