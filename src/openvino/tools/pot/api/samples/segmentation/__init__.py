"""Segmentation on datasets in the format of Pascal VOC."""

from openvino.tools.pot.api.samples.segmentation.data_loader import VOCSegmentationLoader
from openvino.tools.pot.api.samples.segmentation.metric import MeanIOU

__all__ = ["MeanIOU", "VOCSegmentationLoader"]
