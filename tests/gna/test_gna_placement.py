"""Quantizers for GNA stand where POT put them, with as many levels.

``pot.json`` holds what POT of OpenVINO 2022.3.2 made of the same networks, as lines of a producer, its readers, and
levels.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gna_networks as networks
import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

from builders import Items
from openvino.tools.pot import IEEngine, create_pipeline, load_model

POT: dict[str, list[str]] = json.loads(Path(__file__).with_name("pot.json").read_text(encoding="utf-8"))
# Names of these differ between the two ways to read ONNX.
BY_TYPE = ("Assign", "Constant", "LSTMSequence", "ReadValue", "Result", "Transpose")
# POT takes a product with an input for the scaling of that input, whatever the other factor is, and leaves both alone.
GATED = ["c_in -> f_c.1: 65536", "sf -> f_c.0: 65536"]
# Beside a sum, POT gives a convolution's input 16 bits or 8, as its way through the graph has it: the same place in
# another network had 8. Ours are always 8.
NARROW = "relu1 -> add_res.1, c2/WithoutBiases.0: "


def label(node: ov.Node) -> str:
    name: str = node.get_friendly_name()
    if node.get_type_name() in BY_TYPE:
        return str(node.get_type_name())
    return name.removesuffix("/add_bias")  # that bias correction adds


def lines(model: ov.Model) -> list[str]:
    found = []
    for node in model.get_ops():
        if node.get_type_name() == "FakeQuantize":
            readers = sorted(
                f"{label(port.get_node())}.{port.get_index()}" for port in node.output(0).get_target_inputs()
            )
            producer = label(node.input_value(0).get_node())
            if producer == "LSTMSequence":
                readers = ["reader"]  # how outputs are brought into ONNX's shapes differs, too
            many = np.size(node.input_value(2).get_node().data) > 1
            levels = f"{node.get_attributes()['levels']}{' per channel' if many else ''}"
            found.append(f"{producer} -> {', '.join(readers)}: {levels}")
    return sorted(found)


class Utterances(IEEngine):
    """Feeds the steps of each sample one after the other, from the initial state on."""

    def _predict(self, stats_layout: Any, sampler: Any, *more: Any) -> Any:
        request = self._ie.compile_model(self._model).create_infer_request()
        for batch in sampler:
            request.reset_state()
            for feed in batch[0][1]:
                request.infer(feed)


def quantized(model: ov.Model, count: int = 8, **params: object) -> ov.Model:
    feeds: list[Any] = networks.feeds(model, count)
    kind = Utterances if model.get_variables() else IEEngine
    if kind is Utterances:
        feeds = [feeds[:3], feeds[3:]]
    engine = kind({"device": "CPU"}, Items([((index, None), feed) for index, feed in enumerate(feeds)]))
    pipeline = create_pipeline([{"name": "DefaultQuantization", "params": params}], engine)
    return pipeline.run(load_model(model)).submodels[0].model


@pytest.mark.parametrize("case", POT)
@pytest.mark.long
def test_as_pot_placed_them(case: str) -> None:
    name, device, preset = case.split()
    ours = lines(quantized(networks.NETWORKS[name](), target_device=device, preset=preset))
    expected = [*POT[case], *(GATED if name == "gates" else [])]
    if case == "residual_conv GNA3 performance":
        expected[expected.index(f"{NARROW}65536")] = f"{NARROW}255"
    assert ours == sorted(expected)


def test_an_input_that_is_an_output_too_is_quantized_for_others() -> None:
    b = networks.Builder(x=(1, 16))
    b.dense("fc", "x", 16, 8)
    made = lines(quantized(b.model(fc=(1, 8), x=(1, 16)), target_device="GNA"))
    assert made == ["Constant -> fc_mm.1: 255 per channel", "fc -> Result.0: 65536", "x -> fc_mm.0: 65536"]


def test_weights_of_16_bits_have_a_range_for_each_channel_where_that_is_said() -> None:
    weights = {"bits": 16, "granularity": "perchannel"}
    made = lines(quantized(networks.dense(), target_device="GNA", weights=weights))
    assert "Constant -> fc2_mm.1: 65535 per channel" in made


def test_only_what_is_the_same_at_all_places_is_a_bias() -> None:
    b = networks.Builder(x=(1, 3, 8))
    product = b.op("MatMul", "product", "x", b.constant(np.ones((8, 4))))
    b.op("Relu", "out", b.op("Add", "sum", product, b.constant(np.arange(3.0).reshape(3, 1))))
    made = lines(quantized(b.model(out=(1, 3, 4)), target_device="GNA", preset="performance"))
    assert "Constant -> sum.1: 65535" in made
    assert "product -> sum.0: 65536" in made


def test_what_leaves_a_network_has_16_bits_beside_a_convolution_of_8() -> None:
    b = networks.Builder(x=(1, 4, 1, 8))
    first = b.op("Relu", "first", b.conv("c1", "x", 4, 4, 3, pad=1))
    b.conv("c2", first, 4, 4, 3, pad=1)
    made = lines(
        quantized(b.model(first=(1, 4, 1, 8), c2=(1, 4, 1, 8)), target_device="GNA3", preset="performance")
    )
    assert "first -> Result.0, c2/WithoutBiases.0: 65536" in made
    assert "x -> c1/WithoutBiases.0: 255" in made


@pytest.mark.parametrize(("device", "levels"), [("GNA", "65535"), ("GNA3", "255 per channel")])
def test_depthwise_convolutions(device: str, levels: str) -> None:
    b = networks.Builder(x=(1, 4, 1, 8))
    weights = b.constant(np.random.default_rng(0).normal(size=(4, 1, 1, 3)))
    b.op("Relu", "out", b.op("Conv", "depthwise", "x", weights, kernel_shape=[1, 3], group=4))
    made = lines(quantized(b.model(out=(1, 4, 1, 6)), target_device=device, preset="performance"))
    assert f"Constant -> depthwise.1: {levels}" in made


@pytest.mark.parametrize("device", ["GNA", "GNA3"])
def test_what_is_computed_of_known_shapes_is_a_constant(device: str) -> None:
    x = op.parameter([1, 5, 16], np.float32, name="x")
    batch = op.gather(op.shape_of(x), op.constant(np.array([0])), op.constant(np.int64(0)))
    sizes = op.concat([batch, op.constant(np.array([1, 8]))], 0)
    state = op.broadcast(op.constant(np.float32(0)), sizes)
    steps = op.broadcast(op.constant(np.int64(5)), batch)
    weights = [op.constant(np.full(shape, 0.1, np.float32)) for shape in ((1, 32, 16), (1, 32, 8), (1, 32))]
    rnn = op.lstm_sequence(x, state, state, steps, *weights, 8, "forward", name="rnn")
    model = ov.Model([op.result(rnn.output(0))], [x], "m")
    made = quantized(model, target_device=device)
    assert not [node for node in made.get_ops() if node.get_type_name() == "ShapeOf"]
    assert any(line.startswith("x -> LSTMSequence.0") for line in lines(made))
    assert [node for node in model.get_ops() if node.get_type_name() == "ShapeOf"]
