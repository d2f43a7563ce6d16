"""Quantizing beside one plain pass over the same samples: seconds, step by step, and peak memory.

A plain pass compiles the float model for throughput and runs it over the samples, which are in memory. The
workflow is the whole of a script: load, plan, statistics, parameters, transform, compress, save. Both take turns
in one process; medians count. Peak memory is that of a fresh process which does one of them. NNCF is timed in
the same run, in an environment of its own, beside plain passes there. Networks with labelled data are judged too.
Prints a JSON line for each network.
"""

from __future__ import annotations

import argparse
import json
import logging
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from entries import Entry, Feed, Network
from large import NAMES, large
from peer_models import PeerModels
from tables import spent
from workflow import (
    calibration,
    closeness,
    float_metric,
    parsed,
    printed,
    published,
    quantize,
    timing_command_line,
    wanted,
)

from openvino.tools.pot.report import measure
from openvino.tools.pot.utils import timing

Record = dict[str, Any]
Steps = dict[str, float]


@contextmanager
def steps() -> Iterator[Steps]:
    """Collects the seconds of each step that the package logs."""
    found: Steps = Counter()  # type: ignore[assignment]

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found[record.__dict__["step"]] += record.__dict__["seconds"]

    handler, level = Collector(), timing.logger.level
    timing.logger.addHandler(handler)
    timing.logger.setLevel(logging.DEBUG)
    try:
        yield found
    finally:
        timing.logger.setLevel(level)
        timing.logger.removeHandler(handler)


def one_round(network: Network, feeds: Sequence[Feed], folder: Path) -> tuple[float, float, Steps]:
    """Seconds of a plain pass and of the workflow, and those of its steps."""
    plain = measure.plain_pass(network.model, feeds)
    with steps() as found:
        started = time.perf_counter()
        quantize(network, feeds, folder, samples=len(feeds))
        workflow = time.perf_counter() - started
    return plain, workflow, {**found, "other": workflow - sum(found.values())}


def timed(network: Network, feeds: Sequence[Feed], folder: Path, rounds: int) -> Record:
    """Medians over the rounds."""
    found = [one_round(network, feeds, folder) for _ in range(rounds)]
    plains, workflows, splits = zip(*found, strict=True)
    return {
        "plain_s": round(median(plains), 3),
        "workflow_s": round(median(workflows), 3),
        "ratio": round(median(workflow / plain for plain, workflow, _ in found), 3),
        "steps": {step: round(median(split[step] for split in splits), 3) for step in splits[0]},
    }


def peaks(options: argparse.Namespace, network: Network) -> Record:
    """Peak memory of fresh processes, in MB."""
    found = peaks_alone(options, network, __file__, _TASKS)
    weights = measure.weights_size(network.model) // 2**20
    return {**found, "weights_mb": weights}


def peaks_alone(options: argparse.Namespace, network: Network, script: str, tasks: Iterable[str]) -> Record:
    """Peak memory of a fresh process for each task of a benchmark that takes ``--alone``, in MB."""
    found = {}
    for task in tasks:
        command = [sys.executable, script, network.name, "--zoo", str(options.zoo), "--alone", task]
        command += ["--samples", str(options.samples), "--cache", str(options.cache)]
        command += ["--others"] * options.others
        finished = subprocess.run(command, capture_output=True, text=True, check=True)
        found[f"{task}_mb"] = json.loads(finished.stdout)
    return found


def memory_kb(kind: str) -> int:
    """Of this process, as Linux calls it: VmHWM, RssAnon."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{kind}:"))


def peak_mb() -> int:
    """Of this process alone: what getrusage calls its maximum holds that of the parent it was forked from."""
    return memory_kb("VmHWM") // 1024


def _plain(network: Network, feeds: Sequence[Feed]) -> None:
    measure.plain_pass(network.model, feeds)


def _workflow(network: Network, feeds: Sequence[Feed]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        quantize(network, feeds, Path(folder), samples=len(feeds))


_TASKS: dict[str, Callable[[Network, Sequence[Feed]], None]] = {"plain": _plain, "workflow": _workflow}


def judged(network: Network, folder: Path, limit: int | None) -> Record:
    """What the INT8 model in a folder is worth, so that time and accuracy are those of one model."""
    if not isinstance(network, Entry):
        return {}
    found = closeness(network, folder / f"{network.name}.xml", limit)
    return {"metric": network.metric, "float": float_metric(network, limit), **found}


def beyond(record: Record) -> Record:
    """How the times compare: ours with the bar, and beyond a plain pass with NNCF's."""
    found = {"allowed_s": round(1.5 * record["plain_s"] + 1.5, 3)}
    if "nncf" in record:
        nncf = record["nncf"]
        of_nncf = nncf["quantize_s"] - median(nncf["plain_s"])
        found["share_of_nncf"] = round((record["workflow_s"] - record["plain_s"]) / of_nncf, 3)
    return found


def networks(options: argparse.Namespace) -> Iterator[tuple[Network, list[Feed]]]:
    """What the command line asks for, with samples."""
    names = list(options.names)
    built = [name for name in names if name in NAMES]
    options.names = [name for name in names if name not in NAMES]
    if options.names or not names:
        for entry in wanted(options):
            yield entry, calibration(entry, options.samples)
    if built or not names:
        for network in large(options.cache / "large", built):
            yield network, network.samples(options.samples)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = timing_command_line(__doc__)
    parser.add_argument("--memory", action="store_true", help="peak memory of fresh processes too")
    parser.add_argument("--peer-python", type=Path, help="a Python with nncf")
    parser.add_argument("--alone", choices=sorted(_TASKS), help=argparse.SUPPRESS)
    return parsed(parser)


def record(options: argparse.Namespace, network: Network, feeds: Sequence[Feed]) -> Record:
    """All figures of a network."""
    with tempfile.TemporaryDirectory() as folder:
        found: Record = {"name": network.name, "samples": len(feeds)}
        found.update(timed(network, feeds, Path(folder), options.rounds))
        if options.memory:
            found.update(peaks(options, network))
        found.update(judged(network, Path(folder), options.limit))
        peer = PeerModels(Path(folder, "peer"), options.peer_python)
        facts = peer.made(network, feeds)
        if facts:
            found["nncf"] = {**facts, **judged(network, peer.folder, options.limit)}
    return {**found, **beyond(found)}


def main() -> int:
    """Run the benchmark; returns the exit code."""
    options = arguments()
    if options.alone:
        for network, feeds in networks(options):
            _TASKS[options.alone](network, feeds)
        print(peak_mb())
        return 0
    found = (record(options, network, feeds) for network, feeds in networks(options))
    published(spent(list(printed(found))), "speed", options.write)
    return 0


if __name__ == "__main__":
    sys.exit(main())
