"""A quantized model run on the witnessed samples, as users will run it or as it is defined."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, NamedTuple, TypeVar

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as op
from openvino.op import Constant

from openvino.tools.pot.arithmetic.distance import Likeness, from_sample_to_sample, likeness
from openvino.tools.pot.engines.compiling import awaken, compiled_as_defined
from openvino.tools.pot.engines.profiling import RuntimeLayer, heavy_layers
from openvino.tools.pot.graph.edits.compress import compress_weights
from openvino.tools.pot.graph.edits.emulate import emulated
from openvino.tools.pot.graph.edits.half import in_half
from openvino.tools.pot.graph.names import by_any_name, input_name
from openvino.tools.pot.graph.parts import WHOLE, Part, described, values_in
from openvino.tools.pot.graph.sizes import have_sizes
from openvino.tools.pot.graph.tensors import InputId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.statistics.phases import TOKEN_MASKS, is_token_mask
from openvino.tools.pot.statistics.witness import Watched, Witness, tensors_of
from openvino.tools.pot.utils.bfloat import values_of
from openvino.tools.pot.utils.errors import reason
from openvino.tools.pot.utils.progress import glance
from openvino.tools.pot.utils.runtime import FLOAT32, core

T = TypeVar("T")

AS_USERS: Mapping[str, Any] = {}
"""The device's own settings."""

_LIGHT = 64 << 20
"""Bytes of constants of a model of which two compilations may be in memory at once."""

_OF_OTHER_SHAPE = Likeness(decibels=-float("inf"))


@dataclass(frozen=True)
class Run:
    """What came of the witnessed samples.

    Attributes:
        figures: for each part of what can be compared, how well it follows the float model's.
        behind: the same for those whose values may come in another order.
        layers: that the device runs.
        seconds: of the fastest request.
        compilation: seconds that it took.
        bytes: of the constants of what was run; 0 where they were not counted.
        values: of each inference, an array for each place that is watched.
        token_mask: the input that says which tokens are valid; None where there is none.
        failure: what the device says, where it could not run the model; then there is nothing else.
    """

    figures: tuple[Likeness, ...] = ()
    behind: tuple[Likeness, ...] = ()
    layers: tuple[RuntimeLayer, ...] = ()
    seconds: float = 0.0
    compilation: float = 0.0
    values: list[list[NDArray[Any]]] = field(default_factory=list, repr=False, compare=False)
    token_mask: str | None = None
    failure: str = ""
    bytes: int = 0

    @property
    def given(self) -> Given:
        """What the model gave, to be held against other values."""
        return Given(tuple(map(tuple, self.values)), self.token_mask)

    @property
    def decibels(self) -> float:
        """Of the output that follows worst; shares of equal values count as errors."""
        if self.failure:
            return -float("inf")
        errors = [figure.error for figure in self.figures if figure.tells]
        return -20 * float(np.log10(max(max(errors, default=0.0), 1e-15)))


@dataclass(frozen=True)
class Given:
    """What a model gave for the witnessed samples, which depends on no clock and on nothing that is held against it.

    Attributes:
        values: of each inference, an array for each place that is watched.
        token_mask: the input that says which tokens are valid; None where there is none.
    """

    values: tuple[tuple[NDArray[Any], ...], ...]
    token_mask: str | None

    def beside(self, witness: Witness) -> Run:
        """What came of the model, held against what was witnessed; nothing is known of its layers and times."""
        figures, behind = _compared(self.values, witness, self.token_mask)
        return Run(figures, behind, values=[list(own) for own in self.values], token_mask=self.token_mask)


def run(
    model: ov.Model, witness: Witness, device: str, settings: Mapping[str, Any], as_stored: bool = True
) -> Run:
    """Run a model as a device does with these settings; weights are integers first if it is to be stored so."""

    def compiled() -> _Compiled:
        watched = watching(model, witness, as_stored)
        found = _timed(partial(_compiled, watched, device, settings))
        return found._replace(bytes=weight_of(watched))

    return _run_timed(compiled, witness)


def run_with_each(
    model: ov.Model, witness: Witness, device: str, settings: Sequence[Mapping[str, Any]], in_turn: bool
) -> list[Run]:
    """Run a model as it is stored, once with each of several settings; a light one is compiled side by side.

    Requests, which are timed, go one after the other.

    Args:
        model, witness, device: as of ``run``.
        settings: of the device.
        in_turn: whether any model is compiled for one after the other, which takes less memory.
    """
    watched = watching(model, witness)
    models, weight = [watched, *(watched.clone() for _ in settings[1:])], weight_of(watched)
    tasks = [
        partial(_timed, partial(_compiled, own, device, other))
        for own, other in zip(models, settings, strict=True)
    ]
    compiled = side_by_side(tasks) if weight_of(model) <= _LIGHT and not in_turn else tasks
    return [replace(_run_timed(each, witness), bytes=weight) for each in compiled]


