"""What each layer of a candidate adds to the error, and what it costs in float."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from openvino.tools.pot.algorithms.accuracy.candidates import Candidates
from openvino.tools.pot.algorithms.accuracy.clock import Clock
from openvino.tools.pot.algorithms.accuracy.ranking import ranked
from openvino.tools.pot.algorithms.accuracy.report import LayerFigures
from openvino.tools.pot.algorithms.accuracy.sensitivity import Shares, error_shares
from openvino.tools.pot.algorithms.job import edited
from openvino.tools.pot.algorithms.measuring import Jobs
from openvino.tools.pot.engines import probes
from openvino.tools.pot.engines.ie_engine import IEEngine
from openvino.tools.pot.engines.profiling import layer_seconds
from openvino.tools.pot.utils.errors import ModelError
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)

_PROFILED = 8
"""Samples on which layers are timed."""

Figures = Mapping[str, float]
"""By layers, as candidates call them."""


def layer_figures(
    candidates: Candidates, jobs: Jobs, engine: IEEngine, telling: Sequence[int], clock: Clock
) -> list[LayerFigures]:
    """The layers of a candidate in the order in which they are worth going back to float.

    Args:
        candidates: that make it.
        jobs: decided; they are used up.
        engine: what runs models; its loader's samples are fed.
        telling: the samples on which layers are compared.
        clock: OutOfTimeError is raised when it is over.
    """
    jobs = {name: job for name, job in jobs.items() if not job.is_empty}
    layers = [
        replace(layer, node=candidates.called(name, layer.node))
        for name, job in jobs.items()
        for layer in job.plan.layers
    ]
    shares = _shares(candidates, jobs, engine, telling, clock)
    clock.check()
    plain, fast = _seconds(candidates, jobs, engine, telling[:_PROFILED])
    return ranked(layers, shares, plain, fast)


def _shares(
    candidates: Candidates, jobs: Jobs, engine: IEEngine, telling: Sequence[int], clock: Clock
) -> Figures:
    """What each layer adds to the error; the same of all where the device can't tell.

    Errors of the networks of a cascade count by how large they are at the outputs of each.
    """
    feeds, count = probes.fed(engine, candidates.model, telling), len(telling)
    found: dict[str, Shares] = {}
    try:
        for name, job in jobs.items():
            found[name] = error_shares(job.decisions, engine, feeds[name], count, clock)
    except ModelError as error:
        logger.warning("layers are tried in the order of the model: %s", error)
        found = {}
    whole = sum(own.whole for own in found.values()) or 1.0
    shares = {
        candidates.called(name, node): share * (own.whole / whole if len(jobs) > 1 else 1.0)
        for name, own in found.items()
        for node, share in own.by_layer.items()
    }
    if any(shares.values()):
        return shares
    nodes = [candidates.called(name, layer.node) for name, job in jobs.items() for layer in job.plan.layers]
    return {node: 1 / len(nodes) for node in nodes}


def _seconds(
    candidates: Candidates, jobs: Jobs, engine: IEEngine, indices: Sequence[int]
) -> tuple[Figures, Figures]:
    """What the device takes for each node of the float networks, and of the quantized ones."""
    plain: dict[str, float] = {}
    fast: dict[str, float] = {}
    for name, fed in probes.fed(engine, candidates.model, indices).items():
        if name in jobs:
            feeds = [feed for _, feed in fed]
            original = candidates.networks.alone[name].submodels[0].model
            int8 = edited(jobs[name]).network
            for network, seconds in ((original, plain), (int8, fast)):
                found = layer_seconds(network, feeds, engine.device)
                seconds.update((candidates.called(name, node), own) for node, own in found.items())
    return plain, fast
