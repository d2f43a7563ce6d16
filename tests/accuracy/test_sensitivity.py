"""Which layer makes how much of the error at the outputs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from test_accuracy_aware import FRAGILE, pictures, saved

from builders import Items
from openvino.tools.pot import IEEngine, load_model
from openvino.tools.pot.algorithms.accuracy.candidates import AS_GIVEN, Candidates
from openvino.tools.pot.algorithms.accuracy.clock import Clock, OutOfTimeError
from openvino.tools.pot.algorithms.accuracy.layers import expected, ranked
from openvino.tools.pot.algorithms.accuracy.report import LayerFigures
from openvino.tools.pot.algorithms.accuracy.sensitivity import error_shares, most_telling
from openvino.tools.pot.algorithms.decisions import Decisions
from openvino.tools.pot.algorithms.switched import switched
from openvino.tools.pot.demo import digits
from openvino.tools.pot.engines import probes
from openvino.tools.pot.engines.profiling import layer_seconds
from openvino.tools.pot.graph.edits.switch import FLAGS
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.placement.plan import QuantizedLayer

Arrays = list[NDArray[np.float32]]


def embedded() -> tuple[Path, Arrays]:
    data = digits.load()
    return data.model_path, [image[None] for image in data.calibration_images[:40]]


def fragile() -> tuple[Path, Arrays]:
    return saved(), pictures(40)


def prepared(path: Path, arrays: Arrays) -> tuple[CompressedModel, IEEngine, Candidates]:
    model = load_model(path)
    engine = IEEngine({"device": "CPU"}, Items([(array, None) for array in arrays]))
    candidates = Candidates(model, engine, {"target_device": "GPU"})
    candidates.measure([AS_GIVEN])
    engine.set_model(model)
    return model, engine, candidates


def decided(candidates: Candidates) -> Decisions:
    (job,) = candidates.decided(AS_GIVEN).values()
    return job.decisions


def fed(engine: IEEngine, model: CompressedModel, indices: range) -> probes.Fed:
    (feeds,) = probes.fed(engine, model, indices).values()
    return feeds


def shares_of(
    model: CompressedModel, engine: IEEngine, candidates: Candidates, count: int
) -> Mapping[str, float]:
    feeds = fed(engine, model, range(count))
    return error_shares(decided(candidates), engine, feeds, count, Clock(None)).by_layer


def distance(first: list[list[NDArray[np.generic]]], second: list[list[NDArray[np.generic]]]) -> float:
    pairs = zip(first, second, strict=True)
    return sum(float(np.sum((np.asarray(a[0]) - np.asarray(b[0])) ** 2)) for a, b in pairs)


@pytest.mark.parametrize("case", [embedded, fragile])
@pytest.mark.long
def test_flags_switch_between_the_float_and_the_quantized_model(case: object) -> None:
    path, arrays = case()  # type: ignore[operator]
    model, engine, candidates = prepared(path, arrays)
    decisions = decided(candidates)
    count = len(decisions.network.plan.layers)
    settings = np.stack([np.zeros(count), np.ones(count)])
    outputs = list(
        probes.run_settings(
            engine, switched(decisions), fed(engine, model, range(20)), FLAGS, settings.astype(np.float32)
        )
    )
    exact = list(probes.outputs(engine, model, range(20)))
    rounded = list(probes.outputs(engine, candidates.assembled(candidates.made(AS_GIVEN)), range(20)))
    assert distance(outputs[0::2], exact) < 1e-6 * distance(rounded, exact)
    # Another rounding would be twice as far away.
    assert distance(outputs[1::2], rounded) < 0.6 * distance(rounded, exact)


@pytest.mark.long
def test_the_fragile_layer_makes_nearly_all_of_the_error() -> None:
    model, engine, candidates = prepared(*fragile())
    shares = shares_of(model, engine, candidates, 10)
    assert max(shares, key=lambda name: shares[name]) == FRAGILE
    assert shares[FRAGILE] > 0.9 * sum(shares.values())


@pytest.mark.long
def test_errors_of_layers_add_up() -> None:
    model, engine, candidates = prepared(*embedded())
    shares = shares_of(model, engine, candidates, 20)
    assert sum(shares.values()) == pytest.approx(1, abs=0.4)
    assert min(shares.values()) >= 0


def test_time_that_is_over() -> None:
    model, engine, candidates = prepared(*fragile())
    with pytest.raises(OutOfTimeError):
        error_shares(decided(candidates), engine, fed(engine, model, range(10)), 10, Clock(1e-9))


def test_half_of_the_telling_samples_changed_most() -> None:
    before = {"hit": [1.0] * 100}
    after = {"hit": [0.0 if place in (3, 7, 80) else 1.0 for place in range(100)]}
    chosen = most_telling(before, after, 100, 10)
    assert {3, 7, 80} <= set(chosen) and len(set(chosen)) == 10
    assert {3, 7} <= set(most_telling(before, after, 100, 4, ratio=0.5))
    assert 80 not in most_telling(before, after, 100, 4, ratio=0.5)
    assert most_telling({}, {}, 100, 3) == [0, 50, 99]
    assert max(most_telling({"hit": [1.0] * 100}, {"hit": [0.0] * 100}, 100, 10)) > 90


def test_layers_are_ranked_by_error_for_time() -> None:
    layers = [QuantizedLayer(name, "Convolution", (), (), ()) for name in "abc"]
    shares = {"a": 0.5, "b": 0.4, "c": 0.1}
    found = ranked(layers, shares, {"a": 9.0, "b": 2.0, "c": 2.0}, {"a": 1.0, "b": 1.0, "c": 1.0})
    assert [layer.node for layer in found] == ["b", "a", "c"]
    assert [layer.latency for layer in found] == [1.0, 8.0, 1.0]
    unknown = ranked(layers, shares, {}, {})
    assert [layer.node for layer in unknown] == ["a", "b", "c"]


def test_the_guess_of_how_many_layers_it_takes() -> None:
    layers = [
        LayerFigures(name, "Convolution", share, 0.0)
        for name, share in zip("abcd", (4, 3, 2, 1), strict=True)
    ]
    assert [expected(layers, part) for part in (0.1, 0.4, 0.5, 0.75, 1.0, 5.0)] == [1, 1, 2, 3, 3, 3]


def test_layers_are_timed_by_name() -> None:
    model, engine, _ = prepared(*fragile())
    seconds = layer_seconds(
        model.submodels[0].model, list(probes.feeds(engine, model, range(2))), "CPU", repeats=3
    )
    assert 0 < seconds[FRAGILE] < 1
