"""Old name of openvino.tools.pot.api.samples.classification."""

from openvino.tools.pot.api.samples.classification.data_loader import ImageNetDataLoader as ImageNetDataLoader
from openvino.tools.pot.api.samples.classification.metric import Accuracy as Accuracy
