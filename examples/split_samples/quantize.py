"""Measure two halves of the samples in two processes, join what they found, and quantize.

python examples/split_samples/quantize.py
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot import DataLoader, IEEngine, Pipeline, create_pipeline, load_model, save_model
from openvino.tools.pot.demo import digits
from openvino.tools.pot.statistics import Statistics, merge

ALGORITHMS = [{"name": "DefaultQuantization", "params": {"target_device": "CPU"}}]


class Images(DataLoader):
    """Unlabelled images."""

    def __init__(self, images: Sequence[NDArray[np.float32]] | NDArray[np.float32]) -> None:
        super().__init__()
        self._images = images

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], None]:
        return self._images[index], None


def pipeline(images: Sequence[NDArray[np.float32]] | NDArray[np.float32]) -> Pipeline:
    """The same in every process."""
    return create_pipeline(ALGORITHMS, IEEngine({"device": "CPU"}, Images(images)))


def measured(part: tuple[int, int]) -> Statistics:
    """What one process finds in its part of the samples."""
    data = digits.load()
    found = pipeline(data.calibration_images).collect_statistics(load_model(config(data)), part)
    assert isinstance(found, Statistics)  # of a cascade it would be a mapping
    return found


def config(data: digits.Digits) -> dict[str, Any]:
    """What load_model takes."""
    return {"model_name": "digits", "model": data.model_path, "weights": data.model_path.with_suffix(".bin")}


def main() -> None:
    """Measure, merge, quantize, save."""
    with multiprocessing.get_context("spawn").Pool(2) as processes:
        first, second = processes.map(measured, [(0, 2), (1, 2)])
    statistics = merge(first, second)
    print(f"{first.samples} + {second.samples} samples measured, {statistics.samples} in all")

    data = digits.load()
    quantized = pipeline([]).run(load_model(config(data)), statistics)
    paths = save_model(quantized, "results/split_samples")
    print(f"Saved {paths[0]['model']}")


if __name__ == "__main__":
    main()
