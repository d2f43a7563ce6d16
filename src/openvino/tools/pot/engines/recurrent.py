"""Models that get some of their outputs back at the next time step, and samples that have time steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot.engines.feeding import key_name
from openvino.tools.pot.engines.items import Item
from openvino.tools.pot.engines.stream import Feed, Outputs, copied
from openvino.tools.pot.graph.names import by_any_name, input_name
from openvino.tools.pot.utils.errors import ConfigError, DataError, PotError, nearest

KEY = "recurrent_out_in_map"
_WHERE = f"engine config: {KEY}"


@dataclass(frozen=True)
class TimeStep:
    """One inference of a sample.

    Attributes:
        item: the sample, with the time step in its metadata, without data.
        sample: its place in the pass.
        number: of the time step, from 0.
        count: how many time steps the sample has.
        feed: what is known beforehand, in arrays of one's own.
        awaited: names of the inputs that the step before gives.
    """

    item: Item
    sample: int
    number: int
    count: int
    feed: Feed
    awaited: frozenset[str]

    @property
    def is_last(self) -> bool:
        """Whether it is the sample's last one."""
        return self.number == self.count - 1

    def feed_after(self, state: Feed) -> Feed:
        """The whole feed.

        Args:
            state: what the outputs of the step before are worth as inputs.
        """
        return {**self.feed, **{name: state[name] for name in self.awaited}}


class Recurrence:
    """Which outputs of a model become which of its inputs.

    Args:
        model: float or quantized.
        out_in_map: output name -> input name; any name of a tensor, of a result, or of the node that makes the values.

    Raises:
        ConfigError: the model has no such output or input, or they don't fit together.
    """

    def __init__(self, model: ov.Model, out_in_map: Mapping[str, str]) -> None:
        self._sources: dict[str, int] = {}
        self._names: dict[str, str] = {}
        self._shapes: dict[str, ov.PartialShape] = {}
        inputs = by_any_name(model.inputs)
        given: dict[str, str] = {}
        for output, name in out_in_map.items():
            if name not in inputs:
                known = [node.get_friendly_name() for node in model.get_parameters()]
                raise _unknown("input", name, known, inputs)
            port = inputs[name]
            own = input_name(port)
            if own in given:
                both = f"outputs {given[own]!r} and {output!r}"
                raise ConfigError(f"{_WHERE} maps {both} to input {own!r}, expected one for each input")
            given[own] = output
            self._sources[own] = _find(model, output)
            self._names.update({key: own for key, other in inputs.items() if input_name(other) == own})
            self._shapes[own] = port.get_partial_shape()
            _check_fit(output, model.outputs[self._sources[own]], name, port)
        if model.get_variables():
            variable = model.get_variables()[0].get_info().variable_id
            raise ConfigError(
                f"{_WHERE}: the model has a state of its own, {variable!r}, expected all of it among inputs and outputs"
            )

    @property
    def outputs(self) -> list[int]:
        """The numbers of the outputs that are inputs, in the order of the model's outputs."""
        return sorted(set(self._sources.values()))

    def steps(
        self, item: Item, sample: int, fill: Callable[[list[Any]], Mapping[Any, Any]]
    ) -> list[TimeStep]:
        """The time steps of a sample; where the step before gives an input, the array given last stands in for it.

        Args:
            item: its data is input name -> an array for each time step, None where the step before gives it.
            sample: its place in the pass.
            fill: from the arrays of a time step, a batch of one, to a feed.

        Raises:
            DataError: the sample has another form, or doesn't fit; names it, the time step and the input.
        """
        count = _count_of(item.data, item.index)
        last = {key: arrays[0] for key, arrays in item.data.items()}
        steps = []
        for number in range(count):
            given = {key: arrays[number] for key, arrays in item.data.items()}
            awaited = frozenset(
                self._awaited(key, number, item.index) for key, array in given.items() if array is None
            )
            last.update({key: array for key, array in given.items() if array is not None})
            try:
                feed = fill([dict(last)])
            except PotError as error:
                where = f"sample {item.index}, time step {number}"
                raise type(error)(error.sentence, where) from error.__cause__
            own = {
                key: copied(array)
                for key, array in feed.items()
                if self._names.get(key_name(key)) not in awaited
            }
            steps.append(TimeStep(_item_at(item, number, count), sample, number, count, own, awaited))
        return steps

    def _awaited(self, key: Any, number: int, index: int) -> str:
        """The own name of an input that has no array."""
        name, where = key_name(key), f"sample {index}, time step {number}"
        if name not in self._names:
            raise DataError(
                f"{where}: input {name!r} is None, expected an array as {KEY} maps no output to it"
                f"{nearest(name, self._names)}"
            )
        own = self._names[name]
        if number == 0:
            shape = self._shapes[own]
            raise DataError(
                f"{where}: input {name!r} is None, expected an array of shape {shape} as no step is before"
            )
        return own

    def state(self, outputs: Outputs | Mapping[int, NDArray[np.generic]]) -> Feed:
        """Input name -> a copy of the output that it gets, of outputs by their numbers."""
        return {name: np.array(outputs[number]) for name, number in self._sources.items()}


