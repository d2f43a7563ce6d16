"""``metadata.json``, which Anomalib stores beside a model, and the outputs of its version 2, which stores none.

Until its version 1 the file holds the transformations of images; since then they are operations of the graph, which
takes RGB from 0 to 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openvino.tools.pot.data_loaders.stating.sources import Source, UnclearError, numbers, scaled, whole
from openvino.tools.pot.data_loaders.stating.statement import Resize, Statement

_THRESHOLDS = ("image_threshold", "pixel_threshold")
_OUTPUTS = frozenset({"pred_score", "pred_label"})
_FACTS: dict[str, Any] = {"family": "anomalib", "anomalies": True}
_METHODS = {0: "NEAREST", 1: "LINEAR", 2: "BICUBIC"}
"""Numbers of OpenCV's."""


def read(source: Source) -> Statement | None:
    """What it says, None where there is none of theirs.

    Raises:
        UnclearError: a value is not understood.
    """
    beside = source.beside("metadata.json")
    if beside is None or not any(key in beside[1] for key in _THRESHOLDS):
        return _of_graph(f"outputs of {source.name}") if source.outputs >= _OUTPUTS else None
    where, values = beside[0].name, beside[1]
    said: dict[str, Any] = {"task": str(values.get("task", "")), **_FACTS}
    steps = _steps(values.get("transform"))
    if steps is None:
        return _of_graph(where, **said)
    for step in steps:
        said |= _step(where, step)
    return Statement(where, "RGB", **said)


def _of_graph(where: str, **said: Any) -> Statement:
    """What is fed to a graph that transforms images itself."""
    return Statement(where, "RGB", mean=(0.0,), scale=(255.0,), resize=Resize(), **{**_FACTS, **said})


def _steps(transform: Any) -> list[Any] | None:
    while isinstance(transform, Mapping) and "transform" in transform:
        transform = transform["transform"]
    steps = transform.get("transforms") if isinstance(transform, Mapping) else None
    return steps if isinstance(steps, list) else None


def _step(where: str, step: Any) -> dict[str, Any]:
    name = str(step.get("__class_fullname__", "")).rpartition(".")[2] if isinstance(step, Mapping) else ""
    if name == "ToTensorV2":
        return {}
    if name == "Resize":
        method = step.get("interpolation", 1)
        if method not in _METHODS:
            raise UnclearError(where, "interpolation", method, f"one of {', '.join(map(str, _METHODS))}")
        size = whole(where, "height", step.get("height")), whole(where, "width", step.get("width"))
        return {"resize": Resize("stretch", method=_METHODS[method]), "size": size}
    if name == "Normalize":
        unit = numbers(where, "max_pixel_value", step.get("max_pixel_value", 255.0))[0]
        mean = numbers(where, "mean", step.get("mean", [0.485, 0.456, 0.406]))
        return {**scaled(where, mean, numbers(where, "std", step.get("std", [0.229, 0.224, 0.225])), unit)}
    raise UnclearError(where, "transform", name or step, "Resize, Normalize or ToTensorV2")
