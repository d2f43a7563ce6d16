"""From the engine section of a configuration to an engine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from openvino.tools.pot.api.engine import Engine
from openvino.tools.pot.configs.files import read_mapping
from openvino.tools.pot.configs.runtime import EngineConfig
from openvino.tools.pot.paths import offer
from openvino.tools.pot.utils.errors import ConfigError, check_mapping, nearest

_TYPES = ("simplified", "data_free", "accuracy_checker")


def create_engine(config: Mapping[str, Any], data_loader: Any = None, metric: Any = None) -> Engine:
    """The engine that ``type`` names.

    Args:
        config: the section; ``type`` is simplified, data_free or accuracy_checker.
        data_loader: the samples of the first two; absent: those of ``data_source`` of a simplified engine.
        metric: of the first two.

    Raises:
        ConfigError: the type is another, or something in the section is wrong.
    """
    check_mapping(config, "engine config")
    kind = config.get("type")
    if kind not in _TYPES:
        hint = nearest(str(kind), _TYPES)
        raise ConfigError(f"engine config: type is {kind!r}, expected one of {', '.join(_TYPES)}{hint}")
    if kind == "accuracy_checker":
        from openvino.tools.pot.engines.ac_engine import ACEngine

        section = {key: value for key, value in config.items() if key not in ("type", "config")}
        if (file := config.get("config")) is None:
            return ACEngine(section)
        return ACEngine({**read_mapping(file), **section}, Path(file).parent, str(file))
    from openvino.tools.pot.engines.simplified_engine import SimplifiedEngine

    if kind == "simplified":
        return SimplifiedEngine(config, data_loader, metric)
    if data_loader is None:
        raise ConfigError("engine config: data_free has no samples yet, expected those of create_data_loader")
    return SimplifiedEngine({**EngineConfig.keys_in(config), "type": "simplified"}, data_loader, metric)


offer(globals())
