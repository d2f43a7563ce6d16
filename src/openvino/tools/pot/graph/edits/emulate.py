"""Quantizers as plain arithmetic: all, or those of more than 8 bits, which the CPU leaves out when it compiles.

producer ── FakeQuantize ── reader    ──▶    producer ── Clamp ── * ── Round ── * ── reader
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as op

from openvino.tools.pot.arithmetic.fake_quantize import level_indices
from openvino.tools.pot.arithmetic.formats import BYTE
from openvino.tools.pot.arithmetic.ranges import QuantizerRange
from openvino.tools.pot.graph.edits.replace import constant_like, is_constant, rewire, typed
from openvino.tools.pot.graph.edits.unpack import write_out
from openvino.tools.pot.graph.names import all_names, stabilise
from openvino.tools.pot.graph.operations import traits

Doubles = NDArray[np.float64]

_TOLERANCE = 0.02  # of a step: what rounding of the borders to float32 may move zero by
_TINY = np.finfo(np.float64).tiny
_FLOAT_LEVELS = 2**24
"""Of more levels than float32 tells apart, only the borders are left to compute."""


def emulated(
    model: ov.Model, narrow: bool = False, meant: Callable[[ov.Node], bool] | None = None
) -> ov.Model:
    """The model itself if it has no such quantizers, else a clone without them.

    Args:
        model: as a device that computes in integers would run it.
        narrow: whether quantizers of 8 bits are meant, too.
        meant: which of them are; None: all.

    Returns:
        What gives on the CPU what FakeQuantize is defined to give, to the precision of float32.
    """
    most = 0 if narrow else BYTE.levels
    names = {
        node.get_friendly_name()
        for node in model.get_ops()
        if _has_more(node, most) and (meant is None or meant(node))
    }
    if not names:
        return model
    clone, before = model.clone(), all_names(model)
    for node in clone.get_ordered_ops():
        if node.get_friendly_name() in names:
            _replace(node)
    stabilise(clone, before)  # what OpenVINO calls new nodes may be what a file calls others
    # With weights that are stored as integers the CPU rounds activations to 8 bits.
    write_out(clone, lambda reader, _: not _reads_integers(reader))
    clone.validate_nodes_and_infer_types()
    return clone


def _reads_integers(reader: ov.Node) -> bool:
    """Whether a node looks up, or takes data that is quantized still."""
    sources = (source.get_node().get_type_name() for source in reader.input_values())
    return traits(reader.get_type_name()).lookup or "FakeQuantize" in sources


def _has_more(node: ov.Node, levels: int) -> bool:
    """Whether a node is a quantizer of more levels, with borders that are known."""
    return (
        node.get_type_name() == "FakeQuantize"
        and int(node.get_attributes()["levels"]) > levels
        and all(map(is_constant, node.input_values()[1:]))
    )


def _replace(node: ov.Node) -> None:
    source, name = node.input_value(0), node.get_friendly_name()
    levels = int(node.get_attributes()["levels"])
    borders = [np.asarray(each.get_node().data, np.float64) for each in node.input_values()[1:]]
    names, readers = node.output(0).get_names(), node.output(0).get_target_inputs()
    node.set_friendly_name(f"{name}/replaced")
    node.output(0).set_names(set())
    if is_constant(source):
        # One for each reader: the CPU confuses two products that share one, if just one of them transposes it.
        values = _rounded(source.get_node().data, borders, levels)
        for reader in readers:
            rewire([reader], constant_like(source, values, f"{name}/{reader.get_node().name}"))
        return
    value = _computed(source, borders, levels)
    value.get_node().set_friendly_name(name)
    value.set_names(names)
    rewire(readers, value.get_node())


def _rounded(values: NDArray[np.floating], borders: Sequence[Doubles], levels: int) -> Doubles:
    low, high, target_low, target_high = borders
    span = QuantizerRange(low.astype(np.float32), _above(low, high).astype(np.float32), levels)
    indices = level_indices(np.asarray(values, np.float64), span)
    return np.asarray(indices * (target_high - target_low) / (levels - 1) + target_low)


def _computed(source: ov.Output, borders: Sequence[Doubles], levels: int) -> ov.Output:
    """The same as operations, in float32."""
    low, high, target_low, target_high = borders
    high = _above(low, high)
    step, target = (high - low) / (levels - 1), (target_high - target_low) / (levels - 1)
    # Counted from zero where that is a level: float32 holds such counts exactly.
    with np.errstate(invalid="ignore"):  # borders may have no end
        level = np.round(low / step) if levels <= _FLOAT_LEVELS else low / step
        shifts = np.abs(low / step - level), np.abs(target_low - level * target) / np.maximum(target, _TINY)
    from_zero = all(np.all(shift < _TOLERANCE) for shift in shifts)
    value: ov.Node = op.minimum(op.maximum(typed(source), _constant(low)), _constant(high))
    value = value if from_zero else op.subtract(value, _constant(low))
    if levels <= _FLOAT_LEVELS:
        value = op.round(op.multiply(value, _constant(1 / step)), "half_to_even")
        value = op.multiply(value, _constant(target))
    elif not np.array_equal(step, target):
        value = op.multiply(value, _constant(target / step))
    value = value if from_zero else op.add(value, _constant(target_low))
    return typed(value.output(0), source.element_type)


def _above(low: Doubles, high: Doubles) -> Doubles:
    """``high``, or where a range is empty a number beyond it, so that it has steps."""
    return np.where(high > low, high, low + 1)


def _constant(values: Doubles) -> ov.Node:
    constant: ov.Node = op.constant(np.asarray(values, np.float32))
    return constant
