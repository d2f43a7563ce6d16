"""Quantize real networks and compare them with their float originals.

For each entry: the metric before and after, the fidelity of the outputs, how long quantizing takes beside one
plain pass of the float model over the same samples, the time of a single request and the size of the weights.
Prints a JSON line for each entry; ``--write`` puts tables into docs/benchmarks.md and README.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import charts
from entries import Entry, Feed
from tables import FULL, SHORT, table, write_between
from workflow import (
    ROOT,
    calibration,
    closeness,
    command_line,
    float_metric,
    machine,
    make_up,
    parsed,
    printed,
    quantize,
    wanted,
)

from openvino.tools.pot.report import measure


def timed(entry: Entry, feeds: Sequence[Feed], folder: Path, repeats: int) -> tuple[Path, dict[str, float]]:
    """The INT8 model's path, and times: medians of rounds, each of which takes all of them in turn."""
    rounds: dict[str, list[float]] = {"workflow_s": [], "plain_s": [], "speedup": []}
    for _ in range(repeats):
        rounds["plain_s"].append(measure.plain_pass(entry.model, feeds))
        started = time.perf_counter()
        path = quantize(entry, feeds, folder)
        rounds["workflow_s"].append(time.perf_counter() - started)
        compiled = [measure.compile_single(model) for model in (entry.model, path)]
        before, after = measure.latencies(compiled, feeds[:20], repeats=100)
        rounds["speedup"].append(before / after)
    return path, {key: round(median(values), 3) for key, values in rounds.items()}


def benchmark(entry: Entry, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """All figures of one entry."""
    path, times = timed(entry, calibration(entry, options.samples), folder, options.repeats)
    return {
        "name": entry.name,
        "metric": entry.metric,
        "float": float_metric(entry, options.limit),
        **closeness(entry, path, options.limit),
        **make_up(entry, path),
        **times,
    }


def write(records: Sequence[Mapping[str, Any]]) -> None:
    """Put the tables into the documents, and draw them."""
    write_between(ROOT / "docs/benchmarks.md", "benchmark", f"{machine()}\n\n{table(records, FULL)}")
    write_between(ROOT / "README.md", "benchmark", f"{table(records, SHORT)}\n\n{machine()}")
    charts.settled(write=True)


def main() -> int:
    """Run the benchmark; returns the exit code."""
    parser = command_line(__doc__)
    parser.add_argument(
        "--repeats", type=int, default=3, help="rounds of timing, whose medians count (default: 3)"
    )
    options = parsed(parser)
    if options.write and options.others:
        parser.error("--write is for the zoo")
    with tempfile.TemporaryDirectory() as folder:
        found = (benchmark(entry, Path(folder), options) for entry in wanted(options))
        records = list(printed(found))
    print(table(records, FULL), file=sys.stderr)
    if options.write:
        write(records)
    return 0


if __name__ == "__main__":
    sys.exit(main())
