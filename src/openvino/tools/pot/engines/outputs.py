"""The outputs of one inference, by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray


class NamedOutputs(dict[str, NDArray[np.generic]]):
    """Output name -> array in the model's order; further names of an output find the same array.

    Args:
        compiled: the model.
        arrays: its outputs.
    """

    def __init__(self, compiled: ov.CompiledModel, arrays: list[NDArray[np.generic]]) -> None:
        self._aliases: dict[str, str] = {}
        super().__init__()
        for port, array in zip(compiled.outputs, arrays, strict=True):
            producer = port.get_node().input(0).get_source_output().get_node().get_friendly_name()
            result = port.get_node().get_friendly_name()
            names = sorted(port.get_names()) or [producer]
            # Results of one tensor share its names.
            choices = (*names, result, f"{result}:{len(self)}")
            key = next(name for name in choices if not dict.__contains__(self, name))
            self[key] = array
            for name in (*names, result, producer):
                self._aliases.setdefault(name, key)

    def __missing__(self, name: str) -> NDArray[np.generic]:
        """The array of an output under another of its names."""
        if name not in self._aliases:
            raise KeyError(f"the model has no output {name!r}, its outputs are {list(self)}")
        return self[self._aliases[name]]

    def __contains__(self, name: object) -> bool:
        """Whether an output has this name."""
        return super().__contains__(name) or name in self._aliases

    def get(self, name: str, default: Any = None) -> Any:
        """The array of an output, ``default`` where none has this name."""
        try:
            return self[name]
        except KeyError:
            return default
