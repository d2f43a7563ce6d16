"""Segmentation of volumes, as of magnetic resonance images; POT knew it as ``3d_segmentation``."""

from openvino.tools.pot.api.samples.segmentation_3d.data_loader import BRATSDataLoader
from openvino.tools.pot.api.samples.segmentation_3d.engine import SegmentationEngine
from openvino.tools.pot.api.samples.segmentation_3d.metric import DiceIndex
from openvino.tools.pot.api.samples.segmentation_3d.volumes import resize3d

__all__ = ["BRATSDataLoader", "DiceIndex", "SegmentationEngine", "resize3d"]
