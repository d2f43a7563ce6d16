"""Quantize a detector, and measure it with the mean average precision of MS COCO.

python examples/object_detection/quantize.py

It needs a folder that is no part of the repository, `zoo` in a folder `shared` beside it, or given as --zoo.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot import IEEngine, compress_model_weights, create_pipeline, load_model, save_model
from openvino.tools.pot.api.samples.object_detection import MAP, COCOLoader
from openvino.tools.pot.datasets.boxes import non_maximum_suppression
from openvino.tools.pot.report.comparison import Comparison, metric_row, model_rows
from openvino.tools.pot.report.measure import compile_single
from openvino.tools.pot.utils.errors import PotError
from openvino.tools.pot.utils.logger import init_logger

ZOO = Path(__file__).resolve().parents[2].parent / "shared" / "zoo"
OUTPUT = Path("results/object_detection")
NETWORK = "detect_yolo_fastestv2"
PARTS = {"eval": "photographs", "calib": "others"}
ALGORITHMS: dict[str, dict[str, Any]] = {
    "AccuracyAwareQuantization": {"stat_subset_size": 300, "maximal_drop": 0.01},
    "DefaultQuantization": {"stat_subset_size": 300},
}
SIZE = 352  # pixels of a side of the network's input
CLASSES = 80
ANCHORS = np.array(
    [
        [[12.64, 19.39], [37.88, 51.48], [55.71, 138.31]],
        [[126.91, 78.23], [131.57, 214.55], [279.92, 258.87]],
    ]
)
SURE = 0.3  # score from which a box of the float model is an object
FOUND = 0.01  # score from which a box counts as found: those below SURE cost precision only behind all others
OVERLAP = 0.5  # of two boxes of a class that are one object

Floats = NDArray[np.float64]


class Photographs(COCOLoader):
    """The network takes BGR from 0 to 1."""

    def _read_and_preprocess_image(self, image_path: str) -> NDArray[Any]:
        return super()._read_and_preprocess_image(image_path).astype(np.float32) / 255


class Detector(IEEngine):
    """Makes what DetectionOutput would give of the two outputs of Yolo-FastestV2."""

    def postprocess_output(self, outputs: dict[str, NDArray[Any]], metadata: Any) -> Any:
        """One output for the metric; the categories are the dataset's, in their order."""
        rows = detections([output[0] for output in outputs.values()])
        rows[:, 1] = np.array(self.data_loader.labels)[rows[:, 1].astype(int)]
        return [rows[None, None]]


def detections(heads: list[NDArray[Any]]) -> Floats:
    """Image 0, class, score, left, top, right and bottom as shares of the image for each object, ``[objects, 7]``.

    Args:
        heads: ``[rows, columns, 95]``: four figures of a box for each of three anchors, how sure it is that there is
            an object for each of them, how sure it is of each of 80 classes.
    """
    boxes, scores, classes = (np.concatenate(each) for each in zip(*map(_cells, heads, ANCHORS), strict=True))
    likely = np.flatnonzero(scores > FOUND)
    order = likely[np.argsort(-scores[likely], kind="stable")]
    each = (order[classes[order] == label] for label in np.unique(classes[order]))
    kept = [non_maximum_suppression(boxes, own, OVERLAP, include_boundaries=False) for own in each]
    order = order[np.isin(order, np.concatenate([order[:0], *kept]))]
    image = np.zeros(len(order))
    return np.column_stack([image, classes[order], scores[order], boxes[order] / SIZE])


