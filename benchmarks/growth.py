"""How the cost of the workflow grows: with the samples, with the layers and with the weights.

The networks are plain chains with random weights, built here. Each row is measured once, in fresh processes: one
makes a plain pass, as `speed.py` has it, the other runs the workflow. Samples are made when they are asked for and
kept nowhere, so that peak memory is that of the work. Prints a JSON line for each row.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

import numpy as np
import openvino as ov
from entries import Feed
from large import Builder
from openvino import opset13 as op
from speed import peak_mb, steps
from tables import Column, Record, table
from workflow import CACHE, printed, published, quantize

from openvino.tools.pot import DefaultQuantization
from openvino.tools.pot.algorithms.algorithm import Algorithm
from openvino.tools.pot.report import measure

FEW = 20
_SIDE, _CHANNELS = 16, 16
_WIDTH, _ROWS = 2048, 8
_BEFORE = ("plan", "statistics graph", "compile", "pass")


def pyramid() -> ov.Model:
    """Six convolutions over a small image."""
    build = Builder()
    image = op.parameter([1, 3, 32, 32], np.float32, name="data")
    x: ov.Node = image
    inputs = 3
    for outputs, stride in ((32, 1), (32, 1), (64, 2), (64, 1), (128, 2), (128, 1)):
        x, inputs = op.relu(build.convolution(x, inputs, outputs, 3, stride)), outputs
    pooled = op.reduce_mean(x, op.constant([2, 3]), False)
    return ov.Model([op.result(build.dense(pooled, inputs, 10))], [image], "pyramid")


def deep(layers: int) -> ov.Model:
    """Convolutions of one size, near identity: what random ones give grows or fades with the depth."""
    random = np.random.default_rng(0)
    image = op.parameter([1, _CHANNELS, _SIDE, _SIDE], np.float32, name="data")
    x: ov.Node = image
    same = range(_CHANNELS)
    for _ in range(layers):
        weights = 0.003 * random.standard_normal((_CHANNELS, _CHANNELS, 3, 3), np.float32)
        weights[same, same, 1, 1] += 1
        bias = 0.03 * random.standard_normal((1, _CHANNELS, 1, 1), np.float32)
        x = op.relu(op.add(op.convolution(x, weights, [1, 1], [1, 1], [1, 1], [1, 1]), bias))
    return ov.Model([op.result(x)], [image], "deep")


def heavy(megabytes: int) -> ov.Model:
    """Fully connected layers of one width; one narrow layer if a wide one is too much."""
    build, width = Builder(), _width(megabytes)
    rows = op.parameter([1, _ROWS, width], np.float32, name="data")
    x: ov.Node = rows
    for _ in range(megabytes * 2**20 // (4 * width**2)):
        x = op.relu(build.dense(x, width, width, gain=2.0))
    return ov.Model([op.result(x)], [rows], "heavy")


def _width(megabytes: int) -> int:
    return min(_WIDTH, int((megabytes * 2**20 / 4) ** 0.5))


@dataclass(frozen=True)
class Kind:
    """A table: what grows in it.

    Attributes:
        sizes: of the rows, the largest at the end.
        build: makes the network of a row.
        shape: of a sample of a row.
        samples: how many a row takes.
        columns: of the table.
    """

    sizes: Sequence[int]
    build: Callable[[int], ov.Model]
    shape: Callable[[int], Sequence[int]]
    samples: Callable[[int], int]
    columns: Sequence[Column]


def _figure(title: str, key: str, form: str = ".2f") -> Column:
    return title, lambda r: format(r[key], form)


_TIMES = (_figure("plain pass, s", "plain_s"), _figure("workflow, s", "workflow_s"))
KINDS: Mapping[str, Kind] = {
    "samples": Kind(
        (10, 100, 1_000, 10_000),
        lambda size: pyramid(),
        lambda size: (1, 3, 32, 32),
        lambda size: size,
        (
            _figure("samples", "size", ","),
            *_TIMES,
            _figure("pass, s", "pass"),
            _figure("after the pass, s", "after"),
            _figure("peak, MB", "workflow_mb", ","),
        ),
    ),
    "layers": Kind(
        (10, 50, 200, 1_000, 2_000),
        deep,
        lambda size: (1, _CHANNELS, _SIDE, _SIDE),
        lambda size: FEW,
        (
            _figure("layers", "size", ","),
            *_TIMES,
            *map(_figure, ("load", *_BEFORE), ("load", *_BEFORE)),
            _figure("parameters", "parameters"),
            _figure("transform, compress, save", "finish"),
            ("ms per layer", lambda r: f"{1000 * r['workflow_s'] / r['size']:.1f}"),
        ),
    ),
    "weights": Kind(
        (1, 16, 128, 512, 2_048),
        heavy,
        lambda size: (1, _ROWS, _width(size)),
        lambda size: FEW,
        (
            _figure("weights, MB", "size", ","),
            *_TIMES,
            _figure("after the pass, s", "after"),
            _figure("peak, MB", "workflow_mb", ","),
            _figure("plain pass: peak, MB", "plain_mb", ","),
            ("s per 100 MB", lambda r: f"{100 * r['workflow_s'] / r['size']:.2f}"),
        ),
    ),
}


class Made(Sequence[Feed]):
    """Samples that are made when they are asked for, from their indices."""

    def __init__(self, shape: Sequence[int], indices: range) -> None:
        self._shape, self._indices = shape, indices

    def __len__(self) -> int:
        return len(self._indices)

    @overload
    def __getitem__(self, index: int) -> Feed: ...
    @overload
    def __getitem__(self, index: slice) -> Made: ...
    def __getitem__(self, index: int | slice) -> Feed | Made:
        if isinstance(index, slice):
            return Made(self._shape, self._indices[index])
        random = np.random.default_rng(self._indices[index])
        return {"data": random.standard_normal(self._shape, np.float32)}


@dataclass(frozen=True)
class Row:
    """A row of a table, and the network that it is measured on.

    Attributes:
        kind: which table.
        size: what grows.
        folder: where its network is.
    """

    kind: str
    size: int
    folder: Path

    @property
    def name(self) -> str:
        """What its files are called."""
        return f"{self.kind}_{self.size}"

    @property
    def model(self) -> Path:
        """The ``.xml``."""
        return self.folder / f"{self.name}.xml"

    def feeds(self) -> Made:
        """The samples."""
        kind = KINDS[self.kind]
        return Made(kind.shape(self.size), range(kind.samples(self.size)))

    def build(self) -> None:
        """Save the network unless it is there."""
        if not self.model.exists():
            ov.save_model(KINDS[self.kind].build(self.size), self.model, compress_to_fp16=False)


def plain(row: Row) -> Record:
    """Seconds and peak memory of a plain pass; this process should have done nothing else."""
    return {"plain_s": round(measure.plain_pass(row.model, row.feeds()), 3), "plain_mb": peak_mb()}


def workflow(row: Row) -> Record:
    """Seconds of the workflow, those of its parts, and peak memory; this process should have done nothing else."""
    feeds, loaded = row.feeds(), 0.0

    def make(parameters: Mapping[str, Any]) -> Algorithm:
        nonlocal loaded
        loaded = time.perf_counter()
        return DefaultQuantization(parameters)

    with tempfile.TemporaryDirectory() as folder, steps() as found:
        started = time.perf_counter()
        quantize(row, feeds, Path(folder), make, samples=len(feeds))
        whole = time.perf_counter() - started
    before = {"load": loaded - started, **{step: found[step] for step in _BEFORE}}
    after = whole - sum(before.values())
    stages = {step: seconds for step, seconds in found.items() if step.endswith("Stage")}
    parameters = sum(stages.values())
    parts = {**before, "after": after, "parameters": parameters, "finish": after - parameters, **stages}
    rounded = {part: round(seconds, 3) for part, seconds in parts.items()}
    return {"workflow_s": round(whole, 3), **rounded, "workflow_mb": peak_mb()}


_TASKS: Mapping[str, Callable[[Row], Record]] = {"plain": plain, "workflow": workflow}


def measured(row: Row) -> Record:
    """The figures of a row, from fresh processes."""
    row.build()
    found: Record = {"kind": row.kind, "size": row.size}
    for task in _TASKS:
        command = [sys.executable, __file__, "--alone", task, "--only", row.kind, "--size", str(row.size)]
        command += ["--cache", str(row.folder.parent)]
        finished = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        found = {**found, **json.loads(finished.stdout)}
    return found


def rows(options: argparse.Namespace) -> Iterator[Row]:
    """What the command line asks for."""
    for name in [options.only] if options.only else KINDS:
        sizes = [options.size] if options.size else KINDS[name].sizes
        for size in sizes[:-1] if options.quick else sizes:
            yield Row(name, size, options.cache / "growth")


def shown(records: Sequence[Record]) -> str:
    """The tables, one for each kind that was measured."""
    found = {name: [record for record in records if record["kind"] == name] for name in KINDS}
    return "\n\n".join(table(own, KINDS[name].columns, left=0) for name, own in found.items() if own)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=KINDS, help="one of the tables (default: all)")
    parser.add_argument("--quick", action="store_true", help="leave out the largest row of each")
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder that networks are saved to")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/benchmarks.md")
    parser.add_argument("--alone", choices=_TASKS, help=argparse.SUPPRESS)
    parser.add_argument("--size", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.write and (options.only or options.quick):
        parser.error("--write needs all tables and all rows")
    return options


def main() -> int:
    """Run the benchmark; returns the exit code."""
    options = arguments()
    if options.alone:
        for row in rows(options):
            print(json.dumps(_TASKS[options.alone](row)))
        return 0
    published(shown(list(printed(map(measured, rows(options))))), "growth", options.write)
    return 0


if __name__ == "__main__":
    sys.exit(main())
