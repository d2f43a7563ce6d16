"""``pot -c`` and ``pot -q``: check all, quantize, store, measure."""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from openvino.tools.pot.cli.job import Job, make_job
from openvino.tools.pot.cli.output import Log, check_writable, results_folder
from openvino.tools.pot.cli.request import sections_of
from openvino.tools.pot.data_loaders.synthetic import MadeLoader
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.graph.model_utils import compress_model_weights
from openvino.tools.pot.graph.save import save_model
from openvino.tools.pot.report.fidelity import signal_to_noise
from openvino.tools.pot.utils.logger import get_logger
from openvino.tools.pot.version import __version__

logger = get_logger(__name__)


def quantize(options: argparse.Namespace) -> int:
    """Do what the flags or the configuration say; returns the exit code.

    Raises:
        ConfigError: something is wrong; nothing was done, and no folder made.
        PotError: the work failed.
    """
    log = Log(options.log_level, options.pbar, options.stream_output)
    logger.info("pot %s: %s", __version__, shlex.join(sys.argv[1:]))
    job = make_job(sections_of(options))
    root = Path(options.output_dir)
    check_writable(root)
    with results_folder(root, None if options.direct_dump else job.name) as folder:
        log.write_to(folder / "log.txt")
        logger.info("results go to %s", folder)
        try:
            results = run_job(job, folder, options.keep_uncompressed_weights, options.evaluate)
        except Exception as error:
            log.note(f"{type(error).__name__}: {error}")
            raise
        for path in results.paths:
            print(path["model"])
        for name, value in results.metrics.items():
            print(f"{name:<27s}: {value}")
        for name, value in results.baseline.items():
            print(f"{name + ', float model':<27s}: {value}")
    return 0


@dataclass(frozen=True)
class Results:
    """What came of a job.

    Attributes:
        paths: of the files, as ``save_model`` returns them.
        metrics: of the quantized models; without a metric, how far outputs stand out of the noise of quantization.
        baseline: of the float models, where there is a metric.
    """

    paths: list[dict[str, str]]
    metrics: dict[str, Any] = field(default_factory=dict)
    baseline: dict[str, Any] = field(default_factory=dict)


def run_job(
    job: Job, folder: Path, keep_uncompressed_weights: bool = False, evaluate: bool = False
) -> Results:
    """Quantize the models of a job and store them.

    Args:
        job: checked.
        folder: gets a folder ``optimized``, and ``intermediate`` if the job keeps such models.
        keep_uncompressed_weights: store quantized weights as floats.
        evaluate: measure the float and the quantized models too.
    """
    started = time.perf_counter()
    for task in job.tasks:
        if isinstance(task.engine.data_loader, MadeLoader):
            task.engine.data_loader.keep()
    results = [task.pipeline.run(task.model) for task in job.tasks]
    subs = [result.submodels[0] for result in results]
    whole = CompressedModel(subs, job.model.name, job.model.is_cascade)
    if job.keeps_intermediate:
        save_model(whole, folder / "intermediate")
    if not keep_uncompressed_weights:
        compress_model_weights(whole)
    paths = save_model(whole, folder / "optimized")
    logger.info("quantized in %.1f s", time.perf_counter() - started)
    for before, pair in zip(job.model, paths, strict=True):
        _log_size(before.source, Path(pair["weights"]))
    return _measured(job, results, paths) if evaluate else Results(paths)


def _log_size(source: Path | None, weights: Path) -> None:
    after = weights.stat().st_size
    before = source and (source.with_suffix(".bin") if source.suffix.lower() == ".xml" else source)
    if before and before.exists() and after:
        size = before.stat().st_size
        logger.info(
            "%s: %.1f MB, %.1f times smaller than the float model", weights.name, after / 1e6, size / after
        )


def _measured(job: Job, results: list[CompressedModel], paths: list[dict[str, str]]) -> Results:
    metrics: dict[str, Any] = {}
    baseline: dict[str, Any] = {}
    for task, result in zip(job.tasks, results, strict=True):
        prefix = f"{task.model.name}: " if job.model.is_cascade else ""
        if task.engine.metric is None:
            noise = signal_to_noise(task.engine, task.model, result)
            metrics |= {f"{prefix}{name}, dB over noise": round(value, 2) for name, value in noise.items()}
            continue
        baseline |= {f"{prefix}{name}": value for name, value in task.pipeline.evaluate(task.model).items()}
        metrics |= {f"{prefix}{name}": value for name, value in task.pipeline.evaluate(result).items()}
    return Results(paths, metrics, baseline)
