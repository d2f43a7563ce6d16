"""Peak memory of diagnosing a network, beside that of quantizing it.

Each is done by a process of its own, which holds the decoded samples in memory and keeps little of what compiled models
leave, as ``pot diagnose`` does: one quantizes with defaults, the other does that and diagnoses what came of it, with
remedies. Prints a JSON line for each entry; ``--write`` puts the table into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from entries import Entry, Feed
from speed import peak_mb, peaks_alone
from tables import Column, Record, table
from workflow import (
    PARAMETERS,
    Samples,
    calibration,
    command_line,
    parsed,
    printed,
    published,
    quantize,
    wanted,
)

from openvino.tools.pot import IEEngine, load_model
from openvino.tools.pot.diagnosis.diagnosing import case_of, diagnosed
from openvino.tools.pot.utils.memory import keep_little

COLUMNS: Sequence[Column] = (
    ("network", lambda r: r["name"]),
    ("quantizing, MB", lambda r: str(r["quantizing_mb"])),
    ("diagnosing, MB", lambda r: str(r["diagnosing_mb"])),
    ("over", lambda r: f"{r['over']:.2f}"),
)


def _quantizing(entry: Entry, feeds: Sequence[Feed]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        quantize(entry, feeds, Path(folder), samples=len(feeds))


def _diagnosing(entry: Entry, feeds: Sequence[Feed]) -> None:
    model = load_model({"model_name": entry.name, "model": entry.model})
    engine = IEEngine({"device": "CPU"}, Samples(feeds))
    diagnosed(case_of(model, None, engine, len(feeds), PARAMETERS.get(entry.name, {})))


_TASKS: Mapping[str, Callable[[Entry, Sequence[Feed]], None]] = {
    "quantizing": _quantizing,
    "diagnosing": _diagnosing,
}


def peaks(options: argparse.Namespace, entry: Entry) -> Record:
    """The figures of one entry."""
    found = peaks_alone(options, entry, __file__, _TASKS)
    return {"name": entry.name, **found, "over": round(found["diagnosing_mb"] / found["quantizing_mb"], 3)}


def main() -> int:
    """Run the benchmark; returns the exit code."""
    parser = command_line(__doc__)
    parser.add_argument("--alone", choices=sorted(_TASKS), help=argparse.SUPPRESS)
    options = parsed(parser)
    if options.alone:
        keep_little()
        for entry in wanted(options):
            _TASKS[options.alone](entry, calibration(entry, options.samples))
        print(peak_mb())
        return 0
    records = list(printed(peaks(options, entry) for entry in wanted(options)))
    published(table(records, COLUMNS), "others-memory" if options.others else "memory", options.write)
    return 0


if __name__ == "__main__":
    sys.exit(main())
