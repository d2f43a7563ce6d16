"""Detectors on datasets in the format of MS COCO."""

from openvino.tools.pot.api.samples.object_detection.data_loader import COCOLoader
from openvino.tools.pot.api.samples.object_detection.metric import MAP

__all__ = ["MAP", "COCOLoader"]