def _cells(head: NDArray[Any], anchors: Floats) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Boxes in pixels, scores and classes of all cells and anchors of an output."""
    head = head.astype(np.float64)
    rows, columns, _ = head.shape
    figures = head[..., :12].reshape(rows, columns, 3, 4)
    cell = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), -1)[:, :, None]
    centres = (figures[..., :2] * 2 - 0.5 + cell) * (SIZE / rows)
    halves = (figures[..., 2:] * 2) ** 2 * anchors / 2
    scores = head[..., 12:15] * head[..., 15:].max(-1, keepdims=True)
    classes = np.broadcast_to(head[..., 15:].argmax(-1)[..., None], scores.shape)
    boxes = np.concatenate([centres - halves, centres + halves], -1).reshape(-1, 4)
    return boxes, scores.ravel(), classes.ravel()


def make_set(network: Path, folder: Path, part: str, count: int | None = None) -> COCOLoader:
    """Make files of photographs, and an annotation of what the float model is sure to see in them.

    Args:
        network: its folder, with photographs.
        folder: for the files.
        part: of the photographs.
        count: the most of them, default all.

    Returns:
        a loader of both.
    """
    from PIL import Image

    images, annotation = folder / part, folder / f"instances_{part}.json"
    images.mkdir(parents=True, exist_ok=True)
    with np.load(network / "data.npz") as data:
        lengths, stream = data[f"{part}_len"][:count], data[f"{part}_jpeg"].tobytes()
    names = [f"{number:06}.jpg" for number in range(len(lengths))]
    for name, end, length in zip(names, np.cumsum(lengths), lengths, strict=True):
        blue_first = np.asarray(Image.open(io.BytesIO(stream[end - length : end])))
        Image.fromarray(blue_first[..., ::-1]).save(images / name, quality=95, subsampling=0)
    content: dict[str, Any] = {
        "images": [
            {"id": number, "file_name": name, "height": SIZE, "width": SIZE}
            for number, name in enumerate(names)
        ],
        "categories": [{"id": number + 1, "name": f"class {number}"} for number in range(CLASSES)],
        "annotations": [],
    }
    annotation.write_text(json.dumps(content), encoding="utf-8")
    paths = {"images_path": str(images), "annotation_path": str(annotation)}
    config = {**paths, "image_size": SIZE, "layout": "CHW"}
    content["annotations"] = _objects(network / "model.xml", Photographs(config))
    annotation.write_text(json.dumps(content), encoding="utf-8")
    return Photographs(config)


def _objects(model: Path, loader: COCOLoader) -> list[dict[str, Any]]:
    compiled = compile_single(model)
    annotations: list[dict[str, Any]] = []
    for image in range(len(loader)):
        rows = detections([output[0] for output in compiled(loader[image][1][None]).values()])
        for _, label, _, *box in rows[rows[:, 2] > SURE].tolist():
            left, top, right, bottom = (SIZE * side for side in box)
            sides = [right - left, bottom - top]
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": image,
                    "category_id": loader.labels[int(label)],
                    "bbox": [left, top, *sides],
                    "area": sides[0] * sides[1],
                    "iscrowd": 0,
                }
            )
    return annotations


def precision(model: Path, loader: COCOLoader) -> tuple[float, float]:
    """Mean average precision of a saved model: over overlaps from .5 to .95, and for .5 alone."""
    metric = MAP(CLASSES, loader.labels)
    engine = Detector({"device": "CPU"}, loader, metric)
    engine.set_model(load_model({"model_name": model.stem, "model": model}))
    engine.predict()
    every = metric.avg_value["MAP"]
    metric.thresholds = np.array([0.5])
    return every, metric.avg_value["MAP"]


def quantize(model: Path, loader: COCOLoader, algorithm: str, seconds: float) -> Path:
    """Where the quantized model is saved; accuracy is that for an overlap of .5, a search has some seconds."""
    metric = MAP(CLASSES, loader.labels)
    metric.thresholds = np.array([0.5])
    engine = Detector({"device": "CPU"}, loader, metric)
    params = {"target_device": "CPU", **ALGORITHMS[algorithm]}
    if algorithm == "AccuracyAwareQuantization":
        params["time_budget"] = seconds
    pipeline = create_pipeline([{"name": algorithm, "params": params}], engine)
    started = time.perf_counter()
    quantized = pipeline.run(load_model({"model_name": "detector", "model": model}))
    print(f"{algorithm}: {time.perf_counter() - started:.0f} s")
    if algorithm == "AccuracyAwareQuantization":
        print(f"The search: {pipeline.algo_seq[0].report.ended}")
    compress_model_weights(quantized)
    return Path(save_model(quantized, OUTPUT, "detector_int8")[0]["model"])


def compare(models: Sequence[Path], loaders: dict[str, COCOLoader]) -> Comparison:
    """Precision of the float model and of the INT8 one on each set, size and time of a request."""
    rows = []
    for part, loader in loaders.items():
        every, half = zip(*(precision(path, loader) for path in models), strict=True)
        rows.append(metric_row(f"mAP@.5, {len(loader)} {PARTS[part]}", half))
        rows.append(metric_row(f"mAP@[.5:.95], {len(loader)} {PARTS[part]}", every))
    image = next(iter(loaders.values()))[0][1][None]
    return Comparison(rows[0], (*rows[1:], *model_rows(models, [image], repeats=100)))


def main() -> None:
    """Make the set, quantize on it, and show what that changed."""
    parser = argparse.ArgumentParser(description="Quantize a detector.")
    parser.add_argument("--zoo", type=Path, default=ZOO, help="folder of networks with their photographs")
    parser.add_argument("--algorithm", choices=ALGORITHMS, default="AccuracyAwareQuantization")
    parser.add_argument("--time-budget", type=float, default=75, help="seconds of a search, default 75")
    parser.add_argument("--others", action="store_true", help="measure on other photographs too")
    parser.add_argument("--photographs", type=int, help="of each set, default all")
    arguments = parser.parse_args()
    network = arguments.zoo / NETWORK
    if not (network / "model.xml").is_file():
        raise SystemExit(f"object_detection needs the network {NETWORK}: there is no folder {str(network)!r}")
    init_logger(level="ERROR")
    parts = list(PARTS) if arguments.others else ["eval"]
    loaders = {part: make_set(network, OUTPUT, part, arguments.photographs) for part in parts}
    saved = quantize(network / "model.xml", loaders["eval"], arguments.algorithm, arguments.time_budget)
    comparison = compare([network / "model.xml", saved], loaders)
    comparison.save(OUTPUT / "comparison.json")
    print(comparison.table())
    print(f"Saved {saved}")


if __name__ == "__main__":
    try:
        main()
    except PotError as error:
        sys.exit(f"error: {error}")
