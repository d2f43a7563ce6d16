"""Families of models, and how their images are fed: the table behind ``--like``.

Means and scales are those of pixels from 0 to 255, in the order in which channels are fed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from openvino.tools.pot.data_loaders.stating.statement import Resize, Span, Statement
from openvino.tools.pot.utils.errors import ConfigError, nearest

_UNIT: Span = {"mean": (0.0,), "scale": (255.0,)}
_SIGNED: Span = {"mean": (127.5,), "scale": (127.5,)}
_RAW: Span = {"mean": (0.0,), "scale": (1.0,)}
IMAGENET: Span = {"mean": (123.675, 116.28, 103.53), "scale": (58.395, 57.12, 57.375)}
"""Of red, green and blue, as torchvision, timm and most since have them."""
_CAFFE: Span = {"mean": (103.939, 116.779, 123.68), "scale": (1.0,)}
_CLIP: Span = {
    "mean": (122.7709383, 116.7460125, 104.09373615),
    "scale": (68.5005327, 66.6321579, 70.32316305),
}
LETTERBOX = Resize("letterbox", fill=114.0, method="LINEAR")
"""As Ultralytics feeds detectors."""
_CORNER = Resize("keep", fill=114.0, method="LINEAR", down=True)
_STRETCH = Resize("stretch")
_OPENCV = Resize("stretch", method="LINEAR")
_LINE = Resize("line", fill=127.5, method="LINEAR", shortest=320)

_ROWS: tuple[tuple[str, str, Statement], ...] = (
    (
        "ultralytics",
        "YOLOv5 to YOLO26: detection, segmentation, poses, rotated boxes",
        Statement("", "RGB", **_UNIT, resize=LETTERBOX, family="ultralytics"),
    ),
    (
        "ultralytics-cls",
        "their classifiers",
        Statement("", "RGB", **_UNIT, resize=Resize("crop"), family="ultralytics"),
    ),
    (
        "ultralytics-rtdetr",
        "RT-DETR as Ultralytics exports it, and as its authors do",
        Statement("", "RGB", **_UNIT, resize=_OPENCV, family="ultralytics"),
    ),
    ("yolox", "YOLOX", Statement("", "BGR", **_RAW, resize=_CORNER)),
    ("yolo-fastest", "Yolo-FastestV2", Statement("", "BGR", **_UNIT, resize=_OPENCV)),
    (
        "nanodet",
        "NanoDet",
        Statement("", "BGR", mean=IMAGENET["mean"][::-1], scale=IMAGENET["scale"][::-1], resize=_OPENCV),
    ),
    (
        "torchvision",
        "classifiers of torchvision, and of PyTorch's hub",
        Statement("", "RGB", **IMAGENET, resize=Resize("crop", part=0.875)),
    ),
    (
        "timm",
        "classifiers of timm with its usual settings",
        Statement("", "RGB", **IMAGENET, resize=Resize("crop", part=0.875, method="BICUBIC")),
    ),
    (
        "imagenet",
        "ImageNet's means and deviations, stretched",
        Statement("", "RGB", **IMAGENET, resize=_STRETCH),
    ),
    (
        "vit",
        "Google's ViT, BEiT, and other processors of -1 to 1",
        Statement("", "RGB", **_SIGNED, resize=_STRETCH),
    ),
    ("clip", "CLIP, OpenCLIP", Statement("", "RGB", **_CLIP, resize=Resize("crop", method="BICUBIC"))),
    (
        "tf",
        "MobileNet, Inception, Xception of Keras and TF-Slim",
        Statement("", "RGB", **_SIGNED, resize=_STRETCH),
    ),
    ("keras-caffe", "VGG, ResNet of Keras", Statement("", "BGR", **_CAFFE, resize=_STRETCH)),
    ("keras-torch", "DenseNet of Keras", Statement("", "RGB", **IMAGENET, resize=_STRETCH)),
    (
        "keras-raw",
        "EfficientNet, MobileNetV3, ConvNeXt of Keras; detectors of TensorFlow: they scale pixels themselves",
        Statement("", "RGB", **_RAW, resize=_STRETCH),
    ),
    (
        "ssd-caffe",
        "SSD of Caffe",
        Statement("", "BGR", mean=(104.0, 117.0, 123.0), scale=(1.0,), resize=_OPENCV),
    ),
    ("ssd-mobilenet-caffe", "MobileNet-SSD of Caffe", Statement("", "BGR", **_SIGNED, resize=_OPENCV)),
    (
        "ppocr-det",
        "text detection of PaddleOCR",
        Statement(
            "",
            "BGR",
            **IMAGENET,
            resize=Resize("grid", method="LINEAR", longest=960, step=32),
            family="ppocr",
        ),
    ),
    (
        "ppocr-rec",
        "text recognition of PaddleOCR, PP-OCRv3 and later",
        Statement("", "BGR", **_SIGNED, resize=_LINE, size=(48, None), family="ppocr"),
    ),
    (
        "ppocr-cls",
        "PaddleOCR's classifier of text that is upside down",
        Statement("", "BGR", **_SIGNED, resize=_LINE, size=(48, 192), family="ppocr"),
    ),
    (
        "mediapipe",
        "MediaPipe: face and pose detectors",
        Statement("", "RGB", **_SIGNED, resize=Resize("letterbox", method="LINEAR"), family="mediapipe"),
    ),
    (
        "mediapipe-unit",
        "MediaPipe: palm detector, landmarks of faces, hands and poses",
        Statement("", "RGB", **_UNIT, resize=Resize("letterbox", method="LINEAR"), family="mediapipe"),
    ),
    (
        "mediapipe-selfie",
        "MediaPipe: selfie segmentation",
        Statement("", "RGB", **_UNIT, resize=_OPENCV, family="mediapipe"),
    ),
    (
        "ultraface",
        "Ultra-Light-Fast face detectors",
        Statement("", "RGB", mean=(127.0,), scale=(128.0,), resize=_OPENCV),
    ),
    ("yunet", "YuNet of OpenCV", Statement("", "BGR", **_RAW, resize=_OPENCV)),
    (
        "scrfd",
        "SCRFD of InsightFace",
        Statement(
            "", "RGB", mean=(127.5,), scale=(128.0,), resize=Resize("keep", method="LINEAR", down=True)
        ),
    ),
    ("arcface", "ArcFace of InsightFace, of aligned faces", Statement("", "RGB", **_SIGNED, resize=_OPENCV)),
)


FAMILIES: Mapping[str, tuple[str, Statement]] = {name: (what, said) for name, what, said in _ROWS}
"""Name -> what it is, and what is said of it, whose source is empty."""


_BY_AXES: Mapping[str, Mapping[int, str]] = {
    "ppocr": {4: "ppocr-det", 3: "ppocr-rec", 2: "ppocr-cls"},
    "ultralytics": {2: "ultralytics-cls"},
}
"""Name -> how many axes the first output has -> the family that is meant."""
NAMES = (*FAMILIES, "ppocr")
"""All that users may call a family; ``ppocr`` is one of three."""


def family(name: str, axes: int | None = None) -> Statement:
    """What is known about a family.

    Args:
        name: one of ``NAMES``.
        axes: how many the model's first output has, which tells kinds of a family apart; None if that is open.

    Raises:
        ConfigError: there is none of that name.
    """
    meant = _BY_AXES.get(name, {}).get(axes or 0, name)
    if name not in NAMES:
        near = nearest(name, NAMES).removesuffix("?")
        raise ConfigError(f"no family {name!r} is known{near}, expected one of {', '.join(NAMES)}")
    if meant not in FAMILIES:
        kinds = ", ".join(_BY_AXES[name].values())
        raise ConfigError(
            f"the model's output does not tell which kind of {name!r} it is, expected one of {kinds}"
        )
    return replace(FAMILIES[meant][1], source=f"like {meant}")
