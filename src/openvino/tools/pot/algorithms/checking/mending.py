"""Further models of the same statistics, where one departs from the float model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import openvino as ov

from openvino.tools.pot.algorithms.checking.bench import LOSS, Bench
from openvino.tools.pot.algorithms.checking.running import Run, by_number, outputs_of
from openvino.tools.pot.algorithms.halving import culprits
from openvino.tools.pot.algorithms.job import Job, edited
from openvino.tools.pot.algorithms.switched import switched
from openvino.tools.pot.arithmetic.distance import likeness
from openvino.tools.pot.engines.compiling import awaken, compiled_as_defined
from openvino.tools.pot.graph.edits.emulate import emulated
from openvino.tools.pot.graph.edits.switch import FLAGS
from openvino.tools.pot.graph.parts import parts, values_in
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.placement.avoided import Avoided
from openvino.tools.pot.statistics.witness import Witness
from openvino.tools.pot.utils.errors import reason
from openvino.tools.pot.utils.logger import get_logger
from openvino.tools.pot.utils.runtime import FLOAT32

logger = get_logger(__name__)

_FEW = 0.1
"""Share of the layers that may go back to float for what quantization loses."""

_SAMPLES = 2
"""On which layers are compared."""

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

_CLOSER = 1.0
"""dB that make a difference on the few samples of a check."""

Maker = Callable[[Avoided], Job]
"""Makes further models of the same statistics, which do without some forms: decided, and not edited yet."""


def without_faults(job: Job, bench: Bench, maker: Maker, runs: bool = True) -> Job:
    """The model without what the device computes wrongly, found by halving; ``runs``: whether it runs it at all."""
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
    try:
        errors = layer_errors(maker(avoided), bench.witness, _SAMPLES)
    except RuntimeError as error:  # recurrent layers don't compile with all weights that can be switched
        return job, found, f"quantization loses it; which layers cost most can't be told: {reason(error)}"
    worst = sorted(errors, key=lambda name: -errors[name])
    most = max(1, int(_FEW * len(worst)))
    too_much = "rounding it costs the outputs too much"
    for count in dict.fromkeys((1, max(1, most // 2), most)):
        other = edited(maker(avoided.and_float(dict.fromkeys(worst[:count], too_much))))
        again = bench.run(other)
        if again.decibels >= LOSS:
            return other, again, "; ".join(sentences(other))
    names = ", ".join(map(repr, worst[:3]))
    return job, found, f"quantization loses it, most of all at {names}: try them in the ignored scope"


def counted_once(job: Job, found: Run, bench: Bench, maker: Maker) -> tuple[Job, Run]:
    """The model in which rows that repeat within a sample count once, if it follows better.

    Borders around images repeat a row so often that weights are rounded and biases moved for little else. Most networks
    need that, as its error adds up; some are the worse for it.
    """
    said = f"counted as often as they are there, as of borders, the outputs follow to {found.decibels:.1f} dB"
    avoided = job.decisions.network.avoided
    other = edited(maker(replace(avoided, repeated=f"rows that repeat within a sample count once: {said}")))
    again = bench.run(other)
    return (other, again) if again.decibels > found.decibels + _CLOSER else (job, found)


def layer_errors(job: Job, witness: Witness, samples: int) -> dict[str, float]:
    """The error of the outputs with one layer alone in INT8, by that layer; no model is edited.

    Args:
        job: decided.
        witness: inferences of the float model.
        samples: of them that are run at most.

    Raises:
        RuntimeError: the device can't run the network with quantizers that are switched.
    """
    names = [layer.node for layer in job.plan.layers]
    compiled = compiled_as_defined(emulated(switched(job.decisions), narrow=True), "CPU", dict(FLOAT32))
    request, view = compiled.create_infer_request(), job.decisions.network.view
    joined = [parts(view, view.inputs(node.get_friendly_name())[0]) for node in view.model.get_results()]
    errors = np.zeros(len(names))
    settings = np.eye(len(names) + 1, len(names), -1, np.float32)  # first all in float, then one by one not
    awaken(request, compiled, by_number(compiled.inputs, {**witness.feeds[0], FLAGS: settings[0]}))
    for feed in witness.feeds[:samples]:
        results = (_outputs(request, {**feed, FLAGS: flags}) for flags in settings)
        exact = next(results)
        for number, found in enumerate(results):
            figures = [
                likeness([values_in(before, part)], [values_in(after, part)])
                for before, after, kinds in zip(exact, found, joined, strict=True)
                for part in kinds
            ]
            errors[number] += max((figure.error for figure in figures if figure.tells), default=0.0)
    return dict(zip(names, errors.tolist(), strict=True))


def _outputs(request: ov.InferRequest, feed: dict[str, np.ndarray]) -> list[np.ndarray]:
    request.reset_state()
    request.infer(by_number(request.model_inputs, feed))
    return outputs_of(request)


def sentences(job: Job) -> list[str]:
    """What a plan does without, and why."""
    avoided = job.decisions.network.avoided
    one_range = (
        f"{str(tensor)!r} has one range for all channels: {why}" for tensor, why in avoided.divided.items()
    )
    in_float = (f"{node!r} stays in float: {why}" for node, why in avoided.floats.items())
    return [*one_range, *in_float, *([avoided.repeated] if avoided.repeated else [])]
