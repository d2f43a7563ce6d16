"""``pot -c`` and ``pot -q``: check all, quantize, store, measure."""

from __future__ import annotations

import argparse
import json
import logging
import shlex
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from openvino.tools.pot.algorithms.accuracy.agreement import agreement_in
from openvino.tools.pot.algorithms.accuracy.target import never_right
from openvino.tools.pot.algorithms.weights import WeightCompression
from openvino.tools.pot.cli.ending import Ending, ended, measured, phases_of
from openvino.tools.pot.cli.executors import at_work, check_workers
from openvino.tools.pot.cli.feeding import preview
from openvino.tools.pot.cli.ignoring import of_flags
from openvino.tools.pot.cli.job import Job, Task, make_job
from openvino.tools.pot.cli.onwards import next_line
from openvino.tools.pot.cli.output import Log, check_output, results_folder
from openvino.tools.pot.cli.reporting import check_report, write_report
from openvino.tools.pot.cli.request import sections_of
from openvino.tools.pot.configs.sections import Sections
from openvino.tools.pot.data_loaders.synthetic import MadeLoader
from openvino.tools.pot.engines import probes
from openvino.tools.pot.engines.items import own
from openvino.tools.pot.graph.edits.decompression import Keep
from openvino.tools.pot.graph.model import CompressedModel, save_model
from openvino.tools.pot.graph.model_utils import compress_model_weights
from openvino.tools.pot.graph.scratch import scratch
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.report.estimate import stored_bytes
from openvino.tools.pot.report.fidelity import signal_to_noise
from openvino.tools.pot.report.measure import latencies_as_users_run
from openvino.tools.pot.samplers.batch_sampler import count_samples
from openvino.tools.pot.statistics.phases import TOKEN_MASKS
from openvino.tools.pot.utils.errors import ConfigError, PotError, reason
from openvino.tools.pot.utils.folders import target_folder
from openvino.tools.pot.utils.logger import get_logger
from openvino.tools.pot.utils.memory import keep_little
from openvino.tools.pot.utils.progress import course, step
from openvino.tools.pot.utils.terminal import is_terminal
from openvino.tools.pot.version import __version__

logger = get_logger(__name__)


_TIMED = 8
"""Samples whose requests are timed."""

LOST = 3
"""Exit code of a model that is stored, though an output of it does not follow the float model's."""


def quantize(options: argparse.Namespace) -> int:
    """Do what the flags or the configuration say; returns the exit code.

    Raises:
        ConfigError: something is wrong; nothing was done, and no folder made.
        PotError: the work failed.
    """
    if options.pbar and options.stream_output:
        raise ConfigError("--progress-bar and --stream-output exclude each other")
    log = Log(options.log_level, options.pbar, options.stream_output)
    logger.info("pot %s: %s", __version__, shlex.join(options.argv))
    check_workers(options)
    if options.max_memory is not None:
        keep_little()
    sections = sections_of(options)
    job = make_job(sections, options.evaluate)
    for task in job.tasks if options.ignored_types else ():
        of_flags(options, task.model.submodels[0])  # which finds types that the model does not have
    root, name = Path(options.output_dir), None if options.direct_dump else job.name
    check_output(root, name)
    # Beside the folders of runs, so that the next one goes on with a search.
    job = replace(job, found=root / (name or "") / "search")
    if options.report:
        check_report(job, Path(options.report))
    preview([(task.model, task.engine) for task in job.tasks], options.preview)
    with at_work(options, [task.engine for task in job.tasks]), results_folder(root, name) as folder:
        log.write_to(folder / "log.txt")
        logger.info("results go to %s", folder)
        try:
            ending = _work(job, folder, options, log, sections)
        except ConfigError as error:  # which could not be told beforehand
            log.note(str(error))
            raise PotError(str(error)) from error
        except Exception as error:
            log.note(f"{type(error).__name__}: {error}")
            raise
    lost = ending.lost
    if lost and sys.stderr and not logger.isEnabledFor(logging.WARNING):  # which would have said it
        print(f"pot: {lost[0].model.name}: {lost[0].check.line}", file=sys.stderr)
    return LOST if lost and not options.accept_loss else 0


def _work(job: Job, folder: Path, options: argparse.Namespace, log: Log, sections: Sections) -> Ending:
    """Quantize, store and measure, and show what came of it, of what is stored even if measuring fails."""
    known: list[Ending] = []
    in_text, began = options.format == "text", time.perf_counter()
    further = [*(["evaluation"] if options.evaluate else []), *(["report"] if options.report else [])]
    try:
        with course(*phases_of(job), *further):
            for ending in _endings(job, folder, options, log):
                known.append(_with_next(ending, began, options, sections))
    finally:
        if known:
            log.show(_shown(known[-1]), known[-1].verdict, in_text)
    if not in_text:
        log.print(json.dumps(finite(known[-1].facts()), indent=2))
    return known[-1]


