"""What is said of maps that don't fit the model, and of samples whose time steps don't."""

from __future__ import annotations

from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op
from recurrent_runs import INPUTS, ITEMS, NETWORK, STATES, engine, extremes, sample, updates

import builders
from openvino.tools.pot import IEEngine, create_pipeline, load_model
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.statistics.layout import StatisticsLayout
from openvino.tools.pot.statistics.reducers import Extreme
from openvino.tools.pot.statistics.requests import Request
from openvino.tools.pot.utils.errors import ConfigError, DataError

ZEROS = np.zeros((1, STATES), np.float32)
X = np.zeros((1, INPUTS), np.float32)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (
            X,
            "sample 1: found an array of shape [1, 5], expected a dict of input name to a list of arrays, one for "
            "each time step, as recurrent_out_in_map is set",
        ),
        (
            {"x": X, "h": [ZEROS]},
            "sample 1: input 'x' is an array of shape [1, 5], expected a list of arrays, one for each time step, as "
            "recurrent_out_in_map is set",
        ),
        (
            {"x": [X, X], "h": None},
            "sample 1: input 'h' is a NoneType, expected a list of arrays, one for each time step, as "
            "recurrent_out_in_map is set",
        ),
        (
            {"x": [X, X], "h": [ZEROS]},
            "sample 1: inputs need an array for each time step, found 2 of 'x', 1 of 'h'",
        ),
        ({"x": [], "h": []}, "sample 1: it has no time step, expected at least one"),
        (
            {"x": [X, None], "h": [ZEROS, None]},
            "sample 1, time step 1: input 'x' is None, expected an array as recurrent_out_in_map maps no output to it",
        ),
        (
            {"x": [X, X], "h": [None, None]},
            "sample 1, time step 0: input 'h' is None, expected an array of shape [1,8] as no step is before",
        ),
        (
            {"x": [X, X[:, :3]], "h": [ZEROS, None]},
            "sample 1, time step 1: input 'x' expects shape [1,5], found [1, 3]",
        ),
        (
            {"x": [X, X * np.nan], "h": [ZEROS, None]},
            "sample 1, time step 1: input 'x' holds NaN or infinite values",
        ),
        ({"x": [X, X]}, "sample 1, time step 0: no data for input 'h', found ['x']"),
        (
            {"x": [X], "h": [ZEROS], "hh": [ZEROS]},
            "sample 1, time step 0: the model has no input 'hh', its inputs are ['x', 'h']; did you mean 'h'?",
        ),
    ],
)
def test_errors_of_samples_name_sample_and_step(data: Any, words: str) -> None:
    own = engine([(sample(0, 2), 0), (data, 0)])
    for run in (updates, extremes):
        with pytest.raises(DataError) as caught:
            run(own)
        assert str(caught.value) == words


def test_metadata_that_cannot_take_the_step() -> None:
    with pytest.raises(
        DataError, match="sample 0: metadata is a str, expected a dict that takes the time step"
    ):
        updates(engine([(sample(0, 2), 0, "a.wav")]))


def test_an_error_in_a_hook_names_the_step() -> None:
    class Breaks(IEEngine):
        calls = 0

        def _fill_input(self, model: Any, image_batch: list[Any]) -> Any:
            self.calls += 1
            if self.calls == 6:
                raise LookupError("by zero")
            return super()._fill_input(model, image_batch)

    with pytest.raises(DataError) as caught:
        updates(engine([(sample(0, 4), 0), (sample(1, 4), 0)], kind=Breaks))
    assert str(caught.value) == "sample 1, time step 1: it can't be fed to the model: LookupError: by zero"
    assert type(caught.value.__cause__) is LookupError


def test_a_failing_inference_names_the_step() -> None:
    x, past = builders.parameter([1, 2], "x"), builders.parameter(ov.PartialShape([-1, 2]), "past")
    longer = op.concat([past, x], 0, name="longer")
    breaking = builders.model(
        [op.add(past, op.constant(np.ones((2, 2), np.float32)), name="fixed"), longer], x, past
    )
    good = {"x": list(np.ones((2, 1, 2))), "past": [np.zeros((1, 2)), None]}
    bad = {"x": list(np.ones((4, 1, 2))), "past": [np.zeros((1, 2)), None, None, None]}
    own = engine([(good, 0), (bad, 0)], {"longer": "past"})
    own.set_model(breaking)
    requests = [Request(TensorId(node), Extreme("max"), "max") for node in ("longer", "fixed")]
    with pytest.raises(DataError, match="sample 1, time step 2: inference failed: "):
        own.predict()
    with pytest.raises(DataError, match="sample 1, time step 2: inference failed: "):
        own.predict(stats_layout=StatisticsLayout(breaking, requests))


