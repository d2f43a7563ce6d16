"""Bounds behind activations: where samples showed them, without effect on sound networks, and against flipped bits."""

from __future__ import annotations

from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op
from openvino.tools import pot

import builders
from openvino.tools.pot.graph.model import CompressedModel


def entry(name: str, **params: Any) -> dict[str, Any]:
    return {"name": name, "params": params}


def made(network: ov.Model, *algorithms: dict[str, Any]) -> CompressedModel:
    engine = pot.IEEngine({}, builders.labelled(builders.images(40)))
    return pot.create_pipeline(algorithms, engine).run(network)


def clamps(model: CompressedModel) -> dict[str, ov.Node]:
    nodes = model.submodels[0].model.get_ops()
    return {node.get_friendly_name(): node for node in nodes if node.get_type_name() == "Clamp"}


def with_a_flipped_bit(network: ov.Model) -> ov.Model:
    """The highest bit of the exponent of one weight of the first convolution."""
    damaged = network.clone()
    for node in damaged.get_ops():
        if node.get_type_name() == "Convolution" and node.get_friendly_name() == "conv1":
            values = np.array(node.input_value(1).get_node().data, np.float32)
            values.reshape(-1).view(np.uint32)[5] ^= 1 << 30
            node.input(1).replace_source_output(op.constant(values).output(0))
    return damaged


def test_bounds_are_what_samples_showed() -> None:
    source = builders.network()
    model = made(source, entry("RangeSupervision"))
    (clamp,) = clamps(model).values()
    inner = ov.Model([source.get_ordered_ops()[-1].input_value(0)], source.get_parameters())
    relu = next(node for node in source.get_ops() if node.get_friendly_name() == "relu1")
    inner = ov.Model([relu.output(0)], source.get_parameters(), "inner")
    once = builders.runner(inner)
    largest = max(float(once(image)[0].max()) for image in builders.images(40))
    assert clamp.get_attributes()["min"] == 0
    assert clamp.get_attributes()["max"] == pytest.approx(largest, rel=1e-5)


def test_a_sound_network_gives_the_same_on_the_samples() -> None:
    source = builders.network()
    model = made(source, entry("RangeSupervision"))
    for image in builders.images(5):
        wanted, found = (builders.run(each, image)[0] for each in (source, model.submodels[0].model))
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)


def test_a_flipped_bit_does_less_harm() -> None:
    source = builders.network()
    guarded = made(source, entry("RangeSupervision")).submodels[0].model
    image = builders.images(1, seed=9)[0]
    wanted = builders.run(source, image)[0]
    errors = [
        float(np.abs(builders.run(with_a_flipped_bit(each), image)[0] - wanted).max())
        for each in (source, guarded)
    ]
    assert errors[0] > 1e6
    assert errors[1] < 100 * np.abs(wanted).max()


@pytest.mark.long
@pytest.mark.parametrize("behind", [False, True])
def test_with_quantizing_it_may_stand_before_or_behind(behind: bool) -> None:
    both = [entry("RangeSupervision"), entry("DefaultQuantization")]
    model = made(builders.network(), *(reversed(both) if behind else both))
    assert list(clamps(model)) == ["relu1/bounds"]
    plain = builders.quantized(builders.network(), builders.labelled(builders.images(40)))
    image = builders.images(1, seed=9)[0]
    wanted, found, other = (
        builders.run(each, image)[0]
        for each in (builders.network(), model.submodels[0].model, plain.submodels[0].model)
    )
    assert np.mean((found - wanted) ** 2) < 2 * np.mean((other - wanted) ** 2)


def test_ignored_activations_have_no_bounds_and_outputs_keep_their_names() -> None:
    x = builders.parameter([1, 3, 8, 8])
    first = op.sigmoid(builders.conv(x, 4, "conv1"), name="first")
    first.output(0).set_names({"seen"})
    last = op.tanh(builders.conv(first, 4, "conv2"), name="last")
    source = builders.model([last, first], x)
    model = made(source, entry("RangeSupervision", ignored={"scope": ["last"]}))
    assert list(clamps(model)) == ["first/bounds"]
    result = model.submodels[0].model
    assert [port.get_names() for port in result.outputs] == [port.get_names() for port in source.outputs]


def test_networks_without_layers_have_bounds_too() -> None:
    x = builders.parameter([1, 3, 8, 8])
    model = made(builders.model(op.tanh(x, name="only"), x), entry("RangeSupervision"))
    assert list(clamps(model)) == ["only/bounds"]
