"""What was seen of a quantized model beside the float one, told and left in it."""

from __future__ import annotations

import logging
from collections.abc import Callable

from openvino.tools.pot.algorithms.checking.bench import LOSS
from openvino.tools.pot.algorithms.checking.check import check
from openvino.tools.pot.algorithms.checking.mending import Maker
from openvino.tools.pot.algorithms.job import Job, decided, edited, missing, planned
from openvino.tools.pot.algorithms.recording import ROOT
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.placement.avoided import Avoided
from openvino.tools.pot.statistics.measured import JoinedStatistics, Statistics
from openvino.tools.pot.utils.logger import get_logger
from openvino.tools.pot.utils.timing import timed

logger = get_logger(__name__)


def checked(
    job: Job,
    model: CompressedModel,
    statistics: Statistics,
    measure: Callable[[Job], Statistics],
    device: str,
) -> CompressedModel:
    """The quantized model of a job, or another of the same statistics that does what the float model does.

    Args:
        job: edited.
        model: in float.
        statistics: that all was decided on.
        measure: takes what else must be known from the samples, if anything.
        device: where the model is run.
    """
    passes = [statistics]

    def again(avoided: Avoided) -> Job:
        other = planned(model, job.algorithms, avoided, job.sizes)
        unknown = missing(other, JoinedStatistics(passes))
        if unknown.requests:
            passes.append(measure(unknown))
        return decided(other, JoinedStatistics(passes))

    maker = Maker(again, lambda other: edited(other, statistics.samples))
    return looked_at(job, statistics, device, model, maker)


def looked_at(
    job: Job,
    statistics: Statistics,
    device: str,
    model: CompressedModel,
    maker: Maker | None = None,
    least: float = LOSS,
) -> CompressedModel:
    """The quantized model of a job, or a better one, with what was seen of it beside the float model.

    Args:
        job: edited.
        statistics: with the inferences of the float model; without any, nothing is looked at.
        device: where the model is run.
        model: in float.
        maker: of further models; None: nothing is mended.
        least: dB below which an output is lost.
    """
    if not len(statistics.witness):
        return job.result
    with timed("check"):
        original = model.submodels[0].model
        chosen, report = check(job, statistics.witness, device, original, maker, least)
    level = logging.WARNING if report.is_lost or report.notes else logging.INFO
    logger.log(level, "%s: %s", chosen.result.name, report.line)
    chosen.network.set_rt_info(report.as_json(), [ROOT, "check"])
    chosen.result.submodels[0].check = report
    return chosen.result
