"""The engine that takes its samples and metrics from a configuration of Accuracy Checker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot.accuracy_checker.annotations import Annotated, Meta
from openvino.tools.pot.accuracy_checker.converters.converter import read_meta
from openvino.tools.pot.accuracy_checker.files import Source, require_files
from openvino.tools.pot.accuracy_checker.geometry import AutoResize
from openvino.tools.pot.accuracy_checker.loader import ACDataLoader, Subset
from openvino.tools.pot.accuracy_checker.metric import ACMetric, Named
from openvino.tools.pot.accuracy_checker.settings import RUNTIME, Settings, parse_settings
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
        folder: what relative paths in it start from.
        where: what the configuration is, for messages.

    Raises:
        ConfigError: something is not supported, a file is missing, or a package that reads it; nothing has run then.
    """

    def __init__(self, config: Mapping[str, Any], folder: Path = Path(), where: str = "engine") -> None:
        if not isinstance(config, Mapping):
            raise ConfigError(f"{where}: found {config!r}, expected a mapping")
        self._settings = parse_settings(config, folder, where)
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
        return self._settings.adapter.predictions(outputs, self._input.layout)

    def _update_metrics(
        self, output: Any, annotations: list[tuple[int, Any]], need_metrics_per_sample: bool = False
    ) -> None:
        """Give the predictions and the annotations of a batch to the metric."""
        missing = self._settings.adapter.missing(len(annotations) - len(output))
        super()._update_metrics([*output, *missing], annotations, need_metrics_per_sample)


@dataclass(frozen=True)
class _Data:
    loader: ACDataLoader
    metric: ACMetric


def _read_data(settings: Settings) -> _Data:
    """Samples and metrics, once all annotations are read and all files are there."""
    found = _annotated(settings)
    dataset, place = settings.dataset, settings.place
    try:
        samples = Subset(dataset.subsample_size, dataset.subsample_seed, dataset.shuffle).of(found.samples)
    except ConfigError as error:
        raise ConfigError(f"{place.at('subsample_size')}: {error}") from None
    if not samples:
        raise ConfigError(f"{place.at('annotation_conversion')}: there are no annotated images")
    source = Source(settings.folder, place)
    if dataset.data_source is not None:
        folder = source.directory("data_source", dataset.data_source)
    elif found.folder is not None:
        folder = found.folder
    else:
        raise ConfigError(f"{place.at('data_source')}: it is missing, expected the folder of the images")
    require_files([each.name for each in samples], folder, "images", place.at("data_source"))
    loader = ACDataLoader(samples, folder, settings.reader, settings.steps)
    return _Data(loader, _metric(settings, _meta(settings, found.meta)))


def _annotated(settings: Settings) -> Annotated:
    dataset, source = settings.dataset, Source(settings.folder, settings.place)
    keys = ("segmentation_masks_source", "additional_data_source")
    named = next((key for key in keys if getattr(dataset, key) is not None), None)
    masks = None if named is None else source.directory(named, getattr(dataset, named))
    at = settings.place.at("annotation_conversion")
    return settings.converter.convert(Source(settings.folder, at, masks))


def _meta(settings: Settings, converted: Meta) -> Meta:
    """What the dataset's own meta file says, of what it doesn't say what the converter found."""
    path = settings.dataset.dataset_meta
    # Accuracy Checker writes this file the first time.
    if path is None or not (settings.folder / path).is_file():
        return converted
    found = read_meta(Source(settings.folder, settings.place), "dataset_meta", path)
    return Meta(
        found.labels or converted.labels,
        converted.background if found.background is None else found.background,
        converted.colors if found.colors is None else found.colors,
    )


def _metric(settings: Settings, meta: Meta) -> ACMetric:
    for step, place in settings.postprocessing:
        step.require(meta, place)
    measures = {
        name: Named(entry.kind, entry.measure(meta, place))
        for name, (entry, place) in settings.measures.items()
    }
    return ACMetric(measures, [step for step, _ in settings.postprocessing], meta)
