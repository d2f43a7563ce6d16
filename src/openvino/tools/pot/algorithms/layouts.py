"""What a pass measures for a job."""

from __future__ import annotations

from openvino.tools.pot.algorithms.job import Job
from openvino.tools.pot.graph.batch import fixed_batch
from openvino.tools.pot.statistics.layout import Span, StatisticsLayout
from openvino.tools.pot.statistics.witness import WITNESSED

_JUDGED = 64
"""Samples on which models are compared that differ by little."""


def layout_of(job: Job, axis: int, guarded: bool, span: Span) -> StatisticsLayout:
    """The layout of what a job asks for.

    Args:
        job: planned.
        axis: of inputs, along which samples lie.
        guarded: whether zero is measured in place of values that are not finite.
        span: which inferences of the pass there will be.
    """
    network, view = job.network, job.decisions.network.view
    seen = None if view.seen is network else view.seen
    batch = fixed_batch(network, axis)
    return StatisticsLayout(network, job.requests, batch, axis, watched_samples(job), guarded, seen, span)


def watched_samples(job: Job) -> int:
    """Of how many samples inferences are kept."""
    parameters = job.recipe.parameters
    return 0 if not parameters.self_check else WITNESSED if parameters.max_slowdown is None else _JUDGED
