"""Replacement of constants, and of what others read.

Constant(old) ── ... ── reader      ──▶      Constant(new) ── reader
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as op

from openvino.tools.pot.graph.tensors import InputId
from openvino.tools.pot.graph.view import GraphView

Keep = Callable[[list[ov.Node]], list[ov.Node]]
"""Gives constants of the same values and names, whose memory may be elsewhere."""


def rewire(readers: Iterable[ov.Input], node: ov.Node) -> None:
    """Let inputs read the first output of a node."""
    for reader in readers:
        reader.replace_source_output(node.output(0))


def typed(value: ov.Output, kind: ov.Type = ov.Type.f32) -> ov.Output:
    """The tensor in a type: itself, where it has it."""
    return value if value.get_element_type() == kind else op.convert(value, kind).output(0)


def constant(values: NDArray[Any], name: str | None = None) -> ov.Node:
    """A constant; OpenVINO's own function takes more than twice as long where it is given a name."""
    made: ov.Node = op.constant(values)
    if name is not None:
        made.set_friendly_name(name)
    return made


def constant_like(source: ov.Output | ov.Input, values: NDArray[Any], name: str | None = None) -> ov.Node:
    """A constant of the type of a tensor."""
    dtype = source.get_element_type().to_dtype()
    return constant(values.astype(dtype, copy=False), name)


def replace_constant(
    view: GraphView,
    readers: Iterable[InputId],
    values: NDArray[np.generic],
    name: str,
    halves: bool = False,
    keep: Keep | None = None,
) -> None:
    """Let inputs read a new constant.

    Args:
        view: of the model.
        readers: the inputs, and no others.
        values: of the constant.
        name: of it.
        halves: whether it is stored in half precision.
        keep: gives constants of the same values and names, absent: these.
    """
    ports = [view.port(reader) for reader in readers]
    new = constant(values.astype(np.float16), name) if halves else constant_like(ports[0], values, name)
    if keep is not None:
        (new,) = keep([new])
    rewire(ports, op.convert(new, ports[0].get_element_type(), name=f"{name}/floats") if halves else new)


def is_constant(output: ov.Output) -> bool:
    """Whether a tensor is a Constant itself."""
    return bool(output.get_node().get_type_name() == "Constant")
