"""Which tensors a device that computes in half precision stores in it, and which of them a scale factor keeps small.

OpenVINO divides what convolutions and matrix products in float read by ``ACTIVATIONS_SCALE_FACTOR``, and multiplies
again behind what leaves a common factor alone: at the next such layer both meet, and a normalisation needs neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import openvino as ov

from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.graph.tensors import InputId, TensorId
from openvino.tools.pot.graph.view import GraphView

LARGEST = 65504.0
"""The largest number of half precision."""

SCALE_FACTOR = "ACTIVATIONS_SCALE_FACTOR"
"""What OpenVINO calls the factor, among the runtime options of a model and the properties of a device."""

_SCALED = frozenset({"Convolution", "MatMul"})
_NORMALISING = frozenset({"GroupNormalization", "MVN"})
_LINEAR = frozenset(
    {"Abs", "AvgPool", "Negative", "PRelu", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum", "Relu"}
)
_SUMS = frozenset({"Add", "Subtract"})
_FACTORS = frozenset({"Divide", "Multiply"})
_SQUARES = frozenset({"Exp", "Power", "SquaredDifference"})
_LARGE = 1e-3
"""Times the end of half precision, where functions that have an end have reached it."""

_SMALLER = frozenset({
    "Clamp", "Convert", "Elu", "FakeQuantize", "Gelu", "HSwish", "MaxPool", "Maximum", "Minimum", "Mish", "Relu",
    "Swish",
})  # fmt: skip
"""Types whose results are no larger than what they read."""


@dataclass(frozen=True)
class Halves:
    """The tensors of a network that is computed in half precision but for layers in 8 bits.

    Attributes:
        view: of the network.
        rounded: inputs that read through a quantizer, which cuts what is too large.
        integers: layers that run in 8 bits.
    """

    view: GraphView
    rounded: frozenset[InputId]
    integers: frozenset[str]

    @classmethod
    def of_quantized(cls, view: GraphView) -> Halves:
        """Of a network with its FakeQuantize nodes."""
        kinds = {name: view.type(name) for name in view.nodes}
        rounded = frozenset(InputId(name, 0) for name, kind in kinds.items() if kind == "FakeQuantize")
        integers = (
            name for name in kinds if any(kinds[each.node] == "FakeQuantize" for each in view.varying(name))
        )
        return cls(view, rounded, frozenset(integers))

    def stored(self) -> Iterator[TensorId]:
        """Those that are written in half precision, but for what is a value of another in another place."""
        for name in self.view.nodes:
            kind = self.view.type(name)
            is_other = traits(kind).moves != "none" or traits(kind).sink or kind == "FakeQuantize"
            if not (is_other or self._is_widened(name) or self._is_fused(name)):
                yield from (each for each in self._floats(name) if not self._is_cut(each, self._is_end(name)))

    def growing(self) -> Iterator[TensorId]:
        """Those of them in single precision that can be larger than what they are made of, if that is single too."""
        for tensor in self.stored():
            kind = self.view.type(tensor.node)
            is_mean = traits(kind).averages and kind != "ReduceSum"
            is_smaller = (kind in _SMALLER and kind != "Convert") or traits(kind).bounded or is_mean
            if self.is_single(tensor) and not is_smaller:
                yield tensor

    def is_single(self, tensor: TensorId) -> bool:
        """Whether a tensor is in single precision; what is in half already is as it will be."""
        return bool(self.view.output(tensor).get_element_type() == ov.Type.f32)

    @cached_property
    def scaled(self) -> frozenset[TensorId]:
        """Those that are divided by the factor, if there is one."""
        found: set[TensorId] = set()
        for name in self.view.nodes:
            if self.divides(name) or self._keeps_factor(name, found):
                found.update(self._floats(name))
        return frozenset(found)

    def divides(self, name: str) -> bool:
        """Whether a layer reads what is divided."""
        return self.view.type(name) in _SCALED and name not in self.integers and not self._is_constant(name)

    def takes_scaled(self, reader: InputId) -> bool:
        """Whether an input reads a tensor as it was divided."""
        kind = self.view.type(reader.node)
        if reader in self.rounded or kind in _NORMALISING or (self.divides(reader.node) and reader.port == 0):
            return True
        return not self.divides(reader.node) and TensorId(reader.node) in self.scaled

    def is_helped(self, tensor: TensorId) -> bool:
        """Whether the factor keeps a tensor small all the way to where nobody needs it as large as it is."""
        if tensor not in self.scaled:
            return False
        readers = self._readers(tensor)
        if any(self._is_square(reader.node) for reader in readers):  # a normalisation by its own mean square
            return True
        return all(self.takes_scaled(reader) and self._ends_well(reader) for reader in readers)

    def _ends_well(self, reader: InputId) -> bool:
        kind = self.view.type(reader.node)
        if reader in self.rounded or kind in _NORMALISING or self.divides(reader.node):
            return True
        return all(self.is_helped(each) for each in self._floats(reader.node))

    def _keeps_factor(self, name: str, scaled: set[TensorId]) -> bool:
        """Whether a factor of what a node reads is one of what it gives."""
        kind = self.view.type(name)
        read = [each in scaled for each in self.view.varying(name) if self.view.is_float(each)]
        if not any(read) or any(reader in self.rounded for reader in self._inputs(name)):
            return False
        if kind in _SUMS:
            return len(read) == 2 or self._is_bias(name)
        return all(read) and (kind in _LINEAR or traits(kind).moves != "none" or self._is_factor(name))

    def _is_bias(self, name: str) -> bool:
        """Whether a sum with a constant stands right behind a layer that reads what is divided."""
        return any(self.divides(each.node) for each in self.view.varying(name))

    def _is_end(self, name: str) -> bool:
        """Whether a node gives what a layer does, with its bias."""
        varying = self.view.varying(name)
        before = traits(self.view.type(varying[0].node)).linear if len(varying) == 1 else ""
        return bool(traits(self.view.type(name)).linear or (self.view.type(name) in _SUMS and before))

    def _is_fused(self, name: str) -> bool:
        """Whether what a layer gives is never stored: the device adds its bias at once."""
        readers = self.view.readers(name)
        if not traits(self.view.type(name)).linear or len(readers) != 1:
            return False
        return self.view.type(readers[0].node) in _SUMS and len(self.view.varying(readers[0].node)) == 1

    def _is_square(self, name: str) -> bool:
        """Whether a node gives what is only summed up: devices keep that in single precision."""
        kind, inputs = self.view.type(name), self.view.inputs(name)
        if kind not in _SQUARES and not (kind == "Multiply" and inputs[0] == inputs[1]):
            return False
        readers = [traits(self.view.type(each.node)) for each in self.view.readers(name)]
        return bool(readers) and all(each.averages for each in readers)

    def _is_widened(self, name: str) -> bool:
        """Whether a node is a part of a normalisation that devices keep in single precision: squares, and their sum."""
        if self._is_square(name):
            return True
        return traits(self.view.type(name)).averages and self._is_square(self.view.inputs(name)[0].node)

    def _is_cut(self, tensor: TensorId, as_it_was: bool) -> bool:
        """Whether whatever reads a tensor makes as much of the end of half precision as of what lies beyond.

        Quantizers do that are computed with a layer at once, and functions with an end even of what was stretched.
        """
        readers = self._readers(tensor)
        return bool(readers) and all(
            as_it_was if reader in self.rounded else self._ends(reader.node, as_it_was) for reader in readers
        )

    def _ends(self, name: str, as_it_was: bool) -> bool:
        kind = self.view.type(name)
        if traits(kind).bounded and kind != "Softmax":
            return True
        kept = kind in _SMALLER or traits(kind).moves != "none"
        goes_on = kept or kind in _SUMS or self._is_large_factor(name)
        return goes_on and all(self._is_cut(each, as_it_was and kept) for each in self._floats(name))

    def _is_large_factor(self, name: str) -> bool:
        """Whether a node multiplies by a constant that leaves the end of half precision far from zero."""
        if not self._is_factor(name) or self.view.type(name) != "Multiply":
            return False
        (constant,) = (each for each in self.view.inputs(name) if self.view.is_constant(each))
        return bool(np.abs(self.view.value(constant)).min() > _LARGE)

    def _is_factor(self, name: str) -> bool:
        """Whether a node multiplies or divides by a constant."""
        kind, varying = self.view.type(name), self.view.varying(name)
        if kind not in _FACTORS or len(varying) != 1:
            return False
        return kind == "Multiply" or varying[0] == self.view.inputs(name)[0]

    def _readers(self, tensor: TensorId) -> tuple[InputId, ...]:
        """Those for which values count."""
        found = self.view.consumers(tensor)
        return tuple(each for each in found if not traits(self.view.type(each.node)).shapes)

    def _inputs(self, name: str) -> Iterator[InputId]:
        return (InputId(name, port) for port in range(len(self.view.inputs(name))))

    def _floats(self, name: str) -> Iterator[TensorId]:
        if not self._is_constant(name):
            yield from (each for each in self.view.outputs(name) if self.view.is_float(each))

    def _is_constant(self, name: str) -> bool:
        return self.view.is_constant(TensorId(name))
