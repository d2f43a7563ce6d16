"""The engine that takes its samples and metrics from a configuration of Accuracy Checker."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot.accuracy_checker.annotations import Annotated, Meta, Sample
from openvino.tools.pot.accuracy_checker.converters.converter import Converter, read_meta
from openvino.tools.pot.accuracy_checker.definitions import Folders, with_definitions
from openvino.tools.pot.accuracy_checker.files import Source, require_files
from openvino.tools.pot.accuracy_checker.geometry import AutoResize
from openvino.tools.pot.accuracy_checker.loader import ACDataLoader, Subset
from openvino.tools.pot.accuracy_checker.metric import ACMetric, Named
from openvino.tools.pot.accuracy_checker.settings import RUNTIME, Labelling, Settings, parse_settings
from openvino.tools.pot.data_loaders.files import ARRAYS, find_files
from openvino.tools.pot.data_loaders.images import pillow
from openvino.tools.pot.data_loaders.layout import ImageInput, image_input
from openvino.tools.pot.engines.ie_engine import IEEngine
from openvino.tools.pot.engines.stream import Feed
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.utils.errors import ConfigError, ModelError


class ACEngine(IEEngine):
    """Runs a model over a dataset as a configuration of Accuracy Checker describes it.

    Args:
        config: ``models``, or ``launchers`` and ``datasets``, as Accuracy Checker takes them; beside them
            ``device`` (before the launcher's), ``stat_requests_number`` and ``eval_requests_number`` of ``IEEngine``.
        folder: what relative paths in it start from, unless ``DATA_DIR`` and ``ANNOTATIONS_DIR`` in the environment
            say otherwise; ``DEFINITIONS_FILE`` there completes datasets by their names.
        where: what the configuration is, for messages.
        labelled: whether labels and metrics are needed, so that what is not built of them is an error.

    Raises:
        ConfigError: something is not supported, a file is missing, or a package that reads it; nothing has run then.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        folder: Path = Path(),
        where: str = "engine",
        labelled: bool = False,
    ) -> None:
        if not isinstance(config, Mapping):
            raise ConfigError(f"{where}: found {config!r}, expected a mapping")
        config = with_definitions(config, folder, os.environ)
        self._settings = parse_settings(config, Folders.of(folder, os.environ), where, labelled)
        pillow()
        data = _read_data(self._settings)
        runtime = {key: config[key] for key in RUNTIME if config.get(key) is not None}
        runtime.setdefault("device", self._settings.launcher.device or "CPU")
        self._images = data.loader
        self._input: ImageInput | None = None
        super().__init__(runtime, data.loader, data.metric)

    def set_model(self, model: CompressedModel | ov.Model) -> None:
        """Choose the model that ``predict`` runs.

        Raises:
            ModelError: its input doesn't take images as the configuration prepares them.
            ConfigError: the layout of its input can't be told.
        """
        super().set_model(model)
        assert self._model is not None
        if self._model.is_cascade:
            return  # the pass over samples says what is wrong with it
        self._input = self._image_input(self._model.submodels[0].model)
        height, width = self._input.height, self._input.width
        size = None if height is None or width is None else (height, width)
        if size is None and any(isinstance(step, AutoResize) for step in self._settings.steps):
            raise ModelError(
                f"auto_resize needs a fixed height and width, input {self._input.name!r} has none"
            )
        self._images.input_size = size

    def _image_input(self, model: ov.Model) -> ImageInput:
        parameters, said = model.get_parameters(), self._settings.model_input
        names = [each.get_friendly_name() for each in parameters]
        if len(parameters) != 1:
            raise ModelError(f"the model has inputs {names}, expected one that takes images")
        known = {names[0], *parameters[0].output(0).get_names()}
        if said is not None and said.name not in known:
            raise ModelError(f"the launcher names input {said.name!r}, the model has {names[0]!r}")
        return image_input(parameters[0], None if said is None else said.layout)

    def _fill_input(self, model: ov.Model | ov.CompiledModel, image_batch: Any) -> Feed:
        """The images in the layout of the model's input."""
        assert self._input is not None
        return super()._fill_input(model, [self._input.arranged(image) for image in image_batch])

    def postprocess_output(self, outputs: dict[str, NDArray[Any]], metadata: Any) -> Any:
        """What the adapter makes of outputs, one prediction for each image."""
        assert self._input is not None
        if self._settings.labelling is None:
            return super().postprocess_output(outputs, metadata)
        return self._settings.labelling.adapter.predictions(outputs, self._input.layout)

    def _update_metrics(
        self, output: Any, annotations: list[tuple[int, Any]], need_metrics_per_sample: bool = False
    ) -> None:
        """Give the predictions and the annotations of a batch to the metric."""
        if self._settings.labelling is None:
            return
        missing = self._settings.labelling.adapter.missing(len(annotations) - len(output))
        super()._update_metrics([*output, *missing], annotations, need_metrics_per_sample)


