"""Passes made by worker processes: what they cost, what they save, and what a thousand of them would do.

    python benchmarks/workers.py --zoo FOLDER --write

Prints a JSON line for each network, and Markdown tables at the end; --write puts them into docs/clusters.md.
"""

from __future__ import annotations

import argparse
import heapq
import pickle
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from entries import Entry
from speed import steps
from tables import NETWORK, Column, table
from workflow import PARAMETERS, calibration, parsed, printed, published, timing_command_line, wanted

from openvino.tools.pot import DataLoader, IEEngine, Processes, create_pipeline, load_model
from openvino.tools.pot.statistics.layout import Span
from openvino.tools.pot.statistics.measured import Statistics
from openvino.tools.pot.workers.client import AHEAD
from openvino.tools.pot.workers.desk import answer, own_versions
from openvino.tools.pot.workers.sizes import inferences_of_a_part, readable
from openvino.tools.pot.workers.spreading import spread
from openvino.tools.pot.workers.tasks import Measure, Read

OVERHEAD = ("detect_yolo_fastestv2", "ocr_det_ppocrv4", "ocr_rec_ppocrv4", "text_minilm_stsb")
SHARED = ("ocr_det_ppocrv4", "text_minilm_stsb")
SIMULATED = "ocr_det_ppocrv4"

SAMPLES, WORKERS = 10_000_000, (1, 10, 100, 1000)
BANDWIDTH = 1e9  # bytes a second, of the client
AT_ONCE = 1 + AHEAD  # tasks that a worker has

ONE: Sequence[Column] = (
    NETWORK[0],
    ("here", lambda r: f"{r['here']:.2f}"),
    ("one process", lambda r: f"{r['one']:.2f}"),
    ("with its start", lambda r: f"{r['started']:.2f}"),
    ("beyond 10 %", lambda r: f"{r['started'] - 1.1 * r['here']:+.2f}"),
)

TWO: Sequence[Column] = (
    NETWORK[0],
    ("waits, ms a sample", lambda r: f"{r['wait']:.1f}"),
    ("as long as an inference of", lambda r: str(r["as"])),
    ("one worker, two threads", lambda r: f"{r['one']:.2f}"),
    ("two workers, one thread", lambda r: f"{r['two']:.2f}"),
    ("of one", lambda r: f"{r['ratio']:.2f}"),
)

MANY: Sequence[Column] = (
    ("workers", lambda r: str(r["workers"])),
    ("tasks", lambda r: str(r["tasks"])),
    ("sent", lambda r: str(r["sent"])),
    ("received", lambda r: str(r["received"])),
    ("hours", lambda r: f"{r['seconds'] / 3600:.2f}"),
    ("of workers that never wait", lambda r: f"{r['ideal']:.3f}"),
    ("client at work", lambda r: f"{r['client']:.1%}"),
)


class Files(DataLoader):
    """Samples that are read from files, each after a wait.

    Args:
        folder: has an array of all samples for each input, by its name.
        count: of samples.
        wait: seconds.
    """

    def __init__(self, folder: Path, count: int, wait: float = 0.0) -> None:
        super().__init__()
        self._files = sorted(str(file) for file in folder.glob("*.npy"))
        self._count, self._wait = count, wait

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> Any:
        time.sleep(self._wait)
        arrays = ((Path(file).stem, np.load(file, mmap_mode="r")[index]) for file in self._files)
        return {name: np.array(array) for name, array in arrays}, None


def stored(entry: Entry, count: int, folder: Path) -> Files:
    """The samples of an entry as files."""
    feeds = calibration(entry, count)
    for name in feeds[0]:
        np.save(folder / f"{name}.npy", np.stack([feed[name] for feed in feeds]))
    return Files(folder, len(feeds))


def run(entry: Entry, loader: Files, executor: Executor | None) -> tuple[float, float]:
    """Seconds of a whole run, and of its pass."""
    params = {"stat_subset_size": len(loader), **PARAMETERS.get(entry.name, {})}
    pipeline = create_pipeline([{"name": "DefaultQuantization", "params": params}], IEEngine({}, loader))
    with steps() as found:
        began = time.perf_counter()
        pipeline.run(load_model({"model_name": entry.name, "model": entry.model}), executor=executor)
        return time.perf_counter() - began, found["pass"]


def overhead(entry: Entry, options: argparse.Namespace) -> dict[str, Any]:
    """Seconds of whole runs here, by one process, and with the start of that."""
    found = []
    with tempfile.TemporaryDirectory() as folder, Processes(1) as kept:
        loader = stored(entry, options.samples, Path(folder))
        run(entry, loader, None)
        run(entry, loader, kept)
        for _ in range(options.rounds):
            here, _ = run(entry, loader, None)
            one, _ = run(entry, loader, kept)
            began = time.perf_counter()
            with Processes(1) as fresh:
                run(entry, loader, fresh)
            found.append((here, one, time.perf_counter() - began))
    here, one, started = (round(median(own), 3) for own in zip(*found, strict=True))
    return {"name": entry.name, "here": here, "one": one, "started": started}


