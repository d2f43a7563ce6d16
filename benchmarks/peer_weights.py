"""Compress the weights of a model with NNCF. Run by a Python that has nncf, which need not have this package.

``weights.py`` calls it. It writes the model, and a ``.json`` beside it with NNCF's version and what
``nncf.compress_weights`` took, in seconds of the clock and of all processors.
"""

from __future__ import annotations

import argparse
import json
import logging
import time
from pathlib import Path
from typing import Any

import nncf  # type: ignore[import-not-found, unused-ignore]
import openvino as ov
from peer import read_samples

ALGORITHMS = ("awq", "scale_estimation", "gptq")


def main() -> None:
    """Compress and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, help="the float model's .xml")
    parser.add_argument("output", type=Path, help="where the compressed model's .xml goes")
    parser.add_argument("--mode", required=True, help="as NNCF calls it")
    parser.add_argument("--group-size", type=int, help="weights that share a scale")
    parser.add_argument("--samples", type=Path, help="the .npz with the samples; absent: without data")
    parser.add_argument("--algorithms", nargs="*", default=[], choices=ALGORITHMS, help="to switch on")
    options = parser.parse_args()
    logging.getLogger("nncf").setLevel(logging.ERROR)
    more: dict[str, Any] = dict.fromkeys(options.algorithms, True)
    if options.samples is not None:
        samples = read_samples(options.samples)
        more |= {"dataset": nncf.Dataset(samples), "subset_size": len(samples)}
    if options.group_size is not None:
        more["group_size"] = options.group_size
    model = ov.Core().read_model(options.model)
    clock, work = time.perf_counter(), time.process_time()
    compressed = nncf.compress_weights(model, mode=nncf.CompressWeightsMode(options.mode), **more)
    spent = {"seconds": time.perf_counter() - clock, "cpu_seconds": time.process_time() - work}
    ov.save_model(compressed, options.output, compress_to_fp16=False)
    facts = {"nncf": nncf.__version__, **{name: round(each, 3) for name, each in spent.items()}}
    options.output.with_suffix(".json").write_text(json.dumps(facts), encoding="utf-8")


if __name__ == "__main__":
    main()
