"""The engine that runs models with OpenVINO."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any, cast

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot.api.engine import Engine
from openvino.tools.pot.configs.runtime import EngineConfig
from openvino.tools.pot.configs.validation import validate
from openvino.tools.pot.engines import stepping
from openvino.tools.pot.engines.batches import Batch, Splitter, as_they_are, joined, taken_apart
from openvino.tools.pot.engines.beside import run_beside
from openvino.tools.pot.engines.branches import has_branches
from openvino.tools.pot.engines.calling import naming_hook
from openvino.tools.pot.engines.compiling import compiled_as_defined
from openvino.tools.pot.engines.feeding import Feeder, named, stack
from openvino.tools.pot.engines.internals import PotInternals
from openvino.tools.pot.engines.items import Item, as_it_is, own, parse_item
from openvino.tools.pot.engines.loading import batches_to_process, first_read
from openvino.tools.pot.engines.metrics import average, reset_metric, sample_values, update_metric
from openvino.tools.pot.engines.outputs import NamedOutputs
from openvino.tools.pot.engines.recurrent import KEY, Recurrence
from openvino.tools.pot.engines.steps import Step, prepared
from openvino.tools.pot.engines.stream import Feed, InferenceError, Outputs, copied, run_stream
from openvino.tools.pot.engines.watching import (
    CascadeLayout,
    Measurement,
    Runtime,
    Shapes,
    Watch,
)
from openvino.tools.pot.graph.batch import fixed_batch, is_batch, takes_samples_apart
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.samplers.batch_sampler import BatchSampler, count_samples
from openvino.tools.pot.statistics.layout import Statistics, StatisticsLayout
from openvino.tools.pot.utils.errors import (
    ConfigError,
    DataError,
    EngineError,
    ModelError,
    PotError,
    reason,
)
from openvino.tools.pot.utils.keys import tell_of_strange
from openvino.tools.pot.utils.logger import get_logger
from openvino.tools.pot.utils.progress import track
from openvino.tools.pot.utils.runtime import FLOAT32
from openvino.tools.pot.utils.timing import timed

logger = get_logger(__name__)

_PASS = {"PERFORMANCE_HINT": "THROUGHPUT", **FLOAT32}
_PASS_OF_BRANCHES = {"PERFORMANCE_HINT": "LATENCY", **FLOAT32}
"""In several streams the CPU (2026.4) computes branches of dynamic sizes wrongly."""


class IEEngine(PotInternals, Engine):
    """Runs one model over the samples of a data loader.

    Users override the hooks ``_fill_input``, ``_process_batch``, ``postprocess_output``, ``_update_metrics``
    and ``_predict``; they act on evaluation, and the first two on the statistics pass as well.

    Where the model has a batch of a fixed size and the loader gives single samples, batches are filled with samples in
    their order, the last one by repeating some; metrics and ``postprocess_output`` get the outputs of each sample.

    With ``recurrent_out_in_map`` a sample has time steps: for each input a list of arrays, one for each of them, and
    None where the input is what the mapped output was at the step before. Statistics are of all steps. The metric is
    updated at each step, sample after sample, with ``_batch_id`` (the sample's index), ``_cur_time_step`` and
    ``_max_time_step`` (how many there are) in the metadata; values per sample are those of each update, one for each
    step. ``_fill_input`` is called for each step before the model runs: what the step before will give has the array
    given last as a stand-in there.

    Args:
        config: ``device`` (default ``CPU``), ``stat_requests_number`` and ``eval_requests_number`` (parallel
            requests, 0 or absent lets the device choose), ``batch_dim`` (axis along which the samples of a
            batch are joined, default 0), ``recurrent_out_in_map`` (output name to input name).
        data_loader: the samples.
        metric: the figure of merit, needed for evaluation only.
        loss: accepted as in POT, where layers could be trained with it; without effect, which is told of.

    Raises:
        ConfigError: a key is misspelt or a value of the wrong type.
    """

    def __init__(
        self,
        config: Mapping[str, Any] | None = None,
        data_loader: Any = None,
        metric: Any = None,
        loss: Any = None,
    ) -> None:
        super().__init__(config, data_loader, metric)
        # Subclasses keep keys of their own there.
        own = self.config if type(self) is IEEngine else EngineConfig.keys_in(self.config)
        checked = validate(EngineConfig, own, "engine config")
        if loss is not None:
            tell_of_strange(["loss"], type(self).__name__)
        self.config.device = self._device = checked.device or "CPU"
        self._stat_requests_number = _requests("stat_requests_number", checked.stat_requests_number)
        self._eval_requests_number = _requests("eval_requests_number", checked.eval_requests_number)
        self._batch_dim = checked.batch_dim or 0
        self._out_in_map = checked.recurrent_out_in_map
        self._ie = Runtime()
        self._given: CompressedModel | None = None
        self._model: CompressedModel | None = None
        self._feeder: tuple[ov.Model | ov.CompiledModel, Feeder] | None = None
        self._batch_indices: list[int] = []
        self._batch_metadata: list[Any] = []
        self._per_sample_metrics: list[dict[str, Any]] = []
        self._warned, self._labelled = False, True
        self._told: set[str] = set()

    def set_model(self, model: CompressedModel | ov.Model) -> None:
        """Choose the model that ``predict`` runs.

        Raises:
            ConfigError: ``recurrent_out_in_map`` doesn't fit it.
        """
        from openvino.tools.pot.graph.load import load_model

        self._model = model if isinstance(model, CompressedModel) else load_model(model)
        self._set_model(self._model)
        if self._out_in_map and not self._model.is_cascade:
            self._recurrence()

    def _set_model(self, model: CompressedModel) -> list[dict[str, Any]]:
        """For overrides of ``set_model``: take note of the models; returns ``[{"name", "model"}]`` of them."""
        self._given = model
        self._ie.set_model(model)
        return model.models

    @property
    def device(self) -> str:
        """Where models run."""
        return self._device

    @property
    def values_so_far(self) -> list[dict[str, Any]]:
        """``{"sample_id", "metric_name", "result"}`` of the evaluation that runs, or ran last, if asked for."""
        return self._per_sample_metrics

    def predict(
        self,
        stats_layout: StatisticsLayout | None = None,
        sampler: Any = None,
        stat_aliases: Any = None,
        metric_per_sample: bool = False,
        print_progress: bool = False,
    ) -> tuple[Any, Any]:
        """Run the model over the samples.

        Args:
            stats_layout: what to measure inside the graph; then no metric is computed.
            sampler: batches of samples, default all of the data loader one by one.
            stat_aliases: not used by this engine; must be None.
            metric_per_sample: whether values per sample are wanted too.
            print_progress: whether a progress bar is shown.

        Returns:
            ``(metrics, statistics)``: metrics as ``{name: value}``, None without a metric; with
            ``metric_per_sample`` a pair: ``[{"sample_id", "metric_name", "result"}]``, ``{name: value}``.

        Raises:
            EngineError: no model, no data loader, or no metric where values per sample are wanted.
            DataError: a sample doesn't fit the model; its index is named.
            ConfigError: ``recurrent_out_in_map`` doesn't fit the model, or batches have several samples.
        """
        if self._model is None:
            raise EngineError("the engine has no model: call set_model before predict")
        if self.data_loader is None and sampler is None:
            raise EngineError("the engine has no data loader: give one to its constructor")
        if stats_layout is not None and not isinstance(stats_layout, StatisticsLayout):
            raise EngineError(
                f"stats_layout is a {type(stats_layout).__name__}, expected a StatisticsLayout or None"
            )
        if stat_aliases is not None:
            raise EngineError("stat_aliases is not supported by this engine, expected None")
        if metric_per_sample and self.metric is None:
            raise EngineError("metric_per_sample needs a metric, the engine has none")
        sampler = sampler if sampler is not None else BatchSampler(self.data_loader)
        if count_samples(sampler, "sampler") == 0:
            raise DataError("the data loader is empty, expected at least one sample")
        if stats_layout is None:
            self._per_sample_metrics, self._warned, self._labelled = [], False, True
            if self.metric is not None:
                reset_metric(self.metric)
        if stats_layout is not None and type(self)._predict is not IEEngine._predict:
            return None, self._measured_by_override(stats_layout, sampler, print_progress)
        found = self._called_predict(stats_layout, sampler, print_progress, metric_per_sample)
        # An override of _predict may leave its results with the metric and return nothing.
        return found if found is not None else (self._metrics(metric_per_sample), None)

    def _predict(
        self,
        stats_layout: StatisticsLayout | None,
        sampler: Any,
        print_progress: bool = False,
        need_metrics_per_sample: bool = False,
    ) -> tuple[Any, Any] | None:
        """Hook: one pass over the sampler, for statistics or for the metric."""
        if stats_layout is not None:
            return None, self._collect(stats_layout, sampler, print_progress)
        compiled, results = self._results(sampler, print_progress)
        self._labelled = False
        for items, outputs in results:
            self._batch_metadata = [item.metadata for item in items]
            with naming_hook(self, "postprocess_output"):
                processed = self.postprocess_output(NamedOutputs(compiled, outputs), self._batch_metadata)
            annotations = [(item.index, item.annotation) for item in items]
            self._labelled |= any(item.annotation is not None for item in items)
            with naming_hook(self, "_update_metrics"):
                self._update_metrics(processed, annotations, need_metrics_per_sample)
        return self._metrics(need_metrics_per_sample), None

    def _called_predict(self, *arguments: Any) -> Any:
        with naming_hook(self, "_predict"):
            return self._predict(*arguments)

    def _measured_by_override(self, layout: StatisticsLayout, sampler: Any, show: bool) -> Statistics:
        """What was measured in a pass that an override of ``_predict`` makes."""
        assert self._given is not None
        name = self._given.submodels[0].name
        measurement = Measurement(CascadeLayout({name: layout}), self._measuring, len(sampler))
        with self._ie.watched(measurement):
            found = self._called_predict(layout, sampler, show, False)
        if (
            isinstance(found, (tuple, list)) and len(found) == 2 and found[1] is not None
        ):  # it left the pass to us
            statistics: Statistics = found[1]
            return statistics
        return measurement.statistics()[name]

    def measure_cascade(self, layout: CascadeLayout, sampler: Any) -> dict[str, Statistics]:
        """What is measured on each model, by its name, in one pass of an override over the samples.

        Raises:
            EngineError: no override runs the models, or one of them is never run.
        """
        measurement = Measurement(layout, self._measuring, len(sampler))
        self._watched_pass(measurement, sampler, show=True)
        return measurement.statistics()

    def cascade_shapes(self, sampler: Any) -> dict[str, dict[str, ov.PartialShape]]:
        """Name of each model -> input -> its shape with what the samples want to be dynamic; see ``Shapes.freed``.

        Raises:
            EngineError: as ``measure_cascade``.
        """
        assert self._given is not None
        shapes = Shapes(self._given)
        self._watched_pass(shapes, sampler, show=False)
        return {sub.name: shapes.freed(sub.name) for sub in self._given}

    def _watched_pass(self, watch: Watch, sampler: Any, show: bool) -> None:
        """Let overrides run all models over the samples as for an evaluation, on copies: they may reshape these."""
        own, given = type(self), self._given
        assert given is not None
        if own._predict is IEEngine._predict and own.predict is IEEngine.predict:
            names = [sub.name for sub in given]
            raise EngineError(
                f"IEEngine runs one model, found a cascade of {names}: subclass it, override _predict"
            )
        if self.metric is not None:
            reset_metric(self.metric)
        try:
            with self._ie.watched(watch):
                self.set_model(given.clone())
                if own._predict is not IEEngine._predict:
                    self._called_predict(None, sampler, show, False)  # metrics are of no interest
                else:
                    with naming_hook(self, "predict"):
                        self.predict(sampler=sampler, print_progress=show)
        finally:
            self.set_model(given)

    def _results(
        self, sampler: Any, show: bool
    ) -> tuple[ov.CompiledModel, Iterator[tuple[list[Item], Outputs]]]:
        """The compiled model, and what its inferences are of, with their outputs."""
        model = self._single_model()
        if self._out_in_map:
            samples = first_read(self._samples(sampler, show, "Evaluation"))
            compiled = self._compile(model, "evaluated")
            steps = stepping.results(compiled, self._recurrence(), samples, self._eval_requests_number)
            return compiled, (([step.item], outputs) for step, outputs in steps)
        feeds = first_read(self._feeds(model, sampler, show, "Evaluation"))
        compiled = self._compile(model, "evaluated")
        return compiled, self._split(self._infer(compiled, feeds, self._eval_requests_number))

    def _split(
        self, results: Iterable[tuple[Batch, Outputs]], strict: bool = True
    ) -> Iterator[tuple[list[Item], Outputs]]:
        """What the loader gave at a time, with its outputs."""
        splitter = Splitter(self._single_model(), self._batch_dim, strict)
        for batch, outputs in results:
            yield from splitter.split(batch, outputs)

    def _metrics(self, per_sample: bool) -> Any:
        values = None if self.metric is None else average(self.metric, self._labelled)
        return (self._per_sample_metrics, values) if per_sample else values

    def _collect(self, layout: StatisticsLayout, sampler: Any, print_progress: bool) -> Statistics:
        if self._out_in_map:
            return self._collect_steps(layout, sampler, print_progress)
        model = self._single_model()
        apart = layout.is_per_sample and takes_samples_apart(model, self._batch_dim)
        plain = first_read(
            self._feeds(model, sampler, print_progress, "Statistics", single=True, apart=apart)
        )
        with timed("compile"):
            compiled = self._compile(layout.model, "measured")
        # Loaders may fill one buffer again and again.
        own = ((batch, {name: copied(value) for name, value in feed.items()}) for batch, feed in plain)
        expected = -(-len(sampler) // fixed_batch(model, self._batch_dim))

        def measure(samples: Iterator[tuple[Batch, Feed]]) -> Statistics:
            feeds = stepping.with_places(layout, samples, lambda batch: batch.parts[0])
            results = self._infer(compiled, feeds, self._stat_requests_number, copies=False)
            return layout.collect((outputs for _, outputs in results), expected)

        with timed("pass"):
            return run_beside(own, measure)

    def _collect_steps(self, layout: StatisticsLayout, sampler: Any, print_progress: bool) -> Statistics:
        samples = first_read(self._samples(sampler, print_progress, "Statistics"))
        recurrence, number = self._recurrence(), self._stat_requests_number
        layout = layout.with_outputs(recurrence.outputs)
        with timed("compile"):
            compiled = self._compile(layout.model, "measured")
        with timed("pass"):
            return run_beside(
                samples,
                lambda own: stepping.statistics(compiled, recurrence, own, number, layout, len(sampler)),
            )

    def feeds(self, model: CompressedModel, indices: Sequence[int]) -> Iterator[Feed]:
        """What the model is fed for samples of the data loader, input name to array, one by one or in its fixed batch.

        Of a sample with time steps, it is what one of them is fed.

        Raises:
            DataError: a sample doesn't fit the model; its index is named.
        """
        self.set_model(model)
        for _, feed in self._feeds_of(indices):
            yield feed

    def outputs(
        self, model: CompressedModel, indices: Sequence[int], strict: bool = True
    ) -> Iterator[Outputs]:
        """The outputs of the model for samples of the data loader, one by one.

        Args:
            model: that is run.
            indices: of the samples.
            strict: whether it must be one by one; otherwise a fixed batch stays whole where it can't be taken apart.

        Raises:
            EngineError: samples have time steps, and so outputs at each of them.
            DataError: a sample doesn't fit the model, or outputs of a fixed batch can't be taken apart.
        """
        if self._out_in_map:
            raise EngineError(f"predictions of whole samples (annotation_free) are not supported with {KEY}")
        self.set_model(model)
        compiled = self._compile(self._single_model(), "evaluated")
        results = self._infer(compiled, self._feeds_of(indices), self._eval_requests_number)
        for _, outputs in self._split(results, strict):
            yield outputs

    def run_settings(
        self, model: ov.Model, indices: Sequence[int], flags: str, settings: NDArray[np.float32]
    ) -> Iterator[Outputs]:
        """The outputs of a model with an input of flags, for each feed with each setting of them in turn.

        Of a sample with time steps, one of them is run, with what ``feeds`` gives for it.

        Args:
            model: with the inputs of the model chosen by ``set_model``, and one for the flags.
            indices: of the samples.
            flags: name of that input.
            settings: float32, shape ``[settings, flags]``.
        """
        plain = self._feeds_of(indices)
        feeds = ((batch, {**feed, flags: setting}) for batch, feed in plain for setting in settings)
        for _, outputs in self._infer(self._compile(model, "compared"), feeds, self._eval_requests_number):
            yield outputs

    def _feeds_of(self, indices: Sequence[int]) -> Iterator[tuple[Batch, Feed]]:
        sampler = BatchSampler(self.data_loader, 1, indices)
        if self._out_in_map:
            compiled = self._compile(self._single_model(), "evaluated")
            samples = self._samples(sampler, show=False, what="")
            steps = stepping.single_steps(compiled, self._recurrence(), samples, len(sampler))
            return as_they_are(([step.item], feed) for step, feed in steps)
        return self._feeds(self._single_model(), sampler, show=False, what="")

    @contextmanager
    def using(self, data_loader: Any, metric: Any) -> Iterator[None]:
        """Other samples and another metric, for a while."""
        own = self._data_loader, self._metric
        self._data_loader, self._metric = data_loader, metric
        try:
            yield
        finally:
            self._data_loader, self._metric = own

    def _measuring(self, model: ov.Model) -> ov.CompiledModel:
        return self._compile(model, "measured")

    def _compile(self, model: ov.Model, purpose: str) -> ov.CompiledModel:
        settings = _PASS_OF_BRANCHES if isinstance(model, ov.Model) and has_branches(model) else _PASS
        if purpose == "measured" and self._device == "CPU":
            # Fusions of the CPU (2026.4) can crash on a measuring model; without them a few others don't compile.
            with suppress(RuntimeError):
                return compiled_as_defined(model, self._device, {**settings, "SNIPPETS_MODE": "DISABLE"})
        try:
            return compiled_as_defined(model, self._device, settings)
        except RuntimeError as error:
            raise ModelError(
                f"the model can't be {purpose} on device {self._device!r}: {reason(error)}"
            ) from error

    def _infer(
        self,
        compiled: ov.CompiledModel,
        feeds: Iterable[tuple[Batch, Feed] | None],
        requests: int,
        copies: bool = True,
    ) -> Iterator[tuple[Batch, Outputs]]:
        try:
            yield from run_stream(compiled, feeds, requests, copies)
        except InferenceError as error:
            items = cast(Batch, error.tag).parts[0]
            raise DataError(f"sample {items[0].index}: inference failed: {error}") from error.__cause__

    def _single_model(self) -> ov.Model:
        assert self._model is not None
        if self._model.is_cascade:
            names = [sub.name for sub in self._model]
            raise EngineError(
                f"IEEngine runs one model, found a cascade of {names}: subclass it, override predict"
            )
        return self._model.submodels[0].model

    def _feeds(
        self, model: ov.Model, sampler: Any, show: bool, what: str, single: bool = False, apart: bool = False
    ) -> Iterator[tuple[Batch, Feed]]:
        """What inferences are fed: samples as the sampler and the loader join them, or a fixed batch of them.

        Args:
            model: that is fed.
            sampler, show, what: as ``_processed``.
            single: leave it to the model alone how many samples are fed at a time, not to the sampler.
            apart: whether the samples of a loader's batches are fed one by one, too.
        """
        feeds, size = self._filled(model, sampler, show, what, single), fixed_batch(model, self._batch_dim)
        if size == 1:
            yield from as_they_are(taken_apart(feeds, self._batch_dim) if apart else feeds)
            return
        for batch, feed in joined(feeds, size, self._batch_dim):
            if not batch.is_whole and not is_batch(model, self._batch_dim):
                self._warn_once(
                    f"the model takes {size} samples at a time, if its first axis is one of samples"
                )
            if batch.missing and what:
                logger.info(
                    "the model has a batch of %d: the last one repeats %d samples", size, batch.missing
                )
            yield batch, feed

    def _filled(
        self, model: ov.Model, sampler: Any, show: bool, what: str, single: bool = False
    ) -> Iterator[tuple[list[Item], Feed]]:
        """What hooks make of the batches of a sampler, or of each image in them."""
        for items, images in self._processed(sampler, show, what):
            if not single or (isinstance(images, np.ndarray) and len(items) == 1):
                yield items, self._checked_fill(model, items, images)
                continue
            # The hook before may have made several images of one sample.
            for position, image in enumerate(images):
                own = [items[min(position, len(items) - 1)]]
                yield own, self._checked_fill(model, own, [image])

    def _checked_fill(self, model: ov.Model, items: list[Item], images: Any) -> Feed:
        self._batch_indices = [item.index for item in items]
        with _naming(items[0].index):
            return self._named_fill(model, images)

    def _named_fill(self, model: ov.Model, images: Any) -> Feed:
        """What the hook feeds, by the names that its default gives inputs."""
        feed = self._fill_input(model, images)
        return feed if type(self)._fill_input is IEEngine._fill_input else named(model, feed)

    def _warn_once(self, note: str) -> None:
        if note and note not in self._told:
            self._told.add(note)
            logger.warning("%s", note)

    def _samples(self, sampler: Any, show: bool, what: str) -> Iterator[list[Step]]:
        """The time steps of each sample."""
        recurrence, model = self._recurrence(), self._single_model()
        for position, (items, images) in enumerate(self._processed(sampler, show, what)):
            if not len(items) == len(images) == 1:
                found = max(len(items), len(images))
                raise ConfigError(
                    f"{KEY}: samples are fed one by one, found a batch of {found}: leave stat_batch_size at 1"
                )
            item = replace(items[0], data=images[0])
            yield prepared(recurrence, item, position, lambda arrays: self._named_fill(model, [arrays]))

    def _recurrence(self) -> Recurrence:
        return Recurrence(self._single_model(), self._out_in_map)

    def _processed(self, sampler: Any, show: bool, what: str) -> Iterator[tuple[list[Item], list[Any]]]:
        """The samples of each batch, and what there is to feed of them."""
        overridden = type(self)._process_batch is not IEEngine._process_batch
        batches: Iterable[tuple[list[int], Any]] = batches_to_process(sampler, overridden)
        if show:
            batches = track(batches, _inferences(sampler), f"{what} pass")
        for indices, batch in batches:
            self._batch_indices = indices
            with _naming(indices[0]):
                annotations, images, metadata = self._process_batch(batch)
                if annotations is None:
                    annotations = [(index, None) for index in indices]
                labels = zip(annotations, metadata or [{}] * len(annotations), strict=True)
                # What an override gives may be views of a buffer that the loader fills anew.
                keep = own if overridden else as_it_is
                items = [Item(index, None, keep(label), keep(meta)) for (index, label), meta in labels]
            yield items, images

    def _process_batch(
        self, batch: list[tuple[tuple[int, Any], Any, Any]]
    ) -> tuple[list[tuple[int, Any]], list[Any], list[Any]]:
        """Hook: the pairs ``(index, annotation)``, the data and the metadata of a batch of items.

        Overrides of ``_predict`` may give items as the data loader made them; of a sampler of a script's own, an
        override gets the batches as they are. It may return None for pairs and for metadata, where there are none.
        """
        items = [parse_item(item, _index(item, position)) for position, item in enumerate(batch)]
        labels = [(item.index, item.annotation) for item in items]
        return labels, [item.data for item in items], [item.metadata for item in items]

    def _fill_input(self, model: ov.Model | ov.CompiledModel, image_batch: list[Any] | NDArray[Any]) -> Feed:
        """Hook: the feed, input name to array, for the data of a batch: one entry a sample, or an array of all."""
        if self._feeder is None or self._feeder[0] is not model or not self._feeder[1].is_of(model):
            self._feeder = (model, Feeder(model, self._batch_dim, parts=not self._out_in_map))
        feeder, indices = self._feeder[1], self._batch_indices or [0]
        if isinstance(image_batch, np.ndarray):
            return feeder.feed(image_batch, indices[0])
        # The hook before may have made several images of one sample.
        feeds = [feeder.feed(data, indices[min(i, len(indices) - 1)]) for i, data in enumerate(image_batch)]
        self._warn_once(feeder.note)
        return stack(feeds, self._batch_dim)

    def postprocess_output(self, outputs: dict[str, NDArray[np.generic]], metadata: list[Any]) -> Any:
        """Hook: what the metric gets, by default the outputs as a list in the model's order.

        Args:
            outputs: name of an output to its array, with the batch dimension.
            metadata: of each sample of the batch, ``{}`` where an item has none.
        """
        return list(outputs.values())

    def _update_metrics(
        self, output: Any, annotations: list[tuple[int, Any]], need_metrics_per_sample: bool = False
    ) -> None:
        """Hook: give the outputs and the annotations of a batch to the metric; without them there is no update."""
        labels = [label for _, label in annotations]
        if self.metric is None:
            return
        if any(label is None for label in labels):
            if not self._warned:
                logger.warning("sample %d has no annotation: the metric leaves it out", annotations[0][0])
            self._warned = True
            return
        update_metric(self.metric, output, labels, self._batch_metadata)
        if need_metrics_per_sample:
            self._per_sample_metrics.extend(sample_values(self.metric, [index for index, _ in annotations]))


@contextmanager
def _naming(index: int) -> Iterator[None]:
    """Name the sample in errors of hooks."""
    try:
        yield
    except PotError:
        raise
    except Exception as error:
        found = f"{type(error).__name__}: {reason(error)}"
        raise DataError(f"sample {index}: it can't be fed to the model: {found}") from error


def _index(item: Any, position: int) -> Any:
    """The index that an item of the older order begins with."""
    pair = item[0] if isinstance(item, (tuple, list)) else None
    return pair[0] if isinstance(pair, tuple) and len(pair) == 2 else position


def _inferences(sampler: Any) -> int:
    return -(-len(sampler) // int(getattr(sampler, "batch_size", 1)))


def _requests(key: str, wanted: int | None) -> int:
    number, available = wanted or 0, os.cpu_count() or 1
    if number > available:
        logger.warning(
            "engine config: %s %d is more than the %d processors, using these", key, number, available
        )
    return min(number, available)
