"""What a network records beside its operations: how it was made, and how it is to be run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import openvino as ov


def records_of(network: ov.Model) -> dict[str, Any]:
    """The records of a network, as mappings of plain values; those of ONNX files stand under ``framework``."""
    return _plain(network.get_rt_info())


def _plain(info: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in info.items():
        if isinstance(value, Mapping):
            found[key] = _plain(value)
        else:
            try:
                found[key] = value.value
            except (AttributeError, RuntimeError, TypeError):  # a type that Python has no counterpart of
                continue
    return found
