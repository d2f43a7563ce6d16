"""POT's name for the module that held the loader and the metric of image classification."""

from openvino.tools.pot.api.samples.classification.data_loader import ImageNetDataLoader
from openvino.tools.pot.api.samples.classification.metric import Accuracy

__all__ = ["Accuracy", "ImageNetDataLoader"]
