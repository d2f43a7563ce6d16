"""What a file of a network records beside the network: how it was made, and how it is to be run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import openvino as ov

from openvino.tools.pot.utils.errors import ModelError, reason
from openvino.tools.pot.utils.runtime import core


def records_of(network: Path) -> dict[str, Any]:
    """The records of a file, as mappings of texts; those of ONNX files stand under ``framework``.

    Raises:
        ModelError: it can't be read.
    """
    records = _read(network).get_rt_info()
    return {key: _plain(value) for key, value in records.items()}


def outputs_of(network: Path) -> set[str]:
    """The names of the outputs of a file's network.

    Raises:
        ModelError: it can't be read.
    """
    return {name for output in _read(network).outputs for name in output.get_names()}


def _read(network: Path) -> ov.Model:
    try:
        return core().read_model(network)
    except RuntimeError as error:
        raise ModelError(f"model file {str(network)!r} can't be read: {reason(error)}") from error


def _plain(value: Any) -> Any:
    """Records as texts, whatever they are wrapped in."""
    if isinstance(value, ov.OVAny):
        value = value.value
    if isinstance(value, Mapping):
        return {str(key): _plain(own) for key, own in value.items()}
    return value if isinstance(value, str) else str(value)
