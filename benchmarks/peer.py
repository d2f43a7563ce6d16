"""Quantize a model with NNCF's defaults. Run by a Python that has nncf, which need not have this package.

``accuracy.py`` and ``speed.py`` call it. It writes the INT8 model, and a ``.json`` beside it with NNCF's version,
the seconds that ``nncf.quantize`` took and, if asked for, what a plain pass over the same samples takes in the
same process, before and after.
"""

from __future__ import annotations

import argparse
import json
import logging
import time
from pathlib import Path
from typing import Any

import nncf  # type: ignore[import-not-found, unused-ignore]
import numpy as np
import openvino as ov


def read_samples(path: Path) -> list[dict[str, Any]]:
    """Samples from an ``.npz`` whose keys are ``<number>/<input>``."""
    samples: dict[int, dict[str, Any]] = {}
    with np.load(path) as arrays:
        for key in arrays.files:
            number, name = key.split("/", 1)
            samples.setdefault(int(number), {})[name] = arrays[key]
    return [samples[number] for number in sorted(samples)]


def plain_pass(model: Path, samples: list[dict[str, Any]]) -> float:
    """Seconds to compile the float model for throughput and run it over the samples."""
    started = time.perf_counter()
    hints = {"PERFORMANCE_HINT": "THROUGHPUT", "INFERENCE_PRECISION_HINT": "f32"}
    queue = ov.AsyncInferQueue(ov.Core().compile_model(model, "CPU", hints))
    for sample in samples:
        queue.start_async(sample)
    queue.wait_all()
    return time.perf_counter() - started


def main() -> None:
    """Quantize and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, help="the float model's .xml")
    parser.add_argument("samples", type=Path, help="the .npz with the samples")
    parser.add_argument("output", type=Path, help="where the INT8 model's .xml goes")
    parser.add_argument("--model-type", help="as POT's parameter of that name")
    parser.add_argument(
        "--bias-correction", action="store_true", help="on the quantized network, not in closed form"
    )
    parser.add_argument("--plain", action="store_true", help="time plain passes too")
    options = parser.parse_args()
    logging.getLogger("nncf").setLevel(logging.ERROR)
    samples = read_samples(options.samples)
    model = ov.Core().read_model(options.model)
    more: dict[str, Any] = {"fast_bias_correction": False} if options.bias_correction else {}
    if options.model_type:
        more["model_type"] = nncf.ModelType(options.model_type)
    plain = [plain_pass(options.model, samples)] if options.plain else []
    started, computed = time.perf_counter(), time.process_time()
    quantized = nncf.quantize(model, nncf.Dataset(samples), subset_size=len(samples), **more)
    seconds = round(time.perf_counter() - started, 2)
    processors = round(time.process_time() - computed, 2)
    ov.save_model(quantized, options.output, compress_to_fp16=False)
    facts: dict[str, Any] = {"nncf": nncf.__version__, "quantize_s": seconds, "processor_s": processors}
    if plain:
        plain.append(plain_pass(options.model, samples))
        facts["plain_s"] = [round(each, 3) for each in plain]
    options.output.with_suffix(".json").write_text(json.dumps(facts), encoding="utf-8")


if __name__ == "__main__":
    main()
