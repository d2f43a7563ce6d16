"""Values of the arguments ``mean_values``, ``scale_values`` and ``scale``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.legacy.mo.arguments import is_given
from openvino.tools.pot.legacy.mo.texts import parts
from openvino.tools.pot.utils.errors import ConfigError

Values = NDArray[np.float64]


def read_values(argument: str, given: Any) -> list[tuple[str | None, Values]]:
    """Values for inputs.

    Args:
        argument: the name of the argument, for errors.
        given: text such as ``(1,2,3)``, ``[1,2,3],[4]`` or ``a(1,2,3),b[4]``; a dict by name; numbers for the only
            input; or a list of numbers for each input.

    Returns:
        Pairs of a name, absent where they go by order, and one value or one for each channel.

    Raises:
        ConfigError: they can't be read.
    """
    if not isinstance(given, np.ndarray) and not is_given(given):
        return []
    if isinstance(given, Mapping):
        return [(name, _numbers(argument, values)) for name, values in given.items()]
    if isinstance(given, str):
        if "(" not in given and "[" not in given:
            return [(None, _numbers(argument, given))]
        return [(part.name or None, _numbers(argument, part.content)) for part in parts(argument, given)]
    if isinstance(given, (list, tuple)) and any(
        isinstance(each, (list, tuple, np.ndarray)) for each in given
    ):
        return [(None, _numbers(argument, each)) for each in given]
    return [(None, _numbers(argument, given))]


def _numbers(argument: str, given: Any) -> Values:
    try:
        raw = given.split(",") if isinstance(given, str) else given
        numbers: Values = np.atleast_1d(np.asarray(raw, np.float64))
    except (TypeError, ValueError):
        numbers = np.empty((0, 0))
    if numbers.ndim != 1 or not numbers.size:
        raise ConfigError(
            f"convert_model: {argument} has {given!r}, expected numbers such as (123.7,116.3,103.5) for each channel"
        )
    return numbers
