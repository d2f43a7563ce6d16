"""Samples that are made up for a quantized model, from the ranges that its own quantizers have."""

from __future__ import annotations

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino.op import Constant

from openvino.tools.pot.data_loaders.synthetic import made_image
from openvino.tools.pot.engines.stream import Feed
from openvino.tools.pot.graph.names import input_name
from openvino.tools.pot.statistics.phases import TOKEN_MASKS

_OPEN_IMAGE, _STEPS = 224, 16
"""Of sizes that are open: of the sides of images, and of others; the first axis is 1."""

_WORDS = 1000
"""Numbers below which indices lie where no table says how many there are."""


def made_samples(model: ov.Model, count: int) -> list[Feed]:
    """So many samples, the same each time; images look like images, other data is noise.

    Args:
        model: quantized; where a quantizer reads an input, values lie in its range.
        count: how many.
    """
    return [
        {input_name(port): _made(port, np.random.default_rng([number, place]), number)
         for place, port in enumerate(model.inputs)}
        for number in range(count)
    ]  # fmt: skip


def _made(port: ov.Output, random: np.random.Generator, number: int) -> NDArray[np.generic]:
    shape, dtype = _shape(port), port.get_element_type().to_dtype()
    if np.issubdtype(dtype, np.bool_):
        return np.ones(shape, np.bool_)
    low, high = _range(port)
    if _is_image(shape):
        values = _image(shape, number)
        if np.issubdtype(dtype, np.integer):
            return np.asarray(values * min(255, np.iinfo(dtype).max)).astype(dtype)
        return np.asarray(low + values * (high - low)).astype(dtype)
    if np.issubdtype(dtype, np.integer):
        name = input_name(port)
        if name in TOKEN_MASKS or "mask" in name:
            return np.ones(shape, dtype)
        return random.integers(0, _rows(port), shape).astype(dtype)
    middle, spread = (low + high) / 2, (high - low) / 6
    return np.asarray(np.clip(random.normal(middle, spread, shape), low, high)).astype(dtype)


def _shape(port: ov.Output) -> tuple[int, ...]:
    shape = port.get_partial_shape()
    if shape.rank.is_dynamic:
        return (1, _STEPS)
    sides = len(shape) == 4
    return tuple(
        max(size.get_min_length(), 1 if axis == 0 else min(_OPEN_IMAGE if sides else _STEPS, _most(size)))
        if size.is_dynamic
        else size.get_length()
        for axis, size in enumerate(shape)
    )


def _most(size: ov.Dimension) -> int:
    most = int(size.get_max_length())
    return most if most > 0 else _OPEN_IMAGE


def _is_image(shape: tuple[int, ...]) -> bool:
    return len(shape) == 4 and (shape[1] in (1, 3) or shape[3] in (1, 3))


def _image(shape: tuple[int, ...], number: int) -> NDArray[np.float32]:
    """Images of values from 0 to 1, in the layout that the sizes show."""
    first = shape[1] in (1, 3)
    channels, height, width = (shape[1], *shape[2:]) if first else (shape[3], *shape[1:3])
    batch = []
    for place in range(shape[0]):
        image = made_image(number * shape[0] + place, height, width)[..., :channels].astype(np.float32) / 255
        batch.append(image.transpose(2, 0, 1) if first else image)
    return np.stack(batch)


def _range(port: ov.Output) -> tuple[float, float]:
    """That of the first quantizer that reads an input, past what only moves data; else three deviations of noise."""
    pending = [port]
    while pending:
        own = pending.pop(0)
        for reader in (target.get_node() for target in own.get_target_inputs()):
            if reader.get_type_name() == "FakeQuantize":
                borders = [reader.input_value(place).get_node() for place in (1, 2)]
                if all(isinstance(border, Constant) for border in borders):
                    return float(borders[0].data.min()), float(borders[1].data.max())
            elif reader.get_type_name() in ("Convert", "Transpose", "Reshape", "Squeeze", "Unsqueeze"):
                pending += reader.outputs()
    return -3.0, 3.0


def _rows(port: ov.Output) -> int:
    """Rows of the table that an input looks up in; where there is none, 1: zeros are always valid."""
    pending = [port]
    while pending:
        own = pending.pop(0)
        for target in own.get_target_inputs():
            reader = target.get_node()
            if reader.get_type_name() == "Gather" and target.get_index() == 1:
                table = reader.get_input_partial_shape(0)
                return int(table[0].get_length()) if table.rank.is_static and table[0].is_static else _WORDS
            if reader.get_type_name() in ("Convert", "Reshape", "Squeeze", "Unsqueeze"):
                pending += reader.outputs()
    return 1
