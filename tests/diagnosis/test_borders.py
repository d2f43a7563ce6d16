"""Borders of tensors as a model measures them are those that numpy finds in them."""

from __future__ import annotations

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

from builders import conv, images, model, parameter, run
from openvino.tools.pot.diagnosis.borders import Borders
from openvino.tools.pot.graph.tensors import TensorId

TENSORS = ("layer", "cut", "moved", "cut_again")


@pytest.fixture
def network() -> ov.Model:
    """A layer whose output is cut off at zero, moved so that channels begin above and below zero, and cut off again."""
    x = parameter([1, 3, 8, 8])
    cut = op.relu(conv(x, 4, "layer"), name="cut")
    moves = np.float32([-1, 0, 0.5, 2]).reshape(1, 4, 1, 1)
    moved = op.add(cut, op.constant(moves), name="moved")
    return model(op.relu(moved, name="cut_again"), x)


@pytest.mark.parametrize("axis", [1, None])
def test_borders_are_those_of_the_tensors(network: ov.Model, axis: int | None) -> None:
    (image,) = images(1)
    borders = Borders(network)
    slots = [borders.range(TensorId(name), axis) for name in TENSORS]
    lows, highs = run(borders.model(), image)
    nodes = {node.get_friendly_name(): node for node in network.get_ops()}
    values = run(ov.Model([op.result(nodes[name]) for name in TENSORS], network.get_parameters()), image)
    for slot, value in zip(slots, values, strict=True):
        kept = (0, 2, 3) if axis == 1 else None
        np.testing.assert_allclose(slot.of(lows), np.ravel(value.min(axis=kept)), atol=1e-6)
        np.testing.assert_allclose(slot.of(highs), np.ravel(value.max(axis=kept)), atol=1e-6)


def test_what_is_cut_off_is_not_measured_once_more(network: ov.Model) -> None:
    borders = Borders(network)
    for name in TENSORS:
        borders.range(TensorId(name), 1)
    kinds = [node.get_type_name() for node in borders.model().get_ops()]
    assert (kinds.count("ReduceMin"), kinds.count("ReduceMax")) == (2, 2)
