"""The handwritten digits demo: an FP32 residual network with calibration and evaluation images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

FOLDER = Path(__file__).resolve().parent
MODEL_PATH = FOLDER / "digits.xml"
DATA_PATH = FOLDER / "digits.npz"

SOURCE_SIZE = 8
IMAGE_SIZE = 32
MAX_PIXEL = 16


@dataclass(frozen=True)
class Digits:
    """The model's path and two disjoint sets of images, float32 [n, 1, 32, 32], with their labels 0..9."""

    model_path: Path
    calibration_images: npt.NDArray[np.float32]
    calibration_labels: npt.NDArray[np.int64]
    evaluation_images: npt.NDArray[np.float32]
    evaluation_labels: npt.NDArray[np.int64]


def enlarge(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Enlarge uint8 [n, 8, 8] with values 0..16 bilinearly to float32 [n, 1, 32, 32] with values 0..1."""
    weights = _bilinear_weights(SOURCE_SIZE, IMAGE_SIZE)
    scaled = images.astype(np.float32) / np.float32(MAX_PIXEL)
    enlarged: npt.NDArray[np.float32] = weights @ scaled @ weights.T
    return enlarged[:, np.newaxis]


def load() -> Digits:
    """Read the images stored beside this module, enlarged to the size of the model's input."""
    with np.load(DATA_PATH) as data:
        return Digits(
            model_path=MODEL_PATH,
            calibration_images=enlarge(data["calib_images"]),
            calibration_labels=data["calib_labels"].astype(np.int64),
            evaluation_images=enlarge(data["eval_images"]),
            evaluation_labels=data["eval_labels"].astype(np.int64),
        )


def _bilinear_weights(source: int, target: int) -> npt.NDArray[np.float32]:
    """Return the float32 [target, source] matrix that resamples one axis."""
    # Pixel centres are aligned (half-pixel convention); beyond the outer centres the edge pixel repeats.
    positions = np.clip((np.arange(target) + 0.5) * source / target - 0.5, 0, source - 1)
    distances = np.abs(positions[:, np.newaxis] - np.arange(source))
    weights: npt.NDArray[np.float32] = np.maximum(0, 1 - distances).astype(np.float32)
    return weights
