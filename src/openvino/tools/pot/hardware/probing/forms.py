"""What is asked of a device: an operation, and how its form departs from the plainest one.

before ── data in 8 bits ── operation with weights in 8 bits ── behind
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from zlib import crc32

import openvino as ov
from openvino import opset13 as op

from openvino.tools.pot.hardware.probing.around import BEFORE, BEHIND, MADE_BY_LAYERS
from openvino.tools.pot.hardware.probing.network import ZERO_POINTS, Network
from openvino.tools.pot.hardware.probing.operations import OPERATIONS, Operation

EACH, DIVIDED = "a range for each channel", "channels divided by a Multiply"

PLAIN = {
    "data": "without a zero point",
    "ranges": "one range",
    "weights": "a scale for each output channel",
    "sizes": "static sizes",
    "before": "an input before",
    "behind": "nothing behind",
    "hint": "f32",
}
"""What is not said of a form is so."""


_AGAIN = 0.02
"""Of matrices whose channels have ranges of their own the CPU (2026.4) rounds rows once more as it multiplies them."""


@dataclass(frozen=True)
class Form:
    """One form of an operation.

    Attributes:
        operation: a key of ``OPERATIONS``.
        departs: what of ``PLAIN`` is otherwise, and how.
    """

    operation: str
    departs: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What identifies it, in words: ``Convolution, with a zero point, Relu before``."""
        said = (self.departs[key] for key in PLAIN if self.departs.get(key, PLAIN[key]) != PLAIN[key])
        return ", ".join([self.operation, *said])

    def get(self, key: str) -> str:
        """How the form is in one respect."""
        plain = OPERATIONS[self.operation].kinds[0] if key == "data" else PLAIN[key]
        return self.departs.get(key, plain)

    @property
    def rounding(self) -> float:
        """Error, in units of how much outputs vary, of what a device rounds that the model does not."""
        operation = OPERATIONS[self.operation]
        again = self.get("ranges") == EACH and operation.axis == len(operation.shape) - 1
        return operation.rounding + (_AGAIN if again else 0.0)

    def network(self, is_exact: bool) -> tuple[ov.Model, Network]:
        """The form as a model, with the data that it is fed."""
        network, operation = Network(is_exact, crc32(self.name.encode())), OPERATIONS[self.operation]
        source = network.input(*operation.shape, open_axes=operation.open_axes(self.get("sizes")))
        return network.model(self.behind(network, source)), network

    def behind(self, network: Network, source: ov.Output) -> ov.Output:
        """The form, reading a tensor of its operation's shape."""
        operation = OPERATIONS[self.operation]
        data = BEFORE[self.get("before")](network, operation, source)
        kind, ranges = self.get("data"), self.get("ranges")
        axis, channels = operation.axis, operation.shape[operation.axis]
        if ranges == DIVIDED:
            shape = [channels if place == axis else 1 for place in range(len(operation.shape))]
            data = op.multiply(data, network.constant(*shape)).output(0)
        if operation.rounds:
            data = network.rounded(data, kind, channels if ranges == EACH else 1, axis)
        layer = operation.make(network, data, self.get("weights"), kind)
        return BEHIND[self.get("behind")](network, layer, operation)


def all_forms(quick: bool = False) -> list[Form]:
    """The forms in the order in which a device is asked about them; few of each operation if it shall be quick."""
    found: dict[str, Form] = {}
    for name, operation in OPERATIONS.items():
        for departs in chain([{}], _of_data(operation, quick), () if quick else _further(operation)):
            form = Form(name, departs)
            found.setdefault(form.name, form)
    return list(found.values())


def _of_data(operation: Operation, quick: bool) -> Iterator[dict[str, str]]:
    """One respect at a time: how data is rounded, which sizes are known and, with time, how weights are scaled."""
    if operation.rounds:
        yield from ({"data": kind} for kind in operation.kinds[1:])
    if not quick:
        yield from ({"weights": scales} for scales in operation.scales[1:])
    yield from ({"sizes": sizes} for sizes in operation.sizes[1:])


def _further(operation: Operation) -> Iterator[dict[str, str]]:
    """What plugins fuse before and behind a layer, ranges by channel, and the device's other precisions."""
    signed = "signed"
    free = min(ZERO_POINTS)
    if operation.divides:
        yield from (
            {"ranges": ranges, "data": kind, "sizes": sizes}
            for ranges in (EACH, DIVIDED)
            for kind in ("without a zero point", signed, free)
            for sizes in operation.sizes
        )
        yield from (
            {"ranges": ranges, "data": signed, "sizes": sizes, "before": before}
            for ranges in (EACH, DIVIDED)
            for sizes in operation.sizes[:2]
            for before in MADE_BY_LAYERS
        )
    yield from (
        {"behind": operation.read_by, "data": kind, **scales}
        for kind in (operation.kinds if operation.read_by else ())
        for scales in ({}, *({"weights": other} for other in operation.scales[1:]))
    )
    if operation.stands_alone:
        return
    for before in list(BEFORE)[1:]:
        yield {"before": before}
        yield {"before": before, "data": free}
        if operation.divides:
            yield {"before": before, "data": signed, "ranges": EACH}
    for behind in list(BEHIND)[1:]:
        yield {"behind": behind}
        yield {"behind": behind, "data": free}
    yield from ({"hint": hint} for hint in ("bf16", "f16"))
    yield from ({"hint": "bf16", "data": free, "sizes": sizes} for sizes in operation.sizes)
    if len(operation.scales) > 1 and len(operation.sizes) > 1:
        yield {"weights": operation.scales[-1], "sizes": operation.sizes[-1]}
