"""Runs whose statistics are known from a pass of before, beside those that measure.

    python benchmarks/kept_statistics.py --zoo FOLDER --write

Prints a JSON line for each network, and a Markdown table at the end; --write puts it into docs/api.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from entries import Entry
from tables import NETWORK, Column, table
from variants import configured
from workflow import calibration, command_line, parsed, printed, published, quantize, wanted

COLUMNS: Sequence[Column] = (
    NETWORK[0],
    ("without", lambda r: f"{r['without']:.2f}"),
    ("first run", lambda r: f"{r['first']:.2f}"),
    ("again", lambda r: f"{r['again']:.2f}"),
    ("preset accuracy", lambda r: f"{r['preset']:.2f}"),
    ("again, of without", lambda r: f"{r['again'] / r['without']:.2f}"),
    ("MB", lambda r: f"{r['bytes'] / 1e6:.0f}"),
)


def measured(entry: Entry, options: argparse.Namespace) -> dict[str, Any]:
    """The figures of one network."""
    feeds = calibration(entry, options.samples)
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder, "kept")

        def seconds(**params: Any) -> float:
            began = time.perf_counter()
            quantize(entry, feeds, Path(folder, "made"), configured(**params), options.samples)
            return time.perf_counter() - began

        seconds()
        without = min(seconds(), seconds())
        first = seconds(stat_cache=str(cache))
        again = min(seconds(stat_cache=str(cache)) for _ in range(2))
        preset = seconds(stat_cache=str(cache), preset="accuracy")
        size = sum(file.stat().st_size for file in cache.iterdir())
    found = {"without": without, "first": first, "again": again, "preset": preset}
    return {"name": entry.name, **{key: round(value, 3) for key, value in found.items()}, "bytes": size}


def main() -> int:
    """Run; returns the exit code."""
    options = parsed(command_line(__doc__))
    records = list(printed(measured(entry, options) for entry in wanted(options)))
    published(table(records, COLUMNS, left=1), "kept statistics", options.write, "docs/api.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
