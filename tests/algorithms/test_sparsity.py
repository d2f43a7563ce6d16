"""Weights made zero: how many, which, what becomes of the outputs, and what quantizing leaves of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op
from openvino.tools import pot

import builders
from openvino.tools.pot.algorithms.sparsity.level import check_model_sparsity_level, sparsity_by_layer
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.utils.errors import ConfigError, EngineError, ModelError

BOTH = ("MagnitudeSparsity", "WeightSparsity")


def entry(name: str, **params: Any) -> dict[str, Any]:
    return {"name": name, "params": params}


def made(network: ov.Model, *algorithms: dict[str, Any], images: Any = None) -> CompressedModel:
    engine = pot.IEEngine({}, builders.labelled(builders.images(32) if images is None else images))
    return pot.create_pipeline(algorithms, engine).run(network)


def zeros(model: CompressedModel) -> tuple[int, int]:
    found = sparsity_by_layer(model.submodels[0].model).values()
    return sum(each for each, _ in found), sum(size for _, size in found)


def network(scale: float = 1.0) -> ov.Model:
    """Two convolutions, the second one's weights smaller."""
    x = builders.parameter([1, 3, 8, 8])
    first = op.relu(
        op.add(builders.conv(x, 16, "conv1"), builders.bias(16, "bias1"), name="add1"), name="relu1"
    )
    values = op.constant(builders.weights((8, 16, 3, 3), 1, 0.5 * scale), name="w2")
    second = op.convolution(first, values, [1, 1], [1, 1], [1, 1], [1, 1], name="conv2")
    return builders.model(second, x)


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("level", [0, 0.3, 0.8])
def test_the_level_is_met_by_the_smallest_weights(name: str, level: float) -> None:
    model = made(network(), entry(name, sparsity_level=level, normed_threshold=False))
    found, size = zeros(model)
    assert found == int(level * size)
    assert check_model_sparsity_level(model, None, level, strict=True) == pytest.approx(level, abs=0.01)
    with pytest.raises(ModelError, match="sparsity level: expected"):
        check_model_sparsity_level(model, [], level + 0.1, strict=True)


def test_with_normed_threshold_a_layer_of_small_weights_keeps_its_share() -> None:
    normed, plain = (
        sparsity_by_layer(
            made(network(0.01), entry("MagnitudeSparsity", sparsity_level=0.5, normed_threshold=each))
            .submodels[0]
            .model
        )
        for each in (True, False)
    )
    assert plain["conv2"][0] > 0.6 * plain["conv2"][1] and plain["conv1"][0] < 0.02 * plain["conv1"][1]
    assert normed["conv1"][0] > 0.1 * normed["conv1"][1]


def test_magnitude_sparsity_needs_no_engine() -> None:
    source = network()
    before = builders.stored(source)
    model = pot.create_pipeline([entry("MagnitudeSparsity", sparsity_level=0.5)], None).run(source)
    assert zeros(model)[0] > 0
    assert builders.stored(source) == before
    with pytest.raises(EngineError, match="needs an engine"):
        pot.create_pipeline([entry("WeightSparsity", sparsity_level=0.5)], None).run(source)


@pytest.mark.long
def test_weight_sparsity_keeps_the_means_of_outputs() -> None:
    images = [image + 1 for image in builders.images(64)]
    source = network()

    def means(model: ov.Model) -> np.ndarray:
        once = builders.runner(model)
        return np.mean([once(image)[0] for image in images], axis=(0, 1, 3, 4))

    errors = [
        np.abs(
            means(made(source, entry(name, sparsity_level=0.6), images=images).submodels[0].model)
            - means(source)
        )
        for name in BOTH
    ]
    assert errors[1].max() < 0.2 * errors[0].max()


@pytest.mark.long
@pytest.mark.parametrize("params", [{}, {"preset": "accuracy"}, {"weight_rounding": "nearest"}])
@pytest.mark.parametrize("name", BOTH)
def test_zeros_stay_zero_when_weights_are_quantized(name: str, params: dict[str, Any]) -> None:
    sparse = entry(name, sparsity_level=0.6)
    floats, both = made(network(), sparse), made(network(), sparse, entry("DefaultQuantization", **params))
    pot.compress_model_weights(both)
    (found, size), (kept, _) = zeros(both), zeros(floats)
    assert found >= kept >= 0.59 * size
    names = [
        str(both.submodels[0].model.get_rt_info(["openvino_pot", f"algorithm_{n}", "name"]).astype(str))
        for n in range(2)
    ]
    assert names == [name, "DefaultQuantization"]


