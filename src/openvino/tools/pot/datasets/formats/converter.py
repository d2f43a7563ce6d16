"""What a converter is, and the files with facts about whole datasets that several of them read."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from openvino.tools.pot.configs.validation import Parameters
from openvino.tools.pot.datasets.annotations import Annotated, Meta, Task
from openvino.tools.pot.datasets.sources import PathText, Source
from openvino.tools.pot.utils.errors import ConfigError

BACKGROUND = "background"


class Converter(Parameters):
    """Reads annotations of one format; ``task`` says what they are of."""

    task: ClassVar[Task]

    @abstractmethod
    def convert(self, source: Source) -> Annotated:
        """All samples of the dataset.

        Args:
            source: resolves the paths of this entry.

        Raises:
            ConfigError: a file is missing, or isn't of the format.
        """


def read_meta(source: Source, key: str, path: PathText | None, has_background: bool = False) -> Meta:
    """What a file of dataset meta says; nothing without one.

    Args:
        source: resolves the path.
        key: that names the file.
        path: of the file, a mapping in JSON: ``label_map`` (class to name) or ``labels`` (names), and perhaps
            ``background_label`` and ``segmentation_colors``.
        has_background: whether ``labels`` begin with class 1.

    Raises:
        ConfigError: the file is missing or doesn't hold such a mapping.
    """
    if path is None:
        return Meta()
    found, place = source.json(key, path), source.place.at(key)
    if not isinstance(found, Mapping):
        raise ConfigError(f"{str(path)!r} holds a {type(found).__name__}, expected a mapping", place)
    try:
        labels = _labels(found, has_background)
        background = found.get("background_label")
        colors = found.get("segmentation_colors")
        return Meta(
            labels,
            None if background is None else int(background),
            None if colors is None else np.asarray(colors, np.int64),
        )
    except (TypeError, ValueError, AttributeError) as error:
        raise ConfigError(
            f"{str(path)!r} is no dataset meta: label_map, labels, background_label or "
            f"segmentation_colors isn't what is expected: {error}",
            place,
        ) from error


def with_background(labels: Mapping[int, str]) -> Meta:
    """Labels of which class 0 is the background."""
    return Meta({0: BACKGROUND, **{label: name for label, name in labels.items() if label != 0}}, 0)


def _labels(found: Mapping[str, Any], has_background: bool) -> dict[int, str]:
    if "label_map" in found:
        return {int(label): str(name) for label, name in found["label_map"].items()}
    return {number + has_background: str(name) for number, name in enumerate(found.get("labels") or ())}
