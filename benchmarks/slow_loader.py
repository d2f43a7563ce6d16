"""The statistics pass with a loader that is as slow as inference: do reading and inference overlap?

One pass has its samples in memory; in the next, each sample is handed out after a sleep as long as its share of
the pass before. Ideally the second takes no longer than the longer of all its sleeps and the first. Both take
turns in one process; medians count. Prints a JSON line for each network, and a Markdown table at the end.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any, overload

from entries import Feed, Network
from speed import networks, steps
from tables import NETWORK, Column, Record, table, write_between
from workflow import ROOT, SAMPLES, command_line, machine, parsed, quantize

NAMES = ("face_ultraface_rfb", "ocr_det_ppocrv4", "mobilenet_v2")

COLUMNS: tuple[Column, ...] = (
    NETWORK[0],
    ("in memory, s", lambda r: f"{r['memory_s']:.2f}"),
    ("sleeps, s", lambda r: f"{r['sleeps_s']:.2f}"),
    ("slow loader, s", lambda r: f"{r['slow_s']:.2f}"),
    ("of the longer", lambda r: f"{r['ratio']:.2f}"),
)


class Sleepy(Sequence[Feed]):
    """Samples that are handed out after a sleep.

    Attributes:
        slept: seconds, of all sleeps so far.
    """

    def __init__(self, feeds: Sequence[Feed], seconds: float) -> None:
        self._feeds, self._seconds = feeds, seconds
        self.slept = 0.0

    def __len__(self) -> int:
        return len(self._feeds)

    @overload
    def __getitem__(self, index: int) -> Feed: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Feed]: ...

    def __getitem__(self, index: int | slice) -> Feed | Sequence[Feed]:
        started = time.perf_counter()
        time.sleep(self._seconds)
        self.slept += time.perf_counter() - started
        return self._feeds[index]


def statistics_pass(network: Network, feeds: Sequence[Feed], folder: Path) -> float:
    """Seconds of the statistics pass of the workflow."""
    with steps() as found:
        quantize(network, feeds, folder, samples=len(feeds))
    return found["pass"]


def one_round(network: Network, feeds: Sequence[Feed], folder: Path) -> tuple[float, float, float]:
    """Seconds of a pass in memory, of all sleeps of a slow loader, and of the pass with it."""
    memory = statistics_pass(network, feeds, folder)
    sleepy = Sleepy(feeds, memory / len(feeds))
    slow = statistics_pass(network, sleepy, folder)
    return memory, sleepy.slept, slow


def record(network: Network, feeds: Sequence[Feed], rounds: int) -> dict[str, Any]:
    """Medians over the rounds."""
    with tempfile.TemporaryDirectory() as folder:
        found = [one_round(network, feeds, Path(folder)) for _ in range(rounds)]
    memory, sleeps, slow = (median(seconds) for seconds in zip(*found, strict=True))
    return {
        "name": network.name,
        "samples": len(feeds),
        "memory_s": round(memory, 3),
        "sleeps_s": round(sleeps, 3),
        "slow_s": round(slow, 3),
        "ratio": round(median(total / max(one, other) for one, other, total in found), 3),
    }


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = command_line(__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds, whose medians count (default: 5)")
    parser.add_argument(
        "--samples", type=int, default=SAMPLES, help=f"calibration samples (default: {SAMPLES})"
    )
    options = parsed(parser)
    if options.write and options.samples != SAMPLES:
        parser.error(f"--write needs {SAMPLES} samples")
    options.names = options.names or list(NAMES)
    return options


def main() -> int:
    """Run the benchmark; returns the exit code."""
    options = arguments()
    records: list[Record] = []
    for network, feeds in networks(options):
        records.append(record(network, feeds, options.rounds))
        print(json.dumps(records[-1]), flush=True)
    body = table(records, COLUMNS, left=1)
    print(body, file=sys.stderr)
    if options.write:
        write_between(ROOT / "docs/benchmarks.md", "slow loader", f"{machine()}\n\n{body}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
