"""Classes of whole images."""

from __future__ import annotations

from pathlib import PurePath
from typing import ClassVar

from openvino.tools.pot.datasets.annotations import Annotated, Meta, Sample, Task
from openvino.tools.pot.datasets.formats.converter import (
    Converter,
    read_meta,
    with_background,
)
from openvino.tools.pot.datasets.sources import PathText, Source
from openvino.tools.pot.utils.errors import ConfigError


class ImageNet(Converter):
    """A text file with a line ``name class`` for each image.

    Attributes:
        annotation_file: the file.
        labels_file: ``word name`` for each class, a line each.
        has_background: classes count from 1, as class 0 stands for nothing.
        images_dir: where the images are, if ``data_source`` doesn't say it.
        dataset_meta_file: names of classes.
    """

    task: ClassVar[Task] = "classification"
    annotation_file: PathText
    labels_file: PathText | None = None
    has_background: bool = False
    images_dir: PathText | None = None
    dataset_meta_file: PathText | None = None

    def convert(self, source: Source) -> Annotated:
        """One sample for each line."""
        lines = source.lines("annotation_file", self.annotation_file)
        folder = None if self.images_dir is None else source.directory("images_dir", self.images_dir)
        samples = [self._sample(line, source) for line in lines]
        return Annotated(samples, self._meta(source), folder)

    def _sample(self, line: str, source: Source) -> Sample:
        name, label = (*line.rsplit(None, 1), "")[:2]
        if not label.isdigit():
            raise ConfigError(
                f"line {line!r} of {str(self.annotation_file)!r} is no 'name class', the class a number",
                source.place.at("annotation_file"),
            )
        # Accuracy Checker keeps the last part of a path, and of it what follows an @.
        return Sample(PurePath(name).name.split("@")[-1], int(label) + self.has_background)

    def _meta(self, source: Source) -> Meta:
        labels = read_meta(source, "dataset_meta_file", self.dataset_meta_file, self.has_background).labels
        if self.labels_file is not None and not labels:
            lines = source.lines("labels_file", self.labels_file)
            labels = {n + self.has_background: line.partition(" ")[2] or line for n, line in enumerate(lines)}
        return with_background(labels) if self.has_background else Meta(labels)


class DatasetFolder(Converter):
    """A folder with one folder of images for each class; classes are numbered in the order of their names.

    Attributes:
        data_dir: the folder.
    """

    task: ClassVar[Task] = "classification"
    data_dir: PathText

    def convert(self, source: Source) -> Annotated:
        """One sample for each file in one of the folders."""
        folder = source.directory("data_dir", self.data_dir)
        classes = sorted(each.name for each in folder.iterdir() if each.is_dir())
        if not classes:
            raise ConfigError(
                f"{str(folder)!r} holds no folders, expected one for each class", source.place.at("data_dir")
            )
        samples = [
            Sample(f"{name}/{file.name}", label)
            for label, name in enumerate(classes)
            for file in sorted((folder / name).iterdir())
            if file.is_file() and not file.name.startswith(".")
        ]
        return Annotated(samples, Meta(dict(enumerate(classes))), folder)
