"""What a device can run in low precision, as frozen data."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict

from openvino.tools.pot.arithmetic.formats import FORMATS

Fault = Literal[
    "vectors", "chained_products", "gained_products", "odd_zero_points", "channel_multipliers", "left_matrices",
    "open_batches", "open_gates", "open_divisions", "counted_padding", "square_attention", "masks_of_one_row",
]  # fmt: skip
"""What a plugin computes wrongly, or refuses; ``placement/faults.py`` finds where."""

Preset = Literal["performance", "mixed", "accuracy"]


def _known(name: str) -> str:
    if name not in FORMATS:
        raise ValueError(f"format is {name!r}, expected one of {', '.join(FORMATS)}")
    return name


FormatName = Annotated[str, AfterValidator(_known)]
"""Of an entry of ``arithmetic/formats.py``."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Scheme(_Frozen):
    """How weights are stored.

    Attributes:
        format: of a weight.
        per_channel: whether each output channel has a range of its own.
    """

    format: FormatName = "i8"
    per_channel: bool = True


class Channels(_Frozen):
    """What the channels of a convolution must be multiples of.

    Attributes:
        inputs: of what it reads, all groups together.
        outputs: of its result.
    """

    inputs: int = 1
    outputs: int = 1


class Requirements(_Frozen):
    """What a device asks of a whole model: what its compiler refuses otherwise.

    Attributes:
        static_shapes: whether all inputs must have fixed sizes.
        ranks: type -> the most axes that it may work on; what leaves the first of positions alone doesn't work on it.
        symmetric_weights: whether no weights may have zero points.
    """

    static_shapes: bool = False
    ranks: dict[str, int] = {}
    symmetric_weights: bool = False


class Operation(_Frozen):
    """An operation that runs in integers when the named inputs are quantized.

    Attributes:
        activations: input ports that get activation quantizers; of a recurrent operation data, then its states.
        weights: input ports that get weight quantizers where they are constant, of a recurrent operation those of
            data, then those of the state.
        shared_weights: whether all weight ports share one range.
        shared_activations: whether all activation ports share one range.
        depthwise_per_channel: whether a depthwise form takes one range per channel for its activations.
        joining: types of other consumers that should read the quantized form of an activation of this
            operation, because the device fuses them with a low-precision one.
        symmetric: when the zero points of its activations must be fixed for it to run in integers; of a depthwise
            form over volumes, say.
        channels: numbers of channels of which it runs in integers.
        static: whether it does so with fixed sizes alone.
        signed: activation ports of which the range must have both signs, too, whatever the data.
        state: largest magnitude of an inner state that the device rounds with the range of the activations.
        scheme: how its weights are stored.
        schemes: the same for presets with which that differs.
        narrow: presets with which tensors that it reads have 8 bits, on a device that has integers throughout.
        follows: it takes a tensor with as few bits as others need of it.
        shown: plain forms of it that a device is asked about, see ``probing``.
        shown_by_zero_point: the form whose data has a free zero point.
    """

    activations: tuple[int, ...] = ()
    weights: tuple[int, ...] = ()
    shared_weights: bool = False
    shared_activations: bool = False
    depthwise_per_channel: bool = False
    joining: tuple[str, ...] = ()
    symmetric: Literal["never", "without_weights", "depthwise_volumes", "always"] = "never"
    channels: Channels = Channels()
    static: bool = False
    signed: tuple[int, ...] = ()
    state: float = 0.0
    scheme: Scheme = Scheme()
    schemes: dict[Preset, Scheme] = {}
    narrow: tuple[Preset, ...] = ()
    follows: bool = False
    shown: tuple[str, ...] = ()
    shown_by_zero_point: str = ""


