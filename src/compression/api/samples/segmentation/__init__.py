"""Old name of openvino.tools.pot.api.samples.segmentation."""

from openvino.tools.pot.api.samples.segmentation.data_loader import (
    VOCSegmentationLoader as VOCSegmentationLoader,
)
from openvino.tools.pot.api.samples.segmentation.metric import MeanIOU as MeanIOU
