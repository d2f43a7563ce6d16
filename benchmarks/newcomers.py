"""Three networks as packages ship them, quantized by somebody who has read the README alone.

Each runs ``pot -q default -m FILE --data-source PHOTOGRAPHS``, with no flag beyond what ``--like`` or the file's own
metadata says. Then four things are looked at: whether images were fed as the package's makers feed them, what verdict
the run ended with, whether INT8 finds what float finds in images that it was not made with, and whether wrong feeding
is warned of.

Photographs and lines of text are those of a zoo; OpenCV resizes for the comparison (opencv-python-headless). Prints a
JSON line for each network; ``--write`` puts the table into docs/benchmarks.md.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray
from others.boxes import matches
from tables import Column, Record, table
from workflow import command_line, parsed, published

from openvino.tools.pot import load_images
from openvino.tools.pot.datasets.boxes import non_maximum_suppression
from openvino.tools.pot.report.measure import compile_single

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples"))  # where common is
from common.packages import Archive, package_file

Array = NDArray[Any]
COUNT = 150
"""Images that are quantized with, and as many others that are judged by."""

HALF = 0.5
"""Of two boxes together that they share, where they are the same."""

COLUMNS: Sequence[Column] = (
    ("network", lambda r: r["name"]),
    ("flags", lambda r: f"`{r['flags']}`" if r["flags"] else "none"),
    ("fed as its package does, to", lambda r: f"{r['fed']:.2%} of the range"),
    ("verdict", lambda r: r["verdict"]),
    ("agrees with float", lambda r: f"{r['agrees']:.3f}"),
    ("seconds", lambda r: f"{r['seconds']:.0f}"),
    ("fed wrongly, by", lambda r: f"`{r['wrong_flags']}`"),
    ("it is warned of", lambda r: "yes" if r["warned"] else "no"),
)


@dataclass(frozen=True)
class Newcomer:
    """A network of a package, and what is known of it by the package's own code.

    Attributes:
        name: of the network.
        archive: of the package.
        member: the network's file in it.
        like: flags that say how images are fed; none where the file says it.
        wrong: flags by which they are fed as the network was not trained.
        images: entry of the zoo whose images it is for.
        fed: a picture, RGB ``[height, width, 3]``, as the package feeds it.
        found: what a model finds in an image: boxes ``[n, 4]``, or a text.
    """

    name: str
    archive: Archive
    member: str
    like: tuple[str, ...]
    wrong: tuple[str, ...]
    images: str
    fed: Callable[[Array], Array]
    found: Callable[[list[Array]], Array | str]


def resized(picture: Array, height: int, width: int) -> Array:
    """As the packages do it."""
    import cv2

    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR))


def in_the_middle(picture: Array, side: int, fill: float) -> Array:
    """Within a square, the same room on both sides."""
    share = min(side / picture.shape[0], side / picture.shape[1])
    height, width = (round(own * share) for own in picture.shape[:2])
    top, left = (round((side - own) / 2 - 0.1) for own in (height, width))
    square = np.full((side, side, 3), fill, np.float32)
    square[top : top + height, left : left + width] = resized(picture, height, width)
    return square


def fed_by_ultralytics(picture: Array) -> Array:
    """RGB from 0 to 1, in the middle of grey."""
    return in_the_middle(picture, 320, 114).transpose(2, 0, 1)[np.newaxis] / np.float32(255)


def fed_by_mediapipe(picture: Array) -> Array:
    """RGB from -1 to 1, in the middle of black, channels last."""
    return in_the_middle(picture, 128, 0)[np.newaxis] / np.float32(127.5) - 1


def fed_by_rapidocr(picture: Array) -> Array:
    """BGR from -1 to 1, 48 high, on the left of at least 320 columns."""
    ratio = picture.shape[1] / picture.shape[0]
    width = int(48 * max(320 / 48, ratio))
    inner = min(width, int(np.ceil(48 * ratio)))
    line = np.zeros((1, 3, 48, width), np.float32)
    line[0, :, :, :inner] = resized(picture, 48, inner)[..., ::-1].transpose(2, 0, 1) / 127.5 - 1
    return line


def boxes_of_yolo(outputs: list[Array]) -> Array:
    """Those with a score above a quarter, from centres, sizes and scores ``[1, 4 + classes, n]``."""
    rows = outputs[0][0].T
    return best(corners(rows[:, :2], rows[:, 2:4]), rows[:, 4:].max(axis=1), least=0.25, most=0.45)


def boxes_of_mediapipe(outputs: list[Array]) -> Array:
    """Those with a score above a half; places are around 896 anchors, in pixels of 128."""
    places, scores = sorted((each[0] for each in outputs), key=lambda each: -each.shape[1])
    grids = [(np.mgrid[:n, :n][::-1].reshape(2, -1).T + 0.5) / n for n in (16, 8)]
    anchors = np.concatenate(
        [np.repeat(grid, times, axis=0) for grid, times in zip(grids, (2, 6), strict=True)]
    )
    chance = 1 / (1 + np.exp(-np.clip(scores[:, 0], -50, 50)))
    return best(corners(places[:, :2] / 128 + anchors, places[:, 2:4] / 128), chance, least=0.5, most=0.3)


def corners(centres: Array, sizes: Array) -> Array:
    """Left, top, right and bottom."""
    return np.hstack([centres - sizes / 2, centres + sizes / 2]).astype(np.float64)


def best(boxes: Array, scores: Array, least: float, most: float) -> Array:
    """Boxes above a score that overlap with no better one by more than ``most``."""
    order = np.argsort(-scores)[: int((scores > least).sum())]
    return boxes[non_maximum_suppression(boxes, order, most, include_boundaries=False)]


def text_of_ctc(outputs: list[Array]) -> str:
    """The numbers of the letters read, without repetitions and blanks."""
    letters = outputs[0][0].argmax(axis=1)
    starts = np.flatnonzero(np.diff(letters, prepend=-1))
    return " ".join(str(letter) for letter in letters[starts] if letter)


NEWCOMERS: Sequence[Newcomer] = (
    Newcomer(
        "NudeNet 320n, exported by Ultralytics",
        Archive("nudenet==3.4.2", "5937dbd84e5d8e5de038f08ffea5a1bb50a08475776bf2b4795914ce0eaf0331"),
        "nudenet/320n.onnx",
        (),
        ("--no-metadata", "--shape", "1,3,320,320"),
        "face_ultraface_rfb",
        fed_by_ultralytics,
        boxes_of_yolo,
    ),
    Newcomer(
        "PP-OCRv4 recognition",
        Archive(
            "rapidocr-onnxruntime==1.4.4", "971d7d5f223a7a808662229df1ef69893809d8457d834e6373d3854bc1782cbf"
        ),
        "rapidocr_onnxruntime/models/ch_PP-OCRv4_rec_infer.onnx",
        ("--like", "ppocr-rec"),
        ("--shape", "1,3,48,320"),
        "ocr_rec_ppocrv4",
        fed_by_rapidocr,
        text_of_ctc,
    ),
    Newcomer(
        "MediaPipe face detection, short range",
        Archive(
            "mediapipe==0.10.21",
            "05dc4a9e593655a79558d05d6227d31018c2537a4bd3362b51e230cf22aecfe3",
            (
                "--only-binary=:all:",
                "--platform=manylinux_2_28_x86_64",
                "--python-version=3.11",
                "--implementation=cp",
                "--abi=cp311",
            ),
        ),
        "mediapipe/modules/face_detection/face_detection_short_range.tflite",
        ("--like", "mediapipe"),
        (),
        "face_ultraface_rfb",
        fed_by_mediapipe,
        boxes_of_mediapipe,
    ),
)


def images_of(zoo: Path, name: str, part: str, folder: Path) -> Path:
    """Images of an entry, as files."""
    folder.mkdir()
    with np.load(zoo / name / "data.npz") as data:
        stream, lengths = data[f"{part}_jpeg"].tobytes(), data[f"{part}_len"]
    ends = np.cumsum(lengths)
    for number, (end, length) in enumerate(zip(ends[:COUNT], lengths, strict=False)):
        (folder / f"{number:04}.jpg").write_bytes(stream[end - length : end])
    return folder


def pot(*arguments: str | Path) -> dict[str, Any]:
    """What ``pot -q default`` says of what it made."""
    command = [
        sys.executable,
        "-m",
        "openvino.tools.pot",
        "-q",
        "default",
        "--format",
        "json",
        "--accept-loss",
    ]
    finished = subprocess.run([*command, *map(str, arguments)], capture_output=True, text=True, check=False)
    if finished.returncode:
        raise RuntimeError(finished.stderr.strip().splitlines()[-1])
    (made,) = json.loads(finished.stdout)["models"]
    found: dict[str, Any] = made
    return found


def runner(network: Path) -> Callable[[Array], list[Array]]:
    """A function from an image to a network's outputs."""
    request = compile_single(network).create_infer_request()

    def run(image: Array) -> list[Array]:
        request.infer([image])
        return [tensor.data.copy() for tensor in request.output_tensors]

    return run


