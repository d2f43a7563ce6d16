"""Operations that move, cut, join and repeat values."""

from __future__ import annotations

import numpy as np
from openvino import opset13 as op

from random_graphs.grower import Grower, Value, shape_of, step


@step()
def turned(g: Grower, x: Value) -> Value | None:
    rank = len(shape_of(x))
    return op.transpose(x, g.whole(0, *(1 + g.random.permutation(rank - 1)))) if rank > 2 else None


@step()
def last_two_exchanged(g: Grower, x: Value) -> Value | None:
    rank = len(shape_of(x))
    return op.transpose(x, g.whole(*range(rank - 2), rank - 1, rank - 2)) if rank > 2 else None


@step()
def folded(g: Grower, x: Value) -> Value | None:
    shape = shape_of(x)
    if len(shape) < 3:
        return None
    return (
        op.reshape(x, g.whole(0, shape[1], -1), True)
        if len(shape) > 3
        else op.reshape(x, g.whole(0, -1), True)
    )


@step()
def heads(g: Grower, x: Value) -> Value | None:
    shape = shape_of(x)
    if len(shape) != 3 or shape[-1] % 4:
        return None
    return op.transpose(op.reshape(x, g.whole(0, 0, 4, shape[-1] // 4), True), g.whole(0, 2, 1, 3))


@step()
def unfolded(g: Grower, x: Value) -> Value | None:
    rank = len(shape_of(x))
    return op.unsqueeze(x, g.whole(int(g.random.integers(1, rank + 1)))) if rank < 6 else None


@step(often=0.7)
def without_ones(g: Grower, x: Value) -> Value | None:
    shape = shape_of(x)
    axes = [axis for axis, size in enumerate(shape) if size == 1 and axis > 0]
    return op.squeeze(x, g.whole(*axes)) if axes and len(shape) - len(axes) > 1 else None


@step(often=1.5)
def side_by_side(g: Grower, x: Value) -> Value | None:
    """With another value that differs in one axis at most."""
    shape = shape_of(x)
    axis = int(g.pick(1, len(shape) - 1))
    if len(shape) < 2:
        return None

    def fits(other: list[int]) -> bool:
        return len(other) == len(shape) and all(
            a == b for place, (a, b) in enumerate(zip(other, shape, strict=True)) if place != axis
        )

    others = [value for value in g.values[:-1] if fits(shape_of(value))]
    other = g.pick(*others) if others else op.multiply(x, g.constant(g.pick(-1.0, 8.0, 0.1)))
    return op.concat([x, other], axis)


@step()
def halved(g: Grower, x: Value) -> Value | None:
    shape = shape_of(x)
    axis = int(g.pick(1, len(shape) - 1))
    if len(shape) < 2 or shape[axis] % 2:
        return None
    halves = op.split(x, g.number(axis), 2)
    return op.add(halves.output(0), halves.output(1)) if g.chance() else halves.output(int(g.pick(0, 1)))


@step()
def cut(g: Grower, x: Value) -> Value | None:
    shape = shape_of(x)
    axis = len(shape) - 1
    if len(shape) < 2 or shape[axis] < 4:
        return None
    if g.chance():
        return op.slice(x, g.whole(0), g.whole(shape[axis] - 1), g.whole(int(g.pick(1, 2))), g.whole(axis))
    return op.gather(x, g.whole(*g.random.integers(0, shape[1], 4)), g.number(1))


@step()
def padded(g: Grower, x: Value) -> Value | None:
    shape = shape_of(x)
    if len(shape) < 3 or shape[-1] < 2:
        return None
    before, after = [0] * len(shape), [0] * len(shape)
    before[-1], after[-1] = int(g.pick(0, 1)), 1
    mode = g.pick("constant", "edge", "reflect")
    value = [g.constant(g.pick(0.0, 0.0, 1.0))] if mode == "constant" else []
    return op.pad(x, g.whole(*before), g.whole(*after), mode, *value)


@step(often=0.7)
def repeated(g: Grower, x: Value) -> Value | None:
    rank = len(shape_of(x))
    return op.tile(x, g.whole(*[1] * (rank - 1), 2)) if rank > 1 and np.prod(shape_of(x)) < 1e4 else None


@step()
def resized(g: Grower, x: Value) -> Value | None:
    shape = shape_of(x)
    if len(shape) != 4 or max(shape[2:]) > 20:
        return None
    mode = g.pick("nearest", "linear", "linear_onnx", "cubic")
    scales = op.constant(np.float32([2, 2]))
    return op.interpolate(
        x, scales, mode, "scales", axes=g.whole(2, 3), coordinate_transformation_mode="half_pixel"
    )


@step(often=0.7)
def blocks(g: Grower, x: Value) -> Value | None:
    shape = shape_of(x)
    if len(shape) != 4:
        return None
    if shape[1] % 4 == 0 and g.chance():
        return op.depth_to_space(x, g.pick("blocks_first", "depth_first"), 2)
    if shape[2] % 2 == 0 and shape[3] % 2 == 0:
        return op.space_to_depth(x, "blocks_first", 2)
    return None


@step(often=0.7)
def shuffled(g: Grower, x: Value) -> Value | None:
    shape = shape_of(x)
    if len(shape) != 4 or shape[1] % 2:
        return None
    return op.shuffle_channels(x, 1, 2)


@step(often=0.5)
def rolled(g: Grower, x: Value) -> Value | None:
    rank = len(shape_of(x))
    return op.roll(x, g.whole(1), g.whole(rank - 1)) if rank > 1 else None


@step(often=0.4)
def summed_up(g: Grower, x: Value) -> Value | None:
    shape = shape_of(x)
    return op.cum_sum(x, g.number(len(shape) - 1)) if len(shape) > 1 and shape[-1] < 12 else None


@step(often=0.4)
def sampled(g: Grower, x: Value) -> Value | None:
    """Read at places that a network computes."""
    shape = shape_of(x)
    if len(shape) != 4 or min(shape[2:]) < 3 or g.type.to_string() != "f32":
        return None
    grid = op.constant(g.random.uniform(-1, 1, (1, 5, 5, 2)).astype(np.float32))
    spread = op.broadcast(grid, g.whole(shape[0], 5, 5, 2)) if shape[0] > 1 else grid
    return op.grid_sample(x, spread, {"align_corners": False, "mode": "bilinear", "padding_mode": "zeros"})


@step(often=0.4)
def best(g: Grower, x: Value) -> Value | None:
    shape = shape_of(x)
    return op.topk(x, g.number(2), len(shape) - 1, "max", "value").output(0) if shape[-1] > 4 else None
