"""Random networks quantized and judged: how many follow, how many are told of, how many do neither.

    python benchmarks/fuzz.py --seeds 0 500

Each network is quantized with defaults or a preset, in a process that may crash or hang, and run as users run it, in
float32 and as it is defined. Prints a line for each that does not follow, and the counts.
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
from collections.abc import Iterator
from typing import Any, TextIO

import numpy as np
import openvino as ov
from random_graphs import Graph, random_graph
from random_graphs.graph import Sample, outputs

from openvino.tools.pot import quantize
from openvino.tools.pot.graph.edits.emulate import emulated
from openvino.tools.pot.quantization.distance import likeness
from openvino.tools.pot.utils.errors import PotError
from openvino.tools.pot.utils.runtime import FLOAT32

FOLLOWS, TOLD, GAP = 20.0, 10.0, 3.0
"""dB: what follows in any case; below which a model must be told of; by which a device may miss what is defined."""

FINE = ("follows", "told of", "float model crashes")
_PRESETS: tuple[dict[str, str], ...] = ({}, {}, {"preset": "mixed"}, {"preset": "performance"})
_JUDGED, _SECONDS = 8, 90.0


def judge(seed: int) -> tuple[str, str]:
    """What came of the network of a seed: its class, and the figures.

    Classes are ``follows``, ``told of`` (a warning names what is lost), ``computed otherwise`` by the device, ``lost``
    without a word, ``refused``, ``not compiled`` and ``failed`` with an error that is none of ours.
    """
    return _judged(random_graph(seed), _PRESETS[seed % len(_PRESETS)])


def _judged(graph: Graph, options: dict[str, str]) -> tuple[str, str]:
    try:
        model, report = quantize(graph.model, data_of(graph), report=True, **options)
    except PotError as error:
        return "refused", f"{graph.what}: {error}"
    except Exception as error:
        return "failed", f"{graph.what} {options}: {type(error).__name__}: {error}"
    try:
        found = min(_decibels(graph, model, FLOAT32), _as_users_run_it(graph, model))
    except RuntimeError as error:
        return "not compiled", f"{graph.what} {options}: {str(error).strip().splitlines()[-1]}"
    if found >= FOLLOWS:
        return "follows", graph.what
    defined = _decibels(graph, emulated(model, narrow=True), FLOAT32)
    figures = f"{graph.what} {options}: {found:.1f} dB, as defined {defined:.1f} dB"
    if found >= TOLD and found >= defined - GAP:
        return "follows", figures
    if report is not None and report.is_lost:
        return "told of", figures
    return ("computed otherwise" if found < defined - GAP else "lost"), figures


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
        plain = _decibels(graph, graph.model, {})
    except RuntimeError:
        return float("inf")
    return _decibels(graph, model, {}) if plain > 2 * FOLLOWS else float("inf")


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
    """Seed, class and figures of each, by processes that are begun anew when one crashes or hangs.

    There are three more classes: ``crashed``, ``timed out`` and ``float model crashes``.
    """
    while first < last:
        command = [sys.executable, __file__, "--seeds", str(first), str(last), "--lines"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as child:
            assert child.stdout is not None
            lines: queue.Queue[str] = queue.Queue()
            threading.Thread(target=_read, args=(child.stdout, lines), daemon=True).start()
            ending = "float model crashes"
            try:
                while line := lines.get(timeout=_SECONDS):
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


def main() -> None:
    """Judge the networks of a range of seeds."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", nargs=2, type=int, default=(0, 150), metavar=("FROM", "TO"))
    parser.add_argument("--lines", action="store_true", help="only lines of JSON for each, in this process")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    if options.lines:
        for seed in range(*options.seeds):
            graph = random_graph(seed)
            print(seed, flush=True)  # from here on what crashes is quantized
            print(json.dumps((seed, *_judged(graph, _PRESETS[seed % len(_PRESETS)]))), flush=True)
        return
    counts: Counter[str] = Counter()
    for seed, kind, figures in judged(*options.seeds):
        counts[kind] += 1
        if kind != "follows":
            print(f"{seed}: {kind}: {figures}", flush=True)
    print(dict(counts))


if __name__ == "__main__":
    main()
