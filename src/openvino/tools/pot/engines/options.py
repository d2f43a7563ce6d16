"""The keys of an engine's config, checked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from openvino.tools.pot.engines.recurrent import KEY, checked_map
from openvino.tools.pot.utils.errors import ConfigError
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)

KEYS = frozenset({"type", "name", "device", "stat_requests_number", "eval_requests_number", "batch_dim", KEY})


@dataclass(frozen=True)
class EngineOptions:
    """How an engine runs models; see ``IEEngine``.

    Attributes:
        device: where, in OpenVINO's words.
        stat_requests, eval_requests: parallel requests of passes for statistics and of others, 0: as the device likes.
        batch_axis: along which the samples of a batch are joined.
        out_in_map: output name -> input name, empty where samples have no time steps.
    """

    device: str
    stat_requests: int
    eval_requests: int
    batch_axis: int
    out_in_map: Mapping[str, str]


def read_options(config: Mapping[str, Any]) -> EngineOptions:
    """The options that a config holds.

    Raises:
        ConfigError: a value is of the wrong type.
    """
    device = config.get("device") or "CPU"
    if not isinstance(device, str):
        raise ConfigError(f"engine config: device is {device!r}, expected a string")
    return EngineOptions(
        device.upper(),
        _requests(config, "stat_requests_number"),
        _requests(config, "eval_requests_number"),
        _whole_number(config, "batch_dim"),
        checked_map(config),
    )


def _requests(config: Mapping[str, Any], key: str) -> int:
    number, available = _whole_number(config, key), os.cpu_count() or 1
    if number > available:
        logger.warning(
            "engine config: %s %d is more than the %d processors, using these", key, number, available
        )
    return min(number, available)


def _whole_number(config: Mapping[str, Any], key: str) -> int:
    number = config.get(key) or 0
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise ConfigError(f"engine config: {key} is {number!r}, expected a whole number of at least 0")
    return number
