"""``pot adopt``: the folder of another tool's export, as it is, to the same folder in INT8."""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from openvino.tools.pot.adoption.export import Export
from openvino.tools.pot.adoption.families import found_in
from openvino.tools.pot.adoption.texts import read_texts, samples
from openvino.tools.pot.adoption.writing import MADE, beside, check_target, write
from openvino.tools.pot.cli.ending import Ending, ended, phases_of
from openvino.tools.pot.cli.executors import at_work, check_workers
from openvino.tools.pot.cli.feeding import preview
from openvino.tools.pot.cli.given import ABSENT
from openvino.tools.pot.cli.job import make_job
from openvino.tools.pot.cli.onwards import next_line
from openvino.tools.pot.cli.output import SCHEMA, Log, check_writable
from openvino.tools.pot.cli.quantize import LOST, evaluated, finite, quantized
from openvino.tools.pot.cli.request import SUBSET_SIZE, sections_of
from openvino.tools.pot.graph.load import load_model
from openvino.tools.pot.utils.errors import ConfigError
from openvino.tools.pot.utils.logger import get_logger
from openvino.tools.pot.utils.progress import course, step
from openvino.tools.pot.utils.terminal import is_terminal

logger = get_logger(__name__)


def adopt(options: argparse.Namespace) -> int:
    """Quantize the network of an export, and write its folder anew around it; returns the exit code.

    Raises:
        ConfigError: it is no export that is known, a flag doesn't fit it, or the target is there; nothing was done.
        PotError: the work failed; nothing is left of it.
    """
    log = Log(options.log_level)
    check_workers(options)
    export = found_in(Path(options.export))
    target = Path(options.output_dir) if options.output_dir else export.around / export.target
    check_target(export, target)
    check_writable(target.absolute().parent)
    logger.info("%s is an export of %s: its network is %s", options.export, export.family, export.network)
    ending = _adopted(export, target, options)
    (found,) = ending.networks
    _tell(export, target, ending, log, options.format)
    if ending.lost and sys.stderr and not logger.isEnabledFor(logging.WARNING):  # which would have said it
        print(f"pot: {found.model.name}: {found.check.line}", file=sys.stderr)
    return LOST if ending.lost and not options.accept_loss else 0


def _adopted(export: Export, target: Path, options: argparse.Namespace) -> Ending:
    """Quantize the network, and write the folder."""
    began = time.perf_counter()
    with _data(export, options) as source:
        asked = _asked(export, options, source)
        sections = sections_of(asked)
        job = make_job(sections)
        (task,), (float_network,) = job.tasks, (sub.model for sub in job.model)
        preview([(task.model, task.engine)], options.preview)
        further = ["evaluation"] if options.evaluate else []
        with course(*phases_of(job), *further):
            with (
                beside(target) as work,
                at_work(options, [task.engine]),
                quantized(job, work / MADE) as model,
            ):
                write(export, model, target, work)
            network = (target / export.network).with_suffix(".xml")
            paths = {"model": str(network), "weights": str(network.with_suffix(".bin"))}
            found = replace(ended(task, model, float_network, paths), use=export.line(target))
            if source == options.data_source:  # else it is gone
                following = next_line(found.check, task, str(network), asked, sections, True)
                found = replace(found, next_line=following)
            ending = Ending([found], [paths])
            if further:
                with step("evaluation"):
                    ending = evaluated(ending, job)
    return replace(ending, seconds=time.perf_counter() - began)


def _asked(export: Export, options: argparse.Namespace, source: str | None) -> argparse.Namespace:
    """The flags of ``pot -q`` that do the same to the network alone."""
    kind = options.quantize or ("weights" if export.generates else "default")
    if kind != "weights" and export.generates:
        raise ConfigError(
            "the network makes one token after the other from what it keeps, which samples don't show: expected "
            f"-q weights, found {kind}"
        )
    own = {"model": str(export.path), "quantize": kind, "data_source": source}
    return argparse.Namespace(**{**dict.fromkeys(ABSENT), **vars(options), **own})


@contextmanager
def _data(export: Export, options: argparse.Namespace) -> Iterator[str | None]:
    """Where samples are: what was given or, of a file of texts, a folder with their tokens."""
    source = options.data_source
    if export.tokenizer is None or source is None or Path(source).suffix != ".txt":
        yield source
        return
    texts = read_texts(Path(source), options.subset_size or SUBSET_SIZE)
    network = load_model(export.path, fused=False).submodels[0].model
    with TemporaryDirectory(prefix="pot-texts-") as folder:
        for number, feed in enumerate(samples(network, export.folder, texts)):
            np.savez(Path(folder, f"{number:06}.npz"), **feed)
        yield folder


def _tell(export: Export, target: Path, ending: Ending, log: Log, form: str) -> None:
    (found,) = ending.networks
    facts = {
        "schema_version": SCHEMA,
        "family": export.family,
        "folder": str(target),
        "model": str(found.file),
        "opens": found.use,
        "verdict": found.check.verdict,
        "metrics": ending.metrics,
        "float_metrics": ending.baseline,
        "check": None if found.model.check is None else found.check.as_dict(),
    }
    in_text = form == "text"
    log.show(ending.text(), ending.verdict, in_text)
    if not in_text:
        log.print(json.dumps(finite(facts), indent=2))
    elif not is_terminal(sys.stdout):  # scripts read the folder
        log.print(str(target))
