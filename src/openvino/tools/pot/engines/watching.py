"""Inferences that users' engines make themselves, watched: what they feed is measured beside them.

An engine that runs several models for one sample, with work of its own between them, overrides ``_predict`` and makes
its inferences through ``self._ie``. During a pass for statistics each of them is followed by one of the measuring
model with the same feed, so that an override needs to know nothing of statistics.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from math import ceil
from typing import Any

import openvino as ov

from openvino.tools.pot.engines.compiling import compiled_as_defined, compiled_for
from openvino.tools.pot.engines.feeding import Feeder, key_name
from openvino.tools.pot.engines.stream import Feed, copied
from openvino.tools.pot.graph.model import CompressedModel, SubModel
from openvino.tools.pot.statistics.layout import StatisticsLayout
from openvino.tools.pot.statistics.measured import Statistics
from openvino.tools.pot.utils.bfloat import values_of
from openvino.tools.pot.utils.errors import EngineError
from openvino.tools.pot.utils.runtime import FLOAT32, core

_MOST = 32
"""Of a batch, as many samples are measured, spread evenly: hundreds of candidates for one image are much alike."""

_FEW = 4
"""The same of a batch of which some are kept."""


class Watch:
    """Sees what becomes of some models, by their names.

    Args:
        models: by name, as they were read; overrides reshape copies of them.
    """

    def __init__(self, models: Mapping[str, ov.Model]) -> None:
        self._feeders = {name: Feeder(model) for name, model in models.items()}

    def infer(self, name: str, inputs: Any) -> None:
        """An inference, and what it is given."""
        if name in self._feeders:
            self.take(name, samples_of(self._feeders[name], inputs))

    def take(self, name: str, samples: list[Feed]) -> None:
        """The samples of an inference, in arrays that overrides may fill again."""
        raise NotImplementedError

    def reset(self, name: str) -> None:
        """The state of a request returns to its initial one."""


class Runtime:
    """What ``self._ie`` of an engine is: OpenVINO's Core, through which inferences of the engine's models are watched.

    Attributes:
        watch: gets these inferences, None while nobody watches.
    """

    def __init__(self) -> None:
        self._models: list[SubModel] = []
        self.watch: Watch | None = None

    def set_model(self, model: CompressedModel) -> None:
        """Take note of the models whose inferences count."""
        self._models = list(model)

    @contextmanager
    def watched(self, watch: Watch) -> Iterator[None]:
        """While this lasts, inferences of the models are told to ``watch``."""
        self.watch = watch
        try:
            yield
        finally:
            self.watch = None

    def compile_model(
        self, model: Any, device_name: str = "CPU", config: Mapping[str, Any] | None = None
    ) -> Any:
        """As Core's, in float32 unless told otherwise; takes model objects of one network as well."""
        source = model.submodels[0].model if isinstance(model, CompressedModel) else model
        compiled = compiled_as_defined(source, device_name, {**FLOAT32, **(config or {})})
        name = next((own.name for own in self._models if own.model is source), None)
        return compiled if self.watch is None or name is None else _Watched(compiled, name, self.watch)

    def __getattr__(self, name: str) -> Any:
        """Everything else that Core offers."""
        return getattr(core(), name)


class _Watched:
    """A compiled model, or a request of one, whose inferences are told of."""

    def __init__(self, inner: Any, name: str, watch: Watch) -> None:
        self._inner, self._name, self._watch = inner, name, watch

    def __call__(self, inputs: Any = None, *more: Any, **options: Any) -> Any:
        return self._told(self._inner, inputs, *more, **options)

    def infer_new_request(self, inputs: Any = None) -> Any:
        return self._told(self._inner.infer_new_request, inputs)

    def infer(self, inputs: Any = None, *more: Any, **options: Any) -> Any:
        return self._told(self._inner.infer, inputs, *more, **options)

    def start_async(self, inputs: Any = None, *more: Any, **options: Any) -> Any:
        return self._told(self._inner.start_async, inputs, *more, **options)

    def _told(self, run: Callable[..., Any], inputs: Any, *more: Any, **options: Any) -> Any:
        """Run, and tell what is given, of a request be it beforehand, as tensors that were set or filled."""
        nothing = inputs is None or (isinstance(inputs, (dict, list, tuple)) and not inputs)
        beforehand = nothing and isinstance(self._inner, ov.InferRequest)
        self._watch.infer(self._name, list(self._inner.input_tensors) if beforehand else inputs)
        return run(inputs, *more, **options)

    def reset_state(self) -> None:
        self._watch.reset(self._name)
        self._inner.reset_state()

    def query_state(self) -> list[_WatchedState]:
        return [_WatchedState(state, self._name, self._watch) for state in self._inner.query_state()]

    def create_infer_request(self) -> _Watched:
        return _Watched(self._inner.create_infer_request(), self._name, self._watch)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class _WatchedState:
    """A state of a request, of whose reset is told; one of several resets all of them where it is measured."""

    def __init__(self, inner: Any, name: str, watch: Watch) -> None:
        self._inner, self._name, self._watch = inner, name, watch

    def reset(self) -> None:
        self._watch.reset(self._name)
        self._inner.reset()

    @property
    def state(self) -> Any:
        return self._inner.state

    @state.setter
    def state(self, value: Any) -> None:
        raise EngineError(
            f"a state of model {self._name!r} is set in the pass for statistics, expected it to be reset or left alone"
        )

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class Shapes(Watch):
    """The shapes of what each model is fed."""

    def __init__(self, models: Mapping[str, ov.Model]) -> None:
        super().__init__(models)
        self._seen: defaultdict[tuple[str, str], set[tuple[int, ...]]] = defaultdict(set)

    def take(self, name: str, samples: list[Feed]) -> None:
        """Take note of an inference."""
        for feed in samples:
            for key, array in feed.items():
                self._seen[name, key].add(array.shape)

    def freed(self, name: str) -> dict[str, ov.PartialShape]:
        """Input -> its shape with those sizes dynamic that were not always as the model has them; empty if all were."""
        found = {}
        for spec in self._feeders[name].inputs:
            seen = self._seen[name, spec.name]
            sizes = [_size(own, {shape[axis] for shape in seen}) for axis, own in enumerate(spec.shape)]
            if sizes != list(spec.shape):
                found[spec.name] = ov.PartialShape(sizes)
        return found