@pytest.mark.long
def test_quantizing_follows_the_sparse_network() -> None:
    sparse = entry("WeightSparsity", sparsity_level=0.5)
    floats, both = made(network(), sparse), made(network(), sparse, entry("DefaultQuantization"))
    image = builders.images(1, seed=5)[0]
    one, other = (builders.run(each.submodels[0].model, image)[0] for each in (floats, both))
    assert 10 * np.log10(one.var() / np.mean((one - other) ** 2)) > 30


def test_ignored_layers_stay_and_do_not_count() -> None:
    model = made(network(), entry("MagnitudeSparsity", sparsity_level=0.5, ignored={"scope": ["conv2"]}))
    found = sparsity_by_layer(model.submodels[0].model)
    assert found["conv2"][0] == 0
    assert found["conv1"][0] == found["conv1"][1] // 2
    assert check_model_sparsity_level(model, ["conv2"], 0.5, strict=True, count_ignored_nodes=False) == 0.5


def test_weights_in_half_precision_stay_so() -> None:
    x = builders.parameter([1, 8])
    stored = op.constant(builders.weights((8, 4)).astype(np.float16), name="w")
    source = builders.model(op.matmul(x, op.convert(stored, "f32"), False, False, name="dense"), x)
    model = made(source, entry("MagnitudeSparsity", sparsity_level=0.5))
    kinds = [
        node.get_element_type()
        for node in model.submodels[0].model.get_ops()
        if node.get_type_name() == "Constant"
    ]
    assert kinds == [ov.Type.f16]
    assert zeros(model) == (16, 32)