class Integers(_Frozen):
    """How a device stores tensors that computes in integers from its inputs to its outputs.

    Attributes:
        format: of a tensor.
        sums: of what the device's operations sum up for functions alone, which read the accumulator itself.
        functions: type -> input ports of data, of what is looked up element by element.
        ends: types whose inputs are kept in integers.
        passive: further types that may stand in a model; all others the device can't run.
    """

    format: FormatName
    sums: FormatName
    functions: dict[str, tuple[int, ...]]
    ends: tuple[str, ...]
    passive: tuple[str, ...]

    @property
    def bits(self) -> int:
        """Of a tensor."""
        return FORMATS[self.format].bits

    @property
    def sum_bits(self) -> int:
        """Of a sum."""
        return FORMATS[self.sums].bits


class Cost(_Frozen):
    """What INT8 saves and costs in a single request, in nanoseconds; measured with ``benchmarks/cost.py``.

    Attributes:
        product: saved for each product of an activation and a weight.
        weight: saved for each weight, as it is read as one byte.
        quantized: spent on each element of a tensor that is quantized in a pass of its own.
        dequantized: spent on each element of a layer's result that leaves in float.
        largest: elements of the largest tensor that fits the caches; of larger ones INT8 saves traffic as well,
            and there is no estimate.
        block: output channels that a convolution computes at once, however few it has.
        depth: products that a matrix product or a convolution in groups must sum for each result before INT8
            saves any time.
        alone: types of producers behind which a quantizer is always a pass of its own.
        ratio: how many times what is saved must be spent before layers stay in float.
        least: what must be lost before layers stay in float.
        negligible: share of all that INT8 saves below which a matrix product at an end of the network is left in
            float.
        light: share of all weights above which it is not, since float takes four times the room.
        padding: share of all that INT8 saves that one more channel of an input may cost, if it is exact with that.
    """

    product: float
    weight: float
    quantized: float
    dequantized: float
    largest: int
    block: int
    depth: int
    alone: tuple[str, ...]
    ratio: float
    least: float
    negligible: float
    light: float
    padding: float = 0.0


class Device(_Frozen):
    """One target.

    Attributes:
        name: how configurations call it.
        aliases: further names for it.
        measured: whether what its table says was run on it; else it is what others say of it.
        operations: type -> how it is quantized.
        floats: type -> why it runs in float, of types that other devices run in integers, or that were seen to.
        requires: of a whole model.
        transparent: type -> input ports of data that passes unchanged, so that a quantizer may stand before
            the operation instead of behind it. An empty tuple means all ports.
        averaging: type -> input ports of data for operations that run in INT8 but whose results are new
            values, which need a quantizer of their own.
        undivided: types of operations behind which channels must have one range: with several, the device computes
            what it fuses wrongly.
        fusing_by_channel: types of operations that the device fuses quantizers into, past elementwise operations, and
            then takes the axis along which ranges differ for that of channels, whichever it is.
        asymmetric_weights: whether weights may have a zero point.
        half: whether what stays in float is computed in half precision.
        int16_sums: whether sums of two products of 8-bit integers may saturate at 16 bits.
        faults: what its plugin computes wrongly, each with a sentence that says so.
        shown: fault -> the forms that a device is asked about and that show it.
        cost: when INT8 is not worth entering; absent where nobody has measured, and then it always is.
        integers: absent for devices that compute in floating point as well.
    """

    name: str
    aliases: tuple[str, ...] = ()
    measured: bool = False
    operations: dict[str, Operation] = {}
    floats: dict[str, str] = {}
    requires: Requirements = Requirements()
    transparent: dict[str, tuple[int, ...]] = {}
    averaging: dict[str, tuple[int, ...]] = {}
    undivided: tuple[str, ...] = ()
    fusing_by_channel: tuple[str, ...] = ()
    asymmetric_weights: bool = False
    half: bool = False
    int16_sums: bool = False
    faults: dict[Fault, str] = {}
    shown: dict[Fault, tuple[str, ...]] = {}
    cost: Cost | None = None
    integers: Integers | None = None
