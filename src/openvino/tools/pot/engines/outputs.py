"""The outputs of one inference, by name."""

from __future__ import annotations

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
            names = sorted(port.get_names()) or [producer]
            self[names[0]] = array
            self._aliases.update(dict.fromkeys((*names, producer), names[0]))

    def __missing__(self, name: str) -> NDArray[np.generic]:
        """The array of an output under another of its names."""
        return self[self._aliases[name]] if self._aliases.get(name, name) != name else self._unknown(name)

    def _unknown(self, name: str) -> NDArray[np.generic]:
        raise KeyError(f"the model has no output {name!r}, its outputs are {list(self)}")
