"""The handwritten digits demo: an FP32 residual network with calibration and evaluation images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from openvino.tools.pot.datasets.resampling import resample

FOLDER = Path(__file__).resolve().parent
MODEL_PATH = FOLDER / "digits.xml"
DATA_PATH = FOLDER / "digits.npz"

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
    scaled = images.astype(np.float32) / np.float32(MAX_PIXEL)
    as_channels = scaled.transpose(1, 2, 0)
    enlarged = resample(as_channels, IMAGE_SIZE, IMAGE_SIZE, "linear")
    return np.ascontiguousarray(enlarged.transpose(2, 0, 1)[:, np.newaxis])


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
