"""What each layer of a candidate adds to the error, what it costs in float, and in which order layers go back to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from openvino.tools.pot.algorithms.accuracy.candidates import Candidates
from openvino.tools.pot.algorithms.accuracy.clock import Clock
from openvino.tools.pot.algorithms.accuracy.report import LayerFigures
from openvino.tools.pot.algorithms.accuracy.sensitivity import Shares, error_shares
from openvino.tools.pot.algorithms.job import edited
from openvino.tools.pot.algorithms.measuring import Jobs
from openvino.tools.pot.engines import probes
from openvino.tools.pot.engines.ie_engine import IEEngine
from openvino.tools.pot.engines.profiling import layer_seconds
from openvino.tools.pot.placement.plan import QuantizedLayer
from openvino.tools.pot.utils.errors import ModelError
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)

_PROFILED = 8
"""Samples on which layers are timed."""

_MOST = 0.9
"""Part of the error for which a guess is made of how many layers it takes."""

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
    jobs = {name: job for name, job in jobs.items() if job.plan.layers}
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
    feeds, count = probes.fed(engine, candidates.networks.model, telling), len(telling)
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
    for name, fed in probes.fed(engine, candidates.networks.model, indices).items():
        if name in jobs:
            feeds = [feed for _, feed in fed]
            original = candidates.networks.alone[name].submodels[0].model
            for network, seconds in ((original, plain), (edited(jobs[name]).network, fast)):
                found = layer_seconds(network, feeds, engine.device)
                seconds.update((candidates.called(name, node), own) for node, own in found.items())
    return plain, fast


def ranked(
    layers: Sequence[QuantizedLayer], shares: Figures, in_float: Figures, in_int8: Figures
) -> list[LayerFigures]:
    """Layers, those first that take most of the error with them; one that costs more in float needs more of it.

    To what a layer costs the largest cost of all is added: twice the error at most makes up for any cost. Otherwise
    layers that cost next to nothing would come first for next to no error, and sets be large.

    Args:
        layers: of the plan.
        shares: layer -> part of the error.
        in_float, in_int8: node -> seconds in the float and in the INT8 model.
    """
    figures = []
    for layer in layers:
        known = layer.node in in_float and layer.node in in_int8
        cost = max(in_float[layer.node] - in_int8[layer.node], 0.0) if known else 0.0
        figures.append(LayerFigures(layer.node, layer.type, shares.get(layer.node, 0.0), cost))
    most = max(layer.latency for layer in figures) or 1.0
    return sorted(figures, key=lambda layer: layer.share / (layer.latency + most), reverse=True)


def expected(layers: Sequence[LayerFigures], part: float) -> int:
    """How many of the first layers it takes to be rid of a part of the error.

    Args:
        layers: ranked.
        part: from 0 to 1; of more than nine tenths no guess is made beyond these.
    """
    whole, gone = sum(layer.share for layer in layers), 0.0
    for count, layer in enumerate(layers, 1):
        gone += layer.share
        if gone >= min(part, _MOST) * whole:
            return count
    return len(layers)
