"""What is read from an INT8 model is what it computes: the float model with it switched on gives the same."""

from __future__ import annotations

import numpy as np
import openvino as ov
import pytest
from numpy.typing import NDArray
from openvino import opset13 as op

import builders
from openvino.tools.pot.algorithms.checking.running import run_as_defined
from openvino.tools.pot.diagnosis.pairs import layers_of, paired
from openvino.tools.pot.diagnosis.reading import Reading, read
from openvino.tools.pot.diagnosis.shares import settings_for, switched
from openvino.tools.pot.diagnosis.witnessing import with_results_of, witnessed
from openvino.tools.pot.engines.compiling import compiled_for
from openvino.tools.pot.graph.edits.switch import FLAGS
from openvino.tools.pot.graph.load import load_model
from openvino.tools.pot.graph.model_utils import compress_model_weights
from openvino.tools.pot.graph.view import GraphView

Floats = NDArray[np.float32]
SHAPE = (1, 3, 8, 8)


def joined() -> ov.Model:
    """Two branches of very different size, joined, split and shuffled before they are read."""
    x = builders.parameter(list(SHAPE))
    small, large = (builders.conv(x, 4, f"branch{number}", seed=number) for number in range(2))
    both = op.concat([op.relu(small), op.multiply(op.relu(large), np.float32(40))], 1)
    shuffled = op.shuffle_channels(both, 1, 4)
    parts = op.split(shuffled, np.int64(1), 2)
    first = builders.conv(parts.output(0), 5, "first", seed=3)
    second = builders.conv(parts.output(1), 5, "second", seed=4)
    return builders.model([op.relu(first), op.relu(second)], x)


def transformer() -> ov.Model:
    """A product with outliers in some of its channels, as transformers have them, and one of two activations."""
    x = builders.parameter([1, 64, 96])
    scale = np.ones((1, 1, 96), np.float32)
    scale[..., 3], scale[..., 7] = 30, 12
    wide = op.multiply(x, op.constant(scale))
    query, key = (
        op.matmul(wide, op.constant(builders.weights((96, 96), n, 0.03)), False, True) for n in (1, 2)
    )
    scores = op.softmax(op.matmul(query, key, False, True), -1)
    return builders.model(op.matmul(scores, wide, False, False), x)


NETWORKS = {"convolutions": builders.network, "joined": joined, "transformer": transformer}


def both(name: str) -> tuple[ov.Model, ov.Model, list[dict[str, Floats]]]:
    """A float model, the same in INT8 with integer weights, and samples."""
    source = load_model(NETWORKS[name]())
    (port,) = source.submodels[0].model.inputs
    shape = tuple(port.get_shape())
    samples = builders.images(12, shape=shape)
    made = builders.quantized(source, builders.labelled(samples), target_device="CPU")
    compress_model_weights(made)
    model, int8 = (each.submodels[0].model for each in (source, made))
    with_results_of(model, int8)
    return model, int8, [{"x": sample.reshape(shape)} for sample in samples]


def readings(model: ov.Model, int8: ov.Model) -> list[Reading]:
    view, other = GraphView(model), GraphView(int8)
    return [each for each in read(view, other, paired(view, other)) if each.is_quantized]


def decibels(exact: Floats, other: Floats) -> float:
    return float(10 * np.log10(np.var(exact) / max(np.mean(np.square(exact - other)), 1e-30)))


@pytest.mark.long
@pytest.mark.parametrize("name", NETWORKS)
def test_all_of_it_switched_on_is_the_int8_model(name: str) -> None:
    model, int8, feeds = both(name)
    found = readings(model, int8)
    changed = switched(model, found)
    request = compiled_for("compared", changed, "CPU").create_infer_request()
    results = [node.get_friendly_name() for node in changed.get_results()]
    witness = witnessed(model, int8, feeds[:3], "CPU")
    defined = run_as_defined(int8, witness)
    none, whole = settings_for(len(found))[:2]
    for feed, exact, rounded in zip(witness.feeds, witness.values, defined.values, strict=True):
        for flags, expected in ((none, exact), (whole, rounded)):
            request.infer({**feed, FLAGS: flags})
            for place, value, other in zip(witness.watched.all, expected, rounded, strict=True):
                tensor = request.output_tensors[results.index(place.node)].data
                lost = decibels(exact[witness.watched.all.index(place)], other)
                assert 10 < lost < 60
                assert decibels(value, tensor) > lost + 6


@pytest.mark.parametrize("name", NETWORKS)
def test_every_layer_is_found(name: str) -> None:
    model, int8, _ = both(name)
    view, other = GraphView(model), GraphView(int8)
    assert [pair.node for pair in paired(view, other)] == layers_of(view)
    assert {reading.pair.node for reading in readings(model, int8)} >= {*layers_of(view)} - {""}


def test_layers_of_other_names_are_found_by_their_weights() -> None:
    model, int8, _ = both("joined")
    expected = {pair.node: pair.other for pair in paired(GraphView(model), GraphView(int8))}
    for number, node in enumerate(int8.get_ordered_ops()):
        if node.get_type_name() != "Result":
            node.set_friendly_name(f"node {number}")
    other = GraphView(int8)
    types = {pair.node: other.type(pair.other) for pair in paired(GraphView(model), other)}
    assert types.keys() == expected.keys()
    assert set(types.values()) == {"Convolution"}


def test_channels_keep_the_ranges_of_the_branches_they_came_from() -> None:
    model, int8, _ = both("joined")
    spans = {each.pair.node: each.spans[0] for each in readings(model, int8)}
    for name in ("first", "second"):
        highs = np.sort(np.unique(spans[name].high))
        assert highs[-1] > 5 * highs[0]  # half of them are of the small branch
