"""Algorithms by name."""

from __future__ import annotations

from openvino.tools.pot.algorithms import ALGORITHMS
from openvino.tools.pot.algorithms.algorithm import Algorithm
from openvino.tools.pot.algorithms.sparsity import BaseWeightSparsity, MagnitudeSparsity
from openvino.tools.pot.paths import offer
from openvino.tools.pot.utils.errors import ConfigError, nearest

_MAKING_ZEROS = (BaseWeightSparsity, MagnitudeSparsity)

SPARSITY_ALGORITHMS = [name for name, algorithm in ALGORITHMS.items() if issubclass(algorithm, _MAKING_ZEROS)]
"""The names of those that make weights zero."""
QUANTIZATION_ALGORITHMS = [name for name in ALGORITHMS if name not in SPARSITY_ALGORITHMS]
"""The names of all others that a configuration can name."""


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
