"""Captchas: the two networks of ddddocr, on letters drawn over photographs and over lines and dots."""

from __future__ import annotations

import string
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from .boxes import box_f1
from .network import Network, Outputs
from .packages import converted, unpacked

DDDDOCR = "ddddocr==1.6.1"
WIDTH, HEIGHT = 160, 64  # of an image to read
SIDE = 416  # of an image to search
CALIBRATION_PHOTOGRAPHS = ("coffee.png", "motorcycle_left.png", "rocket.jpg", "retina.jpg", "china.jpg")
EVALUATION_PHOTOGRAPHS = ("astronaut.png", "chelsea.png", "ihc.png", "hubble_deep_field.jpg", "flower.jpg")
CHARACTERS = "".join(c for c in string.ascii_letters + string.digits if c not in "0OolI1")


def recognition(cache: Path) -> Network:
    """A line of letters to text: convolutions and an LSTM."""
    return Network(
        name="captcha_recognition",
        metric="same text as float model",
        model=converted(unpacked(DDDDOCR, cache) / "ddddocr/common.onnx", [1, 1, HEIGHT, WIDTH]),
        calibration=[{"input1": _grey(image)} for image, _ in lines(cache, seed=0, count=300)],
        evaluation=[{"input1": _grey(image)} for image, _ in lines(cache, seed=1, count=300)],
        agreement=same_text,
    )


def detection(cache: Path) -> Network:
    """A photograph with letters on it to the letters' boxes: YOLOX."""
    calibration = scenes(cache, CALIBRATION_PHOTOGRAPHS, seed=0, count=300)
    evaluation = scenes(cache, EVALUATION_PHOTOGRAPHS, seed=1, count=100)
    return Network(
        name="captcha_detection",
        metric="F1@IoU.75 vs float model",
        model=converted(unpacked(DDDDOCR, cache) / "ddddocr/common_det.onnx"),
        calibration=[{"images": _colours(image)} for image in calibration],
        evaluation=[{"images": _colours(image)} for image in evaluation],
        agreement=box_f1,
    )


def text(outputs: Outputs) -> list[int]:
    """Numbers of the characters read, after repetitions and blanks are gone."""
    found = outputs[0].reshape(-1, outputs[0].shape[-1]).argmax(axis=1).tolist()
    return [after for before, after in pairwise([0, *found]) if after not in (0, before)]


def same_text(references: Sequence[Outputs], found: Sequence[Outputs]) -> float:
    """How often the text is the same."""
    pairs = zip(references, found, strict=True)
    return float(np.mean([text(a) == text(b) for a, b in pairs]))


def lines(cache: Path, seed: int, count: int) -> list[tuple[Image.Image, str]]:
    """Captchas of four to six letters, and what stands in them."""
    rng = np.random.default_rng(seed)
    fonts = _fonts(cache)
    words = ["".join(rng.choice(list(CHARACTERS), rng.integers(4, 7))) for _ in range(count)]
    return [(_line(word, fonts, rng), word) for word in words]


def scenes(cache: Path, photographs: Sequence[str], seed: int, count: int) -> list[Image.Image]:
    """Parts of photographs, each with three to six letters somewhere on it."""
    rng = np.random.default_rng(seed)
    folders = (
        unpacked("scikit-image==0.25.2", cache) / "skimage/data",
        unpacked("scikit-learn==1.7.2", cache) / "sklearn/datasets/images",
    )
    paths = [folder / name for name in photographs for folder in folders if (folder / name).exists()]
    images = [Image.open(path).convert("RGB") for path in paths]
    fonts = _fonts(cache)
    return [_scene(images[i % len(images)], fonts, rng) for i in range(count)]


def _fonts(cache: Path) -> list[Path]:
    folder = unpacked("matplotlib==3.10.7", cache) / "matplotlib/mpl-data/fonts/ttf"
    return [path for path in sorted(folder.glob("DejaVu*.ttf")) if "Display" not in path.name]


def _line(word: str, fonts: Sequence[Path], rng: np.random.Generator) -> Image.Image:
    image = Image.new("RGB", (WIDTH, HEIGHT), _colour(rng, 200, 256))
    step = (WIDTH - 16) / len(word)
    for i, character in enumerate(word):
        letter = _letter(character, fonts, int(rng.integers(30, 40)), 20, rng)
        place = (int(8 + i * step + rng.uniform(-2, 2)), int(rng.uniform(0, HEIGHT - letter.height)))
        image.paste(Image.new("RGB", letter.size, _colour(rng, 0, 150)), place, letter)
    draw = ImageDraw.Draw(image)
    for _ in range(rng.integers(0, 4)):
        draw.line(rng.integers(0, WIDTH, 4).tolist(), _colour(rng, 80, 200), 1)
    for x, y in rng.integers(0, (WIDTH, HEIGHT), (rng.integers(0, 100), 2)).tolist():
        draw.point((x, y), _colour(rng, 0, 200))
    return image


def _scene(photograph: Image.Image, fonts: Sequence[Path], rng: np.random.Generator) -> Image.Image:
    side = int(rng.integers(250, min(photograph.size)))
    left, top = (int(rng.integers(0, length - side)) for length in photograph.size)
    image = photograph.resize((SIDE, SIDE), box=(left, top, left + side, top + side))
    cells = rng.permutation(9)[: rng.integers(3, 7)]  # letters do not cover each other
    for row, column in (divmod(int(cell), 3) for cell in cells):
        letter = _letter(rng.choice(list(CHARACTERS)), fonts, int(rng.integers(50, 90)), 40, rng)
        corner = (130 * column + int(rng.integers(0, 30)), 130 * row + int(rng.integers(0, 30)))
        image.paste(Image.new("RGB", letter.size, _colour(rng, 0, 256)), corner, letter)
    return image


def _letter(
    character: str, fonts: Sequence[Path], size: int, turn: float, rng: np.random.Generator
) -> Image.Image:
    """A letter turned by up to some degrees, as a mask no larger than itself."""
    font = ImageFont.truetype(str(fonts[int(rng.integers(len(fonts)))]), size)
    mask = Image.new("L", (2 * size, 2 * size))
    ImageDraw.Draw(mask).text((size, size), character, 255, font, anchor="mm")
    mask = mask.rotate(rng.uniform(-turn, turn), Image.Resampling.BICUBIC)
    return mask.crop(mask.getbbox())


def _colour(rng: np.random.Generator, low: int, high: int) -> tuple[int, ...]:
    return tuple(rng.integers(low, high, 3).tolist())


def _grey(image: Image.Image) -> NDArray[np.float32]:
    return np.asarray(image.convert("L"), np.float32)[None, None] / np.float32(255)


def _colours(image: Image.Image) -> NDArray[Any]:
    """Blue first, as the network wants it."""
    return np.ascontiguousarray(np.asarray(image, np.float32).transpose(2, 0, 1)[None, ::-1])
