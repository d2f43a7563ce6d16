"""The engine that runs the three networks of MTCNN, one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from time import time
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot.api.samples.face_detection import utils
from openvino.tools.pot.engines.ie_engine import IEEngine
from openvino.tools.pot.utils.errors import ConfigError, EngineError, nearest
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)

OUTPUTS = {"probabilities": ("prob1",) * 3, "regions": ("conv4-2", "conv5-2", "conv6-2")}
_STAGES = ("pnet", "rnet", "onet")
_SCALE_FACTOR, _FIRST_SCALE = 0.79, 1.2
_THRESHOLD = 0.6  # of the first network

Floats = NDArray[np.float64]


class MTCNNEngine(IEEngine):
    """Finds faces: P-Net proposes boxes in all sizes of an image, R-Net and O-Net judge and move them.

    The networks take pixels from 0 to 255 as ``[batch, 3, width, height]``; P-Net gives scores ``[1, 2, w, h]`` and
    regions ``[1, 4, w, h]``, the others ``[batch, 2]`` and ``[batch, 4]``. Models keep the input shapes they have:
    they are compiled for any size of images and number of boxes.

    Args:
        config: as ``IEEngine`` takes it, and ``outputs``: the names of the networks' outputs, three each of
            ``probabilities`` and ``regions``; default ``OUTPUTS``.
        data_loader: RGB images, uint8 ``[height, width, 3]``.
        metric: such as ``Recall``.

    Raises:
        ConfigError: the config is not as described.
    """

    def __init__(self, config: Mapping[str, Any], data_loader: Any = None, metric: Any = None) -> None:
        own = dict(config)
        self._outputs = _checked(own.pop("outputs", OUTPUTS))
        super().__init__(own, data_loader, metric)
        self._compiled: dict[int, Any] = {}

    def set_model(self, model: Any) -> None:
        """Choose the cascade that finds faces.

        Raises:
            EngineError: it has not three models.
        """
        super().set_model(model)
        assert self._model is not None
        names = [sub.name for sub in self._model]
        if len(names) != len(_STAGES):
            raise EngineError(f"MTCNN is a cascade of the models {', '.join(_STAGES)}, found {names}")
        self._compiled = {}

    def _predict(
        self,
        stats_layout: Any,
        sampler: Any,
        print_progress: bool = False,
        need_metrics_per_sample: bool = False,
    ) -> None:
        log, started = logger.info if print_progress else logger.debug, time()
        for number, batch in enumerate(sampler):
            annotations, images, _ = self._process_batch(batch)
            for annotation, image in zip(annotations, images, strict=True):
                self._update_metrics([self.detect(image)], [annotation], need_metrics_per_sample)
            if self._print_inference_progress(log, number, len(sampler), started, time()):
                started = time()

    def detect(self, image: NDArray[np.uint8]) -> Floats:
        """The faces on an image: rows of x_min, y_min, x_max, y_max, score.

        Args:
            image: RGB, shape ``[height, width, 3]``.
        """
        boxes = self._pnet_infer(image)
        for stage in (self._rnet_infer, self._onet_infer):
            if len(boxes):
                boxes = stage(image, boxes)
        return boxes

    def _pnet_infer(self, image: NDArray[np.uint8]) -> Floats:
        found = [np.zeros((0, 9))]
        for data, scale in zip(*utils.build_image_pyramid(image, _SCALE_FACTOR, _FIRST_SCALE), strict=True):
            scores, regions = self._run(0, data)
            boxes = utils.generate_bounding_box(scores[0, 1], regions[0], scale, _THRESHOLD)
            found.append(boxes[utils.nms(boxes, 0.5)])
        boxes = np.concatenate(found)
        boxes = boxes[utils.nms(boxes, 0.7)]
        return utils.bbreg(boxes[:, :5], boxes[:, 5:], include_bound=False)

    def _rnet_infer(self, image: NDArray[np.uint8], boxes: Floats) -> Floats:
        boxes = utils.reshape_to_square(boxes)  # corrections are parts of what a network is shown
        scores, regions = self._run(1, np.transpose(utils.cut_roi(image, boxes, 24), (0, 3, 2, 1)))
        return utils.calibrate_bboxes(boxes, scores[:, 1], regions, nms_type="union")

    def _onet_infer(self, image: NDArray[np.uint8], boxes: Floats) -> Floats:
        boxes = utils.reshape_to_square(boxes)
        cut = utils.cut_roi(image, boxes, 48, include_bound=False)
        scores, regions = self._run(2, np.transpose(cut, (0, 3, 2, 1)))
        boxes = utils.calibrate_bboxes(boxes, scores[:, 1], regions)
        return boxes[utils.nms(boxes, 0.7, "min")]

    def _run(self, stage: int, data: Any) -> tuple[NDArray[Any], NDArray[Any]]:
        """The scores and regions that a network gives for pictures, float32 ``[batch, 3, width, height]``."""
        if stage not in self._compiled:
            self._compiled[stage] = self._compile_any_size(stage)
        compiled = self._compiled[stage]
        results = compiled(self._fill_input(compiled, data))
        scores, regions = (_output(results, self._outputs[key][stage]) for key in OUTPUTS)
        return scores, regions

    def _compile_any_size(self, stage: int) -> Any:
        """Compile with free sizes, and leave the model with those it had."""
        assert self._model is not None
        model = self._model.submodels[stage].model
        own = model.input(0).get_partial_shape()
        free = [ov.Dimension(), own[1], *([ov.Dimension()] * 2 if stage == 0 else list(own)[2:])]
        model.reshape(ov.PartialShape(free))
        try:
            return self._ie.compile_model(model, self.device)
        finally:
            model.reshape(own)


def _output(results: Any, name: str) -> NDArray[Any]:
    names = {each: port for port in results for each in port.get_names()}
    if name not in names:
        raise EngineError(f"outputs: the model has no {name!r}, found {sorted(names)}{nearest(name, names)}")
    value: NDArray[Any] = results[names[name]]
    return value


def _checked(outputs: Any) -> dict[str, tuple[str, ...]]:
    if not isinstance(outputs, Mapping) or set(outputs) != set(OUTPUTS):
        raise ConfigError(f"engine config: outputs is {outputs!r}, expected a mapping with {sorted(OUTPUTS)}")
    for key, names in outputs.items():
        if len(names) != len(_STAGES):
            raise ConfigError(f"engine config: outputs: {key} is {names!r}, expected three names")
    return {key: tuple(names) for key, names in outputs.items()}
