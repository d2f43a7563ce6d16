"""The form of what ``pot plan --format json`` prints."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict

from openvino.tools.pot.cli.output import SCHEMA
from openvino.tools.pot.utils.form import Facts


class PlannedInput(Facts):
    """An input of the model.

    Attributes:
        name: of its node.
        shape: as OpenVINO writes it, with ``?`` or a range where it is open.
        type: of its elements.
        layout: of an input that takes images, such as ``NCHW``; empty for others.
    """

    name: str
    shape: str
    type: str
    layout: str


class PlannedLayer(Facts):
    """A layer that would run in integers.

    Attributes:
        node: its name.
        type: of its operation.
        quantizers: whose data it gets, by name.
    """

    node: str
    type: str
    quantizers: tuple[str, ...]


class PlannedQuantizer(Facts):
    """A quantizer that would be put in.

    Attributes:
        name: that its node would have.
        tensor: the node whose values it rounds.
        granularity: whether channels have ranges of their own.
        bits: of a value.
        reason: why it stands there.
    """

    name: str
    tensor: str
    granularity: Literal["pertensor", "perchannel"]
    bits: int
    reason: str


class PlannedActivation(PlannedQuantizer):
    """A quantizer of data.

    Attributes:
        port: output of the node whose values it rounds.
        shares_range_with: the node whose range it takes; empty where it has its own.
    """

    port: int
    shares_range_with: str


class PlannedWeight(PlannedQuantizer):
    """A quantizer of weights.

    Attributes:
        axes: of the channels that have ranges of their own.
    """

    axes: tuple[int, ...]


class PlannedFloat(Facts):
    """An operation that would stay in float.

    Attributes:
        node: its name.
        type: of its operation.
        reason: why.
        costly: whether it could run in integers, and would be no faster.
        layer: whether it is a convolution, a matrix product or a recurrent layer.
    """

    node: str
    type: str
    reason: str
    costly: bool
    layer: bool


class Unmatched(Facts):
    """A name to be left in float that the model does not have.

    Attributes:
        name: as it was given.
        nearest: a name that is there; empty where none is near.
    """

    name: str
    nearest: str


class Matched(Facts):
    """What an entry of ``--ignored`` means.

    Attributes:
        name: as it was given: a name, a pattern or a place; of ``--ignored-types`` the type.
        nodes: operations that it means.
        layers: how many of them are convolutions, matrix products or recurrent layers.
    """

    name: str
    nodes: int
    layers: int


class PlannedGain(Facts):
    """What INT8 may bring beside size; how much faster it is, only a run tells.

    Attributes:
        int8_multiplications: share of the multiplications that is in integers; null where there are none. Open sizes
            count as one.
    """

    int8_multiplications: float | None


class PlannedSize(Facts):
    """Bytes of the constants.

    Attributes:
        float_bytes: now.
        int8_bytes: quantized, about.
    """

    float_bytes: int
    int8_bytes: int


class PlannedCost(Facts):
    """What calibration takes.

    Attributes:
        seconds_per_sample: of a request of the float model, measured; null where sizes are open.
        activation_bytes: of a request; null where sizes are open.
    """

    seconds_per_sample: float | None
    activation_bytes: int | None


class Plan(Facts):
    """What would be quantized, how and why: what ``pot plan`` prints.

    Attributes:
        schema_version: of this form.
        model: its name.
        file: it was read from.
        device: the table of the device that it was planned for.
        measured: whether what that table says was run on the device; else it is what others say of it.
        transformer: whether it is planned as one.
        why_transformer: what makes it one; empty where it is none, absent where ``--model-type`` says what it is.
        inputs: of the model.
        layers: that would run in integers.
        activations: that would be quantized.
        weights: that would be quantized.
        float: what would stay in float.
        unmatched: names of ``--ignored`` that the model does not have.
        matched: what the others mean.
        gain: beside size.
        size: of the weights.
        cost: of calibration.
    """

    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    schema_version: int = SCHEMA
    model: str
    file: str
    device: str
    measured: bool
    transformer: bool
    inputs: tuple[PlannedInput, ...]
    layers: tuple[PlannedLayer, ...]
    activations: tuple[PlannedActivation, ...]
    weights: tuple[PlannedWeight, ...]
    float: tuple[PlannedFloat, ...]
    unmatched: tuple[Unmatched, ...]
    matched: tuple[Matched, ...]
    gain: PlannedGain
    size: PlannedSize
    cost: PlannedCost
    why_transformer: str | None = None
