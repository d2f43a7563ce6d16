"""DataFreeQuantization: with no engine, an engine without samples, or samples."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from openvino.tools import pot

import builders
from openvino.tools.pot.utils.errors import ConfigError


def listed(**params: Any) -> list[dict[str, Any]]:
    return [{"name": "DataFreeQuantization", "params": params}]


@pytest.mark.long
@pytest.mark.parametrize("engine", [None, pot.IEEngine({})], ids=["none", "without samples"])
def test_images_are_made_up_where_there_are_none(engine: Any) -> None:
    source = builders.network()
    pipeline = pot.create_pipeline(listed(scale_values=[255.0], stat_subset_size=40), engine)
    model = pipeline.run(source)
    kinds = [node.get_type_name() for node in model.submodels[0].model.get_ops()]
    assert kinds.count("FakeQuantize") == 4
    image = np.random.default_rng(0).random((1, 3, 8, 8)).astype(np.float32)
    wanted, found = (builders.run(each, image)[0] for each in (source, model.submodels[0].model))
    assert 10 * np.log10(wanted.var() / np.mean((wanted - found) ** 2)) > 20
    again = pot.create_pipeline(listed(scale_values=[255.0], stat_subset_size=40), None)
    statistics = again.collect_statistics(source)
    assert builders.stored(again.run(source, statistics)) == builders.stored(model)


@pytest.mark.long
def test_samples_are_used_where_there_are_some() -> None:
    loader = builders.labelled(builders.images(40))
    model = pot.create_pipeline(listed(), pot.IEEngine({}, loader)).run(builders.network())
    plain = builders.quantized(builders.network(), loader, checked=True)
    image = builders.images(1, seed=3)[0]
    one, other = (builders.run(each.submodels[0].model, image)[0] for each in (model, plain))
    np.testing.assert_array_equal(one, other)


def test_other_inputs_than_images_are_refused() -> None:
    x, y = builders.parameter([1, 3, 8, 8]), builders.parameter([1, 3, 8, 8], "z")
    two = builders.model([builders.conv(x, 4, "conv1"), builders.conv(y, 4, "conv2")], x, y)
    with pytest.raises(ConfigError, match="images are made for one input, the model has 2"):
        pot.create_pipeline(listed(), None).run(two)
    with pytest.raises(
        ConfigError, match="DataFreeQuantization params: mean_values: expected 1 or 3 numbers"
    ):
        pot.create_pipeline(listed(mean_values=[1.0, 2.0]), None).run(builders.network())
