"""``openvino.offline_transformations``: what OpenVINO still has works, on networks of both APIs; the rest says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

import builders
from openvino.tools.pot.legacy import offline_transformations as transformations
from openvino.tools.pot.legacy.inference_engine import IENetwork
from openvino.tools.pot.utils.errors import ModelError

IMAGE = builders.images(1)[0]


def kinds(model: ov.Model) -> list[str]:
    return [node.get_type_name() for node in model.get_ordered_ops()]


def foldable() -> ov.Model:
    x = builders.parameter([1, 3])
    one = op.constant(np.ones(1, np.float32))
    return builders.model(op.add(x, op.add(one, one)), x)


@pytest.mark.parametrize("name", ["apply_moc_transformations", "ApplyMOCTransformations"])
@pytest.mark.parametrize("wrap", [lambda model: model, IENetwork])
def test_common_transformations_fold_constants(name: str, wrap: Any) -> None:
    model = foldable()
    getattr(transformations, name)(wrap(model), cf=True)
    assert kinds(model).count("Add") == 1
    np.testing.assert_array_equal(builders.run(model, np.zeros((1, 3), np.float32))[0], np.full((1, 3), 2.0))


def test_weights_become_halves() -> None:
    model = builders.network()
    transformations.compress_model_transformation(model)
    constants = [node for node in model.get_ops() if node.get_type_name() == "Constant"]
    assert {node.get_element_type() for node in constants} == {ov.Type.f16}
    (expected,) = builders.run(builders.network(), IMAGE)
    np.testing.assert_allclose(builders.run(model, IMAGE)[0], expected, atol=2e-2)


def test_a_model_becomes_stateful() -> None:
    a, b = builders.parameter([1, 3], "a"), builders.parameter([1, 3], "b")
    model = builders.model([op.add(a, b), op.relu(a)], a, b)
    transformations.apply_make_stateful_transformation(model, {"a": "y"})
    assert [port.get_any_name() for port in model.inputs] == ["b"]
    assert "Assign" in kinds(model)


@pytest.mark.parametrize(
    "arguments",
    [
        lambda folder: ((f"{folder}/m.xml", f"{folder}/m.bin"), {}),
        lambda folder: ((folder / "m.xml",), {}),
        lambda folder: (
            (),
            {"xml_path": f"{folder}/m.xml", "bin_path": folder / "m.bin", "version": "IR_V11"},
        ),
        lambda folder: ((), {"model_path": f"{folder}/m.xml", "weights_path": f"{folder}/m.bin"}),
        lambda folder: ((f"{folder}/m.xml".encode(), f"{folder}/m.bin".encode()), {}),
    ],
    ids=["positions", "no weights", "names", "other names", "bytes"],
)
@pytest.mark.parametrize("wrap", [lambda model: model, IENetwork], ids=["model", "network"])
def test_serialize(tmp_path: Path, arguments: Any, wrap: Any) -> None:
    args, kwargs = arguments(tmp_path)
    transformations.serialize(wrap(builders.network()), *args, **kwargs)
    (expected,) = builders.run(builders.network(), IMAGE)
    read = ov.Core().read_model(tmp_path / "m.xml", tmp_path / "m.bin")
    np.testing.assert_array_equal(builders.run(read, IMAGE)[0], expected)


@pytest.mark.parametrize(
    "name",
    ["generate_mapping_file", "GenerateMappingFile", "apply_pot_transformations", "ApplyPOTTransformations"],
)
def test_what_has_no_counterpart_says_so_when_it_is_called(name: str) -> None:
    with pytest.raises(
        ModelError, match=f"^{name} of openvino.offline_transformations has no counterpart today: "
    ):
        getattr(transformations, name)(builders.network(), "path", True)


def test_names_that_never_were_are_not_there() -> None:
    for name in ("apply_nothing", "_base", "ApplyNothing"):
        assert not hasattr(transformations, name)
    with pytest.raises(ModelError, match="there is no 'xml_path'"):
        transformations.serialize(builders.network())
