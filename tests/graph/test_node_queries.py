"""What scripts ask of the nodes of a model."""

from __future__ import annotations

from pathlib import Path

import openvino as ov
from openvino import opset13 as op

import builders
from openvino.tools.pot import load_model, save_model
from openvino.tools.pot.graph.model_utils import get_nodes_by_type


def with_bodies() -> ov.Model:
    """A Relu in the model, one in a branch, and a Sigmoid in the other."""
    x = builders.parameter([1, 4])
    first, second = (builders.parameter([1, 4], "inner") for _ in range(2))
    within = builders.model(op.relu(first, name="within"), first)
    other = builders.model(op.sigmoid(second), second)
    branch = op.if_op(op.constant(True))
    branch.set_then_body(within)
    branch.set_else_body(other)
    outside = op.relu(x, name="outside")
    branch.set_input(outside.output(0), within.get_parameters()[0], other.get_parameters()[0])
    result = branch.set_output(within.get_results()[0], other.get_results()[0])
    return builders.model(result, x)


def test_bodies_are_looked_through_unless_asked_not_to() -> None:
    model = load_model(with_bodies())
    assert [node.name for node in get_nodes_by_type(model, ["Relu"])] == ["outside", "within"]
    assert [node.name for node in get_nodes_by_type(model, ["Relu"], recursively=False)] == ["outside"]
    assert len(get_nodes_by_type(model, ["Sigmoid"])) == 1


def test_a_cascade_of_one_network_is_none(tmp_path: Path) -> None:
    ov.save_model(builders.network(), tmp_path / "file.xml")
    entry = {"name": "one", "model": tmp_path / "file.xml", "weights": tmp_path / "file.bin"}
    model = load_model({"model_name": "many", "cascade": [entry]})
    assert not model.is_cascade
    found = save_model(model, tmp_path / "out")
    assert found == [
        {"model": f"{tmp_path}/out/tiny.xml", "weights": f"{tmp_path}/out/tiny.bin"}
    ]  # as POT has it
