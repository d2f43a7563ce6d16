"""Devices as data: which operations run in low precision, and how."""

from __future__ import annotations

import json
from enum import Enum
from functools import cache
from importlib.resources import files
from typing import Any

from openvino.tools.pot.hardware.effects import as_seen
from openvino.tools.pot.hardware.kept import keep, seen
from openvino.tools.pot.hardware.probing.probe import probe
from openvino.tools.pot.hardware.rows import Probed, Row
from openvino.tools.pot.hardware.schema import Cost, Device, Fault, Integers, Operation, Preset, Scheme
from openvino.tools.pot.utils.errors import ConfigError, nearest

__all__ = [
    "Cost", "Device", "Fault", "Integers", "Operation", "Preset", "Probed", "Row", "Scheme", "device_as_seen",
    "find_device", "keep", "probe", "seen",
]  # fmt: skip

_TABLES = ("cpu.json", "gpu.json", "npu.json", "gna.json", "gna3.json")


@cache
def _devices() -> dict[str, Device]:
    devices = [Device.model_validate(_read(table)) for table in _TABLES]
    return {name: device for device in devices for name in (device.name, *device.aliases)}


def _read(table: str) -> dict[str, Any]:
    """A table as it stands, over the one that it names under ``like``."""
    own: dict[str, Any] = json.loads(files(__name__).joinpath(table).read_text("utf-8"))
    like = own.pop("like", None)
    return _merged(_read(like), own) if like else own


def _merged(table: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """A table with what another one changes, key by key; null takes away what it stands for."""
    both = {
        key: _merged(table[key], value)
        if isinstance(value, dict) and isinstance(table.get(key), dict)
        else value
        for key, value in own.items()
    }
    return {key: value for key, value in {**table, **both}.items() if value is not None}


def find_device(name: str | Enum) -> Device:
    """The device called ``name`` (in any case), or by the value of an enumeration: ANY, CPU, GPU, NPU, VPU, GNA, GNA3.

    Raises:
        ConfigError: the name is unknown.
    """
    name = str(name.value) if isinstance(name, Enum) else name
    known = _devices()
    device = known.get(str(name).upper())
    if device is None:
        hint = nearest(str(name).upper(), known)
        raise ConfigError(f"target_device is {name!r}, expected one of {', '.join(known)}{hint}")
    return device


def device_as_seen(name: str | Enum) -> Device:
    """A device like ``find_device``, as far as what was seen of it with this OpenVINO bears its table out.

    Raises:
        ConfigError: the name is unknown.
    """
    device = find_device(name)
    probed = seen(device.name)
    return device if probed is None else as_seen(device, probed)
