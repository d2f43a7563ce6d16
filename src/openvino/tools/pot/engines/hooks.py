"""An engine as passes over samples see it: methods that users override, and what it was told."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import openvino as ov

from openvino.tools.pot.api.engine import Engine
from openvino.tools.pot.engines.feeding import Filler
from openvino.tools.pot.engines.metrics import Tally
from openvino.tools.pot.engines.options import EngineOptions
from openvino.tools.pot.engines.stream import Feed
from openvino.tools.pot.engines.watching import Runtime
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.utils.errors import EngineError


class Hooks(Engine):
    """What passes call of an engine, and read; ``IEEngine`` says what each hook is given and gives."""

    _predict: Callable[..., Any]
    _process_batch: Callable[..., Any]
    _fill_input: Callable[..., Feed]
    postprocess_output: Callable[..., Any]
    _update_metrics: Callable[..., None]
    _options: EngineOptions
    _ie: Runtime
    _given: CompressedModel | None
    _model: CompressedModel | None
    _filler: Filler
    _tally: Tally

    @abstractmethod
    def _overrides(self, name: str) -> bool:
        """Whether a method is a user's."""

    def _single_model(self) -> ov.Model:
        """The network that ``set_model`` chose.

        Raises:
            EngineError: there are several.
        """
        assert self._model is not None
        if self._model.is_cascade:
            names = [sub.name for sub in self._model]
            raise EngineError(
                f"IEEngine runs one model, found a cascade of {names}: subclass it, override predict"
            )
        return self._model.submodels[0].model
