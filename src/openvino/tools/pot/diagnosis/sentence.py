"""The one sentence that the terminal, the page and the JSON begin with, and the verdict in a word."""

from __future__ import annotations

from collections.abc import Sequence

from openvino.tools.pot.algorithms.checking.verdict import FASTER, LOSS, WORSE
from openvino.tools.pot.diagnosis.causes import CAUSES
from openvino.tools.pot.diagnosis.control import told
from openvino.tools.pot.diagnosis.control_facts import AccuracyControl
from openvino.tools.pot.diagnosis.facts import Cause, Layer, Parts, Remedy, Timing, Verdict

_SLOWER = 0.95
_CALLED_NO_TIME = 0.03
"""Share of a request's time up to which a remedy is said to cost none: the medians of many requests tell no less."""

GOOD = 30.0
"""dB from which nothing is looked for: an error of 3 %."""

_WORTH, _WORTH_TIME = 0.5, 0.1
"""dB, and the share of a request's time, from which a remedy is worth a word."""

_ALL_BUT = 0.8
"""Share of the error for which layers are named."""

_NAMED = 3


def verdict_of(parts: Parts, timing: Timing, control: AccuracyControl | None = None) -> Verdict:
    """In a word; where a search measured a metric, whether its drop is allowed says more than decibels."""
    is_kept = None if control is None or control.taken is None else control.met
    if parts.whole < LOSS and not is_kept:
        return "broken"
    if is_kept is False or (parts.whole < WORSE and not is_kept):
        return "worse"
    speed = timing.float_seconds / timing.int8_seconds
    if speed < _SLOWER:
        return "slower"
    return "good" if speed >= FASTER else "no gain"


def sentence_of(
    layers: Sequence[Layer],
    causes: Sequence[Cause],
    parts: Parts,
    timing: Timing,
    remedies: Sequence[Remedy],
    metric: tuple[str, float, float] | None = None,
    control: AccuracyControl | None = None,
    *,
    seen: int,
) -> str:
    """What was lost, where and why, what the best remedy won and cost, and whether INT8 is faster here.

    Args:
        layers: worst first.
        causes: of the model as a whole.
        parts, timing: of the whole.
        remedies: the best first.
        metric: name, float and INT8 figure.
        control: the search that made the INT8 model, if one did.
        seen: on how many samples outputs were compared: on more or others it may be another figure.
    """
    lost = _lost(parts, metric, verdict_of(parts, timing, control), seen)
    said = [f"{lost}{_where(layers, causes) if parts.whole < GOOD else ''}", _speed(timing)]
    if remedies and (remedies[0].won >= _WORTH or -remedies[0].paid > _WORTH_TIME * timing.int8_seconds):
        said.insert(1, _best(remedies[0], timing))
    if control is not None:
        said.insert(1, told(control))
    return "; ".join(said) + "."


def _best(remedy: Remedy, timing: Timing) -> str:
    """What the best remedy wins and costs."""
    costs = remedy.paid / timing.int8_seconds
    of = f"{1000 * abs(remedy.paid):.2g} of {1000 * timing.int8_seconds:.3g} ms"
    price = "costs no time"
    if abs(costs) > _CALLED_NO_TIME:
        price = f"{'costs' if costs > 0 else 'saves'} {of}"
    if remedy.won < 0:
        return f"{remedy.title} {price} and {-remedy.won:.1f} dB"
    return f"{remedy.title} wins {remedy.won:.1f} dB and {price}"


def _lost(parts: Parts, metric: tuple[str, float, float] | None, verdict: Verdict, seen: int) -> str:
    if metric is not None:
        name, before, after = metric
        return f"INT8 has {name} {after:.4g} where float has {before:.4g}"
    error = 100 * 10 ** (-parts.whole / 20)
    on = "1 sample" if seen == 1 else f"{seen} samples"
    if error >= 100:
        return f"INT8 does not follow float on {on}"
    if verdict == "broken":
        return f"INT8 does not follow float ({parts.whole:.1f} dB on {on}, an error of {error:.2g} %)"
    return f"INT8 follows float to {parts.whole:.1f} dB on {on} (an error of {error:.2g} %)"


def _where(layers: Sequence[Layer], causes: Sequence[Cause]) -> str:
    """The few layers that make most of the error, and why."""
    whole = [cause for cause in causes if cause.strength >= 0.8]
    if whole:
        return f": {CAUSES[whole[0].name].title} ({whole[0].evidence})"
    losing = sorted((layer for layer in layers if layer.share > 0), key=lambda layer: -layer.share)
    gone, count = 0.0, 0
    for layer in losing:
        if gone >= _ALL_BUT:
            break
        gone, count = gone + layer.share, count + 1
    if not count:
        return ""
    if count > max(_NAMED, len(losing) // 4):
        return f"; no layer stands out: the worst of {len(losing)} makes {losing[0].share:.0%} of the error"
    named = losing[0]
    why = f" ({CAUSES[named.causes[0].name].title} at {named.node})" if named.causes else f" ({named.node})"
    layers_make = f"{count} of {len(losing)} layers make" if count > 1 else f"1 of {len(losing)} layers makes"
    return f": {layers_make} {gone:.0%} of the error{why}"


def _speed(timing: Timing) -> str:
    speed = timing.float_seconds / timing.int8_seconds
    return (
        f"a request takes {1000 * timing.int8_seconds:.3g} ms, {speed:.1f} x as fast as float, "
        f"with {timing.int8_layers} of {timing.layers} layers in 8 bits"
    )
