"""The engine that runs models with OpenVINO: what users configure, override and call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot.engines import passes
from openvino.tools.pot.engines.hooks import Hooks
from openvino.tools.pot.engines.internals import PotInternals
from openvino.tools.pot.engines.items import parse_item
from openvino.tools.pot.engines.metrics import Tally, average, reset_metric, sample_values
from openvino.tools.pot.engines.recurrent import Recurrence
from openvino.tools.pot.engines.stream import Feed
from openvino.tools.pot.graph.load import load_model
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.paths import offer
from openvino.tools.pot.samplers.batch_sampler import BatchSampler, count_samples
from openvino.tools.pot.statistics.layout import StatisticsLayout
from openvino.tools.pot.utils.errors import EngineError, NoSamplesError
from openvino.tools.pot.utils.logger import tell_of_strange


class IEEngine(PotInternals, Hooks):
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
        super().__init__(config, data_loader, metric, type(self) is IEEngine)
        if loss is not None:
            tell_of_strange(["loss"], type(self).__name__)
        self.config.device = self._options.device
        self._per_sample_metrics: list[dict[str, Any]] = []

    def _overrides(self, name: str) -> bool:
        return getattr(type(self), name) is not getattr(IEEngine, name)

    def set_model(self, model: CompressedModel | ov.Model) -> None:
        """Choose the model that ``predict`` runs.

        Raises:
            ConfigError: ``recurrent_out_in_map`` doesn't fit it.
        """
        self._model = model if isinstance(model, CompressedModel) else load_model(model)
        self._set_model(self._model)
        if self._options.out_in_map and not self._model.is_cascade:
            Recurrence(self._single_model(), self._options.out_in_map)  # raises where it doesn't fit

    def _set_model(self, model: CompressedModel) -> list[dict[str, Any]]:
        """For overrides of ``set_model``: take note of the models; returns ``[{"name", "model"}]`` of them."""
        self._given = model
        self._ie.set_model(model)
        return model.models

    @property
    def device(self) -> str:
        """Where models run."""
        return self._options.device

    @property
    def is_cascade(self) -> bool:
        """Whether the model has several networks."""
        return self._given is not None and self._given.is_cascade

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
        self._check(stats_layout, sampler, stat_aliases, metric_per_sample)
        sampler = sampler if sampler is not None else BatchSampler(self.data_loader)
        if count_samples(sampler, "sampler") == 0:
            raise NoSamplesError
        if stats_layout is not None:
            return None, passes.measure_one(self, stats_layout, sampler, print_progress)
        self._per_sample_metrics, self._tally = [], Tally()
        if self.metric is not None:
            reset_metric(self.metric)
        found = passes.call_predict(self, None, sampler, print_progress, metric_per_sample)
        # An override of _predict may leave its results with the metric and return nothing.
        return found if found is not None else (self._metrics(metric_per_sample), None)

    def _check(self, stats_layout: Any, sampler: Any, stat_aliases: Any, metric_per_sample: bool) -> None:
        """Raise EngineError unless ``predict`` can do what it is asked for."""
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

    def _predict(
        self,
        stats_layout: StatisticsLayout | None,
        sampler: Any,
        print_progress: bool = False,
        need_metrics_per_sample: bool = False,
    ) -> tuple[Any, Any] | None:
        """Hook: one pass over the sampler, for statistics or for the metric."""
        if stats_layout is not None:
            return None, passes.collect(self, stats_layout, sampler, print_progress)
        passes.evaluate(self, sampler, print_progress, need_metrics_per_sample)
        return self._metrics(need_metrics_per_sample), None

    def _metrics(self, per_sample: bool) -> Any:
        values = None if self.metric is None else average(self.metric, self._tally.labelled)
        return (self._per_sample_metrics, values) if per_sample else values

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
        return self._filler.fill(model, image_batch)

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
        if self.metric is None:
            return
        if self._tally.update(self.metric, output, annotations) and need_metrics_per_sample:
            self._per_sample_metrics.extend(sample_values(self.metric, [index for index, _ in annotations]))


def _index(item: Any, position: int) -> Any:
    """The index that an item of the older order begins with."""
    pair = item[0] if isinstance(item, (tuple, list)) else None
    return pair[0] if isinstance(pair, tuple) and len(pair) == 2 else position


offer(globals())
