"""What a pass measures, against NumPy on the same data."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import openvino as ov
import pytest
from numpy.typing import NDArray
from openvino import opset13 as op

from builders import conv, model, parameter, runner
from openvino.tools.pot.api.data_loader import DataLoader
from openvino.tools.pot.engines.ie_engine import IEEngine
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.samplers.batch_sampler import BatchSampler
from openvino.tools.pot.statistics.layout import StatisticsLayout
from openvino.tools.pot.statistics.measured import Statistics, merge
from openvino.tools.pot.statistics.places import Places
from openvino.tools.pot.statistics.reducers import Extreme, Quantile, Reducer, Rows
from openvino.tools.pot.statistics.requests import Request
from openvino.tools.pot.utils.errors import EngineError

X = TensorId("x")
SHARE = 0.03


class Samples(DataLoader):
    def __init__(self, arrays: list[NDArray[Any]]) -> None:
        super().__init__()
        self.arrays = arrays

    def __len__(self) -> int:
        return len(self.arrays)

    def __getitem__(self, index: int) -> Any:
        return self.arrays[index], None


def measure(
    network: ov.Model,
    requests: list[Request],
    arrays: list[NDArray[Any]],
    parallel: int = 1,
    batch: int | None = None,
) -> Statistics:
    loader = Samples(arrays)
    engine = IEEngine({"stat_requests_number": parallel}, loader)
    engine.set_model(network)
    layout = StatisticsLayout(network, requests)
    return engine.predict(stats_layout=layout, sampler=BatchSampler(loader, batch or 1))[1]


def identity(shape: list[int], dtype: Any = np.float32) -> ov.Model:
    x = parameter(shape, dtype=dtype)
    return model(op.relu(x), x)


def samples(shape: tuple[int, ...], count: int, seed: int = 0) -> list[NDArray[np.float32]]:
    rng = np.random.default_rng(seed)
    return [rng.normal(0.3 * i, 1 + i, shape).astype(np.float32) for i in range(count)]


def by_numpy(reducer: Reducer, array: NDArray[np.float32]) -> NDArray[np.float64]:
    rows = array.reshape(1, -1)
    if reducer.axis is not None:
        rows = np.moveaxis(array, reducer.axis, 0).reshape(array.shape[reducer.axis], -1)
    rows = rows.astype(np.float64)
    if isinstance(reducer, Quantile):
        values = np.abs(rows) if reducer.magnitude else rows
        share = 1 - reducer.probability if reducer.upper else reducer.probability
        return np.quantile(values, share, axis=1)
    plain = {"min": np.min, "max": np.max, "mean": np.mean, "abs_max": lambda v, axis: np.abs(v).max(axis)}
    return plain[reducer.kind](rows, axis=1)


def every_reducer(axis: int | None) -> list[Reducer]:
    extremes = [Extreme(kind, axis) for kind in ("min", "max", "abs_max", "mean")]
    quantiles = [Quantile(p, upper, axis=axis) for p in (1e-4, SHARE) for upper in (False, True)]
    return [*extremes, *quantiles, Quantile(SHARE, True, magnitude=True, axis=axis)]


CASES = [
    ((1, 3), [1, 3], 1),
    ((5, 7), [5, 7], 1),
    ((2, 6, 4), [2, 6, 4], 1),
    ((2, 6, 4), [2, 6, 4], 2),
    ((1, 5, 6, 7), [1, 5, 6, 7], 1),
    ((3, 5, 6, 7), [3, 5, 6, 7], 1),
    ((3, 5, 6, 7), [3, 5, 6, 7], 3),
    ((3, 5, 6, 7), [-1, 5, -1, -1], 1),
    ((3, 5, 6, 7), [-1, -1, -1, 7], 3),
    ((2, 3, 4, 5, 6), [2, 3, 4, 5, 6], 1),
    ((2, 3, 4, 5, 6), [-1, 3, -1, 5, -1], 1),
    ((4,), [4], None),
]


@pytest.mark.long
@pytest.mark.parametrize(("shape", "declared", "axis"), CASES)
def test_reducers(shape: tuple[int, ...], declared: list[int], axis: int | None) -> None:
    reducers = every_reducer(None) + (every_reducer(axis) if axis is not None else [])
    requests = [Request(X, reducer, "max") for reducer in reducers]
    (array,) = samples(shape, 1)
    x = parameter(ov.PartialShape(declared))
    together = model(
        [op.relu(x), op.reduce_max(x, op.constant([0]), True)], x
    )  # whose samples can't be told apart
    statistics = measure(together, requests, [array])
    for request in requests:
        expected = by_numpy(request.reducer, array)
        np.testing.assert_allclose(statistics.value(request), expected, rtol=2e-6, atol=1e-6)


@pytest.mark.long
@pytest.mark.parametrize(
    ("shape", "axis"), [((1, 4, 24, 125), None), ((1, 3, 64, 49), 1), ((2, 5, 7919), 1), ((4096, 2), 1)]
)
def test_quantiles_of_long_rows(shape: tuple[int, ...], axis: int | None) -> None:
    """Rows that are looked through by groups, one whose length is prime, and tails of all lengths."""
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(shape), rng.integers(-3, 4, shape), np.sort(rng.random(shape), axis=None)]
    probabilities, forms = (0, 1e-5, 1e-4, 1e-3, 0.01, 0.2, 0.5), ((True,), (False,), (True, True))
    reducers = [Quantile(probability, *how, axis) for probability in probabilities for how in forms]
    requests = [Request(X, reducer, "max") for reducer in reducers]
    x = parameter(shape)
    network = model([op.relu(x), op.reduce_max(x, op.constant([0]), True)], x)
    for array in arrays:
        own = array.reshape(shape).astype(np.float32)
        statistics = measure(network, requests, [own])
        for request in requests:
            found = statistics.value(request).reshape(-1)
            np.testing.assert_allclose(found, by_numpy(request.reducer, own), rtol=2e-6, atol=2e-6)


def test_the_device_sorts_no_long_rows() -> None:
    """TopK of all values takes an index for each, and of two to six of them seconds to compile."""
    x = parameter([1, 50176])
    found = Quantile(1e-4, True).reduce(x, Places(GraphView(model(op.relu(x), x))))
    sorts = [node for node in model(found, x).get_ops() if node.get_type_name() == "TopK"]
    lengths = [node.input(0).get_partial_shape()[1].get_length() for node in sorts]
    counts = [node.output(0).get_partial_shape()[1].get_length() for node in sorts]
    assert max(lengths) < 50176 / 25
    assert min(counts) >= 16


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_other_float_types(dtype: type) -> None:
    requests = [Request(X, reducer, "max") for reducer in every_reducer(1)]
    array = samples((2, 4, 50), 1)[0].astype(dtype)
    statistics = measure(identity([2, 4, 50], dtype), requests, [array])
    for request in requests:
        expected = by_numpy(request.reducer, array)
        np.testing.assert_allclose(statistics.value(request), expected, rtol=2e-3, atol=2e-3)


def test_a_scalar() -> None:
    x = parameter([2, 3])
    network = model(op.reduce_max(x, op.constant([0, 1]), False, name="largest"), x)
    requests = [Request(TensorId("largest"), reducer, "max") for reducer in every_reducer(None)]
    statistics = measure(network, requests, [np.arange(6, dtype=np.float32).reshape(2, 3)])
    assert [float(statistics.value(request)[0]) for request in requests] == [5.0] * len(requests)


@pytest.mark.parametrize("axis", [None, 1])
@pytest.mark.parametrize(
    "aggregator", ["min", "max", "mean", "median", "mean_no_outliers", "median_no_outliers", "hl_estimator"]
)
def test_aggregation_over_samples(aggregator: str, axis: int | None) -> None:
    data = samples((1, 4, 5, 5), 23)
    requests = [Request(X, Extreme("max", axis), aggregator), Request(X, Quantile(SHARE, False), aggregator)]
    statistics = measure(identity([1, 4, 5, 5]), requests, data)
    assert statistics.samples == 23
    for request in requests:
        figures = np.stack([by_numpy(request.reducer, array) for array in data])
        # The aggregators proper are checked in tests/arithmetic; here it counts what they are given.
        low, high = figures.min(axis=0), figures.max(axis=0)
        value = statistics.value(request)
        exact = {"min": low, "max": high, "mean": figures.mean(axis=0), "median": np.median(figures, axis=0)}
        if aggregator in exact:
            np.testing.assert_allclose(value, exact[aggregator], rtol=2e-6)
        assert value.shape == low.shape
        assert np.all((value >= low - 1e-5) & (value <= high + 1e-5))


def test_all_layers_in_one_pass_with_equal_requests_once() -> None:
    x = parameter([1, 3, 8, 8])
    network = model(conv(op.relu(conv(x, 4, "a")), 5, "b"), x)
    per_channel = [Request(TensorId(name), Extreme("max", 1), "max") for name in ("x", "a", "b")]
    overall = [Request(TensorId(name), Extreme("max"), "mean") for name in ("b", "a", "x")]
    streamed = [Request(TensorId("a"), Extreme("max", 1), kind) for kind in ("min", "mean", "median")]
    requests = [*per_channel, *overall, *streamed, *per_channel]
    data = samples((1, 3, 8, 8), 3)
    statistics = measure(network, requests, data)
    (once,) = StatisticsLayout(network, [*requests, *requests]).model.outputs
    (apart,) = StatisticsLayout(network, requests).model.outputs
    assert once.get_shape() == apart.get_shape() == ov.Shape([3 + 4 + 5 + 3])
    shown = model([*network.inputs, *(network_output(network, name) for name in ("a", "b"))], x)
    values = list(map(runner(shown), data))
    for request in requests:
        position = ["x", "a", "b"].index(request.tensor.node)
        figures = [by_numpy(request.reducer, outputs[position]) for outputs in values]
        reduce = {"max": np.max, "mean": np.mean, "min": np.min, "median": np.median}[request.aggregator]
        np.testing.assert_allclose(statistics.value(request), reduce(figures, axis=0), rtol=1e-5)


def network_output(network: ov.Model, name: str) -> ov.Output:
    return next(node for node in network.get_ops() if node.get_friendly_name() == name).output(0)


def test_the_model_is_left_alone() -> None:
    network = identity([1, 3, 4])
    before = [node.get_friendly_name() for node in network.get_ordered_ops()]
    StatisticsLayout(network, [Request(X, Extreme("max", 1), "max")])
    assert [node.get_friendly_name() for node in network.get_ordered_ops()] == before
    assert network.input(0).get_partial_shape() == ov.PartialShape([1, 3, 4])


def test_parallel_requests_change_nothing() -> None:
    data = samples((1, 4, 6, 6), 31)
    reducers = [Extreme("max", 1), Quantile(SHARE, True), Extreme("mean", 1)]
    requests = [Request(X, r, a) for r in reducers for a in ("mean", "max", "median", "hl_estimator")]
    rows = Request(X, Rows(1, 4), "stack")
    one, four = (measure(identity([1, 4, 6, 6]), [*requests, rows], data, n) for n in (1, 2))
    for request in [*requests, rows]:
        np.testing.assert_array_equal(one.value(request), four.value(request))


@pytest.mark.parametrize("batch", [2, 3])
def test_samples_in_batches(batch: int) -> None:
    data = samples((1, 4, 6), 6)
    requests = [
        Request(X, Extreme(kind, axis), kind) for kind in ("min", "max", "mean") for axis in (None, 1)
    ]
    one, many = (measure(identity([1, 4, 6]), requests, data, batch=size) for size in (None, batch))
    for request in requests:
        np.testing.assert_allclose(many.value(request), one.value(request), rtol=1e-5, atol=1e-6)


@pytest.mark.long
@pytest.mark.parametrize("axis", [None, 1, 2])
@pytest.mark.parametrize(
    "reducer", [Extreme("max"), Extreme("min"), Extreme("abs_max"), Quantile(SHARE, True)]
)
def test_samples_of_a_fixed_batch_are_told_apart(reducer: Any, axis: int | None) -> None:
    data = samples((1, 4, 6, 5), 6)
    requests = [
        Request(X, replace(reducer, axis=axis), aggregator)
        for aggregator in ("min", "max", "mean", "median", "hl_estimator")
    ]
    one = measure(identity([1, 4, 6, 5]), requests, data)
    network = identity([3, 4, 6, 5])
    engine = IEEngine({}, Samples(data))
    engine.set_model(network)
    layout = StatisticsLayout(network, [*requests, Request(X, Rows(1, 4), "stack")], batch=3)
    many = engine.predict(stats_layout=layout)[1]
    for request in requests:
        np.testing.assert_allclose(many.value(request), one.value(request), rtol=1e-5)


def test_the_axis_of_a_batch_may_stand_behind_that_of_channels() -> None:
    x = parameter([3, 4, 6, 5])
    turned = op.transpose(x, op.constant(np.array([1, 0, 2, 3])), name="turned")
    request = Request(TensorId("turned"), Extreme("max", 0), "mean")
    data = np.stack(samples((4, 6, 5), 3))
    network = model(turned, x)
    engine = IEEngine({}, Samples([data]))
    engine.set_model(network)
    found = engine.predict(stats_layout=StatisticsLayout(network, [request], batch=3))[1].value(request)
    np.testing.assert_allclose(found, data.max(axis=(2, 3)).mean(axis=0), rtol=1e-5)


def test_halves_merge_into_the_whole() -> None:
    data = samples((1, 4, 6), 9)
    requests = [
        Request(X, Extreme("max", 1), aggregator)
        for aggregator in ("min", "max", "mean", "median", "hl_estimator", "mean_no_outliers")
    ]
    whole = measure(identity([1, 4, 6]), requests, data)
    first, second = (measure(identity([1, 4, 6]), requests, part) for part in (data[:4], data[4:]))
    both = merge(*(pickle.loads(pickle.dumps(part)) for part in (first, second)))
    assert (both.samples, first.samples, second.samples) == (9, 4, 5)
    assert first.value(requests[0]) == pytest.approx(
        np.min([array.max(axis=(0, 2)) for array in data[:4]], axis=0)
    )
    for request in requests:
        np.testing.assert_allclose(both.value(request), whole.value(request), rtol=1e-15)


def test_merged_extremes_are_exact_and_rows_are_those_of_both() -> None:
    data = samples((1, 4, 6), 9)
    extremes = [Request(X, Extreme(kind, 1), kind) for kind in ("min", "max")]
    rows = Request(X, Rows(1, 6), "stack")  # of six positions all
    whole, first, second = (
        measure(identity([1, 4, 6]), [*extremes, rows], part) for part in (data, data[:4], data[4:])
    )
    both = merge(first, second)
    for request in extremes:
        np.testing.assert_array_equal(both.value(request), whole.value(request))
    np.testing.assert_allclose(both.rows(rows), whole.rows(rows), rtol=2**-10)
    counts = [np.histogram(s.rows(rows), bins=16, range=(-8, 8))[0] for s in (first, second, both)]
    np.testing.assert_array_equal(counts[0] + counts[1], counts[2])


def test_statistics_of_other_requests_do_not_merge() -> None:
    data = samples((1, 4, 6), 2)
    one, other = (measure(identity([1, 4, 6]), [Request(X, Extreme("max", a), "max")], data) for a in (1, 2))
    with pytest.raises(EngineError, match="different models or requests"):
        merge(one, other)


@pytest.mark.parametrize(
    ("shape", "declared", "axis"),
    [
        ((1, 5, 6, 7), [1, 5, 6, 7], 1),
        ((2, 5, 6, 7), [2, 5, 6, 7], 1),
        ((2, 6, 7, 5), [-1, -1, -1, 5], 3),
        ((4, 5), [4, 5], 1),
        ((1, 5), [1, 5], 1),
        ((2, 3, 5), [2, 3, 5], 2),
    ],
)
def test_rows_are_rows_of_the_tensor(shape: tuple[int, ...], declared: list[int], axis: int) -> None:
    data = [array.astype(np.float16).astype(np.float32) for array in samples(shape, 5)]  # as it is kept
    request = Request(X, Rows(axis, 8), "stack")
    statistics = measure(identity(declared), [request], data)
    rows = statistics.rows(request)
    assert rows.shape == (5 * 8, 5)
    for number, array in enumerate(data):
        own = {row.tobytes() for row in np.moveaxis(array, axis, -1).reshape(-1, 5)}
        taken = {row.tobytes() for row in rows[number * 8 : number * 8 + 8]}
        assert taken <= own
        assert len(taken) == min(8, len(own))  # spread over the tensor


def test_rows_move_from_sample_to_sample() -> None:
    (array,) = samples((1, 3, 20, 20), 1)
    request = Request(X, Rows(1, 4), "stack")
    rows = measure(identity([1, 3, 20, 20]), [request], [array] * 10).rows(request)
    assert len(np.unique(rows, axis=0)) > 30


def test_rows_of_padded_tokens_are_not_taken() -> None:
    ids, mask = parameter([1, 12, 4]), parameter([1, 12], "attention_mask", np.int64)
    network = model([op.relu(ids), mask], ids, mask)
    data = []
    for length in (3, 12, 5):
        array = np.full((1, 12, 4), -1, np.float32)
        array[:, :length] = np.arange(length)[:, None]
        data.append({"x": array, "attention_mask": (np.arange(12) < length).astype(np.int64)[None]})
    request = Request(X, Rows(2, 6), "stack")
    rows = measure(network, [request], data).rows(request)
    assert np.all(rows >= 0)
    assert len(np.unique(rows)) > 5


def test_a_model_with_state() -> None:
    x = parameter([1, 4])
    start = op.constant(np.zeros((1, 4), np.float32))
    variable = op.read_value(start, "state", ov.Type.f32, ov.PartialShape([1, 4]))
    total = op.add(x, variable, name="total")
    network = ov.Model([op.result(total)], [op.assign(total, "state")], [x.get_node()], "stateful")
    request = Request(TensorId("total"), Extreme("max"), "max")
    data = [np.full((1, 4), 1, np.float32)] * 3
    assert measure(network, [request], data).value(request) > 0


def network_with(activation: Any, channels: int = 24) -> ov.Model:
    x = parameter([1, 3, 8, 8])
    features = activation(conv(x, channels, "features"))
    features.get_node().set_friendly_name("active")
    return model(features, x)


def tanh(features: ov.Output) -> ov.Output:
    return op.tanh(features).output(0)


def relu_of_a_sum_of_convolutions(features: ov.Output) -> ov.Output:
    """Which the device computes in the memory of a summand."""
    total = op.add(conv(features, 24, "main"), conv(features, 24, "side", kernel=1, seed=1))
    return op.relu(total).output(0)


def activations(network: ov.Model, data: list[NDArray[np.float32]]) -> NDArray[np.float64]:
    once = runner(network)
    return np.stack([once(array)[0] for array in data]).astype(np.float64)


@pytest.mark.long
@pytest.mark.parametrize("channels", [1, 4, 12, 16, 17, 24])
@pytest.mark.parametrize("kind", ["min", "max", "mean", "abs_max"])
def test_channels_that_lie_together_in_memory(channels: int, kind: str) -> None:
    """What convolutions give is reduced in other ways than the rest, and to the same figures."""
    network, data = network_with(lambda node: op.tanh(node).output(0), channels), samples((1, 3, 8, 8), 3)
    aggregator = "max" if kind == "abs_max" else kind
    request = Request(TensorId("active"), Extreme(kind, 1), aggregator)
    figures = np.stack([by_numpy(request.reducer, value) for value in activations(network, data)])
    expected = {"min": np.min, "max": np.max, "mean": np.mean}[aggregator](figures, axis=0)
    np.testing.assert_allclose(measure(network, [request], data).value(request), expected, atol=1e-5)


@pytest.mark.parametrize("kind", ["min", "max"])
def test_the_extreme_of_a_tensor_follows_from_those_of_its_channels(kind: str) -> None:
    whole, by_channel = (Request(TensorId("active"), Extreme(kind, axis), kind) for axis in (None, 1))
    network, data = network_with(lambda node: op.tanh(node).output(0)), samples((1, 3, 8, 8), 3)
    alone = measure(network, [whole], data).value(whole)
    (output,) = StatisticsLayout(network, [whole, by_channel]).model.outputs
    assert output.get_shape() == ov.Shape([24])
    np.testing.assert_array_equal(measure(network, [whole, by_channel], data).value(whole), alone)


def test_the_smallest_value_behind_relu_is_not_measured() -> None:
    request = Request(TensorId("active"), Extreme("min", 1), "min")
    network, data = network_with(lambda node: op.relu(node).output(0)), samples((1, 3, 8, 8), 3)
    (output,) = StatisticsLayout(network, [request]).model.outputs
    assert output.get_shape() == ov.Shape([1])  # a stand-in, as there is nothing to measure
    np.testing.assert_array_equal(measure(network, [request], data).value(request), np.zeros(24))


@pytest.mark.parametrize("activation", [tanh, relu_of_a_sum_of_convolutions], ids=["plain", "sum"])
def test_rows_of_what_a_convolution_gives(activation: Any) -> None:
    network, data = network_with(activation), samples((1, 3, 8, 8), 4)
    request = Request(TensorId("active"), Rows(1, 8), "stack")
    rows = measure(network, [request], data).rows(request).reshape(4, 8, 24)
    for own, value in zip(rows, activations(network, data), strict=True):
        positions = value[0].reshape(24, -1).T
        distance = np.abs(own[:, None] - positions[None]).max(axis=2)
        assert distance.min(axis=1).max() < np.abs(value).max() / 2**11
        assert len(set(distance.argmin(axis=1))) == 8


def test_tensors_are_reduced_as_the_model_computes_them() -> None:
    """The device takes the inputs of the concatenation one by one: late ones first would keep all in memory."""
    x = parameter([1, 3, 8, 8])
    network = model(conv(op.relu(conv(x, 4, "a")), 5, "b"), x)
    requests = [
        Request(TensorId(name), Extreme("max", 1), kind) for kind in ("mean", "max") for name in "bax"
    ]
    layout = StatisticsLayout(network, requests)
    joined = layout.model.outputs[0].get_node().input(0).get_source_output()
    sizes = [port.get_shape()[0] for port in joined.get_node().inputs()]
    assert sizes == [3, 4, 5]


@pytest.mark.parametrize("count", [7, 150, 151, 400, 1000])
def test_thinning_needs_no_length_and_gains_by_one(count: int) -> None:
    data = [np.full((1, 2, 3), number, np.float32) for number in range(count)]
    request = Request(X, Rows(1, 3), "stack")
    layout = StatisticsLayout(identity([1, 2, 3]), [request])
    vectors = [[array.reshape(-1)] for array in data]
    told, untold = (layout.collect(iter(vectors), expected).value(request) for expected in (count, 1))
    np.testing.assert_array_equal(told, untold)
