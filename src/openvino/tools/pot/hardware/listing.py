"""The table of a device as rows, for scripts that look into it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openvino.tools.pot.arithmetic.formats import BYTE, FORMATS
from openvino.tools.pot.hardware import Operation, find_device


def load_hardware_config(config: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What is quantized for a device, a row for each type of operation; changing the rows changes nothing.

    Args:
        config: parameters of an algorithm, of which ``target_device`` (default ANY) counts.

    Returns:
        ``{"target_device": name}``, ``{"primary_bitwidth": bits of activations}``, then ``{"type", "quantization"}``
        with ``activations`` and ``weights``, each a list of ``{"bits", "granularity"}``, for operations that run in
        integers, and ``{"type"}`` alone for those that data passes unchanged.

    Raises:
        ConfigError: the device is unknown.
    """
    device = find_device(config.get("target_device") or "ANY")
    bits = device.integers.bits if device.integers else BYTE.bits
    return [
        {"target_device": device.name},
        {"primary_bitwidth": bits},
        *({"type": name, "quantization": _row(each, bits)} for name, each in device.operations.items()),
        *({"type": name} for name in device.transparent if name not in device.operations),
    ]


def _row(operation: Operation, bits: int) -> dict[str, Any]:
    scheme = operation.scheme
    granularity = "perchannel" if scheme.per_channel else "pertensor"
    activations = [{"bits": bits, "granularity": "pertensor"}]
    weights = [{"bits": FORMATS[scheme.format].bits, "granularity": granularity}]
    return {
        "activations": activations if operation.activations else [],
        "weights": weights if operation.weights else [],
    }
