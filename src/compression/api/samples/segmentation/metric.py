"""Old name of openvino.tools.pot.api.samples.segmentation.metric."""

from openvino.tools.pot.api.samples.segmentation.metric import MeanIOU as MeanIOU
