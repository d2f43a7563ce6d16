"""Causes of time that is lost."""

from __future__ import annotations

from collections.abc import Iterator

from openvino.tools.pot.diagnosis.causes.places import cause
from openvino.tools.pot.diagnosis.facts import Cause, Layer
from openvino.tools.pot.diagnosis.looking import Looked
from openvino.tools.pot.graph.operations import traits

_SHARE = 0.02
"""Share of a request's time below which nothing is worth a change."""

_SLOWER = 1.25
"""How many times slower a layer must be: two measurements of the same differ by a tenth and more."""

_LEAST = 2e-5
"""Seconds of one layer that can be told from chance: the counters of the CPU count single microseconds."""

_DISTURBED = 1.3
"""Seconds of all layers over those of a request from which they say nothing: counting takes some of a request, too."""

OF_TIME = frozenset({"left_in_float", "not_run_in_int8", "slower_in_int8"})


def time(looked: Looked, layer: Layer) -> Iterator[Cause]:
    """INT8 saves nothing, or is not there."""
    whole = looked.timing.int8_seconds
    if layer.int8_seconds is None or _is_disturbed(looked):
        return
    heavy = traits(layer.type).linear or traits(layer.type).recurrent
    said = f"it runs in {layer.precision}, {layer.int8_seconds / whole:.0%} of the time"
    takes_some, lost = layer.int8_seconds > _SHARE * whole, lost_seconds(looked, layer)
    is_whole = bool(looked.readings[layer.node].spans)  # of weights alone nobody expects integer arithmetic
    if is_whole and heavy and not layer.ran_in_int8 and layer.precision and takes_some:
        yield cause("not_run_in_int8", layer.node, said, 0.5)
    elif not is_whole and heavy and looked.timing.int8_layers and takes_some:
        stored = ", its weights alone are quantized" if layer.quantized else ""
        yield cause("left_in_float", layer.node, said + stored, 0.5)
    elif layer.quantized and layer.float_seconds and lost > max(_LEAST, _SHARE * whole):
        spent = layer.float_seconds + lost
        if spent > _SLOWER * layer.float_seconds:
            yield cause(
                "slower_in_int8", layer.node,
                f"{spent * 1000:.3g} ms in INT8 with the conversions before it, {layer.float_seconds * 1000:.3g} ms in "
                "float", 0.5,
            )  # fmt: skip


def _is_disturbed(looked: Looked) -> bool:
    """Whether layers took longer one by one than together: something else ran meanwhile, and hit some of them."""
    known = {layer.int8_seconds for layer in looked.layers if layer.int8_seconds is not None}
    return sum(known) > _DISTURBED * looked.timing.int8_seconds


def lost_seconds(looked: Looked, layer: Layer) -> float:
    """How much longer a layer takes in INT8, with the quantizers before it that the device runs by themselves."""
    if layer.int8_seconds is None or layer.float_seconds is None:
        return 0.0
    before, after = (
        clock.seconds_before(names)
        for clock, names in zip(looked.clocks, looked.traces[layer.node], strict=True)
    )
    return layer.int8_seconds + after - layer.float_seconds - before


FINDERS = (time,)
