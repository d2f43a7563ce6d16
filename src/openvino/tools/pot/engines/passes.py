"""Passes over samples: statistics of one network or of several, and evaluation.

Single samples, batches, time steps and inferences that an override makes differ in what is fed, and in who feeds it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import openvino as ov

from openvino.tools.pot.api.engine import Engine
from openvino.tools.pot.engines.compiling import compiled_for
from openvino.tools.pot.engines.filling import Samples, feeds, time_steps
from openvino.tools.pot.engines.hooks import Hooks, naming_hook, predicted
from openvino.tools.pot.engines.items import Item, first_read
from openvino.tools.pot.engines.metrics import reset_metric
from openvino.tools.pot.engines.recurrent import Recurrence
from openvino.tools.pot.engines.reducing import Run, reduced, with_places
from openvino.tools.pot.engines.results import is_taken_apart, may_travel, results
from openvino.tools.pot.engines.rounds import run_steps
from openvino.tools.pot.engines.segmented import run_in_parts
from openvino.tools.pot.engines.stream import (
    Feed,
    NamedOutputs,
    OutputNames,
    Outputs,
    run_beside,
    run_stream,
)
from openvino.tools.pot.engines.watching import Measurement, Recording, Shapes, Watch
from openvino.tools.pot.graph.batch import fixed_batch
from openvino.tools.pot.statistics.layout import StatisticsLayout
from openvino.tools.pot.statistics.measured import Statistics
from openvino.tools.pot.utils.errors import EngineError
from openvino.tools.pot.utils.timing import timed


def measure(engine: Engine, layouts: Mapping[str, StatisticsLayout], sampler: Any) -> dict[str, Statistics]:
    """What is measured on each network, by its name, in one pass over samples.

    Args:
        engine: that ``set_model`` has told of the networks.
        layouts: network name -> what is measured on it.
        sampler: the samples, as ``predict`` takes them.

    Raises:
        EngineError: the engine gives no statistics, nothing of it runs several networks, or one of them is never run.
        DataError: a sample doesn't fit a network; its index is named.
        OtherSizesError: samples are not of the sizes that a layout was made for.
    """
    if isinstance(engine, Hooks) and engine._given is not None and engine._given.is_cascade:
        watch = Measurement(layouts, engine._options.device, len(sampler))
        _watched_pass(engine, watch, sampler, show=True)
        found = watch.statistics()
    else:
        found = {name: _of_predict(engine, layout, sampler) for name, layout in layouts.items()}
    for statistics in found.values():
        statistics.samples = len(sampler)
    return found


def fed_shapes(engine: Engine, sampler: Any) -> dict[str, dict[str, ov.PartialShape]]:
    """Network name -> input -> its shape with what samples want to be dynamic, of the networks of a cascade.

    Raises:
        EngineError: nothing of the engine runs several networks.
    """
    if not isinstance(engine, Hooks) or engine._given is None:
        raise EngineError(f"a cascade needs an IEEngine, found {type(engine).__name__}")
    shapes = Shapes({sub.name: sub.model for sub in engine._given})
    _watched_pass(engine, shapes, sampler, show=False)
    return {sub.name: shapes.freed(sub.name) for sub in engine._given}


def recorded(engine: Hooks, sampler: Any) -> dict[str, list[Feed]]:
    """Network name -> some of what it is fed, of the networks of a cascade.

    Raises:
        EngineError: nothing of the engine runs several networks.
    """
    assert engine._given is not None
    recording = Recording({sub.name: sub.model for sub in engine._given})
    _watched_pass(engine, recording, sampler, show=False)
    return recording.feeds


def _of_predict(engine: Engine, layout: StatisticsLayout, sampler: Any) -> Statistics:
    statistics = predicted(engine, stats_layout=layout, sampler=sampler, print_progress=True)[1]
    if not isinstance(statistics, Statistics):
        raise EngineError(
            f"engine {type(engine).__name__}: predict gave {statistics!r}, expected statistics of stats_layout"
        )
    return statistics


def _watched_pass(engine: Hooks, watch: Watch, sampler: Any, show: bool) -> None:
    """Let overrides run all models over the samples as for an evaluation, on copies: they may reshape these."""
    own, given = engine._overrides("_predict"), engine._given
    assert given is not None
    if not own and not engine._overrides("predict"):
        names = [sub.name for sub in given]
        raise EngineError(
            f"IEEngine runs one model, found a cascade of {names}: subclass it, override _predict"
        )
    if engine.metric is not None:
        reset_metric(engine.metric)
    try:
        with engine._ie.watched(watch):
            engine.set_model(given.clone())
            if own:
                call_predict(engine, None, sampler, show, False)  # metrics are of no interest
            else:
                with naming_hook(engine, "predict"):
                    engine.predict(sampler=sampler, print_progress=show)
    finally:
        engine.set_model(given)


def call_predict(engine: Hooks, *arguments: Any) -> Any:
    """What ``_predict`` gives, be it a user's."""
    with naming_hook(engine, "_predict"):
        return engine._predict(*arguments)