def weight_of(model: ov.Model) -> int:
    """Bytes of all constants."""
    return sum(node.get_byte_size() for node in model.get_ops() if isinstance(node, Constant))


def side_by_side(tasks: Sequence[Callable[[], T]]) -> list[Callable[[], T]]:
    """What gives, or raises, what each of several tasks does, all of which are done by then.

    Most of a compilation has one thread, and so two of them take hardly longer than one.
    """
    with ThreadPoolExecutor(len(tasks)) as threads:
        return [threads.submit(task).result for task in tasks]


def run_compiled(compiled: ov.CompiledModel, model: ov.Model, witness: Witness, device: str) -> Run:
    """Run what is compiled of a model already; what shows all that is watched, if that does not."""
    if shows_watched(model, witness):
        return _run(lambda: compiled, witness)
    return run(model, witness, device, FLOAT32, as_stored=False)


def run_float(model: ov.Model, witness: Witness, device: str) -> Run:
    """Run a float model by itself in float32, around what the device is known to compute wrongly."""
    return _run(
        lambda: compiled_as_defined(watching(model, witness, as_stored=False), device, dict(FLOAT32)), witness
    )


def _compiled(model: ov.Model, device: str, settings: Mapping[str, Any]) -> ov.CompiledModel:
    return core().compile_model(model, device, dict(settings))


def run_as_defined(model: ov.Model, witness: Witness) -> Run:
    """Run a model with FakeQuantize as plain arithmetic, on OpenVINO's CPU."""
    plain = emulated(watching(model, witness), narrow=True)
    return _run(lambda: compiled_as_defined(plain, "CPU", dict(FLOAT32)), witness)


def run_in_half(model: ov.Model, witness: Witness, factor: float) -> Run:
    """The same with what stays in float rounded to half precision, and cut where that ends.

    Args:
        model: quantized.
        witness: what it is held against.
        factor: by which OpenVINO divides what layers in float read.
    """
    plain = emulated(in_half(watching(model, witness, as_stored=False), factor), narrow=True)
    return _run(lambda: compiled_as_defined(plain, "CPU", dict(FLOAT32)), witness)


def stored(model: ov.Model) -> ov.Model:
    """A copy with its weights as integers, as it is stored."""
    clone = model.clone()
    compress_weights(clone)
    return clone


def watching(model: ov.Model, witness: Witness, as_stored: bool = True) -> ov.Model:
    """A copy, as it is stored with weights as integers or as it is, that gives what is watched."""
    clone = stored(model) if as_stored else model.clone()
    if shows_watched(model, witness):
        return clone
    view = GraphView(clone)
    outputs = [op.result(view.output(tensor)).output(0) for tensor in tensors_of(view, witness.watched)]
    other = ov.Model(outputs, clone.get_sinks(), clone.get_parameters(), clone.get_friendly_name())
    if not _takes(other, witness):
        other.reshape({n: ov.PartialShape([-1] * value.ndim) for n, value in witness.feeds[0].items()})
    return other


def shows_watched(model: ov.Model, witness: Witness) -> bool:
    """Whether outputs of a model are what is watched, and its inputs of the shapes that were witnessed."""
    results = [node.get_friendly_name() for node in model.get_results()]
    return [place.node for place in witness.watched.all] == results and _takes(model, witness)


def _takes(model: ov.Model, witness: Witness) -> bool:
    """Whether the inputs are of the shapes that were witnessed: the pass may have joined samples."""
    return all(have_sizes(model, feed) for feed in witness.feeds)


class _Compiled(NamedTuple):
    """A network with the seconds that compiling it took, and the bytes of its constants, 0 where nobody counted."""

    network: ov.CompiledModel
    seconds: float
    bytes: int = 0


def _timed(compiled: Callable[[], ov.CompiledModel]) -> _Compiled:
    started = time.perf_counter()
    return _Compiled(compiled(), time.perf_counter() - started)


def _run(compiled: Callable[[], ov.CompiledModel], witness: Witness) -> Run:
    return _run_timed(lambda: _timed(compiled), witness)


def _run_timed(compiled: Callable[[], _Compiled], witness: Witness) -> Run:
    try:
        network, compilation, size = compiled()
        values, seconds = _values(network, witness)
    except RuntimeError as error:
        return Run(failure=reason(error))
    mask = _token_mask(network)
    figures, behind = _compared(values, witness, mask)
    layers = tuple(heavy_layers(network))
    return Run(figures, behind, layers, seconds, compilation, values, mask, bytes=size)


