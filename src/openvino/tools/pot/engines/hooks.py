"""An engine as passes over samples see it: methods that users override, and what it was told."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot.api.engine import Engine
from openvino.tools.pot.engines.feeding import Filler
from openvino.tools.pot.engines.options import EngineOptions
from openvino.tools.pot.engines.stream import Feed
from openvino.tools.pot.engines.tally import Tally
from openvino.tools.pot.engines.watching import Runtime
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.utils.errors import EngineError


class Hooks(Engine):
    """What passes call of an engine, and read; ``IEEngine`` documents the hooks."""

    _options: EngineOptions
    _ie: Runtime
    _given: CompressedModel | None
    _model: CompressedModel | None
    _filler: Filler
    _tally: Tally
    _per_sample_metrics: list[dict[str, Any]]

    @abstractmethod
    def _overrides(self, name: str) -> bool:
        """Whether a method is a user's."""

    @abstractmethod
    def _predict(
        self,
        stats_layout: Any,
        sampler: Any,
        print_progress: bool = False,
        need_metrics_per_sample: bool = False,
    ) -> tuple[Any, Any] | None: ...

    @abstractmethod
    def _process_batch(self, batch: list[Any]) -> tuple[list[tuple[int, Any]], list[Any], list[Any]]: ...

    @abstractmethod
    def _fill_input(
        self, model: ov.Model | ov.CompiledModel, image_batch: list[Any] | NDArray[Any]
    ) -> Feed: ...

    @abstractmethod
    def postprocess_output(self, outputs: Any, metadata: list[Any]) -> Any:
        """What the metric gets."""

    @abstractmethod
    def _update_metrics(
        self, output: Any, annotations: list[tuple[int, Any]], need_metrics_per_sample: bool = False
    ) -> None: ...

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
