"""Reversing channels, subtracting means, dividing by scales and changing layouts, put into the model."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import openvino as ov
from openvino import layout_helpers
from openvino.preprocess import PrePostProcessor

from openvino.tools.pot.legacy.mo.arguments import Arguments
from openvino.tools.pot.legacy.mo.layouts import Layouts, read_layouts
from openvino.tools.pot.legacy.mo.values import Values, read_values
from openvino.tools.pot.utils.errors import ConfigError, nearest

Value = TypeVar("Value")

# Where channels can stand: of images, volumes, and both without a batch.
_CHANNELS = {3: (0, 2), 4: (1, 3), 5: (1, 4)}


@dataclass(frozen=True)
class _Steps:
    """What is done to inputs and outputs, by position."""

    inputs: dict[int, Layouts]
    outputs: dict[int, Layouts]
    mean: dict[int, Values]
    scale: dict[int, Values]
    reversed: bool


def preprocessed(model: ov.Model, arguments: Arguments) -> ov.Model:
    """The model with the steps that the arguments ask for in front of it.

    As in Model Optimizer, data is first reversed in its channels, then the mean is subtracted, then divided by the
    scale: so means and scales are in the order of channels in which the original model was trained, whatever the order
    of the data that the converted one takes.

    Raises:
        ConfigError: they name no input, or the axis of channels can't be told.
    """
    steps = _steps(model, arguments)
    if not (steps.inputs or steps.outputs or steps.mean or steps.scale or steps.reversed):
        return model
    guessed = _guessed_layouts(model, steps)
    processor = PrePostProcessor(model)
    for position, layouts in (steps.inputs | guessed).items():
        _set_layouts(processor.input(position), layouts)
    for position, layouts in steps.outputs.items():
        _set_layouts(processor.output(position), layouts)
    if steps.reversed:
        for position in _reversible(model, steps.inputs | guessed):
            processor.input(position).preprocess().reverse_channels()
    for position, mean in steps.mean.items():
        processor.input(position).preprocess().mean(_argument(mean))
    for position, scale in steps.scale.items():
        processor.input(position).preprocess().scale(_argument(scale))
    built: ov.Model = processor.build()
    for position in guessed:  # what was guessed for this alone is not what the user said of the model
        built.get_parameters()[position].layout = ov.Layout()
    return built


def given_layouts(model: ov.Model, arguments: Arguments) -> tuple[dict[int, Layouts], dict[int, Layouts]]:
    """The layouts that the arguments give to inputs and to outputs, by position.

    Raises:
        ConfigError: they can't be read, or name neither.
    """
    given = read_layouts(arguments.layout, arguments.source_layout, arguments.target_layout)
    # Those without names go to the inputs, then to the outputs.
    layouts = _by_position("layout", given, [*model.inputs, *model.outputs])
    count = len(model.inputs)
    inputs = {position: each for position, each in layouts.items() if position < count}
    return inputs, {position - count: each for position, each in layouts.items() if position >= count}


def _steps(model: ov.Model, arguments: Arguments) -> _Steps:
    inputs, outputs = given_layouts(model, arguments)
    scale = read_values("scale_values", arguments.scale_values)
    if arguments.scale is not None:
        ((_, value),) = read_values("scale", arguments.scale)
        scale = [(None, value)] * len(model.inputs)
    return _Steps(
        inputs,
        outputs,
        _by_position("mean_values", read_values("mean_values", arguments.mean_values), model.inputs),
        _by_position("scale_values", scale, model.inputs),
        bool(arguments.reverse_input_channels),
    )


def _by_position(
    argument: str, given: list[tuple[str | None, Value]], ports: list[ov.Output]
) -> dict[int, Value]:
    """Values by the position of the port that is named, or in order where none is."""
    inputs = sum(port.get_node().get_type_name() == "Parameter" for port in ports)
    unnamed = [value for name, value in given if name is None]
    if unnamed and len(unnamed) not in {inputs, len(ports)}:
        raise ConfigError(
            f"convert_model: {argument} has {len(unnamed)} entries without a name, but the model has {inputs} inputs; "
            "name the inputs"
        )
    found = dict(enumerate(unnamed))
    for name, value in given:
        if name is not None:
            found[_position(argument, name, ports)] = value
    return found


def _position(argument: str, name: str, ports: list[ov.Output]) -> int:
    names = [{*port.get_names(), port.get_node().get_friendly_name()} for port in ports]
    for position, each in enumerate(names):
        if name in each:
            return position
    known = sorted({each for group in names for each in group})
    raise ConfigError(
        f"convert_model: {argument} names {name!r}, which the model has not{nearest(name, known)}"
    )


def _guessed_layouts(model: ov.Model, steps: _Steps) -> dict[int, Layouts]:
    """Where channels are, of inputs of which it must be known and wasn't said."""
    guessed = {}
    for position, port in enumerate(model.inputs):
        if position in steps.inputs or not model.get_parameters()[position].layout.empty:
            continue
        counts = {len(values[position]) for values in (steps.mean, steps.scale) if position in values} - {1}
        if len(counts) > 1:
            raise ConfigError(
                f"convert_model: input {_name(port)!r} has {sorted(counts)} means and scales, expected as many of both"
            )
        if not counts and not steps.reversed:
            continue
        (channels,) = counts or {3}
        axes = _axes(port.get_partial_shape(), channels)
        if len(axes) == 1:
            rank = port.get_partial_shape().rank.get_length()
            letters = "?" * axes[0] + "C" + "?" * (rank - axes[0] - 1)
            guessed[position] = Layouts(ov.Layout(letters))
        elif counts:
            raise ConfigError(
                f"convert_model: input {_name(port)!r} is {port.get_partial_shape()}, of which no axis can be told to "
                f"be that of {channels} channels; say so with the argument layout"
            )
    return guessed


def _axes(shape: ov.PartialShape, channels: int) -> list[int]:
    """The axes that can be those of so many channels."""
    if shape.rank.is_dynamic:
        return []
    places = _CHANNELS.get(shape.rank.get_length(), ())
    return [axis for axis in places if shape[axis].is_static and shape[axis].get_length() == channels]


def _reversible(model: ov.Model, layouts: dict[int, Layouts]) -> Iterable[int]:
    """The inputs whose channels can be reversed: three of them, or of a number that is not fixed."""
    found = []
    for position, port in enumerate(model.inputs):
        known = layouts.get(position, Layouts()).source or model.get_parameters()[position].layout
        shape = port.get_partial_shape()
        if shape.rank.is_static and layout_helpers.has_channels(known):
            size = shape[layout_helpers.channels_idx(known) % shape.rank.get_length()]
            if size.is_dynamic or size.get_length() == 3:
                found.append(position)
    if not found:
        shapes = ", ".join(f"{_name(port)!r} {port.get_partial_shape()}" for port in model.inputs)
        raise ConfigError(
            f"convert_model: reverse_input_channels finds no input with three channels among {shapes}; "
            "the argument layout says where channels are"
        )
    return found


def _set_layouts(step: Any, layouts: Layouts) -> None:
    if layouts.source is not None:
        step.model().set_layout(layouts.source)
    if layouts.target is not None:
        step.tensor().set_layout(layouts.target)


def _argument(values: Values) -> Any:
    return float(values[0]) if len(values) == 1 else values.astype(np.float32).tolist()


def _name(port: ov.Output) -> str:
    return str(port.get_node().get_friendly_name())
