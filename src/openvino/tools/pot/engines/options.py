"""How an engine is configured, checked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from openvino.tools.pot.configs.runtime import EngineConfig
from openvino.tools.pot.configs.validation import validate
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)


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


def read_options(config: Mapping[str, Any], whole: bool) -> EngineOptions:
    """The options that a config holds.

    Args:
        config: of an engine.
        whole: whether it has no other keys; engines of users may keep keys of their own there.

    Raises:
        ConfigError: a value is of the wrong type, or a key is misspelt.
    """
    found = validate(EngineConfig, config if whole else EngineConfig.keys_in(config), "engine config")
    return EngineOptions(
        found.device or "CPU",
        _requests("stat_requests_number", found.stat_requests_number),
        _requests("eval_requests_number", found.eval_requests_number),
        found.batch_dim or 0,
        found.recurrent_out_in_map,
    )


def _requests(key: str, wanted: int | None) -> int:
    number, available = wanted or 0, os.cpu_count() or 1
    if number > available:
        logger.warning(
            "engine config: %s %d is more than the %d processors, using these", key, number, available
        )
    return min(number, available)
