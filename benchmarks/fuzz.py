"""Random networks quantized and judged: how many follow, how many are told of, how many do neither.

    python benchmarks/fuzz.py --seeds 0 500

Each network is quantized with defaults or a preset, in a process that may crash or hang, and run as users run it, in
float32, in one thread, as each of many streams has it, and as it is defined. Prints a line for each that does not
follow, and the counts; ``--write`` puts these into docs/reliability.md.
"""

from __future__ import annotations

import argparse
import json
import logging
import queue
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import openvino as ov
from random_graphs import Graph, random_graph
from random_graphs.graph import Sample, outputs
from tables import Column, machine, table, write_between

from openvino.tools.pot import quantize
from openvino.tools.pot.arithmetic.distance import likeness
from openvino.tools.pot.graph.edits.emulate import emulated
from openvino.tools.pot.utils.errors import PotError
from openvino.tools.pot.utils.runtime import FLOAT32, IN_ONE_THREAD

FOLLOWS, TOLD, GAP = 20.0, 10.0, 3.0
"""dB: what follows in any case; below which a model must be told of; by which a device may miss what is defined."""

FINE = ("follows", "told of", "float model crashes")
PRESETS: dict[str, dict[str, str]] = {
    "defaults": {},
    "mixed": {"preset": "mixed"},
    "performance": {"preset": "performance"},
}
_TURNS = ("defaults", "defaults", "mixed", "performance")
_JUDGED, _SECONDS = 8, 90.0


@dataclass(frozen=True)
class Verdict:
    """What came of a network.

    Attributes:
        kind: ``follows``, ``told of`` (a warning names what is lost), ``computed otherwise`` by the device, ``lost``
            without a word, ``refused``, ``not compiled`` and ``failed`` with an error that is none of ours.
        figures: in words.
        decibels: of the output that follows worst, where it ran.
    """

    kind: str
    figures: str
    decibels: float = -inf


def judge(seed: int) -> Verdict:
    """What came of the network of a seed."""
    return judged_model(random_graph(seed), PRESETS[_preset(seed)])


def _preset(seed: int) -> str:
    return _TURNS[seed % len(_TURNS)]


def judged_model(graph: Graph, options: Mapping[str, Any]) -> Verdict:
    """What comes of a network with parameters of ``quantize``."""
    try:
        model, report = quantize(graph.model, data_of(graph), report=True, **options)
    except PotError as error:
        return Verdict("refused", f"{graph.what}: {error}")
    except Exception as error:
        return Verdict("failed", f"{graph.what} {options}: {type(error).__name__}: {error}")
    try:
        in_float32 = (_decibels(graph, model, settings) for settings in (FLOAT32, IN_ONE_THREAD))
        found = min(*in_float32, _as_users_run_it(graph, model))
    except RuntimeError as error:
        said = str(error).strip().splitlines()[-1]
        return Verdict("not compiled", f"{graph.what} {options}: {said}")
    if found >= FOLLOWS:
        return Verdict("follows", graph.what, found)
    defined = _decibels(graph, emulated(model, narrow=True), FLOAT32)
    figures = f"{graph.what} {options}: {found:.1f} dB, as defined {defined:.1f} dB"
    if found >= TOLD and found >= defined - GAP:
        return Verdict("follows", figures, found)
    if report is not None and report.is_lost:
        return Verdict("told of", figures, found)
    return Verdict("computed otherwise" if found < defined - GAP else "lost", figures, found)


def data_of(graph: Graph) -> list[Any]:
    """Its samples as users give them."""
    names = [port.get_any_name() for port in graph.model.inputs]
    if len(names) == 1:
        return [sample[0] for sample in graph.samples]
    return [dict(zip(names, sample, strict=True)) for sample in graph.samples]


def _decibels(graph: Graph, model: ov.Model, settings: dict[str, Any]) -> float:
    return _distance(graph.expected[:_JUDGED], outputs(model, graph.samples[:_JUDGED], settings))


def _as_users_run_it(graph: Graph, model: ov.Model) -> float:
    """With the device's own precision of what is in float, which must not be what loses or stops it."""
    try:
        found = _decibels(graph, model, {})
    except RuntimeError:
        if _keeps_in_own_precision(graph):
            raise
        return inf
    return found if found >= FOLLOWS or _keeps_in_own_precision(graph) else inf


def _keeps_in_own_precision(graph: Graph) -> bool:
    """Whether the float model does, which is asked only where the quantized one does not follow."""
    try:
        return _decibels(graph, graph.model, {}) > 2 * FOLLOWS
    except RuntimeError:
        return False