@pytest.mark.parametrize(
    ("out_in", "words"),
    [
        (["next", "h"], ": input should be a valid dictionary, found ['next', 'h']"),
        ({"next": 3}, ".next: input should be a valid string, found 3"),
        (
            {"next": "h", "y": "h"},
            ": it maps outputs 'next' and 'y' to input 'h', expected one for each input",
        ),
    ],
)
def test_a_map_of_another_form_is_refused_by_the_constructor(out_in: Any, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        IEEngine({"recurrent_out_in_map": out_in})
    assert str(caught.value) == f"engine config: recurrent_out_in_map{words}"


@pytest.mark.parametrize("nothing", [None, {}])
def test_an_empty_map_is_none(nothing: Any) -> None:
    own = IEEngine({"recurrent_out_in_map": nothing}, builders.Items([({"x": X, "h": ZEROS}, 0)]))
    own.set_model(NETWORK)
    assert own.predict() == (None, None)


@pytest.mark.parametrize(
    ("out_in", "words"),
    [
        (
            {"nexd": "h"},
            ": the model has no output 'nexd', its outputs are ['y', 'next']; did you mean 'next'?",
        ),
        (
            {"next": "stat"},
            ": the model has no input 'stat', its inputs are ['x', 'h']; did you mean 'state'?",
        ),
        ({3: "h"}, ": the model has no output '3', its outputs are ['y', 'next']"),
        ({"y": "h"}, ": output 'y' of shape [1,3] doesn't fit input 'h' of shape [1,8]"),
        (
            {"next": "h", "mixed": "state"},
            " maps outputs 'next' and 'mixed' to input 'h', expected one for each input",
        ),
    ],
)
def test_a_map_that_does_not_fit_the_model_is_refused_before_a_sample_is_read(
    out_in: Any, words: str
) -> None:
    class Unread(builders.Items):
        def __getitem__(self, index: int) -> Any:
            raise AssertionError

    own = engine(Unread(ITEMS), out_in)
    for run in (
        lambda: own.set_model(NETWORK),
        lambda: create_pipeline([], own).evaluate(load_model(NETWORK)),
        lambda: create_pipeline([{"name": "DefaultQuantization", "params": {}}], own).run(
            load_model(NETWORK)
        ),
    ):
        with pytest.raises(ConfigError) as caught:
            run()
        assert str(caught.value) == f"engine config: recurrent_out_in_map{words}"


def test_outputs_and_inputs_of_different_types() -> None:
    x, count = builders.parameter([1, 2], "x"), builders.parameter([1, 2], "count", np.int64)
    counting = builders.model([op.add(x, op.convert(count, "f32"), name="sum")], x, count)
    with pytest.raises(ConfigError, match="output 'y' is f32, expected i64 as input 'count' takes"):
        engine(out_in={"y": "count"}).set_model(counting)


def test_the_name_of_a_node_with_several_outputs_is_not_enough() -> None:
    x, h = builders.parameter([1, 4], "x"), builders.parameter([1, 2], "h")
    parts = op.split(op.add(x, op.concat([h, h], 1)), op.constant(1), 2, name="parts")
    splitting = builders.model([parts.output(0), parts.output(1)], x, h)
    with pytest.raises(ConfigError) as caught:
        engine(out_in={"parts": "h"}).set_model(splitting)
    assert str(caught.value) == (
        "engine config: recurrent_out_in_map: node 'parts' makes the outputs ['y', 'y1'], expected the name of one "
        "of them"
    )
    engine(out_in={"y1": "h"}).set_model(splitting)


def test_a_model_with_another_state_of_its_own_is_refused() -> None:
    x, h = builders.parameter([1, 4], "x"), builders.parameter([1, 4], "h")
    total = op.add(op.read_value(op.constant(np.zeros((1, 4), np.float32)), "total"), op.add(x, h))
    both = ov.Model([op.result(total)], [op.assign(total, "total")], [x.get_node(), h.get_node()], "m")
    name = total.get_friendly_name()
    with pytest.raises(
        ConfigError, match="the model has a state of its own, 'total', expected all of it among"
    ):
        engine(out_in={name: "h"}).set_model(both)


def test_batches_of_several_samples_are_refused() -> None:
    x, h = (builders.parameter(ov.PartialShape([-1, size]), name) for name, size in (("x", 3), ("h", 3)))
    weights = op.constant(builders.weights((3, 3)))
    free = builders.model([op.matmul(op.add(x, h), weights, False, False, name="m")], x, h)
    data = {"x": [np.ones((1, 3))], "h": [np.zeros((1, 3))]}
    with pytest.raises(ConfigError) as caught:
        builders.quantized(
            free, builders.Items([(data, 0)] * 4), {"recurrent_out_in_map": {"m": "h"}}, stat_batch_size=2
        )
    assert str(caught.value) == (
        "recurrent_out_in_map: samples are fed one by one, found a batch of 2: leave stat_batch_size at 1"
    )
