"""Samples that are split over processes: each measures its part, one of them quantizes."""

from __future__ import annotations

import pickle
from functools import reduce

import numpy as np
import pytest

from builders import Items, conv, images, labelled, model, network, parameter, runner, stored
from openvino.tools.pot import IEEngine, Pipeline, create_pipeline, load_model
from openvino.tools.pot.statistics import Statistics, merge
from openvino.tools.pot.utils.errors import ConfigError, DataError, EngineError


def pipeline(loader: Items | None) -> Pipeline:
    return create_pipeline([{"name": "DefaultQuantization"}], IEEngine({}, loader))


@pytest.mark.long
def test_collected_statistics_give_the_model_of_a_single_run() -> None:
    loader = labelled(images(40))
    statistics = pipeline(loader).collect_statistics(network())
    apart = pipeline(None).run(load_model(network()), pickle.loads(pickle.dumps(statistics)))
    assert stored(apart) == stored(pipeline(loader).run(load_model(network())))


@pytest.mark.long
def test_merged_statistics_quantize_as_well_as_those_of_one_pass() -> None:
    data = images(80)
    parts = [pipeline(labelled(part)).collect_statistics(network()) for part in (data[:30], data[30:])]
    apart = pipeline(None).run(network(), merge(*parts))
    together = pipeline(labelled(data)).run(network())
    fresh = images(20, seed=9)
    exact, *found = (
        np.stack([once(image)[0] for image in fresh])
        for once in map(runner, (network(), apart.submodels[0].model, together.submodels[0].model))
    )
    errors = [np.square(values - exact).mean() for values in found]
    assert errors[0] < 1.1 * errors[1]
    assert apart.submodels[0].model.get_rt_info(["openvino_pot", "samples"]).value == "80"


@pytest.mark.long
@pytest.mark.parametrize("count", [1, 2, 3, 8])
@pytest.mark.parametrize("algorithm", ["DefaultQuantization", "median", "mean"])
def test_parts_in_any_order_give_the_same_bytes(count: int, algorithm: str) -> None:
    estimator = {"activations": {"range_estimator": {"min": {"aggregator": algorithm, "type": "min"}}}}
    params = {} if algorithm == "DefaultQuantization" else estimator
    loader = labelled(images(200))
    steps = [{"name": "DefaultQuantization", "params": params}]
    whole = create_pipeline(steps, IEEngine({}, loader)).collect_statistics(network())
    parts = [
        pickle.dumps(
            create_pipeline(steps, IEEngine({}, loader)).collect_statistics(network(), (number, count))
        )
        for number in np.random.default_rng(count).permutation(count).tolist()
    ]
    joined = reduce(merge, map(pickle.loads, parts))
    assert joined.samples == 200 and joined.digest == whole.digest and list(joined.spans) == [(0, 200)]
    apart, together = (create_pipeline(steps, None).run(network(), each) for each in (joined, whole))
    assert stored(apart) == stored(together)


def test_loaders_that_are_merged_one_by_one_count_the_same() -> None:
    found = [pipeline(labelled(images(8, seed=seed))).collect_statistics(network()) for seed in range(4)]
    whole = reduce(merge, (found[number % 4] for number in range(100)))
    assert isinstance(whole, Statistics) and whole.samples == 800 and whole.spans[-1][1] < 2000


def test_a_part_that_cannot_be_is_refused() -> None:
    few = pipeline(labelled(images(3)))
    with pytest.raises(DataError, match="part \\(0, 8\\) of the samples is empty: there are 3 inferences"):
        few.collect_statistics(network(), (0, 8))
    for part in ((2, 2), (-1, 2), (0, 0), (1,)):
        with pytest.raises(ConfigError, match="expected \\(number, count\\), counted from zero"):
            few.collect_statistics(network(), part)  # type: ignore[arg-type]
    batches = create_pipeline(
        [{"name": "DefaultQuantization", "params": {"stat_batch_size": 2}}], IEEngine({}, labelled(images(4)))
    )
    with pytest.raises(EngineError, match="expected a single network without time steps"):
        batches.collect_statistics(network(), (0, 2))


def test_statistics_of_another_model_are_refused() -> None:
    x = parameter([1, 3, 8, 8])
    other = pipeline(labelled(images(30))).collect_statistics(model(conv(x, 4, "another"), x))
    with pytest.raises(EngineError, match="of another model or of other parameters: nothing at "):
        pipeline(None).run(network(), other)
