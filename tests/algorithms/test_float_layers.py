"""Layers in float whose weights are stored in 8 bits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openvino import opset13 as op

import builders
from builders import Items, images
from openvino.tools.pot import DefaultQuantization, compress_model_weights, load_model, quantize, save_model
from openvino.tools.pot.algorithms.job import planned
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.placement.plan import Plan
from openvino.tools.pot.report.plan import described_plan
from openvino.tools.pot.utils.errors import ConfigError
from openvino.tools.pot.utils.runtime import core

SAID = "; its weights have 8 bits"
NAMES = ("a", "b", "c", "d")


def step(source: ov.Output, channels: int, name: str, seed: int) -> ov.Output:
    """A convolution that keeps the size of what it reads, and its activation."""
    values = op.constant(builders.weights((channels, channels, 3, 3), seed, 0.08), name=f"{name}/weights")
    found = op.convolution(source, values, [1, 1], [1, 1], [1, 1], [1, 1], name=name)
    return op.relu(found, name=f"{name}/relu").output(0)


def network(channels: int = 32) -> ov.Model:
    """Three convolutions, a matrix behind them, and few weights at the end."""
    x = builders.parameter([1, channels, 8, 8])
    hidden = x
    for seed, name in enumerate("abc"):
        hidden = step(hidden, channels, name, seed)
    flat = op.reshape(hidden, op.constant([64, channels]), False, name="flat")
    matrix = op.constant(builders.weights((channels, 64), 5), name="d/weights")
    product = op.matmul(flat, matrix, False, False, name="d")
    few = op.constant(builders.weights((64, 2), 6), name="e/weights")
    return builders.model(op.matmul(product, few, False, False, name="e"), x)


def plan_of(source: ov.Model, **params: Any) -> Plan:
    return planned(load_model(source), [DefaultQuantization({"float_layers": "int8_weights", **params})]).plan


def data(count: int = 30) -> Items:
    return Items(images(count, shape=(1, 32, 8, 8)))


def types_of_weights(model: ov.Model) -> dict[str, str]:
    """Layer -> the type of the constant that its weights come from."""
    found = {}
    for node in model.get_ops():
        if node.get_type_name() in ("Convolution", "MatMul"):
            source = node.input_value(1).get_node()
            while source.get_input_size():
                source = source.input_value(0).get_node()
            found[node.get_friendly_name()] = source.get_output_element_type(0).get_type_name()
    return found


@given(st.sets(st.sampled_from(NAMES)))
@settings(max_examples=8, deadline=None)
def test_all_layers_in_float_that_have_enough_weights_are_meant_and_no_others(names: set[str]) -> None:
    plan = plan_of(network(), ignored={"scope": sorted(names)})
    in_float = {layer.node: layer.reason for layer in plan.floats if layer.node in (*NAMES, "e")}
    assert names <= in_float.keys()
    assert {layer.node for layer in plan.kept} == in_float.keys() - {"e"}
    assert {name for name, reason in in_float.items() if reason.endswith(SAID)} == in_float.keys() - {"e"}
    plain = plan_of(network(), ignored={"scope": sorted(names)}, float_layers="float")
    assert plain.kept == ()
    assert (plain.activations, plain.layers) == (plan.activations, plan.layers)
    further = plan.weights[len(plain.weights) :]
    assert plan.weights == (*plain.weights, *further)
    assert {each.readers[0].node for each in further} == in_float.keys() - {"e"}
    assert all(each.reason.endswith(", which stays in float") for each in further)


def test_weights_that_an_int8_layer_reads_too_stay() -> None:
    x = builders.parameter([1, 32, 8, 8])
    shared = op.constant(builders.weights((32, 32, 3, 3)), name="shared")
    one, two = (
        op.convolution(x, shared, [1, 1], [1, 1], [1, 1], [1, 1], name=name).output(0)
        for name in ("one", "two")
    )
    assert plan_of(builders.model([one, two], x), ignored={"scope": ["one"]}).kept == ()


@pytest.mark.long
def test_the_model_holds_integers_and_follows(tmp_path: Path) -> None:
    source = network()
    params = {"ignored": {"scope": ["b", "d"]}}
    plain = quantize(source, data(), **params)
    hybrid = quantize(source, data(), float_layers="int8_weights", **params)
    assert types_of_weights(plain) == {"a": "i8", "b": "f32", "c": "i8", "d": "f32", "e": "f32"}
    assert types_of_weights(hybrid) == {"a": "i8", "b": "i8", "c": "i8", "d": "i8", "e": "f32"}
    sizes = []
    for name, model in (("plain", plain), ("hybrid", hybrid)):
        ov.save_model(model, tmp_path / f"{name}.xml", compress_to_fp16=False)
        sizes.append((tmp_path / f"{name}.bin").stat().st_size)
    assert sizes[1] < 0.5 * sizes[0]
    reference, *runs = (builders.runner(each) for each in (source, plain, hybrid))
    for image in images(4, seed=9, shape=(1, 32, 8, 8)):
        expected = reference(image)[0]
        for once in runs:
            assert np.mean((once(image)[0] - expected) ** 2) < 1e-3 * np.var(expected)


@pytest.mark.long
def test_the_cpu_unpacks_weights_of_convolutions_when_it_compiles() -> None:
    """So they cost no time: what runs is the same as with weights in float."""
    shown = []
    for form in ("float", "int8_weights"):
        params = {"ignored": ["b"], "apply_for_all_nodes": False}
        model = quantize(network(), data(), float_layers=form, **params)
        compiled = core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        nodes = [node.get_rt_info() for node in compiled.get_runtime_model().get_ordered_ops()]
        kinds = [(n["layerType"].astype(str), n["runtimePrecision"].astype(str)) for n in nodes]
        shown.append([kind for kind in kinds if kind[0] != "Const"])
    assert shown[0] == shown[1]
    assert ("Convolution", "f32") in shown[0]


def test_the_plan_knows_the_size_and_the_result_what_became_of_weights(tmp_path: Path) -> None:
    source = load_model(network())
    params = {"ignored": {"scope": ["b", "d"]}, "float_layers": "int8_weights"}
    made = builders.quantized(source, data(), **params)
    plan = planned(source, [DefaultQuantization(params)]).plan
    found = described_plan(source.submodels[0], GraphView(source.submodels[0].model), plan)
    assert [each["node"] for each in found["float"] if each["reason"].endswith(SAID)] == ["b", "d"]
    compress_model_weights(made)
    size = Path(save_model(made, tmp_path)[0]["weights"]).stat().st_size
    assert found["size"]["int8_bytes"] == pytest.approx(size, rel=0.05)
    (sub,) = made.submodels
    stages = [change.stage for change in sub.decided["b/fq_weights_1"]]
    assert stages == ["RangeStage", "RoundingStage"]
    assert [change.stage for change in sub.decided["b"]] == ["BiasStage"]


@pytest.mark.long
def test_weights_are_rounded_by_what_the_layer_gives_and_biases_follow() -> None:
    """As those of layers in INT8 are; the nearest levels without a shift of biases lose more."""
    source, ignored = network(), {"operations": [{"type": "Convolution"}, {"type": "MatMul"}]}
    params = {"ignored": ignored, "float_layers": "int8_weights"}
    correlated = [np.maximum(image + image[:, :1], 0) for image in images(40, shape=(1, 32, 8, 8))]
    best = builders.quantized(source, Items(correlated), **params)
    plain = builders.quantized(
        source, Items(correlated), weight_rounding="nearest", apply_for_all_nodes=False, **params
    )
    noise = []
    for model in (best, plain):
        reference, once = builders.runner(source), builders.runner(model.submodels[0].model)
        further = [np.maximum(image + image[:, :1], 0) for image in images(8, seed=9, shape=(1, 32, 8, 8))]
        noise.append(np.mean([np.mean((reference(x)[0] - once(x)[0]) ** 2) for x in further]))
    assert noise[0] < 0.8 * noise[1]


@pytest.mark.long
def test_a_model_of_weights_in_8_bits_is_not_taken_for_one_that_the_device_computes_wrongly() -> None:
    """Each constant adds to the error that rounding explains, as each layer does."""
    deep = builders.parameter([1, 32, 8, 8])
    hidden = deep
    for seed in range(8):
        hidden = step(hidden, 32, f"c{seed}", seed)
    source = builders.model(builders.conv(hidden, 32, "last", seed=9), deep)
    ignored = {"scope": [f"c{seed}" for seed in range(8)]}
    made = builders.quantized(source, data(), checked=True, ignored=ignored, float_layers="int8_weights")
    assert made.check is not None
    assert made.check.notes == ()
    assert made.check.decibels > 25
    compress_model_weights(made)
    assert {layer: kind for layer, kind in types_of_weights(made.submodels[0].model).items() if kind == "i8"}


def test_gna_has_no_layers_in_float() -> None:
    with pytest.raises(ConfigError, match="float_layers: GNA runs no layer in float, expected float"):
        DefaultQuantization({"target_device": "GNA", "float_layers": "int8_weights"})


@pytest.mark.parametrize("value", ["int8", "int4_weights", True])
def test_other_forms_are_refused(value: Any) -> None:
    with pytest.raises(ConfigError, match="float_layers: input should be 'float' or 'int8_weights'"):
        DefaultQuantization({"float_layers": value})
