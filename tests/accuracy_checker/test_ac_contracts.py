"""Readers, converters, steps, adapters and metrics: whatever stands in a table of theirs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import numpy as np
import pytest
from ac_data import coco_file, picture, write_images
from pydantic import ValidationError

from contracts import Example, check, each, modules
from openvino.tools.pot import accuracy_checker, datasets
from openvino.tools.pot.accuracy_checker.entries import chosen
from openvino.tools.pot.configs.validation import Parameters
from openvino.tools.pot.datasets.annotations import Detections, Meta, Objects, Seen
from openvino.tools.pot.datasets.pictures import Picture
from openvino.tools.pot.datasets.sources import Source
from openvino.tools.pot.utils.errors import ConfigError, Place

PLACE = Place("contract")
LABELS = {0: "sky", 1: "road", 2: "tree"}
META = Meta(LABELS, None, np.array([[0, 0, 0], [9, 9, 9], [5, 5, 5]], np.int64))
BOXES = np.array([[1.0, 2.0, 9.0, 8.0], [1.5, 2.0, 9.0, 8.0], [4.0, 4.0, 20.0, 6.0]])
FOUND = Detections(np.array([1, 1, 2]), np.array([0.9, 0.8, 0.7]), BOXES)
TRUTH = Objects.of([1, 2], BOXES[[0, 2]])
MASK = np.random.default_rng(0).integers(0, 3, (12, 16))
SCORES = np.random.default_rng(1).random((3, 12, 16))
VOC = (
    "<annotation><filename>0.png</filename><object><name>cat</name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>3</xmax><ymax>4</ymax>"
    "</bndbox></object></annotation>"
)


def tables() -> Iterator[tuple[str, str, type[Parameters]]]:
    """Table, name and class of every entry."""
    for package in (datasets, accuracy_checker):
        for module in modules(package):
            for name, table in vars(module).items():
                if isinstance(table, Mapping) and not name.startswith("_") and table:
                    values = list(table.values())
                    if all(isinstance(value, type) and issubclass(value, Parameters) for value in values):
                        yield from ((name, str(key), value) for key, value in table.items())


FOUND_IN_TABLES = {f"{table}: {name}": (table, name, kind) for table, name, kind in tables()}
PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    "STEPS: resize": {"size": 8},
    "STEPS: crop": {"size": 6},
    "STEPS: padding": {"stride": 10},
    "STEPS: normalization": {"mean": "1, 2, 3", "std": 2},
    "POSTPROCESSING: clip_boxes": {"apply_to": "all"},
    "POSTPROCESSING: resize_segmentation_mask": {"apply_to": "all", "size": 8},
    "POSTPROCESSING: encode_segmentation_mask": {"apply_to": "annotation"},
    "CONVERTERS: imagenet": {"annotation_file": "val.txt"},
    "CONVERTERS: cls_dataset_folder": {"data_dir": "classes"},
    "CONVERTERS: mscoco_detection": {"annotation_file": "instances.json"},
    "CONVERTERS: voc_detection": {"imageset_file": "set.txt", "annotations_dir": "."},
    "CONVERTERS: voc_segmentation": {
        "imageset_file": "set.txt",
        "images_dir": "images",
        "mask_dir": "images",
    },
    "CONVERTERS: common_semantic_segmentation": {"images_dir": "images", "masks_dir": "images"},
}
"""What an entry cannot be made without, or does nothing without."""


def folder_of_data(folder: Path) -> Path:
    write_images(folder / "images", {f"{number}.png": picture(number) for number in range(2)})
    write_images(folder / "classes/cat", {"0.png": picture(0)})
    coco_file(folder / "instances.json", [[(3, (1, 2, 5, 6))], []])
    (folder / "val.txt").write_text("0.png 1\n1.png 0\n", encoding="utf-8")
    (folder / "set.txt").write_text("0\n", encoding="utf-8")
    (folder / "0.xml").write_text(VOC, encoding="utf-8")
    np.save(folder / "0.npy", picture(0))
    return folder


def read(reader: Any, folder: Path) -> Any:
    path = next(path for path in (folder / "images/0.png", folder / "0.npy") if reader.reads(path))
    return reader.read(path)


def seen() -> tuple[Any, ...]:
    return Seen("0.png", (12, 16), (8, 8)), META


OF_TASKS: Mapping[str, tuple[Any, Any]] = {
    "classification": (np.array([0.1, 0.7, 0.2]), 1),
    "detection": (FOUND, TRUTH),
    "segmentation": (SCORES, MASK),
}
OUTPUTS: Mapping[str, Any] = {
    "classification": np.random.default_rng(2).random((2, 3)).astype(np.float32),
    "ssd": np.array([[[[0, 1, 0.9, 0.1, 0.1, 0.5, 0.5], [-1, 0, 0, 0, 0, 0, 0]]]], np.float32),
    "segmentation": SCORES[None].astype(np.float32),
}


def measured(entry: Any, prediction: Any, annotation: Any) -> Any:
    measure = entry.measure(META, PLACE)
    measure.update(prediction, annotation)
    alone = measure.of_one(prediction, annotation)
    figures = alone, measure.of_all()
    measure.reset()
    return figures


def postprocessed(step: Any, prediction: Any, annotation: Any, image: Seen, meta: Meta) -> Any:
    step.require(meta, PLACE)
    return step.apply(prediction, annotation, image, meta)


def colored() -> tuple[Any, Any]:
    assert META.colors is not None
    return SCORES, META.colors[MASK]


USES: Mapping[str, Callable[[str, Any], Example]] = {
    "STEPS": lambda name, entry: Example(
        lambda _: (entry(), Picture(picture(0), (8, 8))), lambda step, image: step.apply(image)
    ),
    "READERS": lambda name, entry: Example(lambda folder: (entry(), folder_of_data(folder)), read),
    "CONVERTERS": lambda name, entry: Example(
        lambda folder: (entry(), Source((folder_of_data(folder),), PLACE)),
        lambda converter, source: converter.convert(source),
    ),
    "ADAPTERS": lambda name, entry: Example(
        lambda _: (entry(), {"y": OUTPUTS[name]}),
        lambda adapter, outputs: adapter.predictions(outputs, "NCHW"),
    ),
    "POSTPROCESSING": lambda name, entry: Example(
        lambda _: (entry(), *(colored() if "encode" in name else OF_TASKS[entry().task]), *seen()),
        postprocessed,
    ),
    "METRICS": lambda name, entry: Example(lambda _: (entry(), *OF_TASKS[entry().task]), measured),
}
TABLES: Mapping[str, Mapping[str, type[Parameters]]] = {
    table: {name: kind for other, name, kind in FOUND_IN_TABLES.values() if other == table} for table in USES
}


def made(entry: str, **more: Any) -> Any:
    table, name, _ = FOUND_IN_TABLES[entry]
    return chosen(TABLES[table], {"type": name, **PARAMETERS.get(entry, {}), **more}, PLACE)


@each(FOUND_IN_TABLES)
def test_entries_of_tables(entry: str, tmp_path: Path) -> None:
    table, name, _ = FOUND_IN_TABLES[entry]
    check(USES[table](name, lambda: made(entry)), tmp_path)


@each(FOUND_IN_TABLES)
def test_entries_of_tables_say_what_they_take_refuse_slips_and_are_frozen(entry: str) -> None:
    _, _, kind = FOUND_IN_TABLES[entry]
    said = " ".join(each.__doc__ or "" for each in kind.__mro__ if issubclass(each, Parameters))
    one_value = {key for key, field in kind.model_fields.items() if is_one_value(field.annotation)}
    assert [
        key for key in kind.model_fields if key not in one_value and not re.search(rf"\b{key}\b", said)
    ] == []
    for key in kind.model_fields:
        with pytest.raises(ConfigError, match=key):
            made(entry, **{f"{key}s": 1})
        with pytest.raises(ValidationError):
            setattr(made(entry), key, 1)


def is_one_value(annotation: Any) -> bool:
    """Whether a key is there to be refused with any other value."""
    return get_origin(annotation) is Literal and len(get_args(annotation)) == 1


def test_every_table_is_known_here() -> None:
    assert {table for table, _, _ in FOUND_IN_TABLES.values()} == set(USES)
    assert set(PARAMETERS) <= set(FOUND_IN_TABLES)
