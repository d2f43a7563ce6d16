"""What a run ends in: the table for people, and the same as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from openvino.tools.pot.algorithms.accuracy import AccuracyAwareQuantization
from openvino.tools.pot.algorithms.checking import CheckReport
from openvino.tools.pot.algorithms.checking.report import OF_FLOAT32, time_row
from openvino.tools.pot.algorithms.checking.verdict import Verdict, worst_of
from openvino.tools.pot.algorithms.weights import WeightCompression, as_plain_data
from openvino.tools.pot.cli.job import Job, Task
from openvino.tools.pot.cli.output import SCHEMA
from openvino.tools.pot.data_loaders.synthetic import MadeLoader
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.report.estimate import stored_bytes
from openvino.tools.pot.utils.errors import reason
from openvino.tools.pot.utils.runtime import FLOAT32, core
from openvino.tools.pot.utils.sheets import Row, Sheet

_COMPILED = 64 << 20
"""Bytes of a model of which only weights were compressed up to which it is compiled, to see whether that works."""


@dataclass(frozen=True)
class Ended:
    """What became of a network.

    Attributes:
        task: that it was.
        model: quantized.
        file: of the stored model.
        check: what was seen of it beside the float one; says so itself where nothing was.
        next_line: the command to go on with.
        use: a line of Python that opens the model; empty: the one of OpenVINO.
        seconds: of a request of the float model and of the quantized one, with the device's own settings; None where
            they were not timed so.
        metrics, baseline: figures of the quantized and of the float model, by name.
    """

    task: Task
    model: CompressedModel
    file: Path
    check: CheckReport
    next_line: str = ""
    use: str = ""
    seconds: tuple[float, float] | None = None
    metrics: Mapping[str, Any] = field(default_factory=dict)
    baseline: Mapping[str, Any] = field(default_factory=dict)

    @property
    def fed(self) -> str:
        """How samples are fed, as far as their loader says it."""
        loader = self.task.engine.data_loader
        if isinstance(loader, MadeLoader):
            return "fed images that were made up"
        feeding = getattr(loader, "feeding", None)
        return "" if feeding is None else str(feeding)

    @property
    def search(self) -> str:
        """The table of accuracy control, if it was at work."""
        found = (each for each in self.task.pipeline.algo_seq if isinstance(each, AccuracyAwareQuantization))
        return next((each.report.table() for each in found if each.report is not None), "")

    def sheet(self, report: Path | None) -> Sheet:
        """The table of the network by itself."""
        own = self.check.sheet()
        head = f"{self.model.name}: {self.fed}" if self.fed else self.model.name
        facts = [("stored", str(self.file)), *([("report", str(report))] if report else [])]
        if self.check.verdict in ("good", "no gain") and not self.task.is_for_no_device:
            facts.append(("use it", self.use or f"openvino.compile_model({str(self.file)!r})"))
        facts += [("next", self.next_line)] if self.next_line else []
        rows = [row for row in own.rows if self.seconds is None or row[0] != OF_FLOAT32]
        return replace(own, head=(head,), rows=(*rows, *self._metric_rows()), facts=tuple(facts))

    def _metric_rows(self) -> Iterator[Row]:
        """What ``-e`` measured."""
        if self.seconds is not None:
            yield time_row(*self.seconds)
        elif self.check.samples and self.check.is_counted and self.check.as_fast is None:
            yield "request", "", "not timed", "-e does"
        for name, value in self.metrics.items():
            yield name, _figure(self.baseline.get(name)), _figure(value), ""


def _figure(value: Any) -> str:
    return "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


@dataclass(frozen=True)
class Ending:
    """What became of a job.

    Attributes:
        networks: in their order.
        paths: of the files of each, as ``save_model`` returns them.
        seconds: that all of it took.
        metrics, baseline: of all networks.
        report: the page of a diagnosis, if one was written.
    """

    networks: Sequence[Ended]
    paths: Sequence[Mapping[str, str]]
    seconds: float = 0.0
    metrics: Mapping[str, Any] = field(default_factory=dict)
    baseline: Mapping[str, Any] = field(default_factory=dict)
    report: Path | None = None

    @property
    def verdict(self) -> Verdict:
        """That of the network that did worst."""
        return worst_of(each.check.verdict for each in self.networks)

    @property
    def lost(self) -> list[Ended]:
        """Networks of which an output does not follow."""
        return [each for each in self.networks if each.check.is_lost]

    def text(self) -> str:
        """For people: a table for each network."""
        tables = [each.sheet(self.report).text() for each in self.networks]
        return "\n\n\n".join(tables) + f"\n{self.seconds:.0f} s in all"

    def facts(self) -> dict[str, Any]:
        """As plain data; where nothing was checked, ``check`` is null."""
        return {
            "schema_version": SCHEMA,
            "verdict": self.verdict,
            "models": [_facts(each, paths) for each, paths in zip(self.networks, self.paths, strict=True)],
            "metrics": self.metrics,
            "float_metrics": self.baseline,
            "report": None if self.report is None else str(self.report),
            "seconds": self.seconds,
        }


def _facts(ended: Ended, paths: Mapping[str, str]) -> dict[str, Any]:
    check, model = ended.check, ended.model
    before, after = ended.seconds or (check.float_seconds, check.seconds if check.as_fast else None)
    return {
        "name": model.name,
        **paths,
        "verdict": check.verdict,
        "sentence": check.sentence,
        "fed": ended.fed,
        "float_bytes": check.float_bytes,
        "bytes": check.bytes,
        "float_seconds": before,
        "int8_seconds": after,
        "check": None if model.check is None else check.as_dict(),
        "compressed": as_plain_data(model.submodels[0].weights),
        "next": ended.next_line,
    }


def ended(task: Task, model: CompressedModel, float_network: Any, paths: Mapping[str, str]) -> Ended:
    """What became of a network that is stored, before anything else is measured.

    Args:
        task: that it was.
        model: quantized.
        float_network: what it was made of.
        paths: of its files.
    """
    before, after = stored_bytes(GraphView(float_network)), Path(paths["weights"]).stat().st_size
    file = Path(paths["model"])
    check = model.check or _unchecked(task, file, after)
    return Ended(task, model, file, replace(check, name=model.name, float_bytes=before, bytes=after))


def _unchecked(task: Task, file: Path, size: int) -> CheckReport:
    """What stands for a check where there was none, with the reason; small files are compiled at least."""
    if not any(isinstance(each, WeightCompression) for each in task.pipeline.algo_seq):
        return CheckReport(notes=("self_check is false",), is_counted=False)
    why = "weights alone were compressed; with samples, -e compares outputs"
    refusal = _refusal(file) if size <= _COMPILED else ""
    return CheckReport(notes=(refusal or why,), is_lost=bool(refusal), is_counted=False)


def _refusal(file: Path) -> str:
    """Why the CPU does not compile a file, empty where it does."""
    try:
        core().compile_model(file, "CPU", dict(FLOAT32))
    except RuntimeError as error:
        return f"the CPU does not compile it: {reason(error)}"
    return ""


def measured(
    before: Ended, seconds: tuple[float, float] | None, noise: Mapping[str, float], samples: int
) -> Ended:
    """The same with what ``-e`` found, which says more than the check did on a few samples.

    Args:
        before: without.
        seconds: of a request of both models, in turns.
        noise: name of an output -> dB over all samples; empty where there was a metric.
        samples: how many.
    """
    check = before.check
    if seconds is not None and check.is_counted:  # what is done to weights alone need not be faster
        check = replace(check, as_fast=seconds[0] / seconds[1], seconds=seconds[1])
    return replace(before, check=check.over_all(noise, samples))


def phases_of(job: Job) -> tuple[str, ...]:
    """What a job goes through until it is stored, as progress shows it."""
    found = [phase for task in job.tasks for phase in (*_searches(task), *task.pipeline.phases)]
    return *dict.fromkeys(found), "storing"


def _searches(task: Task) -> tuple[str, ...]:
    return () if task.optimizer is None else ("search",)
