"""Engines, hooks, samplers, metrics and pipelines that can't be right."""

from __future__ import annotations

from typing import Any

import numpy as np
import openvino as ov
import pytest
from misuses import IMAGES, Misuse, Sum, altered, check, evaluated, giving, loader, raising, run, search

import builders
from openvino.tools.pot import Engine, IEEngine, create_pipeline, load_model
from openvino.tools.pot.algorithms import ALGORITHMS
from openvino.tools.pot.data_loaders.creator import create_data_loader
from openvino.tools.pot.engines.creator import create_engine
from openvino.tools.pot.engines.simplified_engine import SimplifiedEngine
from openvino.tools.pot.pipeline.pipeline import Pipeline
from openvino.tools.pot.samplers.batch_sampler import BatchSampler
from openvino.tools.pot.samplers.creator import create_sampler
from openvino.tools.pot.statistics import merge
from openvino.tools.pot.utils.errors import PotError


def metric(**members: Any) -> Any:
    return altered(Sum, **members)


def prop(function: Any) -> Any:
    return property(function)


# What a metric does, when it is evaluated and when layers are searched by it.
METRICS: dict[str, tuple[Any, str, type[BaseException] | None]] = {
    "that raises in update": (
        lambda: metric(update=raising(OSError, "x")),
        "metric Sum: update raised",
        OSError,
    ),
    "of another update": (lambda: metric(update=lambda self: None), "metric Sum: update raised", TypeError),
    "without update": (lambda: metric(update=None), "metric Sum", TypeError),
    "that raises in avg_value": (
        lambda: metric(avg_value=prop(raising(KeyError, "x"))),
        "metric Sum: avg_value raised KeyError",
        KeyError,
    ),
    "that divides by zero": (
        lambda: metric(avg_value=prop(lambda self: {"sum": 1 / 0})),
        "metric Sum: avg_value raised ZeroDivisionError",
        ZeroDivisionError,
    ),
    "whose avg_value is nothing": (
        lambda: metric(avg_value=None, get_attributes=giving({})),
        "avg_value is None",
        None,
    ),
    "whose avg_value is a text": (lambda: metric(avg_value="good"), "avg_value is 'good'", None),
    "whose avg_value is an object": (lambda: metric(avg_value=object()), "avg_value is ", None),
    "that raises in reset": (
        lambda: metric(reset=Later(OSError)),
        "metric Sum: reset raised OSError",
        OSError,
    ),
    "that is a number": (lambda: 5, "metric", None),
    "that is a text": (lambda: "top1", "metric", None),
    "that is an object": (lambda: object(), "metric", None),
    "that is a class": (lambda: Sum, "metric", None),
    "that is a function": (lambda: raising(ValueError), "metric", None),
}


class Later:
    """Raises from the second call on: the first is at construction."""

    def __init__(self, error: type[BaseException]) -> None:
        self._error, self._calls = error, 0

    def __get__(self, *_: Any) -> Any:
        return self

    def __call__(self) -> None:
        self._calls += 1
        if self._calls > 1:
            raise self._error("later")


CASES: dict[str, Misuse] = {}
for name, (make, part, cause) in METRICS.items():
    CASES[f"evaluation by a metric {name}"] = Misuse(lambda make=make: evaluated(make()), part, cause)
    CASES[f"search by a metric {name}"] = Misuse(lambda make=make: search(make()), part, cause)

