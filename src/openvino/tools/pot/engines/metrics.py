"""Calling user-written metrics, which take their arguments and give their values in several forms."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from openvino.tools.pot.utils.errors import EngineError, naming, nearest
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)

_DIRECTIONS = {"higher-better": True, "lower-worse": True, "higher-worse": False, "lower-better": False}


class ValuesError(EngineError):
    """A metric has no values per sample, or not such as can be used."""


def reset_metric(metric: Any) -> None:
    """Call ``reset``."""
    with _naming(metric, "reset"):
        metric.reset()


@dataclass
class Tally:
    """What an engine remembers of an evaluation between its hooks.

    Attributes:
        metadata: of the samples whose outputs are given to the metric next.
        labelled: whether any sample had an annotation, as far as that is known.
    """

    metadata: list[Any] = field(default_factory=list)
    labelled: bool = True
    _warned: bool = False

    def update(self, metric: Any, output: Any, annotations: list[tuple[int, Any]]) -> bool:
        """Give outputs and annotations of a batch to a metric, if all samples have one; whether they have.

        A metric whose ``update`` takes three arguments gets the metadata, too.
        """
        labels = [label for _, label in annotations]
        if all(label is not None for label in labels):
            more = [self.metadata] if _takes_metadata(metric) else []
            with _naming(metric, "update"):
                metric.update(output, labels, *more)
            return True
        if not self._warned:
            logger.warning("sample %d has no annotation: the metric leaves it out", annotations[0][0])
        self._warned = True
        return False


def _takes_metadata(metric: Any) -> bool:
    try:
        parameters = list(inspect.signature(metric.update).parameters.values())
    except (TypeError, ValueError):
        return False
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    # A third parameter with a default may be anything of the user's, unless its name says metadata.
    return len(positional) > 2 and (
        positional[2].default is inspect.Parameter.empty or "meta" in positional[2].name
    )


def average(metric: Any, labelled: bool) -> dict[str, Any]:
    """``avg_value`` as a dict.

    Args:
        metric: the metric.
        labelled: whether any sample had an annotation.

    Raises:
        EngineError: no sample had one, and the metric can't do without.
    """
    try:
        with _naming(metric, "avg_value"):
            value = metric.avg_value
        return _named(metric, value, "avg_value")
    except EngineError as error:
        if labelled or error.__cause__ is None:
            raise
        raise EngineError(
            f"metric {type(metric).__name__} gives no avg_value: no sample of the data loader has an annotation"
        ) from error.__cause__


def sample_values(metric: Any, indices: list[int]) -> list[dict[str, Any]]:
    """``{"sample_id", "metric_name", "result"}`` for the samples of the last update.

    Raises:
        ValuesError: the metric gives no values per sample, or not one for each sample.
        EngineError: it raised.
    """
    try:
        with _naming(metric, "value"):
            value = metric.value
    except EngineError as error:
        if not isinstance(error.__cause__, (NotImplementedError, AttributeError)):
            raise
        raise ValuesError(
            f"metric {type(metric).__name__} has no property 'value' with values per sample"
        ) from error.__cause__
    found: list[dict[str, Any]] = []
    for name, result in _named(metric, value, "value").items():
        results = [result] if np.ndim(result) == 0 else list(result)
        if len(results) != len(indices):
            raise ValuesError(
                f"metric {type(metric).__name__}: {name!r} has {len(results)} values, expected {len(indices)}"
            )
        pairs = zip(indices, results, strict=True)
        found.extend({"sample_id": index, "metric_name": name, "result": value} for index, value in pairs)
    return found


def _named(metric: Any, value: Any, what: str) -> dict[str, Any]:
    """Figures by name; a figure without one belongs to the metric's only name."""
    if isinstance(value, Mapping):
        return dict(value)
    names = list(attributes_of(metric))
    if len(names) == 1 and isinstance(value, (int, float, list, np.ndarray, np.generic)):
        return {names[0]: value}
    raise EngineError(
        f"metric {type(metric).__name__}: {what} is {value!r}, expected a mapping of name to values"
    )


def attributes_of(metric: Any) -> dict[str, Mapping[str, Any]]:
    """What a metric says of its figures, by name; nothing where it has no ``get_attributes``.

    Raises:
        EngineError: it raised, or gives something else.
    """
    try:
        with _naming(metric, "get_attributes"):
            found = metric.get_attributes()
    except EngineError as error:
        if not isinstance(error.__cause__, (NotImplementedError, AttributeError)):
            raise
        return {}
    if found is None:
        return {}
    if not isinstance(found, Mapping) or not all(isinstance(own, Mapping) for own in found.values()):
        raise EngineError(
            f"metric {type(metric).__name__}: get_attributes gives {found!r}, expected a mapping of names to mappings"
        )
    return dict(found)


def directions_of(metric: Any, names: Iterable[str] | None = None) -> dict[str, bool]:
    """Figure -> whether a larger value is a better one: as its attributes say, or the metric as a whole.

    Args:
        metric: the metric.
        names: of the figures that count; absent: all that have attributes.

    Raises:
        EngineError: a direction is no known one.
    """
    attributes = attributes_of(metric)
    with _naming(metric, "higher_better"):
        overall = bool(getattr(metric, "higher_better", True))
    found = {}
    for name in attributes if names is None else names:
        word = attributes.get(name, {}).get("direction")
        if word is not None and (not isinstance(word, str) or word not in _DIRECTIONS):
            raise EngineError(
                f"metric {type(metric).__name__}: the direction of {name!r} is {word!r}, expected higher-better or "
                f"higher-worse{nearest(str(word), _DIRECTIONS)}"
            )
        found[name] = overall if word is None else _DIRECTIONS[word]
    return found


def as_number(value: Any) -> float | None:
    """A figure as a float, None where it is not one number."""
    try:
        array = np.asarray(value)
    except (RuntimeError, TypeError, ValueError):  # uneven parts, or what only looks like an array
        return None
    return float(array.reshape(())) if array.size == 1 and array.dtype.kind in "biuf" else None


def _naming(metric: Any, member: str) -> AbstractContextManager[None]:
    return naming(f"metric {type(metric).__name__}: {member}", EngineError)
