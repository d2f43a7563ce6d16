"""Old name of openvino.tools.pot.api.samples.classification.classification_sample."""

from openvino.tools.pot.api.samples.classification.classification_sample import Accuracy as Accuracy
from openvino.tools.pot.api.samples.classification.classification_sample import (
    ImageNetDataLoader as ImageNetDataLoader,
)
from openvino.tools.pot.api.samples.classification.classification_sample import main as main
