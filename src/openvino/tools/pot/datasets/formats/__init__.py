"""Annotations of datasets, from the formats that Accuracy Checker's converters read."""

from collections.abc import Mapping

from openvino.tools.pot.datasets.formats.classification import DatasetFolder, ImageNet
from openvino.tools.pot.datasets.formats.coco import CocoDetection
from openvino.tools.pot.datasets.formats.converter import Converter
from openvino.tools.pot.datasets.formats.masks import CommonSegmentation, VocSegmentation
from openvino.tools.pot.datasets.formats.voc import VocDetection

CONVERTERS: Mapping[str, type[Converter]] = {
    "imagenet": ImageNet,
    "cls_dataset_folder": DatasetFolder,
    "mscoco_detection": CocoDetection,
    "voc_detection": VocDetection,
    "voc_segmentation": VocSegmentation,
    "common_semantic_segmentation": CommonSegmentation,
}

__all__ = ["CONVERTERS", "Converter"]
