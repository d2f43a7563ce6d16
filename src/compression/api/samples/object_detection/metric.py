"""Old name of openvino.tools.pot.api.samples.object_detection.metric."""

from openvino.tools.pot.api.samples.object_detection.metric import MAP as MAP
