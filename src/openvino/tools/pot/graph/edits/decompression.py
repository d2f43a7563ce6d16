"""Weights stored as integers, in the form that devices take as it is.

Constant(float) ── [Convert] ── layer
  ──▶
Constant(u8, i8, u4, i4) ── Convert ── [Subtract(zero point)] ── Multiply(scale) ── [Reshape] ── [Convert] ── layer
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as op

from openvino.tools.pot.graph.edits.replace import rewire

Keep = Callable[[list[ov.Node]], list[ov.Node]]
"""Gives constants with the same values whose memory is elsewhere."""


@dataclass(frozen=True)
class Integers:
    """What weights are stored as.

    Attributes:
        levels: in the layout of the weights, with an axis of groups, where there are any, before that of the weights
            of a group; ``int8`` or ``uint8``, two of them a byte where the type has 4 bits.
        scale: in a shape that broadcasts to that; float16 or float32, which is what the weights are computed in.
        zero_point: integers in the shape of the scale, None where zero is zero.
        kind: the name of OpenVINO's type: ``u8``, ``i8``, ``u4``, ``i4``.
        stored: the shape of the levels.
        shape: of the weights.
    """

    levels: NDArray[Any]
    scale: NDArray[np.floating]
    zero_point: NDArray[Any] | None
    kind: str
    stored: tuple[int, ...]
    shape: tuple[int, ...]

    @property
    def bytes(self) -> int:
        """Of all of it."""
        return sum(each.nbytes for each in (self.levels, self.scale, self.zero_point) if each is not None)


def packed(levels: NDArray[Any], kind: str) -> NDArray[Any]:
    """Integers as they lie in memory: two of 4 bits a byte, the first one in the lower half."""
    if not kind.endswith("4"):
        return levels
    flat = levels.reshape(-1).view(np.uint8)
    if flat.size % 2:
        flat = np.append(flat, np.uint8(0))
    found = flat[1::2] << 4
    found |= flat[::2] & 15
    return found


def store_as_integers(
    readers: Sequence[ov.Input], integers: Integers, name: str, keep: Keep | None = None
) -> None:
    """Let readers of weights, and no others, read integers, made floats of the type that they read.

    Args:
        readers: all of one type.
        integers: what they read from now on.
        name: what new nodes are called, with endings of their own.
        keep: where their memory is; absent: in the process.
    """
    target, kind = readers[0].get_element_type(), ov.Type(integers.scale.dtype)
    named = {"integers": (integers.levels, integers.kind, integers.stored)}
    if integers.zero_point is not None:
        named["zero_point"] = (integers.zero_point, integers.kind, integers.scale.shape)
    constants = [_constant(*each, f"{name}/{ending}") for ending, each in named.items()]
    stored, *shift = constants if keep is None else keep(constants)
    value = op.convert(stored, kind, name=f"{name}/convert")
    if shift:
        floats = op.convert(shift[0], kind, name=f"{name}/zero_point/convert")
        value = op.subtract(value, floats, name=f"{name}/subtract")
    value = op.multiply(
        value, op.constant(integers.scale, kind, name=f"{name}/scale"), name=f"{name}/multiply"
    )
    if integers.stored != integers.shape:
        shape = op.constant(np.array(integers.shape, np.int64), name=f"{name}/shape")
        value = op.reshape(value, shape, special_zero=False, name=f"{name}/reshape")
    if kind != target:
        value = op.convert(value, target, name=f"{name}/floats")
    rewire(readers, value)


def _constant(values: NDArray[Any], kind: str, shape: tuple[int, ...], name: str) -> ov.Node:
    # Memory of OpenVINO's own: that of an array would not outlive it.
    tensor = ov.Tensor(getattr(ov.Type, kind), ov.Shape(shape))
    np.asarray(tensor.data).reshape(-1).view(np.uint8)[:] = values.reshape(-1).view(np.uint8)
    constant: ov.Node = op.constant(tensor, name=name, shared_memory=True)
    return constant