def _endings(job: Job, folder: Path, options: argparse.Namespace, log: Log) -> Iterator[Ending]:
    """What is known of a job once it is stored, and after each thing that is measured then."""
    floats = [sub.model for sub in job.model]
    models, paths = store_job(job, folder, options.keep_uncompressed_weights)
    stored = zip(job.tasks, models, floats, paths, strict=True)
    ending = Ending([ended(*each) for each in stored], paths)
    yield ending
    prints = options.format == "text" and not is_terminal(sys.stdout)
    if prints:  # scripts read the path, which is first, and nothing else without -e
        for path in paths:
            log.print(path["model"])
    if options.evaluate:
        with step("evaluation"):
            ending = evaluated(ending, job)
        yield ending
        for name, value in ending.metrics.items() if prints else ():
            log.print(f"{name:<27s}: {value}")
        for name, value in ending.baseline.items() if prints else ():
            log.print(f"{name + ', float model':<27s}: {value}")
    if options.report:
        target = Path(options.report)
        with step("report"):
            write_report(job, models, target)
        yield replace(ending, report=target)


def evaluated(ending: Ending, job: Job) -> Ending:
    """The same with times and figures of both models."""
    networks, metrics, baseline = [], dict[str, Any](), dict[str, Any]()
    for each in ending.networks:
        seconds, (figures, before) = _speed(each.task, each.model), _figures(each.task, each.model)
        noise = {} if _has_metric(each.task) or _hides_tokens(each.model) else figures
        found = measured(each, seconds, noise, count_samples(each.task.engine.data_loader))
        if each.task.engine.metric is not None and not each.search:
            for name in (name for name, value in before.items() if value == 0):
                logger.warning("%s", never_right(name))
        figures = _named(each.task, figures)
        networks.append(replace(found, seconds=seconds, metrics=figures, baseline=before))
        prefix = f"{each.model.name}: " if job.model.is_cascade else ""
        metrics |= {f"{prefix}{name}": value for name, value in figures.items()}
        baseline |= {f"{prefix}{name}": value for name, value in before.items()}
    return replace(ending, networks=networks, metrics=metrics, baseline=baseline)


def _has_metric(task: Task) -> bool:
    """Whether a model has figures of its own: of the engine's metric, or of agreement with the float model."""
    return task.engine.metric is not None or agreement_in(task.pipeline.algo_seq) is not None


def _named(task: Task, figures: Mapping[str, Any]) -> dict[str, Any]:
    """Figures as they are printed: what are dB says so."""
    if _has_metric(task):
        return dict(figures)
    return {f"{name}, dB over noise": round(value, 2) for name, value in figures.items()}


def _hides_tokens(model: CompressedModel) -> bool:
    """Whether nobody reads some of the values of outputs, which then say nothing."""
    names = {name for port in model.submodels[0].model.inputs for name in port.get_names()}
    return bool(names & TOKEN_MASKS)


def _with_next(ending: Ending, began: float, options: argparse.Namespace, sections: Sections) -> Ending:
    """The same with the time that passed, and what to do next."""
    alone = len(ending.networks) == 1
    networks = [
        replace(own, next_line=next_line(own.check, own.task, str(own.file), options, sections, alone))
        for own in ending.networks
    ]
    return replace(ending, networks=networks, seconds=time.perf_counter() - began)


def _shown(ending: Ending) -> str:
    """The tables, and where nobody has seen it in the log that of a search."""
    searches = [own.search for own in ending.networks if own.search] if is_terminal(sys.stdout) else []
    return "\n\n".join([*searches, ending.text()])


def finite(value: Any) -> Any:
    """The same with null for numbers that JSON has no word for."""
    if isinstance(value, Mapping):
        return {key: finite(own) for key, own in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(own) for own in value]
    if isinstance(value, (float, np.floating)):
        return float(value) if isfinite(value) else None
    return value


def _speed(task: Task, model: CompressedModel) -> tuple[float, float] | None:
    """Seconds of a request before and after, which are logged; None where they can't be told."""
    device = task.engine.device
    if task.is_for_no_device:
        return None
    samples = range(min(_TIMED, count_samples(task.engine.data_loader)))
    feeds = [own(feed) for feed in probes.feeds(task.engine, task.model, samples)]
    networks = [each.submodels[0].model for each in (task.model, model)]
    try:
        before, after = latencies_as_users_run(networks, feeds, device)
    except (RuntimeError, TypeError, ValueError) as error:
        logger.warning("%s: a request can't be timed on %s: %s", model.name, device, reason(error))
        return None
    logger.info(
        "%s: a request takes %.3g ms with the device's own settings, in float %.3g ms: %.1f x as fast",
        model.name,
        1000 * after,
        1000 * before,
        before / after,
    )
    return before, after