def measure_one(engine: Hooks, layout: StatisticsLayout, sampler: Any, show: bool) -> Statistics:
    """What is measured on a single network, by us, or beside the inferences that an override of ``_predict`` makes."""
    if not engine._overrides("_predict"):
        return collect(engine, layout, sampler, show)
    assert engine._given is not None
    name = engine._given.submodels[0].name
    watch = Measurement({name: layout}, engine._options.device, len(sampler))
    with engine._ie.watched(watch):
        found = call_predict(engine, layout, sampler, show, False)
    if isinstance(found, (tuple, list)) and len(found) == 2 and found[1] is not None:
        statistics: Statistics = found[1]  # it left the pass to us
        return statistics
    return watch.statistics()[name]


def collect(engine: Hooks, layout: StatisticsLayout, sampler: Any, show: bool) -> Statistics:
    """What is measured on a single network by inferences of our own, or of workers."""
    if engine._options.out_in_map:
        statistics = _of_steps(engine, layout, sampler, show)
    elif engine._elsewhere is not None and layout.is_split and may_travel(layout.model):
        statistics = engine._elsewhere.measured(engine, layout, sampler, show)
    else:
        statistics = _of_samples(engine, layout, sampler, show)
    statistics.samples = len(sampler)
    return statistics


def _of_samples(engine: Hooks, layout: StatisticsLayout, sampler: Any, show: bool) -> Statistics:
    model, options = engine._single_model(), engine._options
    samples, apart = Samples(sampler, "Statistics", show), is_taken_apart(engine, layout)
    read = first_read(feeds(engine, model, samples, single=True, apart=apart))
    expected = -(-len(sampler) // fixed_batch(model, options.batch_axis))
    streams, parts = layout.way.streams, layout.way.parts
    compiling = partial(compiled_for, "measured", device=options.device, streams=streams)
    run: Run
    if parts is not None:
        run = partial(run_in_parts, parts, compiled=compiling, requests=streams)
    else:
        requests = options.stat_requests or (streams and streams + 1)
        with timed("compile"):
            run = partial(run_stream, compiling(layout.model), requests=requests, copies=False)
    with timed("pass"):
        return reduced(run, layout, read, expected)


def _of_steps(engine: Hooks, layout: StatisticsLayout, sampler: Any, show: bool) -> Statistics:
    """The same of samples with time steps, each of which needs what came of the one before."""
    model, options = engine._single_model(), engine._options
    back = Recurrence(model, options.out_in_map)
    read = first_read(time_steps(engine, model, back, Samples(sampler, "Statistics", show)))
    layout = layout.with_outputs(back.outputs)
    with timed("compile"):
        compiled = compiled_for("measured", layout.model, options.device)
    own = len(compiled.outputs) - len(back.outputs)

    def infer(fed: Iterator[Any]) -> Iterator[tuple[Any, Outputs]]:
        return run_stream(compiled, with_places(layout, fed), options.stat_requests, copies=False)

    def state(outputs: Outputs) -> Feed:
        return back.state(dict(zip(back.outputs, outputs[own:], strict=True)))

    def work(ready: Iterator[Any]) -> Statistics:
        results = run_steps(ready, state, infer, in_order=False)
        return layout.collect((outputs[:own] for _, outputs in results), len(sampler))

    with timed("pass"):
        return run_beside(read, work)


def evaluate(engine: Hooks, sampler: Any, show: bool, per_sample: bool) -> None:
    """Give the outputs of a single network to the engine's metric, sample after sample.

    Raises:
        DataError: a sample doesn't fit the network, or an inference failed; its index is named.
    """
    engine._tally.labelled = False
    for names, items, outputs in _results(engine, Samples(sampler, "Evaluation", show)):
        judge(engine, items, NamedOutputs(names, outputs), per_sample)


def judge(engine: Hooks, items: list[Item], outputs: NamedOutputs, per_sample: bool) -> None:
    """Give the outputs for a batch of samples to the engine's metric, through its hooks."""
    tally = engine._tally
    tally.metadata = [item.metadata for item in items]
    tally.labelled |= any(item.annotation is not None for item in items)
    with naming_hook(engine, "postprocess_output"):
        processed = engine.postprocess_output(outputs, tally.metadata)
    annotations = [(item.index, item.annotation) for item in items]
    with naming_hook(engine, "_update_metrics"):
        engine._update_metrics(processed, annotations, per_sample)


def _results(engine: Hooks, samples: Samples) -> Iterator[tuple[OutputNames, list[Item], Outputs]]:
    """What inferences are of, with their outputs, and what these are called."""
    if not engine._options.out_in_map:
        yield from results(engine, samples)
        return
    model, options = engine._single_model(), engine._options
    recurrence = Recurrence(model, options.out_in_map)
    steps = first_read(time_steps(engine, model, recurrence, samples))
    compiled = compiled_for("evaluated", model, options.device)
    infer, names = partial(run_stream, compiled, requests=options.eval_requests), OutputNames.of(compiled)
    for step, outputs in run_steps(steps, recurrence.state, infer, in_order=True):
        yield names, [step.item], outputs
