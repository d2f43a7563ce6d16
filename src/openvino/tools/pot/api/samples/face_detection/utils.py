"""Boxes and pictures between the networks of MTCNN.

Boxes are rows ``x_min, y_min, x_max, y_max, score``, in pixels, with the borders inside. Pictures for the networks
have the order channels, width, height, as MTCNN was trained on transposed images.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.datasets.boxes import Base, non_maximum_suppression, overlaps
from openvino.tools.pot.datasets.images import pillow
from openvino.tools.pot.paths import offer

Floats = NDArray[np.float64]

_STRIDE, _CELL = 2, 12  # of the first network: pixels between its answers, pixels that each looks at
_PASSES = 0.7  # score of boxes that the second and third network keep
_OVERLAP = 0.7  # of boxes of which only one stays


def build_image_pyramid(
    image: NDArray[np.uint8], scale_factor: float, m: float, layout: str = "NCHW"
) -> tuple[list[NDArray[np.float32]], list[float]]:
    """An image in smaller and smaller sizes, and their scales, as long as the first network fits in.

    Args:
        image: RGB, shape ``[height, width, 3]``.
        scale_factor: from each size to the next, below 1.
        m: scale of the first.
        layout: ``NCHW`` for arrays ``[1, 3, width, height]``, anything else for ``[height, width, 3]``.
    """
    height, width = image.shape[:2]
    levels = int(np.floor(np.log(_CELL / (min(height, width) * m)) / np.log(scale_factor))) + 1
    scales = [m * scale_factor**level for level in range(max(levels, 0))]
    whole = pillow().fromarray(image)
    sizes = [(int(np.ceil(width * scale)), int(np.ceil(height * scale))) for scale in scales]
    resized = [np.asarray(whole.resize(size, pillow().Resampling.BILINEAR), np.float32) for size in sizes]
    return [np.transpose(each[None], (0, 3, 2, 1)) if layout == "NCHW" else each for each in resized], scales


def generate_bounding_box(mapping: NDArray[Any], reg: NDArray[Any], scale: float, threshold: float) -> Floats:
    """Where the first network sees a face: rows of a box, its score and four corrections, shape ``[n, 9]``.

    Args:
        mapping: scores, shape ``[width, height]``.
        reg: corrections, shape ``[4, width, height]``.
        scale: of the image it looked at.
        threshold: the least score.
    """
    found = np.nonzero(mapping >= threshold)
    corner = _STRIDE * np.stack(found, axis=1)
    low, high = np.trunc((corner + 1) / scale), np.trunc((corner + _CELL) / scale)
    return np.hstack([low, high, mapping[found][:, None], reg.transpose(1, 2, 0)[found]]).astype(np.float64)


def nms(boxes: Floats, threshold: float, overlap_type: str = "union") -> NDArray[np.intp]:
    """Which boxes stay, best first, when those that overlap a better one go.

    Args:
        boxes: shape ``[n, 5 or more]``.
        threshold: the largest overlap that stays.
        overlap_type: what the intersection is divided by: ``union`` of both, or the smaller of them, ``min``.
    """
    base: Base = "smaller" if overlap_type == "min" else "union"
    order = boxes[:, 4].argsort()[::-1]
    return non_maximum_suppression(boxes[:, :4], order, threshold, include_boundaries=True, base=base)


def bbreg(bbox: Floats, reg: NDArray[Any], include_bound: bool = True) -> Floats:
    """Boxes with their borders moved by parts of their width and height.

    Args:
        bbox: shape ``[n, 5]``.
        reg: the parts, shape ``[n, 4]``.
        include_bound: whether the last row and column count in the size.
    """
    size = bbox[:, 2:4] - bbox[:, :2] + int(include_bound)
    return np.hstack([bbox[:, :4] + reg * np.tile(size, 2), bbox[:, 4:]])


def calibrate_bboxes(
    bboxes: Floats, scores: NDArray[Any], regions: NDArray[Any], nms_type: str | None = None
) -> Floats:
    """The boxes that a network takes for faces, with its scores and corrections.

    Args:
        bboxes: what it looked at, shape ``[n, 5]``.
        scores: shape ``[n]``.
        regions: corrections, shape ``[n, 4]``.
        nms_type: the kind of overlap by which boxes go, None if all stay.
    """
    passed = scores > _PASSES
    kept = np.hstack([bboxes[passed, :4], scores[passed, None]])
    moves = regions[passed]
    if nms_type:
        picked = np.sort(nms(kept, _OVERLAP, nms_type))
        kept, moves = kept[picked], moves[picked]
    return bbreg(kept, moves)


def reshape_to_square(bbox: Floats) -> Floats:
    """Boxes made as wide as high around their middle."""
    size = bbox[:, 2:4] - bbox[:, :2]
    side = size.max(axis=1, keepdims=True)
    low = bbox[:, :2] + (size - side) / 2
    return np.hstack([low, low + side, bbox[:, 4:]])


def cut_roi(
    image: NDArray[np.uint8], bboxes: Floats, dst_size: int, include_bound: bool = True
) -> NDArray[np.float32]:
    """Squares around boxes, black where they leave the image, in one size: ``[n, dst_size, dst_size, 3]``.

    Args:
        image: RGB, shape ``[height, width, 3]``.
        bboxes: shape ``[n, 5]``.
        dst_size: pixels.
        include_bound: whether the last row and column of a box belong to it.
    """
    squares = np.trunc(reshape_to_square(bboxes)[:, :4]).astype(int)
    squares[:, 2:] = np.maximum(squares[:, 2:] + int(include_bound), squares[:, :2] + 1)
    whole, smooth = pillow().fromarray(image), pillow().Resampling.BILINEAR
    cut = [whole.crop(square).resize((dst_size, dst_size), smooth) for square in squares.tolist()]
    return np.array([np.asarray(each) for each in cut], np.float32).reshape(-1, dst_size, dst_size, 3)


def calculate_iou(prediction: Floats, annotation: Floats) -> Floats:
    """Intersection over union of each predicted with each annotated box, shape ``[predicted, annotated]``."""
    return overlaps(prediction[:, :4], annotation[:, :4], include_boundaries=True)


def calculate_tp(
    prediction: Floats, annotation: Mapping[str, Any], overlap_threshold: float = 0.5
) -> tuple[Floats, int]:
    """Which predictions, best first, are the first to find a face, and how many faces there are.

    Args:
        prediction: shape ``[n, 5]``.
        annotation: ``bboxes`` as rows ``x_min, y_min, x_max, y_max``, and the numbers of those, ``difficult``,
            that nobody needs to find.
        overlap_threshold: the least intersection over union.
    """
    boxes = np.array(annotation["bboxes"], np.float64).reshape(-1, 4)
    faces = np.delete(boxes, np.array(annotation["difficult"], int), axis=0)
    hits = np.zeros(len(prediction))
    if not len(faces) or not len(prediction):
        return hits, len(faces)
    overlap = calculate_iou(prediction[np.argsort(-prediction[:, 4], kind="stable")], faces)
    meant = np.where(overlap.max(axis=1) >= overlap_threshold, overlap.argmax(axis=1), -1)
    found, first = np.unique(meant, return_index=True)
    hits[first[found >= 0]] = 1
    return hits, len(faces)


offer(globals())
