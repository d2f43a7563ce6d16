"""Making pipelines from lists of algorithm names and parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from openvino.tools.pot.algorithms import ALGORITHMS
from openvino.tools.pot.algorithms.algorithm import Algorithm
from openvino.tools.pot.api.engine import Engine
from openvino.tools.pot.pipeline.pipeline import Pipeline
from openvino.tools.pot.utils.errors import ConfigError, nearest

_KEYS = ("name", "params")


def create_pipeline(algorithms: Sequence[Mapping[str, Any]], engine: Engine) -> Pipeline:
    """A pipeline of configured algorithms.

    Args:
        algorithms: ``[{"name": str, "params": {...}}, ...]``.
        engine: what runs models over data.

    Raises:
        ConfigError: an algorithm or a parameter is unknown, ill-typed or not supported.
    """
    if isinstance(algorithms, (Mapping, str)) or not isinstance(algorithms, Sequence):
        raise ConfigError(f"algorithms is a {type(algorithms).__name__}, expected a list of name and params")
    pipeline = Pipeline(engine)
    for position, entry in enumerate(algorithms):
        pipeline.add_algo(_algorithm(entry, f"algorithms[{position}]", engine))
    return pipeline


def _algorithm(entry: Any, where: str, engine: Engine) -> Algorithm:
    if not isinstance(entry, Mapping):
        raise ConfigError(f"{where} is {entry!r}, expected a mapping with name and params")
    for key in entry:
        if key not in _KEYS:
            raise ConfigError(f"{where}: unknown key {key!r}{nearest(str(key), _KEYS)}")
    name = entry.get("name")
    if not isinstance(name, str) or name not in ALGORITHMS:
        known = ", ".join(ALGORITHMS)
        raise ConfigError(
            f"{where}: algorithm {name!r} is not one of {known}{nearest(str(name), ALGORITHMS)}"
        )
    params = entry.get("params") or {}
    if not isinstance(params, Mapping):
        raise ConfigError(f"{where}: params is {params!r}, expected a mapping")
    return ALGORITHMS[name](params, engine)
