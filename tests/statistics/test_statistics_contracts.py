"""Estimators, reducers and accumulators: what each gives, and that it gives nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from openvino import opset13 as op

from builders import model, parameter, run
from contracts import Example, check, each, known, own
from openvino.tools.pot.arithmetic import estimators
from openvino.tools.pot.arithmetic.estimators import PER_SAMPLE_AGGREGATORS, array_statistic
from openvino.tools.pot.graph.geometry import Window
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.statistics import accumulators, reducers, stack
from openvino.tools.pot.statistics.layout import StatisticsLayout
from openvino.tools.pot.statistics.measured import accumulator
from openvino.tools.pot.statistics.requests import Request

SHAPE = (1, 6, 5, 4)


def noise(*shape: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def samples(_: Path) -> tuple[Any, ...]:
    return (noise(21, 6).astype(np.float64),)


KINDS = ("min", "max", "abs_max", "quantile", "abs_quantile")
ESTIMATORS = {
    **{name: Example(samples, aggregate) for name, aggregate in PER_SAMPLE_AGGREGATORS.items()},
    **{
        f"array_statistic of {kind}": Example(
            samples, lambda values, kind=kind: array_statistic(values, kind, 0.1, True, (1,))
        )
        for kind in KINDS
    },
}


@each(ESTIMATORS)
def test_estimators(entry: str, tmp_path: Path) -> None:
    check(ESTIMATORS[entry], tmp_path)


@each(PER_SAMPLE_AGGREGATORS)
def test_estimators_give_a_figure_a_channel_whatever_the_order_of_samples(entry: str) -> None:
    (values,) = samples(Path())
    found = PER_SAMPLE_AGGREGATORS[entry](values)
    assert found.shape == (6,) and found.dtype == np.float64
    np.testing.assert_allclose(PER_SAMPLE_AGGREGATORS[entry](values[::-1].copy()), found, rtol=1e-12)
    assert np.all((values.min(0) <= found) & (found <= values.max(0)))


def test_every_estimator_has_an_example() -> None:
    listed = {function.__name__ for function in PER_SAMPLE_AGGREGATORS.values()}
    assert {name for name, _ in own(estimators)} <= listed | {"array_statistic"}


WINDOW = Window((3, 3), (1, 1), (1, 1), (1, 1), (5, 4), (5, 4))

REDUCERS: dict[str, Callable[[], reducers.Reducer]] = {
    **{f"Extreme of {kind}": lambda kind=kind: reducers.Extreme(kind) for kind in ("min", "max", "mean")},
    "Extreme of abs_max, by channel": lambda: reducers.Extreme("abs_max", 1),
    "Extreme of each sample": lambda: reducers.Extreme("max", 1, 0),
    "Quantile": lambda: reducers.Quantile(0.1, True),
    "Quantile by channel": lambda: reducers.Quantile(0.1, False, True, 1),
    "Rows": lambda: reducers.Rows(1, 3),
    "Departure": lambda: reducers.Departure(TensorId("x")),
    "Noise": lambda: reducers.Noise(TensorId("x")),
    "Noise by channel, as a ratio": lambda: reducers.Noise(TensorId("x"), 1, "inference"),
    "Drift": lambda: reducers.Drift(1, TensorId("x")),
    "Patches": lambda: reducers.Patches(WINDOW, 2),
}


def measured(make: Callable[[], reducers.Reducer]) -> Example:
    def network(_: Path) -> tuple[Any, ...]:
        x = parameter(list(SHAPE))
        return model(op.relu(x, name="relu"), x), make()

    def vector(float_model: Any, reducer: Any) -> Any:
        layout = StatisticsLayout(float_model, [Request(TensorId("relu"), reducer, "max")])
        feed = layout.feed(0, {"x": noise(*SHAPE)})
        return run(layout.model, *(feed[port.get_any_name()] for port in layout.model.inputs))

    return Example(network, vector)


@pytest.mark.long
@each(REDUCERS)
def test_reducers(entry: str, tmp_path: Path) -> None:
    check(measured(REDUCERS[entry]), tmp_path)


@each(REDUCERS)
def test_reducers_are_frozen_data_that_tell_the_length_of_their_vector(entry: str) -> None:
    reducer, example = REDUCERS[entry](), measured(REDUCERS[entry])
    assert reducer == REDUCERS[entry]() and hash(reducer) == hash(REDUCERS[entry]())
    with pytest.raises(FrozenInstanceError):
        setattr(reducer, fields(reducer)[0].name, None)  # type: ignore[arg-type]
    (vector,) = example.act(*example.make(Path()))
    assert vector.dtype == np.float32 and vector.shape == (reducer.size(SHAPE),)


def test_every_reducer_has_an_example() -> None:
    found = {name for name, value in own(reducers) if hasattr(value, "reduce")} - {"Reducer"}
    assert found == {type(make()).__name__ for make in REDUCERS.values()}


AGGREGATORS = ("min", "max", "mean", *PER_SAMPLE_AGGREGATORS, "stack", "short stack")
ACCUMULATORS: dict[str, Callable[[], Any]] = {
    **{name: lambda name=name: accumulator(name, 21, [6]) for name in AGGREGATORS},
    "stack of pieces": lambda: accumulator("stack", 21, [2, 4]),
}


def after(make: Callable[[], Any], vectors: NDArray[np.float32], start: int = 0) -> Any:
    accumulator, buffer = make(), np.empty(vectors.shape[1:], np.float32)
    for number, vector in enumerate(vectors):
        buffer[:] = vector
        accumulator.update(start + number, buffer)
    return accumulator


@each(ACCUMULATORS)
def test_accumulators(entry: str, tmp_path: Path) -> None:
    check(
        Example(lambda _: (noise(21, 6),), lambda vectors: after(ACCUMULATORS[entry], vectors).value()),
        tmp_path,
    )


@each(ACCUMULATORS)
def test_asking_an_accumulator_changes_nothing(entry: str) -> None:
    asked = after(ACCUMULATORS[entry], noise(9, 6))
    before = known(asked)
    assert known(asked.value()) == known(asked.value())
    assert known(asked) == before
    np.testing.assert_array_equal(asked.value(slice(2, 4)), asked.value()[..., 2:4])


@each(ACCUMULATORS)
def test_accumulators_merge_as_if_one_had_seen_all_and_leave_the_other_as_it_was(entry: str) -> None:
    make, vectors = ACCUMULATORS[entry], noise(8, 6)
    first, second = after(make, vectors[:5]), after(make, vectors[5:], 5)
    before = known(second)
    first.merge(second)
    assert known(second) == before
    np.testing.assert_array_equal(first.value(), after(make, vectors).value())


def test_every_accumulator_has_an_example() -> None:
    rooms = (accumulators, stack)
    found = {n for each in rooms for n, value in own(each) if hasattr(value, "update")} - {"Accumulator"}
    assert found == {type(make()).__name__ for make in ACCUMULATORS.values()}
