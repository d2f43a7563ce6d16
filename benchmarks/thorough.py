"""The thorough effort beside the defaults: fidelity, and seconds beside those of twenty plain passes and 5 s.

    python benchmarks/thorough.py --zoo FOLDER --write
    python benchmarks/thorough.py --others --write

Prints a JSON line for each network, and a Markdown table at the end; --write puts it into docs/algorithms.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from entries import Entry, openvino_infer
from tables import NETWORK, Column, Record, table
from variants import configured
from workflow import FIDELITY_SAMPLES, calibration, command_line, parsed, printed, published, quantize, wanted

from openvino.tools.pot.report import measure

COLUMNS: Sequence[Column] = (
    NETWORK[0],
    ("defaults, dB", lambda r: f"{r['defaults']:.2f}"),
    ("thorough, dB", lambda r: f"{r['thorough']:.2f}"),
    ("kept", lambda r: r["kept"]),
    ("seconds", lambda r: f"{r['seconds']:.1f}"),
    ("20 passes and 5 s", lambda r: f"{r['allowed']:.1f}"),
)


def measured(entry: Entry, options: argparse.Namespace) -> dict[str, Any]:
    """The figures of one network."""
    feeds = calibration(entry, options.samples)
    with tempfile.TemporaryDirectory() as folder:
        usual = quantize(entry, feeds, Path(folder, "usual"), configured(), options.samples)
        plain = measure.plain_pass(entry.model, feeds)
        began = time.perf_counter()
        better = quantize(
            entry, feeds, Path(folder, "better"), configured(effort="thorough"), options.samples
        )
        seconds = time.perf_counter() - began
        stays = usual.with_suffix(".bin").read_bytes() == better.with_suffix(".bin").read_bytes()
        count = min(FIDELITY_SAMPLES, options.limit or FIDELITY_SAMPLES)
        fidelity = [entry.fidelity(openvino_infer(path), count) for path in (usual, better)]
    return {
        "name": entry.name,
        "defaults": round(fidelity[0], 2),
        "thorough": round(fidelity[1], 2),
        "kept": "no" if stays else "yes",
        "seconds": round(seconds, 2),
        "allowed": round(20 * plain + 5, 2),
    }


def with_mean(records: Sequence[Record]) -> str:
    """The table, with the mean of both fidelities."""
    mean = {key: f"{fmean(record[key] for record in records):.2f}" for key in ("defaults", "thorough")}
    return f"{table(records, COLUMNS, left=1)}\n| mean | {mean['defaults']} | {mean['thorough']} | | | |"


def main() -> int:
    """Run; returns the exit code."""
    options = parsed(command_line(__doc__))
    records = list(printed(measured(entry, options) for entry in wanted(options)))
    marker = "thorough effort, packages" if options.others else "thorough effort"
    published(with_mean(records), marker, options.write, "docs/algorithms.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
