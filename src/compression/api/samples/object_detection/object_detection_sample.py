"""Old name of openvino.tools.pot.api.samples.object_detection.object_detection_sample."""

from openvino.tools.pot.api.samples.object_detection.object_detection_sample import MAP as MAP
from openvino.tools.pot.api.samples.object_detection.object_detection_sample import COCOLoader as COCOLoader
from openvino.tools.pot.api.samples.object_detection.object_detection_sample import main as main
