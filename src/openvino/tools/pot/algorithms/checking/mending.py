"""Further models of the same statistics, where one departs from the float model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from openvino.tools.pot.algorithms.checking.bench import LOSS, Bench
from openvino.tools.pot.algorithms.checking.culprits import culprits
from openvino.tools.pot.algorithms.checking.ranking import worst_layers
from openvino.tools.pot.algorithms.checking.running import Run
from openvino.tools.pot.algorithms.job import Job
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.placement.avoided import Avoided
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)

_FEW = 0.1
"""Share of the layers that may go back to float for what quantization loses."""


@dataclass(frozen=True)
class Maker:
    """Makes further models of the same statistics.

    Attributes:
        decided: without some forms, with all decisions made and no edit.
        finish: carries the decisions out.
    """

    decided: Callable[[Avoided], Job]
    finish: Callable[[Job], Job]

    def finished(self, avoided: Avoided) -> Job:
        """The job of a quantized model that does without some forms."""
        return self.finish(self.decided(avoided))


def without_faults(job: Job, bench: Bench, maker: Maker, runs: bool = True) -> Job:
    """The model without what the device computes wrongly, found by halving.

    Args:
        job: finished, and wrong on the device.
        bench: where models are run.
        maker: of the same model.
        runs: whether the device runs it at all.
    """
    fault = (
        "computes the quantized model otherwise than it is defined"
        if runs
        else "can't run the quantized model"
    )
    logger.warning("%s %s: looking for where", bench.device, fault)
    avoided = _undivided(job, bench, maker, runs)
    if not bench.is_right(maker.finished(avoided)):
        layers = [layer.node for layer in job.plan.layers]
        reason = f"{bench.device} {'computes it wrongly' if runs else 'runs no model with it'} in INT8"

        def right(nodes: Sequence[str]) -> bool:
            return bench.is_right(maker.finished(avoided.and_float(dict.fromkeys(nodes, reason))))

        avoided = avoided.and_float(dict.fromkeys(culprits(layers, right), reason))
    return maker.finished(avoided)


def _undivided(job: Job, bench: Bench, maker: Maker, runs: bool) -> Avoided:
    """What is avoided, with one range in place of one for each channel where that helps."""
    avoided, tensors = job.decisions.network.avoided, job.decisions.divided
    wrong = (
        "computes ranges for each channel wrongly there"
        if runs
        else "doesn't run with ranges for each channel there"
    )
    reason = f"{bench.device} {wrong}"

    def right(some: Sequence[TensorId]) -> bool:
        return bench.is_right(maker.finished(avoided.and_undivided(dict.fromkeys(some, reason))))

    if not tensors or not right(tensors):
        return avoided
    return avoided.and_undivided(dict.fromkeys(culprits(tensors, right), reason))


def without_losses(job: Job, found: Run, bench: Bench, maker: Maker) -> tuple[Job, Run, str]:
    """The model with the few layers in float that cost most, if that brings it back."""
    avoided = job.decisions.network.avoided
    worst = worst_layers(maker.decided(avoided), bench.witness)
    most = max(1, int(_FEW * len(worst)))
    reason = "rounding it costs the outputs too much"
    for count in dict.fromkeys((1, max(1, most // 2), most)):
        other = maker.finished(avoided.and_float(dict.fromkeys(worst[:count], reason)))
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
