"""Constants that two products share, one of them transposed."""

from __future__ import annotations

import numpy as np
import openvino as ov
import openvino.opset13 as op
import pytest

from builders import Items
from openvino.tools.pot import IEEngine, create_pipeline, load_model
from openvino.tools.pot.graph.edits.shared import separated
from openvino.tools.pot.utils.runtime import core

WEIGHTS = np.random.default_rng(0).normal(size=(8, 8)).astype(np.float32)
DATA = np.random.default_rng(1).normal(size=(6, 1, 8)).astype(np.float32)


def network(*transposed: bool, size: int = 8) -> ov.Model:
    """Products of one after the other with the same matrix."""
    source = op.parameter([1, size], np.float32, name="x")
    shared, node, ends = op.constant(WEIGHTS[:size, :size].copy()), source, []
    for number, turned in enumerate(transposed):
        node = op.relu(op.matmul(node, shared, False, turned), name=f"relu{number}")
        ends.append(node)
    return ov.Model([op.result(end) for end in ends], [source], "m")


def test_each_form_has_a_constant_of_its_own() -> None:
    model = network(False, True)
    made = separated(model)
    assert made is not model
    compiled = core().compile_model(made, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    for data in DATA:
        first = np.maximum(data @ WEIGHTS, 0)
        outputs = compiled({"x": data})
        assert np.allclose(outputs[0], first, atol=1e-5)
        assert np.allclose(outputs[1], np.maximum(first @ WEIGHTS.T, 0), atol=1e-4)
    assert separated(made) is made


@pytest.mark.parametrize("transposed", [(False, False), (True, True), (True,)])
def test_others_are_left_as_they_are(transposed: tuple[bool, ...]) -> None:
    model = network(*transposed)
    assert separated(model) is model


def test_ranges_are_those_of_the_network() -> None:
    loader = Items([(data, None) for data in DATA])
    params = {"target_device": "GNA", "stat_subset_size": 6}
    made = create_pipeline(
        [{"name": "MinMaxQuantization", "params": params}], IEEngine({"device": "CPU"}, loader)
    ).run(load_model(network(False, True)))
    second = [np.maximum(np.maximum(data @ WEIGHTS, 0) @ WEIGHTS.T, 0).max() for data in DATA]
    highs = [
        float(node.input_value(2).get_node().data)
        for node in made.submodels[0].model.get_ops()
        if node.get_type_name() == "FakeQuantize"
        and node.input_value(0).get_node().get_friendly_name() == "relu1"
    ]
    assert highs == [pytest.approx(max(second), rel=1e-4)]
