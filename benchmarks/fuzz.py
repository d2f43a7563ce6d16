"""Random networks quantized and judged: how many follow, how many are told of, how many do neither.

    python benchmarks/fuzz.py --seeds 0 500

Each network is quantized with defaults or a preset, and run as users run it and as it is defined. Prints a line for
each that does not follow, and the counts.
"""

from __future__ import annotations

import argparse
import logging
from collections import Counter

import numpy as np
import openvino as ov
from random_graphs import Floats, random_graph

from openvino.tools.pot import quantize
from openvino.tools.pot.graph.edits.emulate import emulated
from openvino.tools.pot.quantization.distance import likeness
from openvino.tools.pot.utils.errors import PotError
from openvino.tools.pot.utils.runtime import FLOAT32, core

FOLLOWS, TOLD, GAP = 20.0, 10.0, 3.0
"""dB: what follows in any case; below which a model must be told of; by which a device may miss what is defined."""

FINE = ("follows", "told of", "float model fails")
_PRESETS: tuple[dict[str, str], ...] = ({}, {}, {"preset": "mixed"}, {"preset": "performance"})
_JUDGED = 8


def judge(seed: int) -> tuple[str, str]:
    """What came of the network of a seed: its class, and the figures.

    Classes are ``follows``, ``told of`` (a warning names what is lost), ``computed otherwise`` by the device, ``lost``
    without a word, ``refused``, ``not compiled``, ``failed`` with an error that is none of ours, and ``float model
    fails``.
    """
    graph, options = random_graph(seed), _PRESETS[seed // 5 % len(_PRESETS)]
    samples = graph.samples[:_JUDGED]
    try:
        expected = _outputs(graph.model, samples)
    except RuntimeError as error:
        return "float model fails", str(error)[-80:]
    try:
        model, report = quantize(graph.model, graph.samples, report=True, **options)
    except PotError as error:
        return "refused", f"{graph.what}: {error}"
    except Exception as error:
        return "failed", f"{graph.what}: {type(error).__name__}: {error}"
    try:
        found = _decibels(expected, _outputs(model, samples))
    except RuntimeError as error:
        return "not compiled", f"{graph.what}: {str(error).strip().splitlines()[-1]}"
    defined = _decibels(expected, _outputs(emulated(model, narrow=True), samples))
    told = report is not None and report.is_lost
    figures = f"{graph.what} {options}: {found:.1f} dB, as defined {defined:.1f} dB"
    if found >= FOLLOWS or (found >= TOLD and found >= defined - GAP):
        return "follows", figures
    if told:
        return "told of", figures
    return ("computed otherwise" if found < defined - GAP else "lost"), figures


def _outputs(model: ov.Model, samples: list[Floats]) -> list[list[np.ndarray]]:
    compiled = core().compile_model(model, "CPU", FLOAT32)
    return [[value.copy() for value in compiled([sample]).values()] for sample in samples]


def _decibels(before: list[list[np.ndarray]], after: list[list[np.ndarray]]) -> float:
    """Of the output that follows worst; of integers nothing is told, since samples are few."""
    pairs = zip(zip(*before, strict=True), zip(*after, strict=True), strict=True)
    figures = [likeness(first, second).decibels for first, second in pairs]
    return min((figure for figure in figures if not np.isnan(figure)), default=float("inf"))


def main() -> None:
    """Judge the networks of a range of seeds."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", nargs=2, type=int, default=(0, 150), metavar=("FROM", "TO"))
    first, last = parser.parse_args().seeds
    logging.disable(logging.CRITICAL)
    counts: Counter[str] = Counter()
    for seed in range(first, last):
        kind, figures = judge(seed)
        counts[kind] += 1
        if kind != "follows":
            print(f"{seed}: {kind}: {figures}", flush=True)
    print(dict(counts))


if __name__ == "__main__":
    main()