def _item_at(item: Item, number: int, count: int) -> Item:
    metadata = {} if item.metadata is None else copy(item.metadata)
    if not isinstance(metadata, MutableMapping):
        kind = type(metadata).__name__
        raise DataError(
            f"sample {item.index}: metadata is a {kind}, expected a dict that takes the time step"
        )
    metadata.update({"_batch_id": item.index, "_cur_time_step": number, "_max_time_step": count})
    return Item(item.index, None, item.annotation, metadata)


def _count_of(data: Any, index: int) -> int:
    """The number of time steps, the same for all inputs."""
    if not isinstance(data, Mapping) or not data:
        raise DataError(
            f"sample {index}: found {_kind(data)}, expected a dict of input name to a list of arrays, one for each "
            f"time step, as {KEY} is set"
        )
    for key, arrays in data.items():
        if not isinstance(arrays, (list, tuple)):
            raise DataError(
                f"sample {index}: input {key_name(key)!r} is {_kind(arrays)}, expected a list of arrays, one for each "
                f"time step, as {KEY} is set"
            )
    counts = {key_name(key): len(arrays) for key, arrays in data.items()}
    if len(set(counts.values())) > 1:
        found = ", ".join(f"{count} of {name!r}" for name, count in counts.items())
        raise DataError(f"sample {index}: inputs need an array for each time step, found {found}")
    count = next(iter(counts.values()))
    if count == 0:
        raise DataError(f"sample {index}: it has no time step, expected at least one")
    return count


def _kind(value: Any) -> str:
    shape = getattr(value, "shape", None)
    name = "an array" if isinstance(value, np.ndarray) else f"a {type(value).__name__}"
    return name if shape is None else f"{name} of shape {list(shape)}"


def _unknown(what: str, name: str, known: Sequence[str], names: Iterable[str]) -> ConfigError:
    return ConfigError(
        f"{_WHERE}: the model has no {what} {name!r}, its {what}s are {known}{nearest(name, names)}"
    )


def _find(model: ov.Model, name: str) -> int:
    """The number of the output of a name: its tensor's, its result's, or that of the node that makes the values."""
    named = [_names_of(port) for port in model.outputs]
    for kind in range(3):
        numbers: dict[int, int] = {}  # by port of the producer
        for number, names in enumerate(named):
            if name in names[kind]:
                source = model.outputs[number].get_node().input_value(0)
                numbers.setdefault(source.get_index(), number)
        if len(numbers) > 1:
            choices = [_shown(model.outputs[number]) for number in numbers.values()]
            raise ConfigError(
                f"{_WHERE}: node {name!r} makes the outputs {choices}, expected the name of one of them"
            )
        if numbers:
            return next(iter(numbers.values()))
    every = [each for kind in range(3) for names in named for each in names[kind]]
    raise _unknown("output", name, [_shown(port) for port in model.outputs], every)


def _names_of(port: ov.Output) -> tuple[set[str], ...]:
    """The names of the tensor, of the result and of the producer of an output."""
    result = port.get_node()
    producer = result.input_value(0).get_node()
    return port.get_names(), {result.get_friendly_name()}, {producer.get_friendly_name()}


def _shown(port: ov.Output) -> str:
    names = sorted(port.get_names())
    return names[0] if names else str(port.get_node().get_friendly_name())


def _check_fit(output: str, source: ov.Output, name: str, target: ov.Output) -> None:
    shapes = source.get_partial_shape(), target.get_partial_shape()
    if not shapes[0].compatible(shapes[1]):
        raise ConfigError(
            f"{_WHERE}: output {output!r} of shape {shapes[0]} doesn't fit input {name!r} of shape {shapes[1]}"
        )
    types = [port.get_element_type().get_type_name() for port in (source, target)]
    if types[0] != types[1]:
        raise ConfigError(
            f"{_WHERE}: output {output!r} is {types[0]}, expected {types[1]} as input {name!r} takes"
        )
