"""The statistics pass with a loader that is as slow as inference: do reading and inference overlap?

One pass has its samples in memory; in the next, each sample is handed out after a sleep as long as its share of
the pass before. Ideally the second takes no longer than the longer of all its sleeps and the first. Both take
turns in one process; medians count. Prints a JSON line for each network, and a Markdown table at the end.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any, overload

from entries import Feed, Network
from speed import networks, steps
from tables import NETWORK, Column, table
from workflow import parsed, printed, published, quantize, timing_command_line

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
    options = parsed(timing_command_line(__doc__))
    options.names = options.names or list(NAMES)
    return options


def main() -> int:
    """Run the benchmark; returns the exit code."""
    options = arguments()
    found = (record(network, feeds, options.rounds) for network, feeds in networks(options))
    published(table(printed(found), COLUMNS, left=1), "slow loader", options.write)
    return 0


if __name__ == "__main__":
    sys.exit(main())
