"""Calling user-written metrics, which take their arguments and give their values in several forms."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

from openvino.tools.pot.utils.errors import EngineError


def update_metric(metric: Any, output: Any, target: list[Any], metadata: list[Any]) -> None:
    """Call ``update(output, target)``, with the metadata too where the metric takes three arguments."""
    if _takes_metadata(metric.update):
        metric.update(output, target, metadata)
    else:
        metric.update(output, target)


def _takes_metadata(update: Any) -> bool:
    try:
        parameters = list(inspect.signature(update).parameters.values())
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
        return _named(metric, metric.avg_value, "avg_value")
    except EngineError:
        raise
    except Exception as error:
        if labelled:
            raise
        raise EngineError(
            f"metric {type(metric).__name__} gives no avg_value: no sample of the data loader has an annotation"
        ) from error


def sample_values(metric: Any, indices: list[int]) -> list[dict[str, Any]]:
    """``{"sample_id", "metric_name", "result"}`` for the samples of the last update.

    Raises:
        EngineError: the metric gives no values per sample, or not one for each sample.
    """
    try:
        value = metric.value
    except (NotImplementedError, AttributeError) as error:
        raise EngineError(
            f"metric {type(metric).__name__} has no property 'value' with values per sample"
        ) from error
    found: list[dict[str, Any]] = []
    for name, result in _named(metric, value, "value").items():
        results = [result] if np.ndim(result) == 0 else list(result)
        if len(results) != len(indices):
            raise EngineError(
                f"metric {type(metric).__name__}: {name!r} has {len(results)} values, expected {len(indices)}"
            )
        pairs = zip(indices, results, strict=True)
        found.extend({"sample_id": index, "metric_name": name, "result": value} for index, value in pairs)
    return found


def _named(metric: Any, value: Any, what: str) -> dict[str, Any]:
    """Figures by name; a figure without one belongs to the metric's only name."""
    if isinstance(value, Mapping):
        return dict(value)
    names = list(metric.get_attributes()) if hasattr(metric, "get_attributes") else []
    if len(names) == 1 and isinstance(value, (int, float, list, np.ndarray, np.generic)):
        return {names[0]: value}
    raise EngineError(
        f"metric {type(metric).__name__}: {what} is {value!r}, expected a mapping of name to values"
    )
