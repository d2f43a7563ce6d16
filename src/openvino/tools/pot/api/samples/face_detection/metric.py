"""Recall of faces."""

from __future__ import annotations

from typing import Any

import numpy as np

from openvino.tools.pot.api.metric import Metric
from openvino.tools.pot.api.samples.face_detection import utils


class Recall(Metric):
    """The share of faces that are found: boxes that overlap them by half.

    Outputs are boxes of an image as ``MTCNNEngine`` gives them, targets what ``WiderFaceLoader`` gives. Unlike in
    POT's sample, images on which nothing is found count.
    """

    def __init__(self) -> None:
        super().__init__()
        self._name = "recall"

    @property
    def value(self) -> dict[str, list[float]]:
        """Of the last image; 1 where there is no face."""
        found, faces = self._counts[-1]
        return {self._name: [found / faces if faces else 1.0]}

    @property
    def avg_value(self) -> dict[str, float]:
        """Of all faces; 0 where there are none."""
        found, faces = np.sum(self._counts, axis=0) if self._counts else (0, 0)
        return {self._name: float(found / faces) if faces else 0.0}

    def update(self, output: list[Any], target: list[Any]) -> None:
        """Take the boxes of images, and what there is to find on them."""
        for boxes, annotation in zip(output, target, strict=True):
            hits, faces = utils.calculate_tp(boxes, annotation, overlap_threshold=0.5)
            self._counts.append((int(hits.sum()), faces))

    def reset(self) -> None:
        """Forget all images."""
        self._counts: list[tuple[int, int]] = []

    def get_attributes(self) -> dict[str, dict[str, Any]]:
        """More is better."""
        return {self._name: {"direction": "higher-better", "type": "recall"}}
