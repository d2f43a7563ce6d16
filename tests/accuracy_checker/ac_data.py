"""Small datasets on disk, and configurations over them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Bytes = NDArray[np.uint8]
SIDE = 8


def picture(seed: int, height: int = 12, width: int = 16) -> Bytes:
    """Noise in RGB, with a colour of its own."""
    random = np.random.default_rng(seed)
    noise = random.integers(0, 120, (height, width, 3))
    return (noise + random.integers(0, 136, 3)).astype(np.uint8)


def write_images(folder: Path, images: Mapping[str, Bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, pixels in images.items():
        Image.fromarray(pixels).save(folder / name)


def configuration(adapter: Any, dataset: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration as files hold it."""
    launcher = {"framework": "dlsdk", "device": "CPU", "adapter": adapter}
    return {"models": [{"name": "tiny", "launchers": [launcher], "datasets": [dict(dataset)]}]}


def classification(folder: Path, labels: Sequence[int], **dataset: Any) -> dict[str, Any]:
    """Images ``0.png``, ... with these labels."""
    write_images(folder / "images", {f"{n}.png": picture(n) for n in range(len(labels))})
    lines = "".join(f"{n}.png {label}\n" for n, label in enumerate(labels))
    (folder / "val.txt").write_text(lines, encoding="utf-8")
    values = {
        "name": "numbers",
        "data_source": "images",
        "annotation_conversion": {"converter": "imagenet", "annotation_file": "val.txt"},
        "preprocessing": [{"type": "resize", "size": SIDE}],
        "metrics": [{"type": "accuracy"}],
    }
    return configuration("classification", {**values, **dataset})


def coco_file(
    path: Path, objects: Sequence[Sequence[tuple[Any, ...]]], height: int = 12, width: int = 16
) -> None:
    """COCO instances of images ``0.png``, ...: of each object its category and box, and whether it is a crowd."""
    content: dict[str, Any] = {
        "images": [
            {"id": 10 + n, "file_name": f"{n}.png", "height": height, "width": width}
            for n in range(len(objects))
        ],
        "categories": [{"id": 3, "name": "cat"}, {"id": 7, "name": "dog"}],
        "annotations": [],
    }
    for number, each in enumerate(objects):
        for category, box, *crowd in each:
            content["annotations"].append(
                {
                    "id": len(content["annotations"]) + 1,
                    "image_id": 10 + number,
                    "category_id": category,
                    "bbox": list(box),
                    "area": box[2] * box[3],
                    "iscrowd": int(bool(crowd and crowd[0])),
                }
            )
    path.write_text(json.dumps(content), encoding="utf-8")


def detection(folder: Path, objects: Sequence[Sequence[tuple[Any, ...]]], **dataset: Any) -> dict[str, Any]:
    """Images ``0.png``, ... with these objects, for SSD."""
    write_images(folder / "images", {f"{n}.png": picture(n) for n in range(len(objects))})
    coco_file(folder / "instances.json", objects)
    values = {
        "name": "objects",
        "data_source": "images",
        "annotation_conversion": {
            "converter": "mscoco_detection",
            "annotation_file": "instances.json",
            "has_background": True,
        },
        "preprocessing": [{"type": "resize", "size": SIDE}],
        "postprocessing": [{"type": "resize_prediction_boxes"}],
        "metrics": [{"type": "map"}, {"type": "coco_precision"}],
    }
    return configuration("ssd", {**values, **dataset})


def segmentation(folder: Path, masks: Sequence[Bytes], **dataset: Any) -> dict[str, Any]:
    """Images ``0.png``, ... with these masks of three classes."""
    write_images(folder / "images", {f"{n}.png": picture(n) for n in range(len(masks))})
    write_images(folder / "masks", {f"gt{n}.png": mask for n, mask in enumerate(masks)})
    meta = {"label_map": {"0": "sky", "1": "road", "2": "tree"}}
    (folder / "meta.json").write_text(json.dumps(meta), encoding="utf-8")
    values = {
        "name": "pixels",
        "data_source": "images",
        "annotation_conversion": {
            "converter": "common_semantic_segmentation",
            "images_dir": "images",
            "masks_dir": "masks",
            "mask_prefix": "gt",
            "dataset_meta_file": "meta.json",
        },
        "preprocessing": [{"type": "resize", "size": SIDE}],
        "postprocessing": [{"type": "resize_segmentation_mask", "apply_to": "annotation", "size": SIDE}],
        "metrics": [{"type": "mean_iou"}],
    }
    return configuration("segmentation", {**values, **dataset})


def dataset_of(config: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = config["models"][0]["datasets"][0]
    return found