def _compared(
    values: Sequence[Sequence[NDArray[Any]]], witness: Witness, token_mask: str | None
) -> tuple[tuple[Likeness, ...], tuple[Likeness, ...]]:
    """How well values follow those of the float model: parts that can be compared, and what may be in another order."""
    figures, count = [], len(witness.watched.ordered)
    masks = [feed.get(token_mask) if token_mask else None for feed in witness.feeds]
    before, after = (list(zip(*found, strict=True)) for found in (witness.values, values))
    for first, second, parts in zip(before[:count], after[:count], witness.watched.joined, strict=True):
        same = all(one.shape == other.shape for one, other in zip(first, second, strict=True))
        for part in parts:
            pair = (_read(found, part, masks) for found in (first, second))
            figures.append(likeness(*pair) if same else _OF_OTHER_SHAPE)
    pairs = zip(before[count:], after[count:], strict=True)
    behind = (likeness(*(_read(found, WHOLE, masks) for found in pair)) for pair in pairs)
    return tuple(figures), tuple(behind)


def from_sample_to_sample_of(found: Run, witness: Witness) -> float:
    """How well what differs between samples is followed, of the output that is followed worst; NaN if none tells."""
    masks = [feed.get(found.token_mask) if found.token_mask else None for feed in witness.feeds]
    before, after = (list(zip(*values, strict=True)) for values in (witness.values, found.values))
    figures = [
        from_sample_to_sample(_read(first, part, masks), _read(second, part, masks))
        for first, second, parts in zip(before, after, witness.watched.joined, strict=False)
        for part in parts
    ]
    return min((figure for figure in figures if not np.isnan(figure)), default=float("nan"))


def _token_mask(network: ov.CompiledModel) -> str | None:
    """The input that says which tokens are valid, as feeds name it."""
    ports = by_any_name(network.inputs)
    return next((input_name(ports[name]) for name in sorted(TOKEN_MASKS) if name in ports), None)


def _read(
    values: Iterable[NDArray[Any]], part: Part, masks: Iterable[NDArray[Any] | None]
) -> list[NDArray[Any]]:
    """What somebody reads of a part of an output: where tokens are masked, nobody does."""
    found = [values_in(value, part) for value in values]
    pairs = list(zip(found, masks, strict=True))
    if not all(mask is not None and hides(mask, own) for own, mask in pairs):
        return found
    seen = [own[np.asarray(mask) > 0] for own, mask in pairs]
    return seen if any(own.size for own in seen) else found


def hides(mask: NDArray[Any], own: NDArray[Any]) -> bool:
    """Whether a mask is of the tokens of a tensor, which has more axes than these."""
    return own.ndim > mask.ndim and own.shape[: mask.ndim] == mask.shape and is_token_mask(mask)


def _values(network: ov.CompiledModel, witness: Witness) -> tuple[list[list[NDArray[Any]]], float]:
    """What came of each inference, and the seconds of the fastest."""
    request = network.create_infer_request()
    stateful, found, times = bool(request.query_state()), [], []
    feeds = [by_number(network.inputs, feed) for feed in witness.feeds]
    awaken(request, network, feeds[0])
    for feed, fresh in glance(zip(feeds, witness.fresh, strict=True), len(feeds)):
        if stateful and fresh:
            request.reset_state()
        started = time.perf_counter()
        request.infer(feed)
        times.append(time.perf_counter() - started)
        found.append(outputs_of(request))
    return found, min(times)


def by_number(inputs: Iterable[ov.ConstOutput], feed: Mapping[str, NDArray[Any]]) -> dict[int, NDArray[Any]]:
    """What a compiled model is fed, by the numbers of its inputs, some of which may have no name."""
    return {number: feed[input_name(port)] for number, port in enumerate(inputs)}


def outputs_of(request: ov.InferRequest) -> list[NDArray[Any]]:
    """What a request gave, as arrays of their own."""
    return [np.array(values_of(tensor)) for tensor in request.output_tensors]


def names_of(model: ov.Model, watched: Iterable[InputId]) -> list[str]:
    """What the watched inputs are called, for people: the tensor's name, or the node that sorts by it."""
    places = tuple(watched)
    readers = {place.node for place in places}
    nodes = {name: node for node in model.get_ops() if (name := node.get_friendly_name()) in readers}
    found = []
    for place in places:
        tensor = nodes[place.node].input(place.port).get_source_output()
        names = sorted(tensor.get_names())
        found.append(names[0] if names else tensor.get_node().get_friendly_name())
    return found


def names_of_parts(model: ov.Model, watched: Watched) -> list[str]:
    """What the parts are called that are compared."""
    names = names_of(model, watched.ordered)
    return [
        name + described(part) for name, parts in zip(names, watched.joined, strict=True) for part in parts
    ]
