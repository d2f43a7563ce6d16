"""Cascades, and the helpers that look at nodes of models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

import builders
from openvino.tools.pot import IEEngine, create_pipeline, load_model, save_model
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.graph.model_utils import (
    add_outputs,
    compress_model_weights,
    get_node_by_name,
    get_nodes_by_type,
)
from openvino.tools.pot.utils.errors import EngineError, ModelError


@pytest.fixture
def cascade(tmp_path: Path) -> CompressedModel:
    entries = []
    for number, name in enumerate(("pnet", "rnet")):
        paths = save_model(builders.network(number), tmp_path / "in", name)[0]
        entries.append({"name": name, "model": paths["model"], "weights": Path(paths["weights"])})
    return load_model({"model_name": "mtcnn", "cascade": entries})


def test_a_cascade_has_its_models_in_order(cascade: CompressedModel) -> None:
    assert (cascade.name, cascade.is_cascade) == ("mtcnn", True)
    assert [entry["name"] for entry in cascade.models] == ["pnet", "rnet"]
    assert all(isinstance(entry["model"], ov.Model) for entry in cascade.models)
    assert [sub.name for sub in cascade] == ["pnet", "rnet"]


def test_a_cascade_is_saved_by_names(cascade: CompressedModel, tmp_path: Path) -> None:
    out = tmp_path / "out"
    found = save_model(cascade, out)
    assert found == [
        {"name": name, "model": f"{out}/{name}.xml", "weights": f"{out}/{name}.bin"}
        for name in ("pnet", "rnet")
    ]
    named = cascade.save(str(out), "path/to/opt.v2")
    assert [Path(entry["model"]).name for entry in named] == ["opt.v2_pnet.xml", "opt.v2_rnet.xml"]
    again = load_model({"cascade": named})
    assert [builders.stored(a.model)[1] for a in again] == [builders.stored(b.model)[1] for b in cascade]


def test_submodels_named_after_folders_get_files_of_their_own(tmp_path: Path) -> None:
    entries = [{"name": f"{part}/model", "model": builders.network()} for part in ("a", "b")]
    found = save_model(load_model({"cascade": entries}), tmp_path)
    assert [Path(entry["model"]).name for entry in found] == ["a_model.xml", "b_model.xml"]


def test_names_of_a_cascade_are_unique() -> None:
    entries = [{"name": "a", "model": builders.network()}] * 2
    with pytest.raises(ValueError, match=r"cascade names \['a', 'a'\] are not unique"):
        load_model({"cascade": entries})


def test_nodes_of_a_cascade_have_full_names(cascade: CompressedModel) -> None:
    nodes = get_nodes_by_type(cascade, ["Convolution"])
    assert [(node.name, node.fullname, node.type) for node in nodes] == [
        (name, f"{sub}_{name}", "Convolution") for sub in ("pnet", "rnet") for name in ("conv1", "conv2")
    ]
    assert get_node_by_name(cascade, "rnet_conv2").fullname == "rnet_conv2"
    assert get_node_by_name(cascade, "conv2").fullname == "pnet_conv2"
    with pytest.raises(ModelError, match="no node 'rnet_conv3'; did you mean 'rnet_conv"):
        get_node_by_name(cascade, "rnet_conv3")


def test_full_names_that_look_alike() -> None:
    """Node ``b_conv1`` of ``a`` and node ``conv1`` of ``a_b``."""
    x = builders.parameter([1, 3, 8, 8])
    first = builders.model(op.relu(builders.conv(x, 4, "b_conv1")), x)
    config = {"cascade": [{"name": "a", "model": first}, {"name": "a_b", "model": builders.network()}]}
    found = load_model(config)
    added = add_outputs(found, ["a_b_conv2", "a_b_conv1"])
    assert [len(sub.model.outputs) for sub in found] == [2, 2]
    assert added["a_b_conv2"].get_shape() == ov.Shape([1, 5, 8, 8])


def test_a_cascade_is_refused_by_engine_and_pipeline(cascade: CompressedModel) -> None:
    engine = IEEngine({}, builders.labelled(builders.images(2)))
    engine.set_model(cascade)
    with pytest.raises(EngineError, match=r"IEEngine runs one model, found a cascade of \['pnet', 'rnet'\]"):
        engine.predict()
    pipeline = create_pipeline([{"name": "DefaultQuantization", "params": {}}], engine)
    with pytest.raises(EngineError, match="subclass it, override _predict"):
        pipeline.run(cascade)


def test_an_engine_of_the_users_may_run_a_cascade(cascade: CompressedModel) -> None:
    class Both(IEEngine):
        def _predict(self, stats_layout: Any, sampler: Any, *_: Any, **__: Any) -> Any:
            assert self._model is not None
            shapes = []
            for entry in self._model.models:
                feed = self._fill_input(entry["model"], [builders.images(1)[0]])
                shapes.append(builders.run(entry["model"], *feed.values())[0].shape)
            return shapes, None

    engine = Both({}, builders.labelled(builders.images(1)))
    engine.set_model(cascade)
    assert engine.predict() == ([(1, 5, 8, 8)] * 2, None)


def test_a_clone_can_be_edited_apart(cascade: CompressedModel) -> None:
    before = [builders.stored(sub.model) for sub in cascade]
    add_outputs(cascade.clone(), ["pnet_conv1"])
    assert [builders.stored(sub.model) for sub in cascade] == before


def test_loading_a_model_object_clones_it() -> None:
    model = load_model(builders.network())
    before = builders.stored(model)
    add_outputs(load_model(model), ["conv1"])
    assert builders.stored(model) == before


def test_an_optimised_model_is_told_by_its_nodes() -> None:
    float_model = load_model(builders.network())
    assert not get_nodes_by_type(float_model, ["FakeQuantize"])
    model = builders.quantized(float_model, builders.labelled(builders.images(2)))
    nodes = get_nodes_by_type(model, ["FakeQuantize"])
    assert [(node.name, node.fullname, node.type) for node in nodes][:1] == [
        ("conv1/fq_input_0", "conv1/fq_input_0", "FakeQuantize")
    ]
    assert len(nodes) == 4
    assert (
        nodes
        == get_nodes_by_type(model, "FakeQuantize")
        == get_nodes_by_type(model.submodels[0].model, ["FakeQuantize"])
    )
    compress_model_weights(model)
    assert len(get_nodes_by_type(model, ["FakeQuantize"])) == 2


def test_weights_are_compressed_in_an_openvino_model_too() -> None:
    model = builders.quantized(builders.network(), builders.labelled(builders.images(2)))
    before = builders.run(model.submodels[0].model, builders.images(1)[0])[0]
    compress_model_weights(model.submodels[0].model)
    compress_model_weights(model)  # nothing is left to do
    after = builders.run(model.submodels[0].model, builders.images(1)[0])[0]
    np.testing.assert_allclose(after, before, atol=1e-5)


@pytest.mark.parametrize("kind", [load_model, lambda network: network])
def test_add_outputs(kind: Any) -> None:
    network = builders.network()
    model = kind(network)
    owner = model if isinstance(model, ov.Model) else model.submodels[0].model
    added = add_outputs(model, ["relu1", "add2"])
    assert list(added) == ["relu1", "add2"]
    assert [sorted(port.get_names()) for port in owner.outputs] == [["y"], ["relu1"]]
    assert added["add2"].get_names() == {"y"}
    image = builders.images(1)[0]
    results = builders.run(owner, image)
    assert results[1].min() == 0
    assert results[1].shape == (1, 4, 8, 8)
    assert [port.get_node().get_friendly_name() for port in owner.outputs] == ["y", "relu1/result"]
    again = add_outputs(model, "relu1")
    assert len(owner.outputs) == 2
    assert again["relu1"].get_names() == {"relu1"}


def test_add_outputs_of_an_unknown_node_changes_nothing() -> None:
    model = load_model(builders.network())
    before = builders.stored(model)
    with pytest.raises(ModelError, match="no node 'relu7'; did you mean 'relu1'"):
        add_outputs(model, ["conv1", "relu7"])
    assert builders.stored(model) == before


def test_names_from_before_fusing_find_their_node() -> None:
    x = builders.parameter([1, 3, 8, 8])
    scaled = op.multiply(builders.conv(x, 4, "conv"), builders.bias(4, "scale"), name="mul")
    network = builders.model(op.relu(scaled, name="relu"), x)
    model = load_model({"cascade": [{"name": "a", "model": network}, {"name": "b", "model": network}]})
    for name, found in (("conv", "a_mul"), ("a_conv", "a_mul"), ("b_conv", "b_mul"), ("b_mul", "b_mul")):
        node = get_node_by_name(model, name)
        assert (node.fullname, node.type) == (found, "Convolution")
