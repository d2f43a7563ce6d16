"""Whether placement's estimates agree with the plugin: small networks in float and in INT8, side by side.

Every case is quantized twice: everything, and as the plan for the CPU has it. Each round compiles the models in a
random order. Requests of a model come in short runs, in random order, and the first of a run doesn't count:
presumably threads of the other model still spin while it is served, which a user with one model never meets, and
which hides what is asked here.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from statistics import median
from typing import Any

import numpy as np
import openvino as ov
from cost_cases import Make, cases
from numpy.typing import NDArray
from tables import Record, machine, table

from openvino.tools.pot import quantize
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.hardware import find_device
from openvino.tools.pot.placement.planner import estimate, make_plan
from openvino.tools.pot.report.measure import compile_single, heavy_layers

RUN = 6
NOISE = 5.0  # microseconds between two compilations of one model, at most cases
_RANDOM = np.random.default_rng(0)
Feed = list[NDArray[np.float32]]


def measured(models: Sequence[ov.Model], feed: Feed, rounds: int, seconds: float) -> list[list[float]]:
    """Microseconds of a request: for each round, the median for each model."""
    return [_round(models, feed, seconds) for _ in range(rounds)]


def _round(models: Sequence[ov.Model], feed: Feed, seconds: float) -> list[float]:
    order = _RANDOM.permutation(len(models))
    compiled = {int(number): compile_single(models[number]) for number in order}
    requests = [compiled[number].create_infer_request() for number in range(len(models))]
    times: list[list[float]] = [[] for _ in models]
    turn, started = 0, time.perf_counter()
    while turn < 8 or (turn < 150 and time.perf_counter() - started < seconds * len(models)):
        for number in _RANDOM.permutation(len(models)):
            own = [_timed(requests[number], feed) for _ in range(RUN)][1:]
            times[number].extend(own if turn > 1 else [])
        turn += 1
    return [median(own) * 1e6 for own in times]


def _timed(request: ov.InferRequest, feed: Feed) -> float:
    started = time.perf_counter()
    request.infer(feed, share_inputs=True)
    return time.perf_counter() - started


def _facts(model: ov.Model) -> dict[str, Any]:
    """What the plugin makes of a model: passes that only quantize, reorders, heavy layers in INT8."""
    compiled = compile_single(model)
    info = [node.get_rt_info() for node in compiled.get_runtime_model().get_ordered_ops()]
    names = [(i["layerType"].astype(str), i["originalLayersNames"].astype(str)) for i in info]
    return {
        "passes": sum(
            kind in ("Subgraph", "FakeQuantize") and "," not in own and "/fq_input_" in own
            for kind, own in names
        ),
        "reorders": sum(kind == "Reorder" for kind, _ in names),
        "int8_layers": sum(layer.is_int8 for layer in heavy_layers(compiled)),
    }


def record(name: str, make: Make, rounds: int, seconds: float) -> dict[str, Any]:
    """The figures of a case, predicted and measured."""
    model, device = make(), find_device("CPU")
    view = GraphView(model)
    regions, planned = estimate(view, device), make_plan(view, device, {})
    feeds = [_RANDOM.standard_normal(model.input(0).shape).astype(np.float32) for _ in range(3)]
    # NPU's table names the same operations and has no rates, so that everything is quantized.
    everything = quantize(model, feeds, target_device="NPU", preset="performance", weight_rounding="nearest")
    ours = quantize(model, feeds, target_device="CPU", preset="performance", weight_rounding="nearest")
    rows = measured([model, model.clone(), everything, ours], feeds[:1], rounds, seconds)
    return {
        "name": name,
        "float": median(row[0] for row in rows),
        "int8": median(row[2] for row in rows),
        "ours": median(row[3] for row in rows),
        "noise": median(abs(row[0] - row[1]) for row in rows),
        "saving": median((row[0] + row[1]) / 2 - row[2] for row in rows),
        "ours_saving": median((row[0] + row[1]) / 2 - row[3] for row in rows),
        "predicted": sum(region.saved - region.lost for region in regions) / 1000 if regions else None,
        "kept": sum(layer.costly for layer in planned.floats),
        "layers": len(planned.layers),
        "expected_passes": sum(len(region.passes) for region in regions) if regions else None,
        "float_reorders": _facts(model)["reorders"],
        **_facts(everything),
    }


def shown(records: Sequence[Record]) -> str:
    """The records as a table."""
    return table(
        records,
        [
            ("network", lambda r: r["name"]),
            ("float, us", lambda r: f"{r['float']:.1f}"),
            ("all INT8, us", lambda r: f"{r['int8']:.1f}"),
            ("INT8 saves, us", lambda r: f"{r['saving']:+.1f}"),
            ("predicted, us", lambda r: "" if r["predicted"] is None else f"{r['predicted']:+.1f}"),
            ("noise, us", lambda r: f"{r['noise']:.1f}"),
            ("plan", lambda r: "float" if r["kept"] else "INT8"),
            ("as planned, us", lambda r: f"{r['ours']:.1f}"),
            ("passes, expected", lambda r: "" if r["expected_passes"] is None else f"{r['expected_passes']}"),
            ("passes", lambda r: f"{r['passes']}"),
            ("reorders, float", lambda r: f"{r['float_reorders']}"),
            ("reorders", lambda r: f"{r['reorders']}"),
        ],
    )


def summary(records: Sequence[Record]) -> str:
    """How often the verdict is right, and what the wrong ones cost."""
    clear = [r for r in records if abs(r["saving"]) > max(NOISE, 2 * r["noise"], 0.02 * r["float"])]
    right = [r for r in clear if bool(r["kept"]) == (r["saving"] < 0)]
    kept = [r for r in clear if r["kept"]]
    slower = [r for r in clear if not r["kept"] and r["saving"] < 0]
    lines = [
        f"{len(clear)} of {len(records)} cases differ clearly; the verdict is right in {len(right)} of them.",
        f"Kept in float: {len(kept)}, of them slower in INT8: {sum(r['saving'] < 0 for r in kept)}; "
        f"given away at most {_worst(kept, 1)}.",
        f"Quantized though slower in INT8: {len(slower)}, at most {_worst(slower, -1)}.",
    ]
    known = [r for r in records if r["expected_passes"] is not None]
    agree = sum(r["expected_passes"] == r["passes"] for r in known)
    lines.append(f"Passes that only quantize are as expected in {agree} of {len(known)} cases.")
    return "\n".join(lines)


def _worst(records: Sequence[Record], sign: int) -> str:
    losses = [(sign * r["saving"], r) for r in records if sign * r["saving"] > 0]
    if not losses:
        return "nothing"
    loss, worst = max(losses, key=lambda pair: pair[0] / pair[1]["float"])
    return f"{loss:.1f} us of {worst['float']:.1f} ({worst['name']})"


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="PART", help="cases whose names hold it (default: all)")
    parser.add_argument("--rounds", type=int, default=5, help="compilations of each model")
    parser.add_argument("--seconds", type=float, default=0.12, help="for each model and round")
    options = parser.parse_args()
    records = []
    for name, make in cases().items():
        if not options.names or any(part in name for part in options.names):
            records.append(record(name, make, options.rounds, options.seconds))
            print(json.dumps(records[-1]), flush=True)
    print(f"\n{machine()}\n\n{shown(records)}\n\n{summary(records)}")


if __name__ == "__main__":
    main()
