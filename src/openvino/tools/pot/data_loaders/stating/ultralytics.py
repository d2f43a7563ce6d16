"""What Ultralytics writes into the models that it exports, and beside them.

ONNX files hold it as metadata, which OpenVINO keeps under ``framework``; folders of OpenVINO's format hold a
``metadata.yaml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from openvino.tools.pot.data_loaders.stating.families import FAMILIES
from openvino.tools.pot.data_loaders.stating.sources import Source, UnclearError, literal, whole
from openvino.tools.pot.data_loaders.stating.statement import Size, Statement

_TASKS = ("detect", "segment", "pose", "obb", "semantic", "classify")


def read(source: Source) -> Statement | None:
    """What it says, None where it is no model of theirs.

    Raises:
        UnclearError: a value is not understood.
    """
    own = source.part("framework")
    if _is_theirs(own):
        return _said(f"metadata of {source.name}", own)
    beside = source.beside("metadata.yaml")
    if beside is not None and _is_theirs(beside[1]):
        return _said(beside[0].name, beside[1])
    return None


def _is_theirs(values: Mapping[str, Any]) -> bool:
    return "stride" in values and "names" in values


def _said(where: str, values: Mapping[str, Any]) -> Statement:
    task = str(values.get("task", "detect"))
    if task not in _TASKS:
        raise UnclearError(where, "task", task, f"one of {', '.join(_TASKS)}")
    kind = "ultralytics"
    if task == "classify":
        kind = "ultralytics-cls"
    elif "rtdetr" in str(values.get("description", "")).lower().replace("-", ""):
        kind = "ultralytics-rtdetr"
    return replace(
        FAMILIES[kind][1],
        source=where,
        size=_size(where, values.get("imgsz")),
        task=task,
        classes=_classes(where, values["names"]),
    )


def _size(where: str, value: Any) -> Size | None:
    if value is None:  # of YOLOv5
        return None
    found = literal(where, "imgsz", value, "height and width")
    if isinstance(found, int):
        found = [found, found]
    if not isinstance(found, (list, tuple)) or len(found) != 2:
        raise UnclearError(where, "imgsz", value, "height and width")
    height, width = (whole(where, "imgsz", each) for each in found)
    return height, width


def _classes(where: str, value: Any) -> tuple[str, ...]:
    found = literal(where, "names", value, "names of classes")
    if isinstance(found, Mapping):
        found = [found[index] for index in sorted(found, key=lambda key: int(str(key)))]
    if not isinstance(found, (list, tuple)):
        raise UnclearError(where, "names", value, "names of classes")
    return tuple(str(each) for each in found)
