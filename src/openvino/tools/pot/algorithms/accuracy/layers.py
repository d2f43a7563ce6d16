"""What each layer of a candidate adds to the error, and what it costs in float."""

from __future__ import annotations

from collections.abc import Sequence

from openvino.tools.pot.algorithms.accuracy.candidates import Candidates
from openvino.tools.pot.algorithms.accuracy.clock import Clock
from openvino.tools.pot.algorithms.accuracy.ranking import ranked
from openvino.tools.pot.algorithms.accuracy.report import LayerFigures
from openvino.tools.pot.algorithms.accuracy.sensitivity import error_shares
from openvino.tools.pot.algorithms.decisions import Decisions
from openvino.tools.pot.algorithms.measuring import Jobs
from openvino.tools.pot.engines.ie_engine import IEEngine
from openvino.tools.pot.engines.profiling import layer_seconds
from openvino.tools.pot.utils.errors import ModelError
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)

_PROFILED = 8
"""Samples on which layers are timed."""


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
    feeds = list(engine.feeds(candidates.model, telling[:_PROFILED]))
    engine.set_model(candidates.model)
    (name,) = jobs
    shares = _shares(jobs[name].decisions, engine, telling, clock)
    clock.check()
    plain = layer_seconds(candidates.model.submodels[0].model, feeds, engine.device)
    layers = jobs[name].plan.layers
    int8 = candidates.edited(jobs)[name].network
    fast = layer_seconds(int8, feeds, engine.device)
    return ranked(layers, shares, plain, fast)


def _shares(decisions: Decisions, engine: IEEngine, telling: Sequence[int], clock: Clock) -> dict[str, float]:
    """What each layer adds to the error; the same of all where the device can't tell."""
    layers = decisions.network.plan.layers
    try:
        shares = error_shares(decisions, engine, telling, clock)
    except ModelError as error:
        logger.warning("layers are tried in the order of the model: %s", error)
        shares = {}
    if not any(shares.values()):
        return {layer.node: 1 / len(layers) for layer in layers}
    return shares
