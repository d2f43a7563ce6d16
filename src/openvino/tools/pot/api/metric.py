"""The interface through which users measure a model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any


class Metric(ABC):
    """A figure of merit computed from outputs and annotations, sample by sample.

    Subclasses provide ``avg_value``, ``update``, ``reset`` and ``get_attributes``; ``value`` (the figures of
    the last update alone) is needed where samples are ranked.
    """

    def __init__(self) -> None:
        self.reset()

    @property
    def value(self) -> dict[str, Any]:
        """Metric name to the list of per-sample values of the last update."""
        raise NotImplementedError(f"{type(self).__name__} does not give values per sample")

    @property
    @abstractmethod
    def avg_value(self) -> dict[str, Any]:
        """Metric name to its mean over all updates since ``reset``."""

    @property
    def higher_better(self) -> bool:
        """Whether a larger value is a better one; default True."""
        return True

    @abstractmethod
    def update(self, output: list[Any], target: list[Any]) -> None:
        """Take the outputs of one batch and their annotations."""

    @abstractmethod
    def reset(self) -> None:
        """Forget all updates."""

    @abstractmethod
    def get_attributes(self) -> dict[str, dict[str, Any]]:
        """Metric name to ``{"direction": "higher-better" | "higher-worse", "type": str}``."""
