"""Making pipelines from lists of algorithm names and parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from openvino.tools.pot.algorithms import ALGORITHMS, instead_of
from openvino.tools.pot.algorithms.algorithm import Algorithm
from openvino.tools.pot.api.engine import Engine
from openvino.tools.pot.configs.sections import AlgorithmEntry
from openvino.tools.pot.configs.validation import validate
from openvino.tools.pot.paths import offer
from openvino.tools.pot.pipeline.pipeline import Pipeline
from openvino.tools.pot.utils.errors import ConfigError, Place


def create_pipeline(
    algo_config: Sequence[Mapping[str, Any]] | Mapping[str, Any] | None,
    engine: Engine | None,
    interface: str = "API",
    progress: bool | None = None,
) -> Pipeline:
    """A pipeline of configured algorithms.

    Args:
        algo_config: ``[{"name": str, "params": {...}}, ...]``; empty or None: a pipeline that only evaluates.
        engine: what runs models over data.
        interface: accepted as in POT, where it told scripts from the command line; without effect.
        progress: whether its runs show steps and a bar, see ``Pipeline``.

    Raises:
        ConfigError: an algorithm is unknown, or a parameter is misspelt, ill-typed or not supported.
    """
    entries = algo_config or []
    if isinstance(entries, (Mapping, str)) or not isinstance(entries, Sequence):
        raise ConfigError(f"algo_config is a {type(entries).__name__}, expected a list of name and params")
    pipeline = Pipeline(engine, progress)
    for position, entry in enumerate(entries):
        where = Place(f"algo_config[{position}]")
        pipeline.add_algo(create_algorithm(validate(AlgorithmEntry, entry, where), engine, where))
    return pipeline


def create_algorithm(entry: AlgorithmEntry, engine: Engine | None, where: Place) -> Algorithm:
    """The algorithm of an entry of a configuration.

    Args:
        entry: its name and its parameters.
        engine: what runs models over data.
        where: the entry stands.

    Raises:
        ConfigError: there is no such algorithm, or a parameter is misspelt, ill-typed or not supported.
    """
    if entry.name not in ALGORITHMS:
        known = ", ".join(ALGORITHMS)
        raise ConfigError(
            f"expected one of {known}, found {entry.name!r}{instead_of(entry.name)}", where.at("name")
        )
    return ALGORITHMS[entry.name](entry.params, engine)


offer(globals())
