"""Further models of the same statistics, where one departs from the float model."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from openvino.tools.pot.algorithms.checking.bench import LOSS, Bench
from openvino.tools.pot.algorithms.checking.culprits import culprits
from openvino.tools.pot.algorithms.checking.ranking import worst_layers
from openvino.tools.pot.algorithms.checking.running import Run
from openvino.tools.pot.algorithms.job import Job, edited
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.placement.avoided import Avoided
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)

_FEW = 0.1
"""Share of the layers that may go back to float for what quantization loses."""

_FAULTS = (
    "computes the quantized model otherwise than it is defined",
    "computes ranges for each channel wrongly there",
    "computes it wrongly",
)
_REFUSALS = (
    "can't run the quantized model",
    "doesn't run with ranges for each channel there",
    "runs no model with it",
)
"""What a device does: to a model, to ranges for each channel, and to a layer."""

Maker = Callable[[Avoided], Job]
"""Makes further models of the same statistics, which do without some forms: decided, and not edited yet."""


def without_faults(job: Job, bench: Bench, maker: Maker, runs: bool = True) -> Job:
    """The model without what the device computes wrongly, found by halving.

    Args:
        job: finished, and wrong on the device.
        bench: where models are run.
        maker: of the same model.
        runs: whether the device runs it at all.
    """
    whole, by_channel, in_int8 = _FAULTS if runs else _REFUSALS
    logger.warning("%s %s: looking for where", bench.device, whole)
    avoided, tensors = job.decisions.network.avoided, job.decisions.divided

    def right(other: Avoided) -> bool:
        return bench.is_right(edited(maker(other)))

    def undivided(some: Sequence[TensorId]) -> Avoided:
        return avoided.and_undivided(dict.fromkeys(some, f"{bench.device} {by_channel}"))

    helps = tensors and right(undivided(tensors))
    chosen = undivided(culprits(tensors, lambda some: right(undivided(some)))) if helps else avoided
    if right(chosen):
        return edited(maker(chosen))

    def in_float(nodes: Sequence[str]) -> Avoided:
        return chosen.and_float(dict.fromkeys(nodes, f"{bench.device} {in_int8} in INT8"))

    layers = [layer.node for layer in job.plan.layers]
    return edited(maker(in_float(culprits(layers, lambda some: right(in_float(some))))))


def without_losses(job: Job, found: Run, bench: Bench, maker: Maker) -> tuple[Job, Run, str]:
    """The model with the few layers in float that cost most, if that brings it back."""
    avoided = job.decisions.network.avoided
    worst = worst_layers(maker(avoided), bench.witness)
    most = max(1, int(_FEW * len(worst)))
    reason = "rounding it costs the outputs too much"
    for count in dict.fromkeys((1, max(1, most // 2), most)):
        other = edited(maker(avoided.and_float(dict.fromkeys(worst[:count], reason))))
        again = bench.run(other)
        if again.decibels >= LOSS:
            return other, again, "; ".join(sentences(other))
    names = ", ".join(map(repr, worst[:3]))
    return job, found, f"quantization loses it, most of all at {names}: try them in the ignored scope"


def sentences(job: Job) -> list[str]:
    """What a plan does without, and why."""
    avoided = job.decisions.network.avoided
    one_range = (
        f"{str(tensor)!r} has one range for all channels: {why}" for tensor, why in avoided.divided.items()
    )
    in_float = (f"{node!r} stays in float: {why}" for node, why in avoided.floats.items())
    return [*one_range, *in_float]