def _size(own: ov.Dimension, seen: set[int]) -> ov.Dimension:
    return own if own.is_dynamic or seen <= {own.get_length()} else ov.Dimension()


class Recording(Watch):
    """Keeps some of what each model is fed.

    Attributes:
        feeds: by the name of the model, in the order of the inferences.
    """

    def __init__(self, models: Mapping[str, ov.Model]) -> None:
        super().__init__(models)
        self.feeds: dict[str, list[Feed]] = {name: [] for name in models}

    def take(self, name: str, samples: list[Feed]) -> None:
        """Keep a few samples of an inference, evenly spread."""
        if len(self.feeds[name]) < _MOST:
            for feed in samples[:: ceil(len(samples) / _FEW)]:
                self.feeds[name].append({key: copied(array) for key, array in feed.items()})


class Measurement(Watch):
    """Measures on models what a user's engine feeds them.

    Args:
        layouts: what is measured on each, by name.
        device: runs the measuring models.
        expected: how many inferences of each model there will be, as far as that is known.
    """

    def __init__(self, layouts: Mapping[str, StatisticsLayout], device: str, expected: int) -> None:
        super().__init__({name: layout.float_model for name, layout in layouts.items()})
        self._layouts, self._fresh = layouts, dict.fromkeys(layouts, True)
        compiled = {name: compiled_for("measured", own.model, device) for name, own in layouts.items()}
        self._requests = {name: own.create_infer_request() for name, own in compiled.items()}
        self._found = {name: layout.empty(expected) for name, layout in layouts.items()}

    def take(self, name: str, samples: list[Feed]) -> None:
        """Measure on some of the samples of an inference."""
        request, found = self._requests[name], self._found[name]
        for feed in samples[:: ceil(len(samples) / _MOST)]:
            request.infer(self._layouts[name].feed(found.samples, feed, self._fresh[name]))
            self._fresh[name] = False
            found.add([values_of(tensor) for tensor in request.output_tensors])

    def reset(self, name: str) -> None:
        """Let the measuring model begin anew, too."""
        if name in self._requests:
            self._requests[name].reset_state()
            self._fresh[name] = True

    def statistics(self) -> dict[str, Statistics]:
        """What was found, by the name of the model.

        Raises:
            EngineError: a model was never run.
        """
        for name, found in self._found.items():
            if found.samples == 0:
                raise EngineError(
                    f"no inference of model {name!r} was seen in the pass over the samples: an override of _predict "
                    "must compile it with self._ie.compile_model, and some sample must reach it"
                )
        return self._found


def samples_of(feeder: Feeder, inputs: Any) -> list[Feed]:
    """What an inference is given, taken apart along a batch that isn't fixed: input name to array of batch 1.

    Args:
        feeder: of the model.
        inputs: as requests take them: by name, number or port, in a sequence, or one array.
    """
    feed = _feed(feeder, inputs)
    counts = {len(array) for array in feed.values() if array.ndim}
    if len(counts) != 1 or counts <= {0, 1} or feeder.batch in counts:
        return [feed]
    return [{name: array[at : at + 1] for name, array in feed.items()} for at in range(counts.pop())]


def _feed(feeder: Feeder, inputs: Any) -> Feed:
    if isinstance(inputs, Mapping):
        given = {
            feeder.inputs[key] if isinstance(key, int) else feeder.by_name[key_name(key)]: value
            for key, value in inputs.items()
        }
    else:
        arrays = inputs if isinstance(inputs, (list, tuple)) else [inputs]
        given = dict(zip(feeder.inputs, arrays, strict=True))
    return {spec.name: spec.typed(value) for spec, value in given.items()}
