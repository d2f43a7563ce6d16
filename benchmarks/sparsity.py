"""What zeros among the weights cost in accuracy, and what the CPU gains from them.

Prints a JSON line for each network and way to make half of its weights zero; with ``--speed``, for each share of zeros
in a network of products in INT8, the latencies with and without ``CPU_SPARSE_WEIGHTS_DECOMPRESSION_RATE``, taken in
turn.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from entries import Entry
from openvino import opset13 as op
from workflow import Samples, calibration, closeness, command_line, float_metric, parsed, wanted

from openvino.tools.pot import IEEngine, compress_model_weights, create_pipeline, load_model, save_model

QUANTIZING = {"name": "DefaultQuantization", "params": {"target_device": "CPU"}}
RATE = "CPU_SPARSE_WEIGHTS_DECOMPRESSION_RATE"


def ways(level: float) -> dict[str, list[dict[str, Any]]]:
    """Lists of algorithms by what they are called."""
    known = {"sparsity_level": level}
    biases = {"name": "WeightSparsity", "params": {**known, "use_layerwise_tuning": False}}
    whole = {"name": "WeightSparsity", "params": known}
    return {
        "MagnitudeSparsity": [{"name": "MagnitudeSparsity", "params": known}],
        "WeightSparsity, biases alone": [biases],
        "WeightSparsity": [whole],
        "WeightSparsity, DefaultQuantization": [whole, QUANTIZING],
        "DefaultQuantization": [QUANTIZING],
    }


def measured(entry: Entry, level: float, limit: int | None) -> None:
    """Print the figures of an entry."""
    engine = IEEngine({"device": "CPU"}, Samples(calibration(entry)))
    before = float_metric(entry, limit)
    for name, algorithms in ways(level).items():
        started = time.process_time()
        model = create_pipeline(algorithms, engine).run(load_model(entry.model))
        seconds = round(time.process_time() - started, 1)
        compress_model_weights(model)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(save_model(model, folder, entry.name)[0]["model"])
            found = {"name": entry.name, "way": name, "float": before, **closeness(entry, path, limit)}
            print(json.dumps({**found, "cpu_s": seconds}), flush=True)


def products(size: int, layers: int) -> ov.Model:
    """Products of one row with square matrices, one behind the other."""
    rng = np.random.default_rng(0)
    x = op.parameter([1, size], np.float32, name="x")
    node = x
    for _ in range(layers):
        weights = rng.standard_normal((size, size)) / np.sqrt(size)
        node = op.relu(op.matmul(node, op.constant(weights.astype(np.float32)), False, True))
    return ov.Model([op.result(node)], [x], "products")


def speed(size: int, layers: int, level: float, pairs: int) -> dict[str, Any]:
    """Latencies of the same INT8 model with and without the property, in milliseconds."""
    rows = list(np.random.default_rng(1).standard_normal((30, 1, size)).astype(np.float32))
    zeros = {"name": "MagnitudeSparsity", "params": {"sparsity_level": level}}
    engine = IEEngine({}, Samples([{"x": row} for row in rows]))
    model = create_pipeline([zeros, QUANTIZING], engine).run(products(size, layers))
    compress_model_weights(model)
    plain = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": 1}
    settings = [plain, {**plain, RATE: level - 0.1}]
    compiled = [
        ov.Core().compile_model(model.submodels[0].model, "CPU", each).create_infer_request()
        for each in settings
    ]
    taken: list[list[float]] = [[], []]
    for _ in range(pairs):
        for request, times in zip(compiled, taken, strict=True):
            started = time.perf_counter()
            request.infer([rows[0]])
            times.append(1e3 * (time.perf_counter() - started))
    outputs = [request.output_tensors[0].data for request in compiled]
    return {
        "size": size, "layers": layers, "zeros": level, "same_outputs": bool(np.array_equal(*outputs)),
        "best_ms": [round(min(times), 2) for times in taken],
        "median_ms": [round(float(np.median(times)), 2) for times in taken],
        "median_of_ratios": round(float(np.median(np.divide(*taken))), 2),
    }  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what the command line asks for."""
    parser: argparse.ArgumentParser = command_line(__doc__)
    parser.add_argument("--level", type=float, default=0.5, help="share of zeros (default: 0.5)")
    parser.add_argument("--speed", action="store_true", help="time products in place of networks")
    options = parsed(parser)
    if options.speed:
        for level in (0.3, 0.5, 0.7, 0.8, 0.9):
            print(json.dumps(speed(2048, 8, level, pairs=200)), flush=True)
        return
    for entry in wanted(options):
        measured(entry, options.level, options.limit)


if __name__ == "__main__":
    main()
