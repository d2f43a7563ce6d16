"""Algorithms by name."""

from __future__ import annotations

from openvino.tools.pot.algorithms import ALGORITHMS
from openvino.tools.pot.algorithms.algorithm import Algorithm
from openvino.tools.pot.paths import offer
from openvino.tools.pot.utils.errors import ConfigError, nearest

QUANTIZATION_ALGORITHMS = list(ALGORITHMS)
"""The names of all algorithms that a configuration can name."""
SPARSITY_ALGORITHMS: list[str] = []
"""Those that make weights zero: none."""


def get_algorithm(name: str) -> type[Algorithm]:
    """The class of an algorithm.

    Raises:
        ConfigError: there is none of this name; the nearest name is given.
    """
    if not isinstance(name, str) or name not in ALGORITHMS:
        known = ", ".join(ALGORITHMS)
        raise ConfigError(f"algorithm {name!r} is not one of {known}{nearest(str(name), ALGORITHMS)}")
    return ALGORITHMS[name]


offer(globals())