def _distance(before: list[Sample], after: list[Sample]) -> float:
    """Of the output that follows worst; of whole numbers nothing is told, since samples are few."""
    pairs = zip(zip(*before, strict=True), zip(*after, strict=True), strict=True)
    if any(
        first.shape != second.shape
        for b, a in zip(before, after, strict=True)
        for first, second in zip(b, a, strict=True)
    ):
        return -float("inf")
    figures = [likeness(first, second).decibels for first, second in pairs]
    return min((figure for figure in figures if not np.isnan(figure)), default=float("inf"))


def judged(first: int, last: int) -> Iterator[tuple[int, str, str]]:
    """Seed, class and figures of each; there are three more classes, see ``in_children``."""
    return in_children([__file__, "--seeds"], first, last)


def in_children(
    command: Sequence[str], first: int, last: int, seconds: float = _SECONDS
) -> Iterator[tuple[int, str, Any]]:
    """What a script says of networks, by processes that are begun anew when one crashes or hangs.

    Args:
        command: the script and its option for a range. With ``--lines`` it prints for each number the number itself,
            once it has a float model that runs, and then a list of number, a word and anything else.
        first, last: the range.
        seconds: after which a child hangs.

    Yields:
        These lists; of the others ``crashed``, ``timed out`` or ``float model crashes`` and nothing else.
    """
    while first < last:
        arguments = [sys.executable, *command, str(first), str(last), "--lines"]
        with subprocess.Popen(
            arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as child:
            assert child.stdout is not None
            lines: queue.Queue[str] = queue.Queue()
            threading.Thread(target=_read, args=(child.stdout, lines), daemon=True).start()
            ending = "float model crashes"
            try:
                while line := lines.get(timeout=seconds):
                    found = json.loads(line)
                    ending = "crashed" if found == first else "float model crashes"
                    if found != first:
                        yield tuple(found)
                        first += 1
            except queue.Empty:
                ending = "timed out"
            child.kill()
        if first < last:
            yield first, ending, ""
            first += 1


def _read(stream: TextIO, lines: queue.Queue[str]) -> None:
    for line in stream:
        lines.put(line)
    lines.put("")


def _print_lines(first: int, last: int) -> None:
    for seed in range(first, last):
        graph = random_graph(seed)
        print(seed, flush=True)  # from here on what crashes is quantized
        verdict = judged_model(graph, PRESETS[_preset(seed)])
        print(json.dumps((seed, verdict.kind, verdict.figures)), flush=True)


def counted(counts: Mapping[tuple[str, str], int], asked: Collection[str] = PRESETS) -> str:
    """A table of how many there were, by what was asked for and what came of it."""
    kinds = dict.fromkeys(["follows", "told of", *sorted({kind for _, kind in counts})])
    rows = [{"kind": kind, **{each: counts.get((each, kind), 0) for each in asked}} for kind in kinds]
    columns: list[Column] = [("what came of it", lambda row: row["kind"])]
    columns += [(each, lambda row, each=each: str(row[each])) for each in asked]
    return table(rows, columns, left=1)


def arguments(description: str | None) -> argparse.ArgumentParser:
    """Those of all scripts that judge networks of seeds."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", nargs=2, type=int, default=(0, 150), metavar=("FROM", "TO"))
    parser.add_argument("--lines", action="store_true", help="only lines of JSON for each, in this process")
    parser.add_argument("--write", action="store_true", help="put the counts into docs/reliability.md")
    return parser


def told(
    found: Iterable[tuple[int, str, Any]], asked: Callable[[int], str], quiet: Collection[str]
) -> Counter[tuple[str, str]]:
    """How many there are by what was asked for and what came of it; prints those that are not of the quiet kinds."""
    counts: Counter[tuple[str, str]] = Counter()
    for seed, kind, figures in found:
        counts[asked(seed), kind] += 1
        if kind not in quiet:
            print(f"{seed}: {kind}: {figures}", flush=True)
    return counts


def shown(table_of_counts: str, marker: str, options: argparse.Namespace) -> None:
    """Print a table and, where that is asked for, put it between the markers of a name in docs/reliability.md."""
    print(table_of_counts)
    if options.write:
        first, last = options.seeds
        path = Path(__file__).resolve().parents[1] / "docs/reliability.md"
        write_between(path, marker, f"{machine()}\n\nSeeds {first} to {last - 1}.\n\n{table_of_counts}")


def main() -> None:
    """Judge the networks of a range of seeds."""
    options = arguments(__doc__).parse_args()
    logging.disable(logging.CRITICAL)
    if options.lines:
        _print_lines(*options.seeds)
        return
    counts = told(judged(*options.seeds), _preset, ("follows",))
    shown(counted(counts), "fuzz", options)


if __name__ == "__main__":
    main()