def agreement(first: Array | str, second: Array | str) -> tuple[int, int]:
    """How much of what two models found is the same, and how much there is: F1 is one over the other."""
    if isinstance(first, str) or isinstance(second, str):
        return int(first == second), 1
    return 2 * matches(first, second, HALF), len(first) + len(second)


def judged(newcomer: Newcomer, zoo: Path, folder: Path) -> Record:
    """One network's record."""
    network = folder / Path(newcomer.member).name
    network.write_bytes(package_file(newcomer.archive, newcomer.member).read_bytes())
    known, unseen = (images_of(zoo, newcomer.images, part, folder / part) for part in ("calib", "eval"))
    began = time.perf_counter()
    made = pot("-m", network, "--data-source", known, "-d", "--output-dir", folder / "made", *newcomer.like)
    seconds = time.perf_counter() - began
    wrong = pot(
        "-m", network, "--data-source", known, "-d", "--output-dir", folder / "wrong", *newcomer.wrong
    )
    departs, same, there = compared(newcomer, network, Path(made["model"]), unseen)
    return {
        "name": newcomer.name,
        "flags": " ".join(newcomer.like),
        "fed": departs,
        "verdict": made["check"]["verdict"],
        "agrees": same / max(there, 1),
        "things": there,
        "seconds": seconds,
        "wrong_flags": " ".join(newcomer.wrong) or "no flags",
        "warned": bool(wrong["check"]["warnings"]),
        "warnings": wrong["check"]["warnings"],
        "false_alarms": made["check"]["warnings"],
    }