@dataclass(frozen=True)
class _Data:
    loader: ACDataLoader
    metric: ACMetric | None


def _read_data(settings: Settings) -> _Data:
    """Samples and metrics, once all annotations are read and all files are there."""
    dataset, place, labelling = settings.dataset, settings.place, settings.labelling
    source = Source(settings.folders.data, place)
    if labelling is None:
        images = _images_alone(settings)
        return _Data(ACDataLoader(_subset(settings, images), Path(), settings.reader, settings.steps), None)
    found = _annotated(settings, labelling.converter)
    samples = _subset(settings, found.samples)
    if not samples:
        raise ConfigError(f"{place.at('annotation_conversion')}: there are no annotated images")
    if dataset.data_source is not None:
        folder = source.directory("data_source", dataset.data_source)
    elif found.folder is not None:
        folder = found.folder
    else:
        raise ConfigError(f"{place.at('data_source')}: it is missing, expected the folder of the images")
    require_files([each.name for each in samples], folder, "images", place.at("data_source"))
    loader = ACDataLoader(samples, folder, settings.reader, settings.steps)
    return _Data(loader, _metric(labelling, _meta(settings, found.meta)))


def _subset(settings: Settings, samples: list[Sample]) -> list[Sample]:
    dataset = settings.dataset
    try:
        return Subset(dataset.subsample_size, dataset.subsample_seed, dataset.shuffle).of(samples)
    except ConfigError as error:
        raise ConfigError(f"{settings.place.at('subsample_size')}: {error}") from None


def _images_alone(settings: Settings) -> list[Sample]:
    """The images that ``data_source`` names: a folder, a pattern, a list or a file."""
    assert settings.dataset.data_source is not None
    place, path = settings.place.at("data_source"), settings.folders.data / settings.dataset.data_source
    found = [file for file in find_files([str(path)], str(place)) if file.suffix.lower() not in ARRAYS]
    if not found:
        raise ConfigError(f"{place}: {str(path)!r} holds no images")
    return [Sample(str(file), None) for file in found]


def _annotated(settings: Settings, converter: Converter) -> Annotated:
    dataset, source = settings.dataset, Source(settings.folders.data, settings.place)
    keys = ("segmentation_masks_source", "additional_data_source")
    named = next((key for key in keys if getattr(dataset, key) is not None), None)
    masks = None if named is None else source.directory(named, getattr(dataset, named))
    at = settings.place.at("annotation_conversion")
    return converter.convert(Source(settings.folders.data, at, masks))


def _meta(settings: Settings, converted: Meta) -> Meta:
    """What the dataset's own meta file says, of what it doesn't say what the converter found."""
    path = settings.dataset.dataset_meta
    # Accuracy Checker writes this file the first time.
    if path is None or not (settings.folders.annotations / path).is_file():
        return converted
    found = read_meta(Source(settings.folders.annotations, settings.place), "dataset_meta", path)
    return Meta(
        found.labels or converted.labels,
        converted.background if found.background is None else found.background,
        converted.colors if found.colors is None else found.colors,
    )


def _metric(labelling: Labelling, meta: Meta) -> ACMetric:
    for step, place in labelling.postprocessing:
        step.require(meta, place)
    measures = {
        name: Named(entry.kind, entry.measure(meta, place))
        for name, (entry, place) in labelling.measures.items()
    }
    return ACMetric(measures, [step for step, _ in labelling.postprocessing], meta)
