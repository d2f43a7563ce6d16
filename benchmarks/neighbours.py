"""Every operation in front of and behind every kind of layer, with defaults and both presets.

    python benchmarks/neighbours.py

Each network is a layer with the operation behind it, or between it and a second one; tensors have two to five axes, the
batch is fixed or dynamic. Prints a line for each that is not compiled, computed otherwise by the device or lost without
a word, and for each whose default is more than 3 dB below a preset; then the counts.
"""

from __future__ import annotations

import argparse
import itertools
import json
import logging
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict

import numpy as np
import openvino as ov
from fuzz import FINE, PRESETS, counted, in_children, judged_model
from openvino import opset13 as op
from random_graphs import Graph
from random_graphs.bodies import recurrent
from random_graphs.graph import SAMPLES, outputs
from random_graphs.grower import STEPS, Grower, Step, Value
from random_graphs.layers import attention, convolution, grouped, product, transposed

from openvino.tools.pot.utils.runtime import FLOAT32

LAYERS: dict[str, Step] = {
    "product": product,
    "convolution": convolution,
    "depthwise": grouped,
    "transposed": transposed,
    "attention": attention,
    "recurrent": recurrent,
}
SHAPES = ([2, 16], [2, 8, 16], [2, 8, 8, 8], [1, 4, 4, 8, 8])
WORSE = 3.0
"""dB that a default may be below a preset."""


CASES = list(itertools.product(LAYERS.items(), STEPS, SHAPES, (True, False), (False, True)))


def network(number: int) -> Graph | None:
    """The network of a case, if float runs it."""
    (name, layer), (step, _), shape, front, free = CASES[number]
    graph = _network(layer, step, shape, front, free)
    if graph is None:
        return None
    place = "before" if front else "behind"
    what = f"{step.__name__} {place} {name} {graph.model.inputs[0].get_partial_shape()}"
    return Graph(graph.model, graph.samples, graph.expected, what)


def _network(layer: Step, step: Step, shape: list[int], front: bool, free: bool) -> Graph | None:
    seed = sum(map(ord, f"{layer.__name__}{step.__name__}{shape}{front}"))
    grower = Grower(np.random.default_rng(seed), ov.Type.f32)
    x = op.parameter(ov.PartialShape(shape), np.float32, name="x")
    value: Value = x
    for each in (layer, step, layer) if front else (layer, step):
        grower.values.append(value)
        value = _tried(each, grower, value)
        if value is None:
            return None
    model = ov.Model([op.result(value)], grower.sinks, [x], "neighbours")
    if free and (grower.sinks or not _freed(model)):
        return None
    random = np.random.default_rng(seed)
    samples = [[random.standard_normal(shape).astype(np.float32)] for _ in range(SAMPLES)]
    try:
        return Graph(model, samples, outputs(model, samples, FLOAT32), "")
    except RuntimeError:
        return None


def _tried(step: Callable[[Grower, Value], Value | None], grower: Grower, value: Value) -> Value | None:
    try:
        return step(grower, value)
    except RuntimeError:
        return None


def _freed(model: ov.Model) -> bool:
    shape = model.inputs[0].get_partial_shape()
    try:
        model.reshape(ov.PartialShape([-1, *list(shape)[1:]]))
    except RuntimeError:
        return False
    return True


def _print_lines(first: int, last: int) -> None:
    for number in range(first, last):
        graph = network(number)
        if graph is None:
            print(json.dumps((number, "float can't run it", {})), flush=True)
            continue
        print(number, flush=True)  # from here on what crashes is quantized
        found = {name: judged_model(graph, preset) for name, preset in PRESETS.items()}
        print(
            json.dumps((number, graph.what, {name: asdict(each) for name, each in found.items()})), flush=True
        )


def _named(number: int) -> str:
    (name, _), (step, _), shape, front, free = CASES[number]
    return (
        f"{step.__name__} {'before' if front else 'behind'} {name} {shape}{' of any batch' if free else ''}"
    )


def main() -> int:
    """Judge all of them; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--part", nargs=2, type=int, default=(0, len(CASES)), metavar=("FROM", "TO"))
    parser.add_argument("--lines", action="store_true", help="only lines of JSON for each, in this process")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    if options.lines:
        _print_lines(*options.part)
        return 0
    counts: Counter[tuple[str, str]] = Counter()
    worse = 0
    for number, what, found in in_children([__file__, "--part"], *options.part):
        if not found:
            if what != "float can't run it":
                print(f"{_named(number)}: {what}", flush=True)
                counts["defaults", what] += 1
            continue
        for name, verdict in found.items():
            counts[name, verdict["kind"]] += 1
            if verdict["kind"] not in FINE:
                print(f"{what}, {name}: {verdict['kind']}: {verdict['figures']}", flush=True)
        best = max(found, key=lambda name: found[name]["decibels"])
        default, most = found["defaults"]["decibels"], found[best]["decibels"]
        if default < min(most, 40) - WORSE:
            worse += 1
            print(f"{what}: defaults {default:.1f} dB, {best} {most:.1f} dB", flush=True)
    total = sum(number for (name, _), number in counts.items() if name == "defaults")
    print(f"Of {total} networks {worse} have a default more than 3 dB below a preset.\n\n{counted(counts)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