def compared(newcomer: Newcomer, network: Path, int8: Path, unseen: Path) -> tuple[float, int, int]:
    """How far feeding departs from the package's, as a share of the range, and what both models find in the images."""
    from PIL import Image

    like = newcomer.like[1] if newcomer.like else None
    ours = load_images(unseen, network, like=like)
    models = [runner(path) for path in (network, int8)]
    departures, same, there = [], 0, 0
    for number, file in enumerate(sorted(unseen.iterdir())):
        fed = newcomer.fed(np.asarray(Image.open(file).convert("RGB")))
        departures.append(departure(fed, np.asarray(ours[number][0])))
        found = [newcomer.found(model(fed)) for model in models]
        hits, total = agreement(*found)
        same, there = same + hits, there + total
    return float(np.mean(departures)), same, there


def departure(theirs: Array, ours: Array) -> float:
    """The mean difference as a share of the range; of lines, over the columns that both have."""
    ours = ours.reshape(theirs.shape[0], *ours.shape[-3:])
    columns = min(theirs.shape[-1], ours.shape[-1])
    difference = np.abs(theirs[..., :columns] - ours[..., :columns])
    return float(difference.mean() / np.ptp(theirs))


def main() -> int:
    """Play the newcomer; the exit code is 1 where a network misses what is promised."""
    options = parsed(command_line(__doc__))
    records = []
    for newcomer in NEWCOMERS:
        with TemporaryDirectory() as folder:
            records.append(judged(newcomer, options.zoo, Path(folder)))
        print(json.dumps(records[-1]), flush=True)
    published(table(records, COLUMNS), "newcomers", options.write)
    return int(not all(kept(record) for record in records))


def kept(record: Record) -> bool:
    """Whether a record is as promised."""
    right = record["fed"] <= 0.01 and not record["false_alarms"] and record["verdict"] in ("good", "no gain")
    return bool(right and record["agrees"] >= 0.95 and record["warned"])


if __name__ == "__main__":
    sys.exit(main())
