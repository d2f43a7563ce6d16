"""Products of two activations, whose columns or rows have factors of their own, are right on the device unchecked."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import openvino as ov
import pytest
from numpy.typing import NDArray
from openvino import opset13 as op

from builders import labelled, model, parameter, quantized, runner, weights
from openvino.tools.pot.graph.edits.emulate import emulated
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.hardware import find_device
from openvino.tools.pot.placement.plan import Plan
from openvino.tools.pot.placement.planner import make_plan

Make = Callable[[ov.Output, int], ov.Node]


def factors(count: int, *shape: int) -> ov.Node:
    constant: ov.Node = op.constant(
        np.linspace(0.5, 1.5, count).reshape(shape or (count,)).astype(np.float32)
    )
    return constant


def of_columns(product: ov.Output, columns: int) -> ov.Node:
    return op.multiply(product, factors(columns))


def divisors_of_columns(product: ov.Output, columns: int) -> ov.Node:
    return op.divide(product, factors(columns))


def of_columns_behind_relu(product: ov.Output, columns: int) -> ov.Node:
    return op.multiply(op.relu(product), factors(columns))


def of_columns_behind_a_sum(product: ov.Output, columns: int) -> ov.Node:
    return op.multiply(op.add(product, factors(columns)), factors(columns))


def of_rows(product: ov.Output, columns: int) -> ov.Node:
    return op.multiply(product, factors(16, 16, 1))


def one_factor(product: ov.Output, columns: int) -> ov.Node:
    return op.multiply(product, op.constant(np.float32(0.3)))


def sums_of_columns(product: ov.Output, columns: int) -> ov.Node:
    return op.add(product, factors(columns))


def network(shape: tuple[int, ...], make: Make, is_open: bool, goes_on: bool) -> ov.Model:
    """Rows of 64 times a matrix, for each of the leading sizes, and weights behind it if that goes on."""
    sizes = [-1, *shape[1:]] if is_open else list(shape)
    x, y = parameter(sizes), parameter([*sizes[:-2], 64, 64], "other")
    made = make(op.matmul(x, y, False, False, name="product").output(0), 64)
    if goes_on:
        made = op.matmul(made, op.constant(weights((64, 24))), False, False, name="next")
    return model(made, x, y)


def sample(shape: tuple[int, ...], seed: int, is_wide: bool) -> dict[str, NDArray[np.float32]]:
    width = np.logspace(-2, 1, 64, dtype=np.float32) if is_wide else np.float32(1)
    return {"x": weights(shape, seed, 1), "other": weights((*shape[:-2], 64, 64), seed + 100, 1) * width}


def departs(source: ov.Model, shape: tuple[int, ...], is_wide: bool = False) -> float:
    """Error of the device, in units of how much is lost by definition."""
    feeds = [sample(shape, seed, is_wide) for seed in range(16)]
    int8 = quantized(source, labelled(feeds)).submodels[0].model
    exact, defined, found = (
        np.stack([once(feed["x"], feed["other"])[0] for feed in feeds[:3]])
        for once in map(runner, (source, emulated(int8, narrow=True), int8))
    )
    lost = np.square(defined - exact).mean() + 1e-8 * np.square(exact).mean()
    return float(np.square(found - defined).mean() / lost)


SHAPES = [(2, 16, 64), (2, 2, 16, 64), (1, 16, 64), (16, 64)]
OF_COLUMNS = [of_columns, divisors_of_columns, of_columns_behind_relu, of_columns_behind_a_sum]
OTHERS = [of_rows, one_factor, sums_of_columns]


SEVERAL, SINGLE = SHAPES[:2], SHAPES[2:]
CASES = [
    *((shape, make, False) for shape in SEVERAL for make in OF_COLUMNS + OTHERS),
    *((shape, make, False) for shape in SINGLE for make in (of_columns, of_rows, one_factor)),
    *((shape, make, True) for shape in SHAPES[:3] for make in (of_columns, of_rows)),
]


@pytest.mark.parametrize(("shape", "make", "is_open"), CASES)
@pytest.mark.long
def test_factors_behind_a_product(shape: tuple[int, ...], make: Make, is_open: bool) -> None:
    assert departs(network(shape, make, is_open, goes_on=True), shape) < 0.5


@pytest.mark.parametrize("shape", SEVERAL)
@pytest.mark.long
def test_factors_with_nothing_behind(shape: tuple[int, ...]) -> None:
    assert departs(network(shape, of_columns, is_open=False, goes_on=False), shape) < 0.5


@pytest.mark.parametrize("is_open", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.long
def test_columns_of_very_different_widths(shape: tuple[int, ...], is_open: bool) -> None:
    """Ranges by channel would be made part of the product as well."""
    assert departs(network(shape, one_factor, is_open, goes_on=True), shape, is_wide=True) < 0.5


def planned(source: ov.Model) -> Plan:
    return make_plan(GraphView(source), find_device("CPU"), {})


def test_the_plan_says_why() -> None:
    found = planned(network((2, 2, 16, 64), of_columns, is_open=False, goes_on=True))
    assert {layer.node: layer.reason for layer in found.floats}["product"].startswith(
        "of a product of two tensors"
    )
    assert {layer.node for layer in found.layers} == {"next"}


@pytest.mark.parametrize("make", [one_factor, sums_of_columns])
def test_other_products_run_in_integers(make: Make) -> None:
    found = planned(network((2, 2, 16, 64), make, is_open=False, goes_on=True))
    assert {layer.node for layer in found.layers} == {"product", "next"}


def test_factors_of_a_single_matrix_are_right() -> None:
    found = planned(network((1, 16, 64), of_columns, is_open=False, goes_on=True))
    assert {layer.node for layer in found.layers} == {"product", "next"}
