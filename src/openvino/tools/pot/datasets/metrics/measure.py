"""What one metric of a dataset is: its entry in the configuration, and the measure that it describes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from openvino.tools.pot.configs.validation import Parameters
from openvino.tools.pot.datasets.annotations import Meta, Task
from openvino.tools.pot.utils.errors import ConfigError, Place


class Measure(ABC):
    """A figure over images; larger is better."""

    def __init__(self) -> None:
        self.reset()

    @abstractmethod
    def reset(self) -> None:
        """Forget all images."""

    @abstractmethod
    def update(self, prediction: Any, annotation: Any) -> None:
        """Take one image."""

    @abstractmethod
    def of_one(self, prediction: Any, annotation: Any) -> float:
        """The figure of one image alone, from 0 to 1."""

    @abstractmethod
    def of_all(self) -> float:
        """The figure of all images taken since the last reset, from 0 to 1."""


class MeasureEntry(Parameters):
    """An entry of ``metrics``; ``task`` says what of, ``kind`` is its type.

    Attributes:
        name: in results; absent: the metric's type.
        presenter, reference, threshold, abs_threshold, rel_threshold: how results were shown and what they were
            compared with; the figure is the same.
    """

    kind: ClassVar[str]
    task: ClassVar[Task]
    name: str | None = None
    presenter: str | None = None
    reference: Any = None
    threshold: Any = None
    abs_threshold: float | None = None
    rel_threshold: float | None = None

    @abstractmethod
    def measure(self, meta: Meta, place: Place) -> Measure:
        """What the entry describes.

        Args:
            meta: of the dataset.
            place: of the entry.

        Raises:
            ConfigError: the dataset doesn't say what is needed, or a package is missing.
        """


def require_labels(meta: Meta, what: str, place: Place) -> None:
    """Make sure that a dataset names its classes.

    Raises:
        ConfigError: it doesn't.
    """
    if not meta.classes:
        raise ConfigError(
            f"{what} needs the classes of the dataset, expected label_map in its dataset_meta", place
        )
