"""Replacement of constants.

Constant(old) ── ... ── reader      ──▶      Constant(new) ── reader
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from openvino import opset13 as op

from openvino.tools.pot.graph.tensors import InputId
from openvino.tools.pot.graph.view import GraphView


def replace_constant(
    view: GraphView, readers: Iterable[InputId], values: NDArray[np.generic], name: str
) -> None:
    """Let ``readers``, and no others, read a new constant called ``name``."""
    ports = [view.node(reader.node).input(reader.port) for reader in readers]
    constant = op.constant(values.astype(ports[0].get_element_type().to_dtype(), copy=False), name=name)
    for port in ports:
        port.replace_source_output(constant.output(0))
