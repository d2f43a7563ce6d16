"""POT's name for ``segmentation_3d``, which only ``importlib.import_module`` can import."""

from openvino.tools.pot.api.samples.segmentation_3d import *