# What only a search asks of a metric.
SEARCHED: dict[str, tuple[Any, str, type[BaseException] | None]] = {
    "that raises in get_attributes": (
        {"get_attributes": raising(OSError, "x")},
        "metric Sum: get_attributes raised OSError",
        OSError,
    ),
    "whose attributes are a number": ({"get_attributes": giving(5)}, "get_attributes", None),
    "whose attributes are a text": ({"get_attributes": giving("higher-better")}, "get_attributes", None),
    "whose attributes of a figure are a text": (
        {"get_attributes": giving({"sum": "higher"})},
        "get_attributes",
        None,
    ),
    "of direction up": (
        {"get_attributes": giving({"sum": {"direction": "up"}})},
        "direction of 'sum' is 'up'",
        None,
    ),
    "of direction True": (
        {"get_attributes": giving({"sum": {"direction": True}})},
        "direction of 'sum' is True",
        None,
    ),
    "of direction higher": (
        {"get_attributes": giving({"sum": {"direction": "higher"}})},
        "direction of 'sum' is 'higher', expected higher-better or higher-worse",
        None,
    ),
    "that raises in value": (
        {"value": prop(raising(OSError, "x"))},
        "metric Sum: value raised OSError",
        OSError,
    ),
    "whose figure is NaN": (
        {"avg_value": {"sum": float("nan")}},
        "metric 'sum' of the float model is nan",
        None,
    ),
    "whose figure is infinite": (
        {"avg_value": {"sum": float("inf")}},
        "metric 'sum' of the float model is inf",
        None,
    ),
    "whose figure is a text": ({"avg_value": {"sum": "good"}}, "metric 'sum' is 'good'", None),
    "whose figure is nothing": ({"avg_value": {"sum": None}}, "metric 'sum' is None", None),
    "whose figure is an object": ({"avg_value": {"sum": object()}}, "metric 'sum' is ", None),
    "whose figure is many": ({"avg_value": {"sum": np.zeros(3)}}, "metric 'sum' is array", None),
    "whose figure is complex": ({"avg_value": {"sum": 1j}}, "metric 'sum' is 1j", None),
    "whose figures have uneven parts": ({"avg_value": {"sum": [[1], [1, 2]]}}, "metric 'sum' is", None),
    "without figures": ({"avg_value": {}}, "metric", None),
    "that raises in higher_better": (
        {"higher_better": prop(raising(OSError, "x")), "get_attributes": giving({})},
        "metric Sum: higher_better raised OSError",
        OSError,
    ),
}
CASES |= {
    f"search by a metric {name}": Misuse(lambda own=own: search(metric(**own)), part, cause)
    for name, (own, part, cause) in SEARCHED.items()
}

# Engines that are made with wrong settings.
CONFIGS: dict[str, tuple[Any, str]] = {
    "that is a list": ([1], "engine config is a list"),
    "that is a text": ("CPU", "engine config is a str"),
    "that is an object": (object(), "engine config is a object"),
    "with a device of a number": ({"device": 7}, "device: input should be a valid string, found 7"),
    "with a device of a list": ({"device": ["CPU"]}, "device: input should be a valid string, found ['CPU']"),
    "with NaN requests": (
        {"stat_requests_number": float("nan")},
        "stat_requests_number: expected a value, found nan",
    ),
    "with infinite requests": (
        {"eval_requests_number": float("inf")},
        "eval_requests_number: input should be a valid integer, found inf",
    ),
    "with negative requests": (
        {"eval_requests_number": -1},
        "eval_requests_number: input should be greater than or equal to 0, found -1",
    ),
    "with requests of a list": (
        {"eval_requests_number": [1]},
        "eval_requests_number: input should be a valid integer, found [1]",
    ),
    "with an axis of a text": ({"batch_dim": "N"}, "batch_dim: input should be a valid integer, found 'N'"),
    "with a negative axis": (
        {"batch_dim": -7},
        "batch_dim: input should be greater than or equal to 0, found -7",
    ),
    "with a map of a text": ({"recurrent_out_in_map": "y"}, "recurrent_out_in_map"),
    "with a map of a list": ({"recurrent_out_in_map": ["y", "x"]}, "recurrent_out_in_map"),
    "with a map to a number": ({"recurrent_out_in_map": {"y": 5}}, "recurrent_out_in_map"),
    "with a misspelt key": ({"devise": "CPU"}, "unknown parameter 'devise'"),
}
CASES |= {
    f"an engine config {name}": Misuse(lambda own=own: IEEngine(own), part)
    for name, (own, part) in CONFIGS.items()
}
RUNS: dict[str, tuple[Any, str]] = {
    "of no such device": ({"device": "ABACUS"}, "device 'ABACUS'"),
    "of a device with NUL": ({"device": "CPU\0"}, "device 'CPU\\x00'"),
    "of a device that is a path": ({"device": "../CPU"}, "device '../CPU'"),
    "of a map of names that are none": ({"recurrent_out_in_map": {"nope": "x"}}, "recurrent_out_in_map"),
    "of a map to names that are none": ({"recurrent_out_in_map": {"y": "nope"}}, "recurrent_out_in_map"),
}
CASES |= {
    f"an engine {name}": Misuse(lambda own=own: run(engine=IEEngine(own, loader())), part)
    for name, (own, part) in RUNS.items()
}


def ready() -> Any:
    engine = IEEngine({}, loader(), Sum())
    engine.set_model(builders.network())
    return engine


