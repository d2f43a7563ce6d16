"""Annotations, as each converter finds them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ac_data import coco_file, write_images

from openvino.tools.pot.accuracy_checker.entries import chosen
from openvino.tools.pot.accuracy_checker.loader import Subset
from openvino.tools.pot.datasets.annotations import Annotated
from openvino.tools.pot.datasets.formats import CONVERTERS
from openvino.tools.pot.datasets.masks import MaskFile
from openvino.tools.pot.datasets.sources import Source
from openvino.tools.pot.utils.errors import ConfigError, Place

PLACE = Place("here", "conversion")
PIXEL = np.zeros((2, 2, 3), np.uint8)


def converted(folder: Path, converter: str, **values: Any) -> Annotated:
    masks = values.pop("masks", None)
    entry = {"converter": converter, **values}
    return chosen(CONVERTERS, entry, PLACE, "converter").convert(Source((folder,), PLACE, masks))


def refusal(folder: Path, converter: str, **values: Any) -> str:
    with pytest.raises(ConfigError) as raised:
        converted(folder, converter, **values)
    message = str(raised.value).replace(str(folder), "<folder>")
    assert "\n" not in message
    return message


def pairs(found: Annotated) -> list[tuple[str, Any]]:
    return [(each.name, each.annotation) for each in found.samples]


def test_imagenet_reads_names_and_classes(tmp_path: Path) -> None:
    (tmp_path / "val.txt").write_text("a.jpg 3\n\nsome/where/b.jpg\t7\n  c@d.jpg 0  \n")
    assert pairs(converted(tmp_path, "imagenet", annotation_file="val.txt")) == [
        ("a.jpg", 3),
        ("b.jpg", 7),
        ("d.jpg", 0),
    ]


def test_imagenet_with_a_background_counts_from_one(tmp_path: Path) -> None:
    (tmp_path / "val.txt").write_text("a.jpg 3\n")
    (tmp_path / "words.txt").write_text("n01 tench, fish\nn02 shark\n")
    found = converted(
        tmp_path, "imagenet", annotation_file="val.txt", labels_file="words.txt", has_background=True
    )
    assert pairs(found) == [("a.jpg", 4)]
    assert found.meta.labels == {0: "background", 1: "tench, fish", 2: "shark"}
    assert found.meta.classes == [1, 2]


def test_imagenet_lines_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "val.txt").write_text("a.jpg cat\n")
    assert refusal(tmp_path, "imagenet", annotation_file="val.txt") == (
        "here: conversion.annotation_file: line 'a.jpg cat' of 'val.txt' is no 'name class', the class a number"
    )


def test_folders_are_classes_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("b/2.png", "a/9.png", "b/1.png", "a/.hidden"):
        (tmp_path / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / name).touch()
    found = converted(tmp_path, "cls_dataset_folder", data_dir="data")
    assert pairs(found) == [("a/9.png", 0), ("b/1.png", 1), ("b/2.png", 1)]
    assert found.meta.labels == {0: "a", 1: "b"}
    assert found.folder == tmp_path / "data"


def test_a_folder_without_folders(tmp_path: Path) -> None:
    assert refusal(tmp_path, "cls_dataset_folder", data_dir=".") == (
        "here: conversion.data_dir: '<folder>' holds no folders, expected one for each class"
    )


OBJECTS = [[(7, (1, 2, 3, 4)), (3, (0, 0, 5, 5), True)], []]


@pytest.mark.parametrize(
    ("values", "labels", "names"),
    [
        ({}, [1, 0], {0: "cat", 1: "dog"}),
        ({"has_background": True}, [2, 1], {0: "background", 1: "cat", 2: "dog"}),
        ({"use_full_label_map": True}, [7, 3], {3: "cat", 7: "dog"}),
    ],
)
def test_coco_boxes_and_classes(
    tmp_path: Path, values: dict[str, Any], labels: list[int], names: dict[int, str]
) -> None:
    coco_file(tmp_path / "i.json", OBJECTS)
    found = converted(tmp_path, "mscoco_detection", annotation_file="i.json", **values)
    (first, objects), (second, none) = pairs(found)
    assert (first, second) == ("0.png", "1.png")
    assert objects.labels.tolist() == labels
    assert objects.boxes.tolist() == [[1, 2, 4, 6], [0, 0, 5, 5]]
    assert objects.crowd.tolist() == [False, True] and not objects.difficult.any()
    assert none.boxes.shape == (0, 4)
    assert dict(found.meta.labels) == names


def test_coco_samples_are_sorted(tmp_path: Path) -> None:
    coco_file(tmp_path / "i.json", [[], [], []])
    content = json.loads((tmp_path / "i.json").read_text())
    for image, number, height in zip(content["images"], (5, 3, 4), (1, 2, 0), strict=True):
        image["id"], image["height"] = number, height
    (tmp_path / "i.json").write_text(json.dumps(content))

    def order(**values: Any) -> str:
        found = converted(tmp_path, "mscoco_detection", annotation_file="i.json", **values)
        return "".join(each.name[0] for each in found.samples)

    assert order() == "120"
    assert order(sort_key="image_size") == "201"
    assert order(sort_annotations=False) == "012"


def test_coco_with_names_of_its_own(tmp_path: Path) -> None:
    coco_file(tmp_path / "i.json", OBJECTS)
    (tmp_path / "meta.json").write_text(json.dumps({"label_map": {"3": "lion", "7": "wolf"}}))
    found = converted(tmp_path, "mscoco_detection", annotation_file="i.json", dataset_meta_file="meta.json")
    assert found.samples[0].annotation.labels.tolist() == [7, 3]
    assert found.meta.labels == {3: "lion", 7: "wolf"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "'<folder>/i.json' is no JSON file: Expecting property name enclosed in double quotes: "),
        ("[]", "'i.json' has no list 'images', expected a file of COCO instances"),
        (
            '{"images": [], "annotations": []}',
            "'i.json' has no list 'categories', expected a file of COCO instances",
        ),
        (
            '{"images": [{"id": 1}], "annotations": [], "categories": []}',
            "'i.json' is no file of COCO instances: KeyError: 'file_name'",
        ),
    ],
)
def test_files_that_are_not_of_coco(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "i.json").write_text(content)
    found = refusal(tmp_path, "mscoco_detection", annotation_file="i.json")
    assert found.startswith(f"here: conversion.annotation_file: {message}")


def voc_xml(objects: str) -> str:
    return f"<annotation><filename>x.jpg</filename>{objects}</annotation>"


def voc_object(name: str, box: tuple[int, ...], difficult: int) -> str:
    sides = "".join(f"<{s}>{v}</{s}>" for s, v in zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True))
    marks = f"<difficult>{difficult}</difficult>" if difficult >= 0 else ""
    return f"<object><name>{name}</name>{marks}<bndbox>{sides}</bndbox></object>"


@pytest.mark.parametrize(("background", "labels"), [(True, [8, 12]), (False, [7, 11])])
def test_voc_boxes_count_from_zero(tmp_path: Path, background: bool, labels: list[int]) -> None:
    (tmp_path / "set.txt").write_text("x  1\n")
    objects = voc_object("cat", (1, 2, 3, 4), 1) + voc_object("dog", (5, 5, 9, 9), -1)
    (tmp_path / "x.xml").write_text(voc_xml(objects))
    found = converted(
        tmp_path, "voc_detection", imageset_file="set.txt", annotations_dir=".", has_background=background
    )
    ((name, annotation),) = pairs(found)
    assert name == "x.jpg"
    assert annotation.labels.tolist() == labels
    assert annotation.boxes.tolist() == [[0, 1, 2, 3], [4, 4, 8, 8]]
    assert annotation.difficult.tolist() == [True, False]
    assert len(found.meta.classes) == 20 and found.meta.background == (0 if background else None)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            voc_xml(voc_object("yeti", (1, 1, 2, 2), 0)),
            "has an object of class 'yeti', expected one of __background__, ",
        ),
        ("<annotation/>", "is no annotation of VOC: <annotation> has no <filename>"),
        ("text", "is no annotation of VOC: syntax error: line 1, column 0"),
        (
            voc_xml("<object><name>cat</name></object>"),
            "is no annotation of VOC: <object> has no <bndbox/xmin>",
        ),
        (None, "is no annotation of VOC: [Errno 2] No such file"),
    ],
)
def test_files_that_are_not_of_voc(tmp_path: Path, content: str | None, message: str) -> None:
    (tmp_path / "set.txt").write_text("x\n")
    if content is not None:
        (tmp_path / "x.xml").write_text(content)
    found = refusal(tmp_path, "voc_detection", imageset_file="set.txt", annotations_dir=".")
    assert found.startswith(f"here: conversion.annotations_dir: '<folder>/x.xml' {message}")


def test_masks_of_a_folder_have_the_images_names(tmp_path: Path) -> None:
    write_images(tmp_path / "i", {"a_2.png": PIXEL, "a_1.png": PIXEL, "b_1.png": PIXEL, "a_.png": PIXEL})
    write_images(tmp_path / "m", {"gt1.bmp": PIXEL, "gt2.bmp": PIXEL})
    around = {"image_prefix": "a_", "mask_prefix": "gt", "mask_postfix": ".bmp"}
    found = converted(
        tmp_path,
        "common_semantic_segmentation",
        images_dir="i",
        masks_dir="m",
        mask_loader="opencv",
        **around,
    )
    assert pairs(found) == [
        ("a_1.png", MaskFile(tmp_path / "m/gt1.bmp", "opencv")),
        ("a_2.png", MaskFile(tmp_path / "m/gt2.bmp", "opencv")),
    ]
    assert found.folder == tmp_path / "i"


def test_masks_that_are_missing(tmp_path: Path) -> None:
    write_images(tmp_path / "i", {"1.png": PIXEL, "2.png": PIXEL})
    write_images(tmp_path / "m", {"1.png": PIXEL})
    values = {"images_dir": "i", "masks_dir": "m"}
    assert refusal(tmp_path, "common_semantic_segmentation", **values) == (
        "here: conversion.masks_dir: 1 of 2 masks are not in '<folder>/m', the first is '2.png'"
    )
    assert refusal(tmp_path, "common_semantic_segmentation", **values, image_postfix=".jpg") == (
        "here: conversion.images_dir: '<folder>/i' holds no files whose names begin with '' and end with '.jpg'"
    )
    assert refusal(tmp_path, "common_semantic_segmentation", **values, mask_loader="nifti") == (
        "here: conversion.mask_loader: 'nifti' is not supported, expected one of pillow, pillow_convert_to_rgb, "
        "opencv, scipy, numpy"
    )


def test_masks_of_voc(tmp_path: Path) -> None:
    (tmp_path / "ImageSets/Segmentation").mkdir(parents=True)
    (tmp_path / "ImageSets/Segmentation/val.txt").write_text("x\n")
    write_images(tmp_path / "JPEGImages", {"x.jpg": PIXEL})
    write_images(tmp_path / "SegmentationClass", {"x.png": PIXEL})
    found = converted(tmp_path, "voc_segmentation", imageset_file="ImageSets/Segmentation/val.txt")
    mask = tmp_path.resolve() / "SegmentationClass/x.png"
    assert pairs(found) == [("x.jpg", MaskFile(mask, "scipy"))]
    assert found.folder == tmp_path.resolve() / "JPEGImages"
    assert found.meta.labels[20] == "tvmonitor" and found.meta.background == 0
    assert found.meta.colors is not None
    assert found.meta.colors[[0, 1, 2, 3, 4, 8, 15, 20]].tolist() == [
        [0, 0, 0], [128, 0, 0], [0, 128, 0], [128, 128, 0], [0, 0, 128], [64, 0, 0], [192, 128, 128], [0, 64, 128]
    ]  # fmt: skip


def test_the_dataset_may_name_the_folder_of_masks(tmp_path: Path) -> None:
    (tmp_path / "val.txt").write_text("x\n")
    write_images(tmp_path / "elsewhere", {"x.png": PIXEL})
    found = converted(
        tmp_path, "voc_segmentation", masks=tmp_path / "elsewhere", imageset_file="val.txt", images_dir="."
    )
    assert found.samples[0].annotation.path == tmp_path / "elsewhere/x.png"


def test_names_of_classes_may_be_a_list(tmp_path: Path) -> None:
    (tmp_path / "val.txt").write_text("a 1\n")
    (tmp_path / "meta.json").write_text(json.dumps({"labels": ["x", "y"]}))
    values = {"annotation_file": "val.txt", "dataset_meta_file": "meta.json"}
    assert converted(tmp_path, "imagenet", **values).meta.labels == {0: "x", 1: "y"}
    found = converted(tmp_path, "imagenet", **values, has_background=True).meta
    assert found.labels == {0: "background", 1: "x", 2: "y"}


def test_text_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "val.txt").write_bytes(b"\xff\xfe\x00")
    assert refusal(tmp_path, "imagenet", annotation_file="val.txt").startswith(
        "here: conversion.annotation_file: '<folder>/val.txt' can't be read: 'utf-8' codec can't decode"
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([1], "'meta.json' holds a list, expected a mapping"),
        (
            {"label_map": {"a": "b"}},
            "'meta.json' is no dataset meta: label_map, labels, background_label or segmentation_colors isn't what "
            "is expected: invalid literal for int() with base 10: 'a'",
        ),
    ],
)
def test_files_that_are_no_dataset_meta(tmp_path: Path, content: Any, message: str) -> None:
    (tmp_path / "val.txt").write_text("a 1\n")
    (tmp_path / "meta.json").write_text(json.dumps(content))
    found = refusal(tmp_path, "imagenet", annotation_file="val.txt", dataset_meta_file="meta.json")
    assert found == f"here: conversion.dataset_meta_file: {message}"


NUMBERS: list[Any] = list(range(40))


@pytest.mark.parametrize(
    ("size", "count"), [(None, 40), (7, 7), ("7", 7), ("10%", 4), ("0.1%", 1), (40, 40), (99, 40)]
)
def test_sizes_of_subsets(size: Any, count: int) -> None:
    found: list[Any] = Subset(size, 666, True).of(NUMBERS)
    assert len(set(found)) == len(found) == count


def test_subsets_are_drawn_as_accuracy_checker_draws_them() -> None:
    # What np.random.seed(seed) and np.random.choice(40, 5, replace=False) give.
    assert Subset(5, 666, True).of(NUMBERS) == [NUMBERS[each] for each in (37, 23, 39, 3, 26)]
    assert Subset(5, 7, True).of(NUMBERS) != Subset(5, 666, True).of(NUMBERS)
    assert Subset(5, 666, False).of(NUMBERS) == NUMBERS[:5]


@pytest.mark.parametrize("size", [0, -1, "0%", "some", "1.5"])
def test_sizes_that_are_none(size: Any) -> None:
    with pytest.raises(ConfigError, match="expected a number from 1 on, or a share such as '10%'"):
        Subset(size, 666, True).of(NUMBERS)
