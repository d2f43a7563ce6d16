"""Old name of openvino.tools.pot.api.samples.object_detection."""

from openvino.tools.pot.api.samples.object_detection.data_loader import COCOLoader as COCOLoader
from openvino.tools.pot.api.samples.object_detection.metric import MAP as MAP