ENGINES: dict[str, Any] = {
    "a number": 5,
    "a text": "engine",
    "an object": object(),
    "the class": IEEngine,
    "a loader": builders.Items(IMAGES),
    "a mapping": {"device": "CPU"},
}
for name, own in ENGINES.items():
    CASES[f"{name} as engine of a pipeline"] = Misuse(lambda own=own: run(engine=own), "engine")
    CASES[f"{name} as engine of an evaluation"] = Misuse(
        lambda own=own: create_pipeline([], own).evaluate(builders.network()), "engine"
    )


class Odd(Engine):
    """An engine of the user's own."""

    set_model = giving(None)
    predict = giving((None, None))


HOOKS: dict[str, tuple[dict[str, Any], str, type[BaseException] | None]] = {
    "_fill_input that raises": ({"_fill_input": raising(KeyError, "x")}, "sample 0: ", KeyError),
    "_fill_input of nothing": ({"_fill_input": giving(None)}, "sample 0: ", None),
    "_fill_input of a number": ({"_fill_input": giving(5)}, "sample 0: ", None),
    "_fill_input of another name": ({"_fill_input": giving({"nope": IMAGES[0]})}, "sample 0: ", None),
    "_fill_input of a text": ({"_fill_input": giving({"x": "a"})}, "sample 0: ", None),
    "_fill_input of another shape": (
        {"_fill_input": giving({"x": np.zeros(3, np.float32)})},
        "sample 0: ",
        None,
    ),
    "_process_batch that raises": ({"_process_batch": raising(KeyError, "x")}, "sample 0: ", KeyError),
    "_process_batch of nothing": ({"_process_batch": giving(None)}, "sample 0: ", None),
    "_process_batch of two": ({"_process_batch": giving((1, 2))}, "sample 0: ", None),
    "_process_batch of numbers": ({"_process_batch": giving((1, 2, 3))}, "sample 0: ", None),
    "_process_batch of no images": ({"_process_batch": giving(([(0, 0)], [], [{}]))}, "sample 0: ", None),
}
EVALUATED: dict[str, tuple[dict[str, Any], str, type[BaseException] | None]] = {
    "postprocess_output that raises": (
        {"postprocess_output": raising(KeyError, "x")},
        "postprocess_output raised KeyError",
        KeyError,
    ),
    "postprocess_output of nothing": (
        {"postprocess_output": giving(None)},
        "metric Sum: update raised",
        TypeError,
    ),
    "_update_metrics that raises": (
        {"_update_metrics": raising(KeyError, "x")},
        "_update_metrics raised KeyError",
        KeyError,
    ),
    "_predict that raises": ({"_predict": raising(KeyError, "x")}, "_predict raised KeyError", KeyError),
    "_predict of a number": ({"_predict": giving(5)}, "predict gave 5", None),
    "_predict of a text": ({"_predict": giving("abc")}, "predict gave 'abc'", None),
}
for name, (own, part, cause) in HOOKS.items():
    CASES[f"{name}, DefaultQuantization"] = Misuse(
        lambda own=own: run(engine=altered(IEEngine, {}, loader(), **own)), part, cause
    )
for name, (own, part, cause) in (HOOKS | EVALUATED).items():
    CASES[f"{name}, evaluate"] = Misuse(lambda own=own: evaluated(**own), part, cause)

