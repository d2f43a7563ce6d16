"""An engine as passes see it: how it was configured, the methods that users override, and how these are called."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

import openvino as ov

from openvino.tools.pot.api.engine import Engine
from openvino.tools.pot.configs.runtime import EngineConfig
from openvino.tools.pot.configs.validation import validate
from openvino.tools.pot.engines.feeding import Filler
from openvino.tools.pot.engines.items import Item
from openvino.tools.pot.engines.metrics import Tally
from openvino.tools.pot.engines.stream import Feed, OutputNames, Outputs
from openvino.tools.pot.engines.watching import Runtime
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.statistics.layout import StatisticsLayout
from openvino.tools.pot.statistics.measured import Statistics
from openvino.tools.pot.utils.errors import EngineError, naming
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)

_OURS = "openvino.tools.pot."


@dataclass(frozen=True)
class EngineOptions:
    """How an engine runs models; see ``IEEngine``.

    Attributes:
        device: where, in OpenVINO's words.
        stat_requests, eval_requests: parallel requests of passes for statistics and of others, 0: as the device likes.
        batch_axis: along which the samples of a batch are joined.
        out_in_map: output name -> input name, empty where samples have no time steps.
    """

    device: str
    stat_requests: int
    eval_requests: int
    batch_axis: int
    out_in_map: Mapping[str, str]


def _requests(key: str, wanted: int | None) -> int:
    number, available = wanted or 0, os.cpu_count() or 1
    if number > available:
        logger.warning(
            "engine config: %s %d is more than the %d processors, using these", key, number, available
        )
    return min(number, available)


Found = tuple[OutputNames, list[Item], Outputs]
"""What outputs are called, what the loader gave at a time, and the outputs for it."""


class Elsewhere(Protocol):
    """Whoever makes inferences in the place of an engine."""

    def measured(self, engine: Hooks, layout: StatisticsLayout, sampler: Any, show: bool) -> Statistics:
        """What ``passes.collect`` finds on a network without time steps."""
        ...

    def results(self, engine: Hooks, samples: Any, strict: bool) -> Iterator[Found]:
        """What ``results.results`` gives."""
        ...


class Hooks(Engine):
    """What passes call of an engine, and read; ``IEEngine`` says what each hook is given and gives."""

    _predict: Callable[..., Any]
    _process_batch: Callable[..., Any]
    _fill_input: Callable[..., Feed]
    postprocess_output: Callable[..., Any]
    _update_metrics: Callable[..., None]

    def __init__(self, config: Mapping[str, Any] | None, data_loader: Any, metric: Any, strict: bool) -> None:
        super().__init__(config, data_loader, metric)
        # Engines of users may keep keys of their own there.
        known = self.config if strict else EngineConfig.keys_in(self.config)
        found = validate(EngineConfig, known, "engine config")
        self._options = EngineOptions(
            found.device or "CPU",
            _requests("stat_requests_number", found.stat_requests_number),
            _requests("eval_requests_number", found.eval_requests_number),
            found.batch_dim or 0,
            found.recurrent_out_in_map,
        )
        self._ie = Runtime()
        self._given: CompressedModel | None = None
        self._model: CompressedModel | None = None
        self._filler = Filler(self._options.batch_axis, parts=not self._options.out_in_map)
        self._tally = Tally()
        self._elsewhere: Elsewhere | None = None

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


def set_model(engine: Engine, model: Any) -> None:
    """Call ``set_model``.

    Raises:
        EngineError: a method of the user's raised.
    """
    with naming_hook(engine, "set_model"):
        engine.set_model(model)


def predicted(engine: Engine, **arguments: Any) -> tuple[Any, Any]:
    """What ``predict`` gives: metrics and statistics.

    Raises:
        EngineError: a method of the user's raised, or gave no such pair.
    """
    with naming_hook(engine, "predict"):
        found = engine.predict(**arguments)
    if not isinstance(found, (tuple, list)) or len(found) != 2:
        raise EngineError(
            f"engine {type(engine).__name__}: predict gave {found!r}, expected a pair of metrics and statistics"
        )
    return found[0], found[1]


def naming_hook(engine: Engine, member: str) -> AbstractContextManager[None]:
    """Say of errors that they are of a user's override; those of methods of ours stay as they are."""
    method = getattr(type(engine), member, None)
    if str(getattr(method, "__module__", "")).startswith(_OURS):
        return nullcontext()
    return naming(f"engine {type(engine).__name__}: {member}", EngineError)
