"""What a device can run in low precision, as frozen data."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

ChannelRule = Literal["first", "first_two", "second", "first_and_third", "matmul", "rows"]
"""Where the output channels of a weight lie: axis 0; axes 0 and 1; axis 1; axes 0 and 2; the output
dimension of a matrix product, which depends on its transpose flags; the rows of a lookup table."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Operation(_Frozen):
    """An operation that runs in INT8 when the named inputs are quantized.

    Attributes:
        activations: input ports that get activation quantizers.
        weights: input ports that get weight quantizers where they are constant.
        channels: where the output channels of the weights lie.
        shared_weights: whether all weight ports share one range.
        shared_activations: whether all activation ports share one range.
        depthwise_per_channel: whether a depthwise form takes one range per channel for its activations.
        joining: types of other consumers that should read the quantized form of an activation of this
            operation, because the device fuses them with a low-precision one.
        state: largest magnitude of an inner state that the device rounds with the range of the activations.
    """

    activations: tuple[int, ...] = ()
    weights: tuple[int, ...] = ()
    channels: ChannelRule = "first"
    shared_weights: bool = False
    shared_activations: bool = False
    depthwise_per_channel: bool = False
    joining: tuple[str, ...] = ()
    state: float = 0.0


class Device(_Frozen):
    """One target.

    Attributes:
        name: how configurations call it.
        aliases: further names for it.
        supported: False for a target whose name is known but which is refused, with ``reason``.
        operations: type -> how it is quantized.
        transparent: type -> input ports of data that passes unchanged, so that a quantizer may stand before
            the operation instead of behind it. An empty tuple means all ports.
        averaging: type -> input ports of data for operations that run in INT8 but whose results are new
            values, which need a quantizer of their own.
        asymmetric_weights: whether weights may have a zero point.
        int16_sums: whether sums of two products of 8-bit integers may saturate at 16 bits.
    """

    name: str
    aliases: tuple[str, ...] = ()
    supported: bool = True
    reason: str = ""
    operations: dict[str, Operation] = {}
    transparent: dict[str, tuple[int, ...]] = {}
    averaging: dict[str, tuple[int, ...]] = {}
    asymmetric_weights: bool = False
    int16_sums: bool = False
