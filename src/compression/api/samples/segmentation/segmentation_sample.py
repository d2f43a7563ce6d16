"""Old name of openvino.tools.pot.api.samples.segmentation.segmentation_sample."""

from openvino.tools.pot.api.samples.segmentation.segmentation_sample import MeanIOU as MeanIOU
from openvino.tools.pot.api.samples.segmentation.segmentation_sample import (
    VOCSegmentationLoader as VOCSegmentationLoader,
)
from openvino.tools.pot.api.samples.segmentation.segmentation_sample import main as main
