"""Old name of openvino.tools.pot.api.samples.segmentation.data_loader."""

from openvino.tools.pot.api.samples.segmentation.data_loader import (
    VOCSegmentationLoader as VOCSegmentationLoader,
)
