"""Measuring first and quantizing afterwards, as scripts do that use no pipeline."""

from __future__ import annotations

from typing import Any

import pytest

import builders
from openvino.tools.pot import DefaultQuantization, IEEngine, load_model
from openvino.tools.pot.statistics.collector import StatisticsCollector
from openvino.tools.pot.utils.errors import EngineError


class Counting(IEEngine):
    passes = 0

    def predict(self, *args: Any, **kwargs: Any) -> Any:
        self.passes += 1
        return super().predict(*args, **kwargs)


@pytest.mark.long
def test_an_algorithm_takes_what_the_collector_measured() -> None:
    model, engine = load_model(builders.network()), Counting({}, builders.labelled(builders.images()))
    algorithm, collector = DefaultQuantization({"stat_subset_size": 4}, engine), StatisticsCollector(engine)
    algorithm.register_statistics(model, collector)
    collector.compute_statistics(model)
    quantized = [algorithm.run(model) for _ in range(2)]
    assert engine.passes == 1
    plain = builders.quantized(
        builders.network(), builders.labelled(builders.images()), checked=True, stat_subset_size=4
    )
    assert builders.stored(quantized[0]) == builders.stored(quantized[1]) == builders.stored(plain)


def test_nothing_was_measured() -> None:
    model, engine = load_model(builders.network()), Counting({}, builders.labelled(builders.images()))
    algorithm, collector = DefaultQuantization({}, engine), StatisticsCollector(engine)
    algorithm.register_statistics(model, collector)
    with pytest.raises(EngineError, match="no statistics for 'DefaultQuantization'"):
        algorithm.run(model)
