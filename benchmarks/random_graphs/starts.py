"""Inputs of random networks, and the samples that are fed to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as op

from random_graphs.grower import Grower, Value

Source = Callable[[], NDArray]


@dataclass(frozen=True)
class Start:
    """The first value of a network, and what gives an array for each input."""

    value: Value
    sources: tuple[Source, ...]


def start(g: Grower) -> Start:
    """An image, volume, series, tokens, rows, or something of another rank; as numbers of one of many types."""
    kinds = (
        _image,
        _image,
        _image,
        _bytes,
        _tokens,
        _tokens,
        _words,
        _series,
        _rows,
        _volume,
        _any_rank,
        _masked,
    )
    return g.pick(*kinds)(g)


def _input(g: Grower, shape: list[int], kind: ov.Type | None = None) -> Value:
    found = op.parameter(ov.PartialShape(shape), kind or g.type, name=f"x{len(g.inputs)}")
    found.output(0).set_names({f"x{len(g.inputs)}"} if g.chance(0.7) else {f"tensor{len(g.inputs)}"})
    g.inputs.append(found)
    return found


def _normal(g: Grower, shape: list[int]) -> Source:
    offset = g.pick(0.0, 0.0, 1.0)
    kind = g.type.to_dtype() if g.type != ov.Type.bf16 else np.float32

    def made() -> NDArray:
        size = g.pick(1.0, 1.0, 1.0, 4.0)
        return (offset + size * g.normal(*shape)).astype(kind)

    return made


def _of(g: Grower, shape: list[int]) -> Start:
    x, source = _input(g, shape), _normal(g, shape)
    if not g.chance(0.04):
        return Start(x, (source,))

    def holed() -> NDArray:
        found = source()
        found[g.random.random(found.shape) < 0.02] = np.nan
        return found

    return Start(op.select(op.is_nan(x), g.constant(0.0), x), (holed,))


def _batch(g: Grower) -> int:
    return int(g.pick(1, 1, 2, 3))


def _image(g: Grower) -> Start:
    side = int(g.pick(8, 12, 17))
    return _of(g, [_batch(g), int(g.pick(1, 3, 8)), side, int(g.pick(side, side, 10))])


def _bytes(g: Grower) -> Start:
    shape = [_batch(g), 12, 12, 3]
    x = _input(g, shape, ov.Type.u8)
    scaled = op.divide(op.subtract(op.convert(x, g.type), g.constant(118.0)), g.constant([57.0, 58.0, 59.0]))
    turned = op.transpose(scaled, g.whole(0, 3, 1, 2))
    return Start(turned, (lambda: g.random.integers(0, 256, shape).astype(np.uint8),))


def _tokens(g: Grower) -> Start:
    return _of(g, [_batch(g), int(g.pick(5, 9, 16)), int(g.pick(16, 32))])


def _words(g: Grower) -> Start:
    """Whole numbers that are looked up in a table."""
    shape, width = [_batch(g), int(g.pick(6, 10))], int(g.pick(16, 24))
    whole = g.pick(ov.Type.i64, ov.Type.i32)
    x = _input(g, shape, whole)
    table = g.weights(50, width, inputs=1)
    return Start(
        op.gather(table, x, g.number(0)), (lambda: g.random.integers(0, 50, shape).astype(whole.to_dtype()),)
    )


def _series(g: Grower) -> Start:
    return _of(g, [_batch(g), int(g.pick(1, 4, 8)), int(g.pick(16, 30))])


def _rows(g: Grower) -> Start:
    return _of(g, [_batch(g), int(g.pick(8, 20, 32))])


def _volume(g: Grower) -> Start:
    return _of(g, [1, int(g.pick(1, 4)), 6, 8, 8])


def _any_rank(g: Grower) -> Start:
    return _of(g, g.pick([24], [2, 2, 5, 16], [1, 2, 3, 4, 16], [1, 2, 2, 3, 4, 8], [4, 1]))


def _masked(g: Grower) -> Start:
    """Tokens, some of which must not be looked at: attention with minus infinity for these."""
    batch, length, width = _batch(g), 8, 16
    x = _input(g, [batch, length, width])
    mask = _input(g, [batch, 1, length])
    queries, keys, values = (
        op.matmul(x, g.weights(width, 8, inputs=width, axis=-1), False, False) for _ in range(3)
    )
    scores = op.add(op.multiply(op.matmul(queries, keys, False, True), g.constant(8**-0.5)), mask)
    lowest = g.pick(-np.inf, -10000.0)
    kind = g.type.to_dtype() if g.type != ov.Type.bf16 else np.float32

    def made() -> NDArray:
        kept = g.random.random((batch, 1, length)) < 0.7
        kept[..., 0] = True
        return np.where(kept, 0, lowest).astype(kind)

    return Start(
        op.matmul(op.softmax(scores, -1), values, False, False), (_normal(g, [batch, length, width]), made)
    )
