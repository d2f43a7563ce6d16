"""The page of a diagnosis that ``--report`` asks for."""

from __future__ import annotations

from pathlib import Path

from openvino.tools.pot.algorithms.accuracy import AccuracyAwareQuantization
from openvino.tools.pot.algorithms.weights import WeightCompression
from openvino.tools.pot.cli.job import Job
from openvino.tools.pot.cli.output import check_file
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.utils.errors import ConfigError
from openvino.tools.pot.utils.folders import write_file
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)


def check_report(job: Job, target: Path) -> None:
    """See whether there can be a page about a job before it begins.

    Raises:
        ConfigError: it has several networks, a device that nobody has, or the file can't be written.
    """
    from openvino.tools.pot.diagnosis.page import check_page

    if len(job.tasks) != 1:
        raise ConfigError("--report is about one network, the model is a cascade")
    (task,) = job.tasks
    if any(each.name == WeightCompression.name for each in task.pipeline.algo_seq):
        raise ConfigError(
            "--report is about layers in INT8, expected another algorithm than WeightCompression"
        )
    if task.is_for_no_device:
        raise ConfigError("--report is for devices that OpenVINO has, GNA is none of them")
    check_file(target, "report")
    check_page()


def write_report(job: Job, models: list[CompressedModel], target: Path) -> None:
    """Write a page about the only network of a job."""
    from openvino.tools.pot.diagnosis.diagnosing import SAMPLES, Case, diagnosed
    from openvino.tools.pot.diagnosis.page import page
    from openvino.tools.pot.diagnosis.samples import first_of

    (task,), (model,) = job.tasks, models
    samples = first_of(task.engine, task.model, SAMPLES)
    algorithms = task.pipeline.algo_seq
    algorithm = next((each for each in algorithms if not each.rewrites), algorithms[0])
    search = algorithm.report if isinstance(algorithm, AccuracyAwareQuantization) else None
    case = Case(
        task.model, model, samples, algorithm.config, is_ours=True, device=task.engine.device, search=search
    )
    write_file(target, page(diagnosed(case, remedies=False).facts).encode())
    logger.info("report: %s", target)
