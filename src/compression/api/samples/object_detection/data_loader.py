"""Old name of openvino.tools.pot.api.samples.object_detection.data_loader."""

from openvino.tools.pot.api.samples.object_detection.data_loader import COCOLoader as COCOLoader
