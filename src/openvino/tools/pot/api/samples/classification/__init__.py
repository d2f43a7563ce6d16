"""Image classification: a folder of images, a text file of their labels, accuracy."""

from openvino.tools.pot.api.samples.classification.data_loader import ImageNetDataLoader
from openvino.tools.pot.api.samples.classification.metric import Accuracy

__all__ = ["Accuracy", "ImageNetDataLoader"]
