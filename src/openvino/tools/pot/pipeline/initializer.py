"""Making pipelines from lists of algorithm names and parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from openvino.tools.pot.algorithms import ALGORITHMS, instead_of
from openvino.tools.pot.algorithms.algorithm import Algorithm
from openvino.tools.pot.api.engine import Engine
from openvino.tools.pot.pipeline.pipeline import Pipeline
from openvino.tools.pot.utils.errors import ConfigError
from openvino.tools.pot.utils.keys import check_keys

_KEYS = ("name", "params")


def create_pipeline(
    algo_config: Sequence[Mapping[str, Any]] | Mapping[str, Any] | None,
    engine: Engine | None,
    interface: str = "API",
) -> Pipeline:
    """A pipeline of configured algorithms.

    Args:
        algo_config: ``[{"name": str, "params": {...}}, ...]``; empty or None: a pipeline that only evaluates.
        engine: what runs models over data.
        interface: accepted as in POT, where it told scripts from the command line; without effect.

    Raises:
        ConfigError: an algorithm is unknown, or a parameter is misspelt, ill-typed or not supported.
    """
    entries = algo_config or []
    if isinstance(entries, (Mapping, str)) or not isinstance(entries, Sequence):
        raise ConfigError(f"algo_config is a {type(entries).__name__}, expected a list of name and params")
    pipeline = Pipeline(engine)
    for position, entry in enumerate(entries):
        pipeline.add_algo(_algorithm(entry, f"algo_config[{position}]", engine))
    return pipeline


def _algorithm(entry: Any, where: str, engine: Engine | None) -> Algorithm:
    if not isinstance(entry, Mapping):
        raise ConfigError(f"{where} is {entry!r}, expected a mapping with name and params")
    check_keys(entry, _KEYS, where)
    name = entry.get("name")
    if not isinstance(name, str) or name not in ALGORITHMS:
        known = ", ".join(ALGORITHMS)
        raise ConfigError(f"{where}: algorithm {name!r} is not one of {known}{instead_of(name)}")
    params = entry.get("params") or {}
    if not isinstance(params, Mapping):
        raise ConfigError(f"{where}: params is {params!r}, expected a mapping")
    return ALGORITHMS[name](params, engine)
