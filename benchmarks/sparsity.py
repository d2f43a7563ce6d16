"""What the CPU gains from zeros among the weights.

Prints a JSON line for each share of zeros in a network of products in INT8: the latencies with and without
``CPU_SPARSE_WEIGHTS_DECOMPRESSION_RATE``, taken in turn.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

import numpy as np
import openvino as ov
from algorithm_lists import DEFAULT
from openvino import opset13 as op
from workflow import Samples

from openvino.tools.pot import IEEngine, compress_model_weights, create_pipeline

RATE = "CPU_SPARSE_WEIGHTS_DECOMPRESSION_RATE"


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
    model = create_pipeline([zeros, DEFAULT], engine).run(products(size, layers))
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


def main() -> None:
    """Measure matrices of several shares of zeros."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    for level in (0.3, 0.5, 0.7, 0.8, 0.9):
        print(json.dumps(speed(2048, 8, level, pairs=200)), flush=True)


if __name__ == "__main__":
    main()
