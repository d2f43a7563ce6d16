"""``pot adopt``: the folder of another tool's export, as it is, to the same folder in INT8."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from openvino.tools.pot.adoption.export import Export
from openvino.tools.pot.adoption.families import found_in
from openvino.tools.pot.adoption.texts import read_texts, samples
from openvino.tools.pot.adoption.writing import MADE, beside, check_target, write
from openvino.tools.pot.cli.executors import at_work, check_workers
from openvino.tools.pot.cli.feeding import preview
from openvino.tools.pot.cli.given import ABSENT
from openvino.tools.pot.cli.job import make_job
from openvino.tools.pot.cli.output import SCHEMA, Log, check_writable, writing_out
from openvino.tools.pot.cli.quantize import LOST, check_of, quantized
from openvino.tools.pot.cli.request import SUBSET_SIZE, sections_of
from openvino.tools.pot.graph.load import load_model
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.utils.errors import ConfigError
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)


def adopt(options: argparse.Namespace) -> int:
    """Quantize the network of an export, and write its folder anew around it; returns the exit code.

    Raises:
        ConfigError: it is no export that is known, a flag doesn't fit it, or the target is there; nothing was done.
        PotError: the work failed; nothing is left of it.
    """
    Log(options.log_level)
    check_workers(options)
    export = found_in(Path(options.export))
    target = Path(options.output_dir) if options.output_dir else export.around / export.target
    check_target(export, target)
    check_writable(target.absolute().parent)
    logger.info("%s is an export of %s: its network is %s", options.export, export.family, export.network)
    with _data(export, options) as source:
        job = make_job(sections_of(_asked(export, options, source)))
        preview([(task.model, task.engine) for task in job.tasks], options.preview)
        engines = [task.engine for task in job.tasks]
        with beside(target) as work, at_work(options, engines), quantized(job, work / MADE) as model:
            write(export, model, target, work)
    _tell(export, target, model, options)
    lost = model.check is not None and model.check.is_lost
    if lost and sys.stderr and not logger.isEnabledFor(logging.WARNING):  # which would have said it
        print(f"pot: {model.name}: {model.check.line}", file=sys.stderr)
    return LOST if lost and not options.accept_loss else 0


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


def _tell(export: Export, target: Path, model: CompressedModel, options: argparse.Namespace) -> None:
    network, opens = (target / export.network).with_suffix(".xml"), export.line(target)
    facts = {
        "schema_version": SCHEMA,
        "family": export.family,
        "folder": str(target),
        "model": str(network),
        "opens": opens,
        "check": check_of(model),
    }
    with writing_out():
        print(target if options.format == "text" else json.dumps(facts, indent=2))
    logger.info("open it with %s", opens)