CASES |= {
    "an engine that measures nothing": Misuse(lambda: run(engine=Odd({}, loader())), "Odd"),
    "an engine that gives nothing": Misuse(
        lambda: run(engine=altered(Odd, {}, loader(), predict=giving(None))), "predict"
    ),
    "an engine that raises": Misuse(
        lambda: run(engine=altered(Odd, {}, loader(), predict=raising(OSError, "x"))),
        "predict raised",
        OSError,
    ),
    "an engine that evaluates to nothing": Misuse(
        lambda: evaluated(kind=Odd, predict=giving(None)), "predict"
    ),
    "an engine that evaluates to a number": Misuse(lambda: evaluated(kind=Odd, predict=giving(5)), "predict"),
    "an engine that raises for a model": Misuse(
        lambda: evaluated(kind=Odd, set_model=raising(OSError, "x")), "set_model raised OSError", OSError
    ),
    "an engine that is set to nothing": Misuse(lambda: ready().set_model(None), "model"),
    "an engine that is set to a number": Misuse(lambda: ready().set_model(5), "model"),
    "an engine that is set to a compiled model": Misuse(
        lambda: ready().set_model(ov.Core().compile_model(builders.network(), "CPU")), "model"
    ),
    "an engine without a model": Misuse(IEEngine({}, loader()).predict, "no model"),
    "a sampler of a number": Misuse(lambda: ready().predict(sampler=5), "sampler"),
    "a sampler of an object": Misuse(lambda: ready().predict(sampler=object()), "sampler"),
    "a sampler that is empty": Misuse(lambda: ready().predict(sampler=[]), "at least one sample"),
    "a sampler of numbers": Misuse(lambda: ready().predict(sampler=[1, 2]), "sample"),
    "a sampler of Nones": Misuse(lambda: ready().predict(sampler=[None]), "sample"),
    "a layout of a number": Misuse(lambda: ready().predict(stats_layout=5), "stats_layout"),
    "a layout of POT's": Misuse(lambda: ready().predict(stats_layout={"conv1": {}}), "stats_layout"),
    "aliases": Misuse(lambda: ready().predict(stat_aliases={"a": 1}), "stat_aliases"),
    "a batch of no samples": Misuse(lambda: BatchSampler(loader(), 0), "batch_size"),
    "a batch of fewer than none": Misuse(lambda: BatchSampler(loader(), -1), "batch_size"),
    "a batch of half a sample": Misuse(lambda: BatchSampler(loader(), 0.5), "batch_size"),  # type: ignore[arg-type]
    "a batch of a text": Misuse(lambda: BatchSampler(loader(), "2"), "batch_size"),  # type: ignore[arg-type]
    "indices of a number": Misuse(lambda: BatchSampler(loader(), 1, 5), "subset_indices"),  # type: ignore[arg-type]
    "indices of texts": Misuse(lambda: ready().predict(sampler=BatchSampler(loader(), 1, ["a"])), "sample a"),
    "indices beyond the end": Misuse(
        lambda: ready().predict(sampler=BatchSampler(loader(), 1, [99])), "sample 99"
    ),
    "a sampler of no engine": Misuse(lambda: create_sampler(None, 4), "engine"),  # type: ignore[arg-type]
    "a sampler of a text of samples": Misuse(lambda: create_sampler(ready(), "all"), "samples"),  # type: ignore[arg-type]
    "a sampler of fewer than no samples": Misuse(lambda: create_sampler(ready(), -3), "samples"),
}


def pipeline(algorithms: Any = ({"name": "DefaultQuantization"},)) -> Any:
    return create_pipeline(algorithms, IEEngine({}, loader(), Sum()))


def other_statistics() -> Any:
    x = builders.parameter([1, 3, 8, 8])
    other = load_model(builders.model(builders.conv(x, 4, "other"), x))
    return pipeline().collect_statistics(other)


CASES |= {
    **{
        f"algorithms that are {name}": Misuse(lambda own=own: pipeline(own), "algo_config")
        for name, own in {
            "a number": 5,
            "a truth": True,
            "a text": "DefaultQuantization",
            "a mapping": {"name": "DefaultQuantization"},
            "a set": {"DefaultQuantization"},
            "Nones": [None],
            "numbers": [5],
            "texts": ["DefaultQuantization"],
            "classes": [ALGORITHMS["DefaultQuantization"]],
            "without names": [{"params": {}}],
            "of a name that is a number": [{"name": 5}],
            "of a name that is a list": [{"name": ["DefaultQuantization"]}],
            "of a name with NUL": [{"name": "Default\0"}],
            "of a lone surrogate": [{"name": "\ud800"}],
            "of no such name": [{"name": "BestQuantization"}],
            "of parameters that are a number": [{"name": "DefaultQuantization", "params": 5}],
            "of parameters that are a list": [{"name": "DefaultQuantization", "params": [1]}],
            "of parameters that are a text": [{"name": "DefaultQuantization", "params": "fast"}],
        }.items()
    },
    **{
        f"running over {name}": Misuse(lambda own=own: pipeline().run(own), "model")
        for name, own in {
            "nothing": None,
            "a number": 5,
            "a list": [builders.network()],
            "an object": object(),
            "an array": IMAGES[0],
            "a path of no file": "nope.xml",
        }.items()
    },
    **{
        f"statistics that are {name}": Misuse(
            lambda own=own: pipeline().run(load_model(builders.network()), own()), "statistics"
        )
        for name, own in {
            "a number": lambda: 5,
            "a text": lambda: "statistics.pickle",
            "a mapping": lambda: {"conv1": 1.0},
            "a list": list,
            "of another model": other_statistics,
        }.items()
    },
    **{
        f"merging {name}": Misuse(lambda own=own: merge(*own()), "statistics")
        for name, own in {
            "nothing": lambda: (None, None),
            "numbers": lambda: (1, 2),
            "lists": lambda: ([other_statistics()], []),
            "a part and nothing": lambda: (other_statistics(), None),
            "those of two models": lambda: (
                other_statistics(),
                pipeline().collect_statistics(load_model(builders.network())),
            ),
        }.items()
    },
    "an algorithm that is a number": Misuse(lambda: Pipeline(None).add_algo(5), "algorithm"),  # type: ignore[arg-type]
    "an algorithm that is a class": Misuse(
        lambda: Pipeline(None).add_algo(ALGORITHMS["DefaultQuantization"]),  # type: ignore[arg-type]
        "algorithm",
    ),
    "an algorithm that is a name": Misuse(lambda: Pipeline(None).add_algo("MinMax"), "algorithm"),  # type: ignore[arg-type]
    "no algorithm": Misuse(lambda: pipeline([]).run(builders.network()), "algorithms"),
    "the second algorithm first": Misuse(
        lambda: pipeline([{"name": "FastBiasCorrection"}, {"name": "MinMaxQuantization"}]).run(
            builders.network()
        ),
        "FastBiasCorrection",
    ),
    "a search beside another": Misuse(
        lambda: pipeline([{"name": "AccuracyAwareQuantization"}, {"name": "DefaultQuantization"}]).run(
            builders.network()
        ),
        "AccuracyAwareQuantization stands alone",
    ),
    "evaluating nothing": Misuse(lambda: pipeline([]).evaluate(None), "model"),
    "evaluating a number": Misuse(lambda: pipeline([]).evaluate(5), "model"),
    "evaluating without an engine": Misuse(lambda: Pipeline(None).evaluate(builders.network()), "engine"),
    "collecting without an engine": Misuse(
        lambda: create_pipeline([{"name": "DefaultQuantization"}], None).collect_statistics(
            builders.network()
        ),
        "engine",
    ),
    "collecting over a number": Misuse(lambda: pipeline().collect_statistics(5), "model"),
}


