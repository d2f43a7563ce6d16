"""Annotations of datasets, from the formats that Accuracy Checker's converters read."""

from collections.abc import Mapping

from openvino.tools.pot.accuracy_checker.converters.classification import DatasetFolder, ImageNet
from openvino.tools.pot.accuracy_checker.converters.coco import CocoDetection
from openvino.tools.pot.accuracy_checker.converters.converter import Converter
from openvino.tools.pot.accuracy_checker.converters.masks import CommonSegmentation, VocSegmentation
from openvino.tools.pot.accuracy_checker.converters.voc import VocDetection

CONVERTERS: Mapping[str, type[Converter]] = {
    "imagenet": ImageNet,
    "cls_dataset_folder": DatasetFolder,
    "mscoco_detection": CocoDetection,
    "voc_detection": VocDetection,
    "voc_segmentation": VocSegmentation,
    "common_semantic_segmentation": CommonSegmentation,
}

__all__ = ["CONVERTERS", "Converter"]
