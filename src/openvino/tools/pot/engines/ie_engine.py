"""The engine that runs models with OpenVINO."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot.api.engine import Engine
from openvino.tools.pot.engines.feeding import Feeder, stack
from openvino.tools.pot.engines.items import Item, parse_item
from openvino.tools.pot.engines.metrics import sample_values, update_metric
from openvino.tools.pot.engines.outputs import NamedOutputs
from openvino.tools.pot.engines.stream import Feed, run_stream
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.samplers.batch_sampler import BatchSampler
from openvino.tools.pot.statistics.layout import Statistics, StatisticsLayout
from openvino.tools.pot.utils.errors import ConfigError, DataError, EngineError, ModelError, PotError, nearest
from openvino.tools.pot.utils.logger import get_logger
from openvino.tools.pot.utils.progress import track

logger = get_logger(__name__)

_KEYS = frozenset({"type", "name", "device", "stat_requests_number", "eval_requests_number", "batch_dim"})
# The CPU would run float models in bf16 otherwise, which distorts ranges and every comparison.
_PRECISION = {"INFERENCE_PRECISION_HINT": "f32"}
_PASS = {"PERFORMANCE_HINT": "THROUGHPUT", **_PRECISION}


class IEEngine(Engine):
    """Runs one model over the samples of a data loader.

    Users override the hooks ``_fill_input``, ``_process_batch``, ``postprocess_output`` and
    ``_update_metrics``; they act on evaluation, and the first two on the statistics pass as well.

    Args:
        config: ``device`` (default ``CPU``), ``stat_requests_number`` and ``eval_requests_number`` (parallel
            requests, 0 or absent lets the device choose), ``batch_dim`` (axis along which the samples of a
            batch are joined, default 0).
        data_loader: the samples.
        metric: the figure of merit, needed for evaluation only.

    Raises:
        ConfigError: a key is unknown or a value of the wrong type.
    """

    def __init__(
        self, config: Mapping[str, Any] | None = None, data_loader: Any = None, metric: Any = None
    ) -> None:
        super().__init__(config, data_loader, metric)
        for key in self.config:
            if key not in _KEYS:
                raise ConfigError(f"engine config: unknown key {key!r}{nearest(str(key), _KEYS)}")
        self._device = str(self.config.get("device") or "CPU")
        self._stat_requests_number = self._requests("stat_requests_number")
        self._eval_requests_number = self._requests("eval_requests_number")
        self._batch_dim = int(self.config.get("batch_dim") or 0)
        self._model: CompressedModel | None = None
        self._feeder: tuple[ov.Model, Feeder] | None = None
        self._batch_indices: list[int] = []
        self._batch_metadata: list[dict[str, Any]] = []
        self._sample_values: list[dict[str, Any]] = []

    def _requests(self, key: str) -> int:
        number = self.config.get(key) or 0
        if not isinstance(number, int) or isinstance(number, bool) or number < 0:
            raise ConfigError(f"engine config: {key} is {number!r}, expected a whole number of at least 0")
        available = os.cpu_count() or 1
        if number > available:
            logger.warning(
                "engine config: %s %d is more than the %d processors, using these", key, number, available
            )
        return min(number, available)

    def set_model(self, model: CompressedModel | ov.Model) -> None:
        """Choose the model that ``predict`` runs."""
        from openvino.tools.pot.graph.load import load_model

        self._model = model if isinstance(model, CompressedModel) else load_model(model)

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
        """
        if self._model is None:
            raise EngineError("the engine has no model: call set_model before predict")
        if self.data_loader is None and sampler is None:
            raise EngineError("the engine has no data loader: give one to its constructor")
        if stat_aliases is not None:
            raise EngineError("stat_aliases is not supported by this engine, expected None")
        if metric_per_sample and self.metric is None:
            raise EngineError("metric_per_sample needs a metric, the engine has none")
        sampler = sampler if sampler is not None else BatchSampler(self.data_loader)
        if len(sampler) == 0:
            raise DataError("the data loader is empty, expected at least one sample")
        return self._predict(stats_layout, sampler, print_progress, metric_per_sample)

    def _predict(
        self,
        stats_layout: StatisticsLayout | None,
        sampler: Any,
        print_progress: bool = False,
        need_metrics_per_sample: bool = False,
    ) -> tuple[Any, Any]:
        """Hook: one pass over the sampler, for statistics or for the metric."""
        if stats_layout is not None:
            return None, self._collect(stats_layout, sampler, print_progress)
        if self.metric is not None:
            self.metric.reset()
        self._sample_values = []
        model = self._single_model()
        compiled = self._compile(model, "evaluated")
        feeds = self._feeds(model, sampler, print_progress, "Evaluation")
        for items, outputs in run_stream(compiled, feeds, self._eval_requests_number):
            processed = self.postprocess_output(NamedOutputs(compiled, outputs), items[0].metadata)
            if self.metric is not None:
                self._batch_metadata = [item.metadata for item in items]
                annotations = [(item.index, item.annotation) for item in items]
                self._update_metrics(processed, annotations, need_metrics_per_sample)
        metrics = None if self.metric is None else dict(self.metric.avg_value)
        return ((self._sample_values, metrics) if need_metrics_per_sample else metrics), None

    def _collect(self, layout: StatisticsLayout, sampler: Any, print_progress: bool) -> Statistics:
        feeds = (
            (items, {**feed, **layout.places.feed(position, feed)})
            for position, (items, feed) in enumerate(
                self._feeds(self._single_model(), sampler, print_progress, "Statistics")
            )
        )
        compiled = self._compile(layout.model, "measured")
        results = run_stream(compiled, feeds, self._stat_requests_number)
        return layout.collect(np.asarray(outputs[0], np.float32) for _, outputs in results)

    def _compile(self, model: ov.Model, purpose: str) -> ov.CompiledModel:
        try:
            return ov.Core().compile_model(model, self._device, _PASS)
        except RuntimeError as error:
            reason = str(error).strip().splitlines()[-1]
            raise ModelError(f"the model can't be {purpose} on device {self._device!r}: {reason}") from error

    def _single_model(self) -> ov.Model:
        assert self._model is not None
        if self._model.is_cascade:
            names = [sub.name for sub in self._model]
            raise EngineError(
                f"IEEngine runs one model, found a cascade of {names}: subclass it, override predict"
            )
        return self._model.submodels[0].model

    def _feeds(
        self, model: ov.Model, sampler: Any, show: bool, what: str
    ) -> Iterator[tuple[list[Item], Feed]]:
        batches: Iterable[list[Item]] = self._batches(sampler)
        if show:
            total = -(-len(sampler) // getattr(sampler, "batch_size", 1))
            batches = track(batches, total, f"{what} pass")
        for batch in batches:
            self._batch_indices = [item.index for item in batch]
            try:
                annotations, images, metadata = self._process_batch(
                    [((item.index, item.annotation), item.data, item.metadata) for item in batch]
                )
                feed = self._fill_input(model, images)
            except PotError:
                raise
            except Exception as error:
                found = f"{type(error).__name__}: {error}"
                raise DataError(f"sample {batch[0].index}: it can't be fed to the model: {found}") from error
            items = zip(annotations, images, metadata, strict=True)
            yield [Item(index, image, label, meta) for (index, label), image, meta in items], feed

    def _batches(self, sampler: Any) -> Iterator[list[Item]]:
        if hasattr(sampler, "batches"):
            for indices in sampler.batches():
                yield [self._load(sampler, index) for index in indices]
            return
        count = 0
        for batch in sampler:
            yield [parse_item(item, count + offset) for offset, item in enumerate(batch)]
            count += len(batch)

    def _load(self, sampler: Any, index: int) -> Item:
        try:
            item = sampler.load(index)
        except Exception as error:
            raise DataError(
                f"sample {index}: the data loader raised {type(error).__name__}: {error}"
            ) from error
        return parse_item(item, index)

    def _process_batch(
        self, batch: list[tuple[tuple[int, Any], Any, dict[str, Any]]]
    ) -> tuple[list[tuple[int, Any]], list[Any], list[dict[str, Any]]]:
        """Hook: the pairs ``(index, annotation)``, the data and the metadata of a batch of items."""
        return [item[0] for item in batch], [item[1] for item in batch], [item[2] for item in batch]

    def _fill_input(self, model: ov.Model, image_batch: list[Any]) -> Feed:
        """Hook: the feed, input name to array, for the data of a batch."""
        if self._feeder is None or self._feeder[0] is not model:
            self._feeder = (model, Feeder(model))
        feeder = self._feeder[1]
        feeds = [
            feeder.feed(data, index) for data, index in zip(image_batch, self._batch_indices, strict=True)
        ]
        return stack(feeds, self._batch_dim)

    def postprocess_output(self, outputs: dict[str, NDArray[np.generic]], metadata: dict[str, Any]) -> Any:
        """Hook: what the metric gets, by default the outputs as a list in the model's order."""
        return list(outputs.values())

    def _update_metrics(
        self, output: Any, annotations: list[tuple[int, Any]], need_metrics_per_sample: bool = False
    ) -> None:
        """Hook: give the outputs and the annotations of a batch to the metric."""
        update_metric(self.metric, output, [label for _, label in annotations], self._batch_metadata)
        if need_metrics_per_sample:
            self._sample_values.extend(sample_values(self.metric, [index for index, _ in annotations]))