def cascade(**members: Any) -> Any:
    pair = [{"name": name, "model": builders.network()} for name in ("a", "b")]
    return run(engine=altered(IEEngine, {}, loader(), **members), source=load_model({"cascade": pair}))


SECTIONS: list[tuple[Any, str]] = [
    (5, "engine config"),
    ("x", "engine config"),
    ([], "engine config"),
    ({"type": "best"}, "type"),
    ({"type": "simplified", "data_source": 5}, "data_source"),
]
CASES |= {
    f"an engine section {section!r}": Misuse(lambda section=section: create_engine(section), part)
    for section, part in SECTIONS
}
CASES |= {
    f"a data loader of {section!r}": Misuse(
        lambda section=section: create_data_loader(section, builders.network()), part
    )
    for section, part in SECTIONS
}
CASES |= {
    "a data loader of nothing": Misuse(lambda: create_data_loader(None, builders.network()), "engine config"),  # type: ignore[arg-type]
    "a data loader for no model": Misuse(
        lambda: create_data_loader({"type": "simplified", "data_source": "i"}, None),  # type: ignore[arg-type]
        "model",
    ),
    "a simplified engine of a number": Misuse(lambda: SimplifiedEngine(5), "engine config"),  # type: ignore[arg-type]
    "an engine of Accuracy Checker of a number": Misuse(
        lambda: create_engine({"type": "accuracy_checker", "config": 5}), "configuration file"
    ),
    "a cascade without an override": Misuse(cascade, "IEEngine runs one model"),
    "a cascade whose _predict raises": Misuse(
        lambda: cascade(_predict=raising(KeyError, "x")), "_predict raised", KeyError
    ),
    "a cascade whose predict raises": Misuse(
        lambda: cascade(predict=raising(KeyError, "x")), "predict raised", KeyError
    ),
    "a cascade whose models never run": Misuse(lambda: cascade(_predict=giving(None)), "'a'"),
}


@pytest.mark.parametrize("case", CASES)
def test_misused_engines_and_metrics_are_refused_in_a_sentence(case: str) -> None:
    check(CASES[case])


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("member", ["update", "avg_value", "get_attributes"])
def test_interruptions_in_a_metric_pass_through(error: Any, member: str) -> None:
    own = raising(error)
    with pytest.raises(error):
        search(metric(**{member: prop(own) if member == "avg_value" else own}))


def test_the_error_of_a_metric_is_the_cause() -> None:
    with pytest.raises(PotError) as caught:
        evaluated(metric(update=raising(ZeroDivisionError, "no samples")))
    assert str(caught.value) == "metric Sum: update raised ZeroDivisionError: no samples"
    assert type(caught.value.__cause__) is ZeroDivisionError
