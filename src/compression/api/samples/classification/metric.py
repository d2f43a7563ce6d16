"""Old name of openvino.tools.pot.api.samples.classification.metric."""

from openvino.tools.pot.api.samples.classification.metric import Accuracy as Accuracy