def test_quantized_weights_stay_as_they_are() -> None:
    quantized = builders.quantized(network(), builders.labelled(builders.images(4)))
    pot.compress_model_weights(quantized)
    model = made(quantized.submodels[0].model, entry("MagnitudeSparsity", sparsity_level=0.9))
    assert zeros(model) == zeros(quantized)
    assert "nothing to change" in model.check.notes[0]


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({}, "sparsity_level: it is missing"),
        ({"sparsity_level": 1.0}, "less than 1, found 1.0"),
        ({"sparsity_level": -0.1}, "greater than or equal to 0"),
        ({"sparsity_levle": 0.5}, "did you mean 'sparsity_level'"),
        ({"sparsity_level": 0.5, "use_fast_bias": False}, "use_fast_bias: false is not supported"),
    ],
)
def test_parameters_that_are_wrong(params: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        pot.WeightSparsity(params)


@pytest.mark.parametrize("quantizing", ["DefaultQuantization", "MinMaxQuantization"])
def test_behind_quantizing_it_is_refused(quantizing: str) -> None:
    with pytest.raises(ConfigError, match=f"MagnitudeSparsity stands behind {quantizing}: put it before"):
        made(network(), entry(quantizing), entry("MagnitudeSparsity", sparsity_level=0.5))


@pytest.mark.long
def test_statistics_from_elsewhere_are_of_one_pass() -> None:
    engine = pot.IEEngine({}, builders.labelled(builders.images(32)))
    quantize = entry("DefaultQuantization")
    for first in (entry("MagnitudeSparsity", sparsity_level=0.5), None):
        algorithms = [quantize] if first is None else [first, quantize]
        pipeline = pot.create_pipeline(algorithms, engine)
        statistics = pipeline.collect_statistics(network())
        again = pot.create_pipeline(algorithms, None).run(network(), statistics)
        assert builders.stored(again) == builders.stored(pipeline.run(network()))
    twice = pot.create_pipeline([entry("WeightSparsity", sparsity_level=0.5), quantize], engine)
    with pytest.raises(
        EngineError, match="of one pass, found algorithms that take 2: WeightSparsity, DefaultQ"
    ):
        twice.collect_statistics(network())


def test_networks_of_a_cascade_each_meet_the_level() -> None:
    from openvino.tools.pot.graph.model import SubModel

    cascade = CompressedModel(
        [SubModel(name, network(seed)) for name, seed in (("a", 1.0), ("b", 2.0))], "m", True
    )
    params = {"sparsity_level": 0.5, "by_model": {"b": {"sparsity_level": 0.25}}}
    model = pot.create_pipeline([entry("MagnitudeSparsity", **params)], None).run(cascade)
    shares = [check_model_sparsity_level(sub.model, None, 0.5) for sub in model]
    assert shares == pytest.approx([0.5, 0.25], abs=0.01)


def decibels(model: CompressedModel, source: ov.Model, images: Any) -> float:
    once, other = builders.runner(source), builders.runner(model.submodels[0].model)
    pairs = [(once(image)[0], other(image)[0]) for image in images]
    wanted, found = (np.stack(each) for each in zip(*pairs, strict=True))
    return float(10 * np.log10(wanted.var() / np.mean((wanted - found) ** 2)))


def smooth(count: int, seed: int = 0) -> list[np.ndarray]:
    """Images whose neighbouring pixels are alike, as those of cameras are."""
    rng = np.random.default_rng(seed)
    return [np.cumsum(rng.standard_normal((1, 3, 8, 8)), axis=3).astype(np.float32) for _ in range(count)]


@pytest.mark.long
def test_weights_that_are_fitted_lose_less_on_other_images() -> None:
    source, seen, others = network(), smooth(64), smooth(32, seed=1)
    plain, fits = (
        made(source, entry("WeightSparsity", sparsity_level=0.5, use_layerwise_tuning=each), images=seen)
        for each in (False, True)
    )
    assert zeros(plain) == zeros(fits)
    assert decibels(fits, source, others) > decibels(plain, source, others) + 3


def test_layers_of_all_kinds_become_sparse() -> None:
    x = builders.parameter([1, 4, 6, 6])
    pads = [1, 1]
    grouped = op.constant(builders.weights((4, 2, 1, 3, 3)), name="grouped weights")
    back = op.constant(builders.weights((8, 3, 2, 2)), name="back weights")
    deep = op.group_convolution(x, grouped, [1, 1], pads, pads, [1, 1], name="grouped")
    up = op.convolution_backprop_data(op.relu(deep, name="relu"), back, [2, 2], name="back")
    flat = op.reshape(up, op.constant([1, -1]), False, name="flat")
    dense = op.matmul(flat, op.constant(builders.weights((432, 5)), name="w"), False, False, name="dense")
    images = [image[:, :4] for image in builders.images(40, shape=(1, 4, 6, 6))]
    model = made(builders.model(dense, x), entry("WeightSparsity", sparsity_level=0.4), images=images)
    found = sparsity_by_layer(model.submodels[0].model)
    assert set(found) == {"grouped", "back", "dense"}
    assert all(each for each, _ in found.values())
    assert sum(each for each, _ in found.values()) == int(0.4 * sum(size for _, size in found.values()))


def test_one_sample_and_open_sizes_are_enough() -> None:
    x = builders.parameter(ov.PartialShape([-1, 3, -1, -1]))
    values = op.constant(builders.weights((4, 3, 3, 3)), name="w")
    layer = op.convolution(x, values, [1, 1], [1, 1], [1, 1], [1, 1], name="conv")
    source = builders.model(layer, x)
    model = made(source, entry("WeightSparsity", sparsity_level=0.25), images=builders.images(1))
    assert zeros(model) == (27, 108)
    assert decibels(model, source, builders.images(1)) > 5


def test_weights_that_two_layers_share_become_zero_once() -> None:
    x = builders.parameter([1, 6])
    shared = op.constant(builders.weights((6, 6)), name="w")
    first = op.relu(op.matmul(x, shared, False, False, name="first"), name="relu")
    source = builders.model(op.matmul(first, shared, False, False, name="second"), x)
    images = builders.images(40, shape=(1, 6))
    model = made(source, entry("WeightSparsity", sparsity_level=0.5), images=images)
    assert zeros(model) == (36, 72)
    constants = [each for each in model.submodels[0].model.get_ops() if each.get_type_name() == "Constant"]
    assert [tuple(each.shape) for each in constants].count((6, 6)) == 1


@pytest.mark.long
def test_how_far_the_sparse_network_follows_is_told(caplog: pytest.LogCaptureFixture) -> None:
    images = smooth(40)
    with builders.logger_as_before(), caplog.at_level("INFO", "openvino.tools.pot"):
        made(network(), entry("WeightSparsity", sparsity_level=0.1), images=images)
        made(network(), entry("WeightSparsity", sparsity_level=0.97), images=images)
    told = [each for each in caplog.records if "behind WeightSparsity it follows" in each.message]
    assert [each.levelname for each in told] == ["INFO", "WARNING"]
