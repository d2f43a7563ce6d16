"""How much memory `compress_weights` takes of a model that is as large as memory, or larger.

    python benchmarks/huge.py --gigabytes 6 --folder FOLDER

Builds a language model of random weights in half precision on the disk of the folder, which takes twice its size for a
while, and compresses it into a file beside it, in a process of its own. What counts is the memory that is the
process's alone: pages of mapped files are the system's to take back. Prints a JSON line for each mode and a table at
the end; `--write` puts that into docs/weights.md.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import openvino as ov
from openvino import opset13 as op
from speed import memory_kb
from tables import Column, Record, table
from workflow import printed, published

from openvino.tools.pot import compress_weights

MODES = ("int8_asym", "int4_sym")
WIDTH = 4096
"""Numbers that stand for a token, in Llama's smallest model; within a layer they are 11008."""

_POOL = 1 << 24
_BEGIN = "begin"


def matrices(gigabytes: float, width: int) -> list[tuple[int, int]]:
    """Shapes of all matrices, the table of words first and the layer that chooses one last."""
    inner, words = width * 43 // 16, 8 * width
    layer = [(width, width)] * 4 + [(inner, width)] * 2 + [(width, inner)]
    size = 2 * sum(rows * columns for rows, columns in layer)
    count = max(1, round((gigabytes * 1e9 - 4 * words * width) / size))
    return [(words, width), *layer * count, (words, width)]


def build(path: Path, gigabytes: float, width: int) -> None:
    """Write the model, whose weights are never all in memory."""
    shapes = matrices(gigabytes, width)
    sizes = [rows * columns for rows, columns in shapes]
    raw = path.with_suffix(".raw")
    stored = np.memmap(raw, np.float16, "w+", shape=(sum(sizes),))
    pool = (0.02 * np.random.default_rng(0).standard_normal(_POOL, np.float32)).astype(np.float16)
    for start in range(0, len(stored), _POOL):
        part = stored[start : start + _POOL]
        part[:] = np.roll(pool, start // _POOL)[: len(part)]
    constants = []
    for shape, start in zip(shapes, np.cumsum([0, *sizes]), strict=False):
        values = stored[start : start + shape[0] * shape[1]].reshape(shape)
        constants.append(op.convert(op.constant(values, shared_memory=True), "f32"))
    ov.save_model(_network(constants), path, compress_to_fp16=False)
    del constants
    raw.unlink()


def _network(constants: list[ov.Node]) -> ov.Model:
    words = op.parameter([1, -1], np.int64, name="input_ids")
    x = op.gather(constants[0], words, op.constant(np.int64(0)))
    for start in range(1, len(constants) - 1, 7):
        query, key, value, out, gate, up, down = constants[start : start + 7]
        scores = op.matmul(_product(x, query), _product(x, key), False, True)
        mixed = op.matmul(op.softmax(scores, -1), _product(x, value), False, False)
        x = op.add(x, _product(mixed, out))
        x = op.add(x, _product(op.multiply(op.swish(_product(x, gate)), _product(x, up)), down))
    return ov.Model([op.result(_product(x, constants[-1]))], [words], "huge")


def _product(x: ov.Node, weights: ov.Node) -> ov.Node:
    product: ov.Node = op.matmul(x, weights, False, True)
    return product


def watched(source: Path, mode: str) -> Record:
    """Compress it and say what that took; to be run in a fresh process."""
    began, before, peak, ended = time.perf_counter(), memory_kb("RssAnon"), [0], threading.Event()

    def watch() -> None:
        while not ended.wait(0.02):
            peak[0] = max(peak[0], memory_kb("RssAnon"))

    watcher = threading.Thread(target=watch)
    watcher.start()
    with tempfile.TemporaryDirectory(dir=source.parent) as folder:
        result = Path(folder, "small.xml")
        compress_weights(source, mode, output=result)
        ended.set()
        watcher.join()
        sizes = [each.with_suffix(".bin").stat().st_size for each in (source, result)]
    return {
        "mode": mode,
        "bytes": sizes[0],
        "bytes_after": sizes[1],
        "own_mb": (peak[0] - before) * 1024 / 1e6,
        "seconds": time.perf_counter() - began,
    }


def measured(folder: Path, gigabytes: float, width: int, modes: list[str]) -> Iterator[Record]:
    """A record for each mode."""
    source = folder / "huge.xml"
    build_it = [sys.executable, __file__, _BEGIN, str(source), str(gigabytes), str(width)]
    subprocess.run(build_it, check=True)
    for mode in modes:
        command = [sys.executable, __file__, mode, str(source)]
        run = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        record: Record = json.loads(run.stdout.splitlines()[-1])
        yield record


COLUMNS: list[Column] = [
    ("mode", lambda record: f"`{record['mode']}`"),
    ("GB", lambda record: f"{record['bytes'] / 1e9:.2f}"),
    ("GB after", lambda record: f"{record['bytes_after'] / 1e9:.2f}"),
    ("MB of memory of its own", lambda record: f"{record['own_mb']:.0f}"),
    ("seconds", lambda record: f"{record['seconds']:.0f}"),
]


def main() -> None:
    """Build the model, compress it in each mode, and show what that took."""
    if sys.argv[1:2] == [_BEGIN]:
        build(Path(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))
        return
    if sys.argv[1:2] and sys.argv[1] in MODES:
        print(json.dumps(watched(Path(sys.argv[2]), sys.argv[1])))
        return
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--gigabytes", type=float, default=6.0, help="of weights (6)")
    parser.add_argument("--width", type=int, default=WIDTH, help=f"of a token, a multiple of 16 ({WIDTH})")
    parser.add_argument(
        "--folder", type=Path, help="where there is room for twice as much (that of temporary files)"
    )
    parser.add_argument("--modes", nargs="+", choices=MODES, default=list(MODES))
    parser.add_argument("--write", action="store_true", help="put the table into docs/weights.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        records = list(printed(measured(Path(folder), options.gigabytes, options.width, options.modes)))
    published(table(records, COLUMNS, left=1), "huge", options.write, "docs/weights.md")


if __name__ == "__main__":
    main()
