"""Old name of openvino.tools.pot.api.samples.classification.data_loader."""

from openvino.tools.pot.api.samples.classification.data_loader import ImageNetDataLoader as ImageNetDataLoader