def store_job(
    job: Job, folder: Path, keep_uncompressed_weights: bool = False
) -> tuple[list[CompressedModel], list[dict[str, str]]]:
    """Quantize the models of a job and store them.

    Args:
        job: checked.
        folder: gets a folder ``optimized``, and ``intermediate`` if the job keeps such models.
        keep_uncompressed_weights: store quantized weights as floats.

    Returns:
        The models, one for each task, and the paths of their files as ``save_model`` returns them.
    """
    started = time.perf_counter()
    for task in job.tasks:
        if isinstance(task.engine.data_loader, MadeLoader):
            task.engine.data_loader.keep()
    with course(*phases_of(job)), target_folder(folder), scratch(folder) as keep:
        models, paths = _stored(job, folder, keep_uncompressed_weights, keep)
    logger.info("quantized in %.1f s", time.perf_counter() - started)
    for sub, pair in zip(job.model, paths, strict=True):
        before, after = stored_bytes(GraphView(sub.model)), Path(pair["weights"]).stat().st_size
        if after and before > 1.05 * after:
            logger.info(
                "%s: %.1f MB, %.1f times smaller than in float", sub.name, after / 1e6, before / after
            )
    return models, paths


def _stored(
    job: Job, folder: Path, keep_uncompressed_weights: bool, keep: Keep
) -> tuple[list[CompressedModel], list[dict[str, str]]]:
    models = _made(job, keep, job.found or folder / "search")
    with step("storing"):
        return models, _written(models, job, folder, keep_uncompressed_weights)


def _written(
    models: list[CompressedModel], job: Job, folder: Path, keep_uncompressed_weights: bool
) -> list[dict[str, str]]:
    whole = CompressedModel([model.submodels[0] for model in models], job.model.name, job.model.is_cascade)
    name = None if whole.is_cascade else whole.name
    if job.keeps_intermediate:
        save_model(whole, folder / "intermediate", name)
    if not keep_uncompressed_weights:
        compress_model_weights(whole)
    return save_model(whole, folder / "optimized", name)


def _made(job: Job, keep: Keep, found: Path) -> list[CompressedModel]:
    """The quantized models of a job, one for each task; ``found`` keeps what searches find."""
    for task in job.tasks:
        for algorithm in task.pipeline.algo_seq:
            if isinstance(algorithm, WeightCompression):
                algorithm.keep = keep
    return [task.run(found) for task in job.tasks]


@contextmanager
def quantized(job: Job, folder: Path) -> Iterator[CompressedModel]:
    """The quantized network of a job of one, with integers for weights, to be stored within the block.

    Args:
        job: checked.
        folder: where large constants wait meanwhile.
    """
    with course(*phases_of(job)), scratch(folder) as keep:
        (model,) = _made(job, keep, folder / "search")
        with step("storing"):
            compress_model_weights(model)
            yield model


def measure_job(job: Job, models: list[CompressedModel]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Figures of quantized models and, where there is a metric, of the float models.

    Args:
        job: with the float models.
        models: quantized, one for each task.

    Returns:
        Name to figure, for both: the engine's metrics, agreement where a search went by it or, where there is neither,
        how far outputs stand out of the noise of quantization. In a cascade the model's name stands before.
    """
    metrics: dict[str, Any] = {}
    baseline: dict[str, Any] = {}
    for task, model in zip(job.tasks, models, strict=True):
        prefix = f"{task.model.name}: " if job.model.is_cascade else ""
        figures, before = _figures(task, model)
        metrics |= {f"{prefix}{name}": value for name, value in _named(task, figures).items()}
        baseline |= {f"{prefix}{name}": value for name, value in before.items()}
    return metrics, baseline


def _figures(task: Task, model: CompressedModel) -> tuple[dict[str, Any], dict[str, Any]]:
    """Metrics of a quantized network and of the float one, or without a metric dB of each output over the noise."""
    if _has_metric(task):
        before = task.pipeline.evaluate(task.model)
        return task.pipeline.evaluate(model), before
    noise = signal_to_noise(task.engine, task.model, model)
    if not noise:
        logger.warning("%s: no output can be compared over the samples, of which it takes two", model.name)
    return noise, {}
