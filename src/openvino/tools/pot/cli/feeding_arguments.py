"""The arguments that say how images are fed."""

from __future__ import annotations

import argparse

# As the table of families has them, which is not imported for a line of help.
FAMILIES = (
    *(
        "ultralytics",
        "ultralytics-cls",
        "ultralytics-rtdetr",
        "yolox",
        "yolo-fastest",
        "nanodet",
        "torchvision",
    ),
    *("timm", "imagenet", "vit", "clip", "tf", "keras-caffe", "keras-torch", "keras-raw", "ssd-caffe"),
    *("ssd-mobilenet-caffe", "ppocr-det", "ppocr-rec", "ppocr-cls", "mediapipe", "mediapipe-unit"),
    *("mediapipe-selfie", "ultraface", "yunet", "scrfd", "arcface", "ppocr"),
)


def add_feeding(group: argparse._ArgumentGroup) -> None:
    """How images are fed where a model's own statements about them are not to be followed."""
    group.add_argument(
        "--like",
        metavar="FAMILY",
        choices=FAMILIES,
        help=f"feed images as a family's are fed: {', '.join(FAMILIES)}",
    )
    ways = (
        ("--letterbox", "keep proportions, in the middle of gray (114), as Ultralytics does"),
        ("--keep-aspect", "keep proportions, left and above, on black"),
    )
    for flag, text in ways:
        group.add_argument(flag, action="store_const", const=True, help=text)
    group.add_argument(
        "--anomalies",
        action=argparse.BooleanOptionalAction,
        help="paste a patch into every fourth image that does not belong there (default: of models that find such)",
    )
    group.add_argument(
        "--no-metadata",
        dest="metadata",
        action="store_const",
        const=False,
        help="don't follow what the model's file and those beside it say about images",
    )
    group.add_argument(
        "--preview", metavar="FOLDER", help="store the first 8 images there as they are fed, before all else"
    )