def shared(entry: Entry, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Seconds of passes with a loader that waits, by one worker with all threads, and by two that share them."""
    with tempfile.TemporaryDirectory() as folder, Processes(1) as one, Processes(2) as two:
        loader = stored(entry, options.samples, Path(folder))
        for executor in (one, two):
            run(entry, loader, executor)
        alone = median(run(entry, loader, one)[1] for _ in range(options.rounds)) / len(loader)
        halves = median(run(entry, loader, two)[1] for _ in range(options.rounds)) / len(loader) * 2
        for seconds, which in ((alone, "two threads"), (halves, "one thread")):
            slow = Files(Path(folder), len(loader), seconds)
            pairs = [(run(entry, slow, one)[1], run(entry, slow, two)[1]) for _ in range(options.rounds)]
            first, second = (round(median(own), 3) for own in zip(*pairs, strict=True))
            ratio = round(median(after / before for before, after in pairs), 3)
            record = {
                "name": entry.name,
                "samples": len(loader),
                "wait": round(1000 * seconds, 3),
                "as": which,
            }
            yield {**record, "one": first, "two": second, "ratio": ratio}


@dataclass(frozen=True)
class Costs:
    """What was measured of one task.

    Attributes:
        question, answer: bytes.
        contents: bytes that each worker is sent once.
        inference: seconds of a sample.
        taking: seconds of the client for an answer.
    """

    question: int
    answer: int
    contents: int
    inference: float
    taking: float


class Recording(ThreadPoolExecutor):
    """Keeps the tasks that are handed in."""

    def __init__(self) -> None:
        super().__init__(1)
        self.tasks: list[Any] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """As of any executor."""
        self.tasks.append(pickle.loads(args[1]))
        return super().submit(fn, *args, **kwargs)


def costs(entry: Entry, count: int) -> Costs:
    """Of a task in the middle of a pass over very many samples, as a worker with all threads and its client find it."""
    with tempfile.TemporaryDirectory() as folder, Recording() as executor:
        loader = stored(entry, count, Path(folder))
        engine = IEEngine({}, loader)
        steps = [{"name": "DefaultQuantization", "params": {"stat_subset_size": count}}]
        with spread(engine, executor):
            create_pipeline(steps, engine).run(load_model({"model_name": entry.name, "model": entry.model}))
            return _costs(next(task for task in executor.tasks if isinstance(task, Measure)), count)


def _costs(task: Measure, count: int) -> Costs:
    assert isinstance(task.source, Read)
    recipe, part = task.source.recipe, inferences_of_a_part(SAMPLES, WORKERS[-1])

    def question(indices: range, number: int) -> bytes:
        return pickle.dumps(replace(task, source=Read(recipe, indices), span=Span(number * part, SAMPLES)))

    answers, seconds = [], []
    for number in (3, 5, 6):
        began = time.perf_counter()
        answers.append(answer(own_versions(), question(range(count), number), {}))
        seconds.append((time.perf_counter() - began) / count)
    whole: Statistics = pickle.loads(answers[0]).found.copied()
    began = time.perf_counter()
    for each in answers[1:]:
        whole.join(pickle.loads(each).found)
    taking = (time.perf_counter() - began) / 2
    contents = (task.network.model.graph, task.network.model.weights, task.layout, recipe.engine)
    sent = sum(content.size for content in contents)
    return Costs(len(question(range(part), 3)), len(answers[2]), sent, min(seconds), taking)


def simulated(found: Costs, workers: int) -> dict[str, Any]:
    """A pass by a clock of its own: workers have some tasks each, and another one for each answer that is taken in."""
    part = inferences_of_a_part(SAMPLES, workers)
    tasks = left = -(-SAMPLES // part)
    work, took = part * found.inference, found.answer / BANDWIDTH + found.taking
    client = busy = 0.0
    ready: list[deque[float]] = [deque() for _ in range(workers)]  # when each task is with its worker
    for number in range(min(tasks, AT_ONCE * workers)):
        ready[number % workers].append(found.contents / BANDWIDTH * (number % workers + 1))
        left -= 1
    running = [(own.popleft() + work, worker) for worker, own in enumerate(ready) if own]
    heapq.heapify(running)
    while running:
        now, worker = heapq.heappop(running)
        client, busy = max(client, now) + took, busy + took
        if left:
            left -= 1
            ready[worker].append(client)
        if ready[worker]:
            heapq.heappush(running, (max(now, ready[worker].popleft()) + work, worker))
    return {
        "name": f"{workers} workers",
        "workers": workers,
        "tasks": tasks,
        "sent": readable(tasks * found.question + workers * found.contents),
        "received": readable(tasks * found.answer),
        "seconds": round(client, 1),
        "ideal": round(client / (SAMPLES * found.inference / workers), 4),
        "client": round(busy / client, 5),
    }


def main() -> int:
    """Run; returns the exit code."""
    options = parsed(timing_command_line(__doc__))
    entries = {entry.name: entry for entry in wanted(options)}
    chosen = {name: entry for name, entry in entries.items() if not options.names or name in options.names}
    one = [overhead(chosen[name], options) for name in OVERHEAD if name in chosen]
    two = [record for name in SHARED if name in chosen for record in shared(chosen[name], options)]
    many = []
    if SIMULATED in chosen:
        found = costs(chosen[SIMULATED], min(options.samples, 64))
        many = [simulated(found, workers) for workers in WORKERS]
        print(f"{SIMULATED}: {found}", file=sys.stderr)
    tables = {"one worker": (one, ONE), "two workers": (two, TWO), "many workers": (many, MANY)}
    for title, (records, columns) in tables.items():
        if records:
            left = 0 if title == "many workers" else 1
            published(table(list(printed(records)), columns, left), title, options.write, "docs/clusters.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
