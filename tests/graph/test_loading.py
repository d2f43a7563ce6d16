"""Loading: every source, names that stay the user's, half precision that stays, and sources that stay as they are."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from addict import Dict
from openvino import opset13 as op
from openvino._offline_transformations import compress_model_transformation

import builders
from openvino.tools.pot import compress_model_weights, load_model, quantize, save_model
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.graph.names import fused_names, merged_names, stabilise
from openvino.tools.pot.utils.errors import ConfigError, ModelError

IMAGES = builders.images(3)
ITEMS = builders.labelled(IMAGES)


def fusible(half: bool = False, seed: int = 0) -> ov.Model:
    """conv + mul + add + relu + conv2 + add2 + x * sigmoid(x): OpenVINO fuses the first two and the last two."""
    x = builders.parameter([1, 3, 8, 8])
    scaled = op.multiply(builders.conv(x, 4, "conv", seed=seed), builders.bias(4, "scale"), name="mul")
    hidden = op.relu(op.add(scaled, builders.bias(4, "shift"), name="add"), name="relu")
    second = op.add(builders.conv(hidden, 5, "conv2", seed=1), builders.bias(5, "shift2"), name="add2")
    network = builders.model(op.multiply(second, op.sigmoid(second, name="sigmoid"), name="swish"), x)
    if half:
        compress_model_transformation(network)
    return network


def network_of(model: CompressedModel) -> ov.Model:
    (sub,) = model
    return sub.model


def types(network: ov.Model) -> dict[str, str]:
    return {node.get_friendly_name(): node.get_type_name() for node in network.get_ordered_ops()}


def element_types(network: ov.Model) -> dict[str, str]:
    """Of the constants."""
    return {
        node.get_friendly_name(): node.get_output_element_type(0).get_type_name()
        for node in network.get_ordered_ops()
        if node.get_type_name() == "Constant"
    }


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    ov.save_model(builders.network(), tmp_path / "net.xml", compress_to_fp16=False)
    return tmp_path / "net.xml"


SOURCES: dict[str, Any] = {
    "str": str,
    "Path": Path,
    "config": lambda xml: {"model_name": "net", "model": str(xml), "weights": str(xml.with_suffix(".bin"))},
    "config of paths": lambda xml: {"model_name": "net", "model": xml, "weights": xml.with_suffix(".bin")},
    "addict": lambda xml: Dict(
        {"model_name": "net", "model": str(xml), "weights": str(xml.with_suffix(".bin"))}
    ),
    "model alone": lambda xml: {"model": xml},
    "no weights": lambda xml: {"model_name": "net", "model": xml, "weights": None},
    "empty weights": lambda xml: {"model_name": "net", "model": xml, "weights": ""},
    "openvino.Model": lambda xml: ov.Core().read_model(xml),
    "openvino.Model in a config": lambda xml: {"model_name": "net", "model": ov.Core().read_model(xml)},
    "model object": load_model,
}


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
@pytest.mark.long
def test_every_source_gives_the_same_model(saved: Path, source: Any) -> None:
    model = load_model(source(saved))
    assert builders.stored(model)[1] == builders.stored(builders.network())[1]
    assert builders.stored(builders.quantized(model, ITEMS)) == builders.stored(
        builders.quantized(saved, ITEMS)
    )


def test_weights_may_lie_elsewhere(saved: Path) -> None:
    elsewhere = saved.parent / "other" / "w.bin"
    elsewhere.parent.mkdir()
    saved.with_suffix(".bin").rename(elsewhere)
    model = load_model({"model_name": "m", "model": str(saved), "weights": elsewhere})
    assert builders.stored(model)[1] == builders.stored(builders.network())[1]


def test_old_ir_is_read_as_far_as_openvino_does_and_told_of(saved: Path) -> None:
    text = saved.read_text("utf-8")
    assert 'version="11"' in text
    saved.write_text(text.replace('version="11"', 'version="10"', 1), encoding="utf-8")
    assert load_model(saved).submodels[0].model.inputs
    saved.write_text(text.replace('version="11"', 'version="7"', 1), encoding="utf-8")
    with pytest.raises(
        ModelError, match=r"IR of version 7 is older than OpenVINO reads \(10\): convert its source"
    ):
        load_model(saved)


@pytest.mark.parametrize("name", ["net.v1.2", "public/net", "/tmp/net"])
def test_the_name_is_kept(saved: Path, name: str) -> None:
    assert load_model({"model_name": name, "model": saved}).name == name


def test_onnx(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    helper, convert = onnx.helper, onnx.numpy_helper.from_array
    initializers = {
        "w": builders.weights((4, 3, 3, 3)),
        "scale": builders.weights((4,), 1),
        "shift": builders.weights((4,), 2),
        "mean": builders.weights((4,), 3),
        "variance": np.abs(builders.weights((4,), 4)) + 1,
    }
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], name="conv", pads=[1, 1, 1, 1]),
        helper.make_node(
            "BatchNormalization", ["c", "scale", "shift", "mean", "variance"], ["b"], name="norm"
        ),
        helper.make_node("Relu", ["b"], ["y"], name="relu"),
    ]
    ends = [
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
        for name, shape in (("x", [1, 3, 8, 8]), ("y", [1, 4, 8, 8]))
    ]
    arrays = [convert(array, name) for name, array in initializers.items()]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], arrays)
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    (tmp_path / "net.onnx").write_bytes(proto.SerializeToString())
    expected = builders.run(ov.Core().read_model(tmp_path / "net.onnx"), IMAGES[0])[0]

    model = builders.quantized({"model": tmp_path / "net.onnx"}, ITEMS)
    assert model.name == "net"
    found = builders.run(network_of(model), IMAGES[0])[0]
    assert np.abs(found - expected).max() < 0.1 * np.abs(expected).max()
    assert {"conv": "Convolution", "y": "Relu"}.items() <= types(network_of(model)).items()
    ignored = builders.quantized(tmp_path / "net.onnx", ITEMS, ignored={"scope": ["conv"]})
    assert "FakeQuantize" not in types(network_of(ignored)).values()
    paths = save_model(model, tmp_path)
    assert np.array_equal(builders.run(ov.Core().read_model(paths[0]["model"]), IMAGES[0])[0], found)


def test_reading_what_must_be_converted_leaves_the_logging_of_others_alone(tmp_path: Path) -> None:
    (tmp_path / "net").write_bytes(b"")
    before = logging.getLogger().level
    with pytest.raises(ModelError):
        load_model(tmp_path / "net")
    assert logging.getLogger().level == before < logging.ERROR


@pytest.mark.parametrize("make", [builders.network, fusible, lambda: fusible(half=True)])
def test_the_users_model_is_never_changed(make: Any) -> None:
    network = make()
    before = builders.stored(network)
    model = builders.quantized(network, ITEMS)
    compress_model_weights(model)
    assert builders.stored(network) == before
    loaded = load_model(network)
    before = builders.stored(loaded)
    compress_model_weights(builders.quantized(loaded, ITEMS))
    assert builders.stored(loaded) == before


def test_what_made_a_model_is_not_written_into_its_source() -> None:
    once = builders.quantized(builders.network(), ITEMS, ignored={"scope": ["conv2"]})
    before = builders.stored(once)
    twice = builders.quantized(once, ITEMS, stat_subset_size=2)
    assert builders.stored(once) == before
    assert types(network_of(twice))["conv2/fq_input_0"] == "FakeQuantize"
    assert list(types(network_of(twice)).values()).count("FakeQuantize") == 4


def test_fusing_keeps_the_function() -> None:
    loaded = network_of(load_model(fusible()))
    assert set(types(loaded).values()) >= {"Convolution", "Swish"}
    assert "mul" in types(loaded)
    expected = builders.run(fusible(), IMAGES[0])[0]
    np.testing.assert_allclose(builders.run(loaded, IMAGES[0])[0], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["conv", "mul"])
def test_an_original_name_in_the_ignored_scope(name: str) -> None:
    found = types(network_of(builders.quantized(fusible(), ITEMS, ignored={"scope": [name]})))
    assert [node for node, kind in found.items() if kind == "FakeQuantize"] == [
        "conv2/fq_input_0",
        "conv2/fq_weights_1",
    ]


def test_names_of_the_user_stay() -> None:
    user = set(types(fusible()))
    loaded = set(types(network_of(load_model(fusible()))))
    assert loaded - user == {"mul/Constant"}
    quantized = set(types(network_of(builders.quantized(fusible(), ITEMS))))
    assert user - quantized <= {"conv", "conv/weights", "scale", "sigmoid", "shift", "shift2"}


def test_a_name_claimed_by_several_nodes_is_the_operations() -> None:
    """The constant made of weights and scale remembers ``conv`` too."""
    model = load_model(fusible())
    (sub,) = model
    constant = next(n for n in sub.model.get_ops() if n.get_friendly_name() == "mul/Constant")
    assert "conv" in merged_names(constant, {"conv"})
    assert sub.renamed["conv"] == "mul"
    assert sub.renamed["conv/weights"] == "mul/Constant"
    assert sub.renamed["sigmoid"] == "swish"


def test_names_with_commas() -> None:
    x = builders.parameter([1, 3, 8, 8])
    scaled = op.multiply(builders.conv(x, 4, "conv,1"), builders.bias(4, "scale"), name="mul,a,b")
    network = builders.model(op.relu(scaled, name="b"), x)
    (sub,) = load_model(network)
    assert sub.renamed["conv,1"] == "mul,a,b"
    found = builders.quantized(network, ITEMS, ignored={"scope": ["conv,1"]})
    assert "FakeQuantize" not in types(network_of(found)).values()


def test_a_name_that_is_nowhere_is_refused() -> None:
    with pytest.raises(ConfigError, match="no node 'con'; did you mean 'conv'"):
        builders.quantized(fusible(), ITEMS, ignored={"scope": ["con"]})


def test_two_nodes_of_one_name() -> None:
    x = builders.parameter([1, 3, 8, 8])
    network = builders.model(builders.conv(builders.conv(x, 4, "same"), 4, "same", seed=1), x)
    found = types(network_of(builders.quantized(network, ITEMS)))
    assert [name for name, kind in found.items() if kind == "Convolution"] == ["same", "same_1"]
    assert list(found.values()).count("FakeQuantize") == 4


@pytest.mark.parametrize("given", [["same"], {"scope": ["same"]}])
def test_an_ignored_name_that_several_nodes_bear_takes_all_of_them(given: Any) -> None:
    x = builders.parameter([1, 3, 8, 8])
    first, second = builders.conv(x, 4, "same"), builders.conv(op.relu(x), 4, "same", seed=1)
    network = builders.model(builders.conv(op.relu(op.add(first, second)), 4, "other", seed=2), x)
    kinds = types(quantize(network, IMAGES, ignored=given))
    assert [name for name, kind in kinds.items() if kind == "FakeQuantize"] == ["other/fq_input_0"]
    for model in (load_model(network), load_model(network).clone()):
        assert model.submodels[0].bearers("same") == ("same", "same_1")
        assert model.submodels[0].bearers("other") == ("other",)


def test_all_operations_that_took_a_name_in_stand_for_it() -> None:
    x = builders.parameter([1, 4])
    constant = op.constant(np.float32(2), name="c")
    network = builders.model(op.add(op.relu(x, name="a"), op.multiply(x, constant, name="b"), name="d"), x)
    for node in network.get_ops():
        if node.get_friendly_name() in ("a", "b", "c"):
            node.get_rt_info()["fused_names_0"] = f"{node.get_friendly_name()},gone"
    assert fused_names(network, {"gone": "Sigmoid", "a": "Relu"}) == {"gone": ["a", "b"]}


def test_stable_names_depend_on_the_place_alone() -> None:
    def named() -> tuple[list[str], dict[str, str]]:
        x = builders.parameter([1, 4])
        doubled = op.multiply(x, op.constant(np.float32(2)), name="kept")
        network = builders.model(op.add(op.relu(doubled), op.constant(np.float32(1))), x)
        renamed = stabilise(network, ["kept", "x"])
        return [node.get_friendly_name() for node in network.get_ordered_ops()], renamed

    (first, renamed), (second, _) = named(), named()
    assert first == second
    assert len(set(first)) == len(first)
    assert {"kept", "x", "kept/Constant"} <= set(first)
    assert renamed["kept"] == "kept"


def test_a_name_that_openvino_makes_up_gives_way_to_the_users() -> None:
    x = builders.parameter([1, 4])
    relu = op.relu(x)
    network = builders.model(op.tanh(relu, name=relu.get_name()), x)
    stabilise(network, [relu.get_name()])
    assert types(network)[relu.get_name()] == "Tanh"
    assert len(types(network)) == len(network.get_ops())


def half_stored(network: ov.Model) -> set[str]:
    return {name for name, kind in element_types(network).items() if kind == "f16"}


def test_half_precision_stays_where_nothing_is_fused(tmp_path: Path) -> None:
    ov.save_model(builders.network(), tmp_path / "m.xml", compress_to_fp16=True)
    source = ov.Core().read_model(tmp_path / "m.xml")
    loaded = load_model(tmp_path / "m.xml")
    assert half_stored(network_of(loaded)) == half_stored(source) != set()
    assert "f32" not in element_types(network_of(loaded)).values()


@pytest.mark.parametrize("read", [False, True])
def test_half_precision_stays_where_something_is_fused(tmp_path: Path, read: bool) -> None:
    source = fusible(half=True)
    expected = builders.run(source, IMAGES[0])[0]
    if read:
        ov.save_model(source, tmp_path / "m.xml", compress_to_fp16=False)
        source = ov.Core().read_model(tmp_path / "m.xml")
    loaded = network_of(load_model(source))
    kinds = element_types(loaded)
    assert kinds == {
        "mul/Constant": "f32",  # weights times scale are new values
        "shift_compressed": "f16",
        "conv2/weights_compressed": "f16",
        "shift2_compressed": "f16",
    }
    assert "Swish" in types(loaded).values()
    np.testing.assert_allclose(builders.run(loaded, IMAGES[0])[0], expected, rtol=1e-4, atol=1e-5)
    save_model(loaded, tmp_path, "out")
    reread = ov.Core().read_model(tmp_path / "out.xml")
    assert half_stored(reread) == half_stored(loaded)
    assert {name for name in types(reread) if "decompression_0" in node(reread, name).get_rt_info()} == {
        "shift",
        "conv2/weights",
        "shift2",
    }


def node(network: ov.Model, name: str) -> ov.Node:
    return next(found for found in network.get_ops() if found.get_friendly_name() == name)


def test_half_precision_of_layers_left_in_float(tmp_path: Path) -> None:
    model = builders.quantized(fusible(half=True), ITEMS, ignored={"scope": ["conv2"]})
    compress_model_weights(model)
    kinds = element_types(network_of(model))
    assert kinds["conv2/weights_compressed"] == "f16"
    assert [kind for name, kind in kinds.items() if name.startswith("mul/fq_weights_1/quantized")] == ["i8"]


def test_a_constant_transposed_by_fusing_is_stored_in_half_precision_again() -> None:
    x = builders.parameter([1, 4])
    product = op.matmul(x, op.constant(builders.weights((4, 6)), name="w"), False, False, name="m")
    network = builders.model(op.multiply(product, op.sigmoid(product, name="s"), name="swish"), x)
    compress_model_transformation(network)
    loaded = network_of(load_model(network))
    assert types(loaded)["swish"] == "Swish"
    assert node(loaded, "m").get_attributes()["transpose_b"], "OpenVINO has left the weights as they were"
    assert element_types(loaded) == {"w_compressed": "f16"}
    assert "decompression_0" in node(loaded, "w").get_rt_info()
    row = np.ones((1, 4), np.float32)
    np.testing.assert_allclose(builders.run(loaded, row)[0], builders.run(network, row)[0], rtol=1e-5)


def test_single_precision_stays_single() -> None:
    assert set(element_types(network_of(load_model(fusible()))).values()) == {"f32"}


@pytest.mark.parametrize("places", [[0, 0, 0, 0], [0]])
def test_a_lookup_of_rows_is_not_optimised_away(places: list[int]) -> None:
    x = op.parameter([2, 6], np.float32, name="x")
    rows = op.gather(
        op.unsqueeze(x, op.constant(np.array([1]))), op.constant(np.array(places)), op.constant(1)
    )
    network = ov.Model(
        [op.result(op.reduce_sum(op.relu(rows), op.constant(np.array([1])), False))], [x], "rows"
    )
    value = np.random.default_rng(0).standard_normal((2, 6)).astype(np.float32)
    (found,) = builders.run(network_of(load_model(network)), value)
    assert np.allclose(found, len(places) * np.maximum(value, 0))


def test_optimisations_that_change_a_shape_are_left_out() -> None:
    x = op.parameter([1, 9, 32], np.float32, name="x")
    sums = op.reduce_l1(op.unsqueeze(x, op.constant(np.array([2]))), op.constant(np.array([1])), False)
    rows = op.gather(sums, op.constant(np.array([0, 0, 0, 0])), op.constant(1))
    network = ov.Model([op.result(op.relu(rows))], [x], "rows")
    value = np.random.default_rng(0).standard_normal((1, 9, 32)).astype(np.float32)
    (found,) = builders.run(network_of(load_model(network)), value)
    np.testing.assert_allclose(found, np.tile(np.abs(value).sum(1)[:, None], (1, 4, 1)), rtol=1e-5)
