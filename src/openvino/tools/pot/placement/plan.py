"""What will be quantized, where, and why: plain frozen data, read by every later stage and by people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from openvino.tools.pot.arithmetic.formats import BYTE, Format
from openvino.tools.pot.configs.parameters import NOTHING_SAID, QuantizerParameters
from openvino.tools.pot.graph.tensors import InputId, TensorId


@dataclass(frozen=True)
class ActivationQuantizer:
    """A FakeQuantize on a tensor, read by some of its consumers.

    Attributes:
        tensor: what is quantized.
        readers: the inputs that read the quantized form; others go on reading the float one.
        group: quantizers of one group share their range; the smallest tensor id of the group.
        channel_axis: where its channels lie.
        per_channel: one range per channel in place of one for the tensor.
        attention: the tensor becomes a factor of a product of two activations.
        symmetric: its zero point is fixed whatever the parameters say, since with a free one a layer that reads it
            runs in float.
        covers: magnitude that the range must reach whatever the data, since further values share the range.
        feeds: types of the layers that read it, directly or through transparent operations.
        reason: why it is there, in words.
        format: of its numbers, unless the parameters fix their levels.
        narrow: whether it does without the lowest of them.
        signed: whether its range has both signs whatever the data.
        divisible: whether channels may be divided before they are rounded, as ranges of their own are.
        ends: inputs at which layers, and what joins them in integers, read it, directly or through transparent
            operations.
        said: what rules say of it, in place of the parameters for all.
    """

    tensor: TensorId
    readers: tuple[InputId, ...]
    group: TensorId
    channel_axis: int
    per_channel: bool
    attention: bool
    symmetric: bool
    feeds: tuple[str, ...]
    covers: float
    reason: str
    format: Format = BYTE
    narrow: bool = False
    signed: bool = False
    divisible: bool = True
    ends: tuple[InputId, ...] = ()
    said: QuantizerParameters = NOTHING_SAID

    @property
    def levels(self) -> int:
        """Of its range, unless the parameters fix them."""
        return self.format.narrow if self.narrow else self.format.levels

    @property
    def name(self) -> str:
        """The name of the FakeQuantize node, as POT formed it."""
        return f"{self.readers[0].node}/fq_input_{self.readers[0].port}"


@dataclass(frozen=True)
class WeightQuantizer:
    """A FakeQuantize on constant weights.

    Attributes:
        tensor: the constant expression, as the layer reads it.
        readers: the inputs that read the quantized form.
        channel_axes: axes of the tensor with a range for each index; empty means one range for all.
        group: quantizers of one group share their range.
        first: it belongs to a convolution that an input reaches past no other.
        reason: why it is there, in words.
        format: of its numbers, unless the parameters fix their levels; a symmetric range is narrow.
        said: what rules say of it, in place of the parameters for all.
    """

    tensor: TensorId
    readers: tuple[InputId, ...]
    channel_axes: tuple[int, ...]
    group: TensorId
    first: bool
    reason: str
    format: Format = BYTE
    said: QuantizerParameters = NOTHING_SAID

    @property
    def name(self) -> str:
        """The name of the FakeQuantize node, as POT formed it."""
        return f"{self.readers[0].node}/fq_weights_{self.readers[0].port}"


@dataclass(frozen=True)
class QuantizedLayer:
    """An operation that will run in low precision, or whose weights are quantized alone.

    Attributes:
        activations: its inputs that carry quantized activations; none of those with weights alone.
        groups: for each of them, the groups of quantizers whose ranges it has: one for most, several where it is
            joined from such as keep ranges of their own, none where one is not known, as the model came with it.
        weights: its inputs with quantized weights.
    """

    node: str
    type: str
    activations: tuple[InputId, ...]
    groups: tuple[tuple[TensorId, ...], ...]
    weights: tuple[InputId, ...]

    def group_at(self, port: int) -> TensorId | None:
        """The group of quantizers whose range the activation at an input port has, None if it is not one."""
        groups = self.groups_at(port)
        return groups[0] if len(groups) == 1 else None

    def groups_at(self, port: int) -> tuple[TensorId, ...]:
        """The groups of the activation at an input port, none where that is in float."""
        reader = InputId(self.node, port)
        return self.groups[self.activations.index(reader)] if reader in self.activations else ()


@dataclass(frozen=True)
class FloatLayer:
    """An operation on floating-point data that stays as it is.

    Attributes:
        reason: why, in words.
        costly: it could run in INT8, which would be slower or save next to nothing.
    """

    node: str
    type: str
    reason: str
    costly: bool = False


@dataclass(frozen=True)
class Plan:
    """Every quantizer and every layer left in float, in topological order.

    Attributes:
        transformer: whether it is the plan of a transformer.
        kept: layers in float whose weights are quantized.
    """

    device: str
    transformer: bool
    activations: tuple[ActivationQuantizer, ...]
    weights: tuple[WeightQuantizer, ...]
    layers: tuple[QuantizedLayer, ...]
    floats: tuple[FloatLayer, ...]
    kept: tuple[QuantizedLayer, ...] = ()


Quantizer = TypeVar("Quantizer", ActivationQuantizer, WeightQuantizer)


def by_group(quantizers: Iterable[Quantizer]) -> list[list[Quantizer]]:
    """Quantizers that share a range, together; in the order of their first ones."""
    groups: dict[TensorId, list[Quantizer]] = {}
    for quantizer in quantizers:
        groups.setdefault(quantizer.group, []).append(quantizer)
    return list(groups.values())
