"""NNCF's accuracy control on an entry. Run by a Python that has nncf, which need not have this package.

``accuracy_control.py`` calls it. It writes the INT8 model, and ``facts.json`` with the seconds that the search took,
the drop it reached and what a pass of the float model takes, one request after the other.
"""

from __future__ import annotations

import argparse
import json
import logging
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nncf  # type: ignore[import-not-found, unused-ignore]
import numpy as np
import openvino as ov
from answers import judge_of
from peer import read_samples

_EXACT = {"INFERENCE_PRECISION_HINT": "f32"}


def main() -> None:
    """Search and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, help="the float model's .xml")
    parser.add_argument("folder", type=Path, help="with calibration.npz and evaluation.npz")
    parser.add_argument("drop", type=float, help="allowed")
    options = parser.parse_args()
    logging.getLogger("nncf").setLevel(logging.ERROR)
    is_right = judge_of(options.model.parent)
    if is_right is None:
        parser.error(f"single samples of {options.model.parent} are neither right nor wrong")
    calibration = read_samples(options.folder / "calibration.npz")
    evaluation = list(enumerate(read_samples(options.folder / "evaluation.npz")))
    core = ov.Core()
    core.set_property("CPU", _EXACT)

    def validate(compiled: Any, items: Iterable[Any]) -> tuple[float, list[float]]:
        request = compiled.create_infer_request()
        hits = []
        for index, feed in items:
            request.infer(feed)
            hits.append(float(is_right(request.get_output_tensor(0).data, index)))
        return float(np.mean(hits)), hits

    model = core.read_model(options.model)
    compiled = core.compile_model(model, "CPU", _EXACT)
    request = compiled.create_infer_request()
    started = time.perf_counter()
    for _, feed in evaluation:
        request.infer(feed)
    a_pass = time.perf_counter() - started
    exact, _ = validate(compiled, evaluation)
    started = time.perf_counter()
    found = nncf.quantize_with_accuracy_control(
        model,
        calibration_dataset=nncf.Dataset(calibration),
        validation_dataset=nncf.Dataset(evaluation),
        validation_fn=validate,
        max_drop=options.drop,
        subset_size=len(calibration),
    )
    seconds = time.perf_counter() - started
    reached, _ = validate(core.compile_model(found, "CPU", _EXACT), evaluation)
    ov.save_model(found, options.folder / "int8.xml", compress_to_fp16=False)
    drop = round(exact - reached, 4)
    written = {"seconds": round(seconds, 2), "pass_s": round(a_pass, 2), "drop": drop}
    (options.folder / "facts.json").write_text(json.dumps(written), encoding="utf-8")


if __name__ == "__main__":
    main()
