"""What a verification finds, as plain data."""

from __future__ import annotations

from typing import Any, Literal

from openvino.tools.pot.utils.form import SCHEMA, Facts


class Applied(Facts):
    """An algorithm that made the model.

    Attributes:
        name: of the algorithm.
        parameters: as they were given.
    """

    name: str
    parameters: dict[str, Any]


class Identity(Facts):
    """What is recorded in a model, and whether it holds.

    Attributes:
        is_ours: whether openvino-pot recorded anything in it; else the rest is empty.
        version: of openvino-pot that made it.
        openvino: its version then; empty where that is not recorded.
        samples: that it was calibrated with; null where that is not recorded.
        algorithms: that made it, in their order.
        statistics: the digest of what was measured; empty where that is not recorded.
        float_graph, float_weights: digests of the float model; empty where they are not recorded.
        saved: whether graph and weights are those that were saved; ``unknown`` where OpenVINO alone saved it.
        float_model: whether the float model that was given is the one that it was made from.
        findings: what does not hold, in sentences.
        holds: whether the model is what it says it is, as far as that can be told.
    """

    is_ours: bool
    version: str = ""
    openvino: str = ""
    samples: int | None = None
    algorithms: tuple[Applied, ...] = ()
    statistics: str = ""
    float_graph: str = ""
    float_weights: str = ""
    saved: Literal["as it was", "changed", "unknown"] = "unknown"
    float_model: Literal["the same", "another", "not given", "unknown"] = "not given"
    findings: tuple[str, ...] = ()
    holds: bool = True


class Departure(Facts):
    """The first tensor, in topological order, that departs.

    Attributes:
        tensor: the node that gives it.
        type: of its operation.
        quantizer: behind which it was looked at; empty where that was itself.
        decibels: how closely it follows.
        least: dB that it should have.
    """

    tensor: str
    type: str
    quantizer: str
    decibels: float
    least: float


class Row(Facts):
    """The model on one device, with one setting.

    Attributes:
        device: where it ran.
        precision: that was asked for what is not in 8 bits; ``own``: the device's own settings.
        instruction_set: that the processor was held to; empty: all that it has.
        decibels: of the output that follows worst what the model is defined to give; null where it did not run.
        least: dB that are enough to agree.
        same: share of equal decisions, 0 to 1, of the output that has fewest; null where none is of classes.
        verdict: ``refused``: the device does not take the precision, or held to the instruction set it can't run the
            same arithmetic in floats either; ``fails``: it can't run the model.
        first: the first tensor that departs; null where none was found.
        note: what the device said, or what else there is to say.
    """

    device: str
    precision: Literal["own", "f32", "bf16", "f16"]
    instruction_set: str
    decibels: float | None
    least: float
    same: float | None
    verdict: Literal["agrees", "departs", "refused", "fails"]
    first: Departure | None = None
    note: str = ""


class Verification(Facts):
    """What became of a model: what ``pot verify`` prints.

    Attributes:
        schema_version: of this form.
        model: path of its file; empty for one in memory.
        versions: of this package and of OpenVINO.
        devices: name -> what it calls itself.
        samples: that outputs were compared on.
        made_up: whether they were made up.
        identity: what is recorded in it, and whether it holds.
        rows: one for each device, precision and instruction set.
        agrees: whether it is what it says it is, and all rows agree; else ``pot`` exits with 3.
        notes: what could not be looked into, and why.
    """

    schema_version: int = SCHEMA
    model: str
    versions: dict[str, str]
    devices: dict[str, str]
    samples: int
    made_up: bool
    identity: Identity
    rows: tuple[Row, ...]
    agrees: bool
    notes: tuple[str, ...] = ()
