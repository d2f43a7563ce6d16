"""The interface between algorithms and whatever runs a model over data."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from addict import Dict

from openvino.tools.pot.paths import offer
from openvino.tools.pot.utils.errors import check_mapping


class Engine(ABC):
    """Runs a model over the samples of a data loader, for metrics or for statistics.

    Args:
        config: engine settings, kept as ``self.config`` with attribute access.
        data_loader: the samples.
        metric: the figure of merit, needed for evaluation only.

    Raises:
        ConfigError: the settings are no mapping.
    """

    def __init__(
        self, config: Mapping[str, Any] | None = None, data_loader: Any = None, metric: Any = None
    ) -> None:
        if config is not None:
            check_mapping(config, "engine config")
        self.config = Dict({key: config[key] for key in config} if config else {})
        self._data_loader = data_loader
        self._metric = metric

    @property
    def data_loader(self) -> Any:
        """The data loader given at construction."""
        return self._data_loader

    @property
    def metric(self) -> Any:
        """The metric given at construction, or None."""
        return self._metric

    @abstractmethod
    def set_model(self, model: Any) -> None:
        """Choose the model that ``predict`` runs."""

    @abstractmethod
    def predict(
        self,
        stats_layout: Any = None,
        sampler: Any = None,
        stat_aliases: Any = None,
        metric_per_sample: bool = False,
        print_progress: bool = False,
    ) -> tuple[Any, Any]:
        """Run the model over the sampler's batches; returns ``(metrics, statistics)``."""

    def get_metrics_attributes(self) -> dict[str, dict[str, Any]]:
        """The attributes of the metric, an empty dict where there is none."""
        return {} if self._metric is None else dict(self._metric.get_attributes())


offer(globals())
