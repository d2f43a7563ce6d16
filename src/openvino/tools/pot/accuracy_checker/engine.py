"""The engine that takes its samples and metrics from a configuration of Accuracy Checker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot.accuracy_checker.loader import ACDataLoader, Subset
from openvino.tools.pot.accuracy_checker.metric import ACMetric, Named
from openvino.tools.pot.accuracy_checker.settings import (
    RUNTIME,
    Measuring,
    Settings,
    parse_settings,
)
from openvino.tools.pot.data_loaders.layout import ImageInput, image_input
from openvino.tools.pot.datasets.annotations import Annotated, Meta, Sample
from openvino.tools.pot.datasets.files import find_files
from openvino.tools.pot.datasets.formats.converter import Converter, read_meta
from openvino.tools.pot.datasets.geometry import AutoResize
from openvino.tools.pot.datasets.images import pillow
from openvino.tools.pot.datasets.sources import Source, placed, require_files
from openvino.tools.pot.engines import probes
from openvino.tools.pot.engines.ie_engine import IEEngine
from openvino.tools.pot.engines.stream import Feed
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.statistics.layout import StatisticsLayout
from openvino.tools.pot.utils.errors import ConfigError, EngineError, ModelError
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)


class ACEngine(IEEngine):
    """Runs a model over a dataset as a configuration of Accuracy Checker describes it.

    Args:
        config: ``models``, or ``launchers`` and ``datasets``, as Accuracy Checker takes them; beside them
            ``device`` (before the launcher's), ``stat_requests_number`` and ``eval_requests_number`` of ``IEEngine``.
        folder: what relative paths in it start from, unless the environment says it (``DATA_DIR``,
            ``ANNOTATIONS_DIR``).
        where: what the configuration is, for messages.
        labelled: whether labels and metrics of the samples are needed, so that what is not built of them is an error.

    Attributes:
        wants_metrics: whether the configuration names metrics or labels.
        why_unmeasured: why the engine has no metric; empty if it has one.

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
            raise ConfigError(f"found {config!r}, expected a mapping", where)
        self._settings, evaluated = parse_settings(config, folder, where, labelled)
        pillow()
        data = _read_data(self._settings)
        self._images = data.loader
        if evaluated is not self._settings:
            data = _read_data(evaluated)
        self._judged = data.loader
        self._adapter = evaluated.measuring.adapter if evaluated.measuring else None
        self.why_unmeasured, self.wants_metrics = evaluated.why_unmeasured, evaluated.wants_metrics
        if self.wants_metrics and self.why_unmeasured:
            logger.warning("%s: no metric is computed", self.why_unmeasured)
        runtime = {key: config[key] for key in RUNTIME if config.get(key) is not None}
        runtime.setdefault("device", self._settings.launcher.device or "CPU")
        self._input: ImageInput | None = None
        super().__init__(runtime, self._images, data.metric)

    def predict(
        self,
        stats_layout: StatisticsLayout | None = None,
        sampler: Any = None,
        stat_aliases: Any = None,
        metric_per_sample: bool = False,
        print_progress: bool = False,
    ) -> tuple[Any, Any]:
        """Metrics, or statistics, as ``IEEngine`` gives them; metrics of the dataset for evaluation, if there is one.

        Raises:
            EngineError: some samples of a dataset of its own are to be measured.
        """
        is_one = self._judged is self._images or self.data_loader is not self._images
        if stats_layout is not None or is_one:
            return super().predict(stats_layout, sampler, stat_aliases, metric_per_sample, print_progress)
        if sampler is not None:
            raise EngineError(
                "metrics of chosen samples need one dataset, the configuration has one for optimization and one for "
                "evaluation"
            )
        with probes.using(self, self._judged, self.metric):
            return super().predict(None, None, stat_aliases, metric_per_sample, print_progress)

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
        for loader in (self._images, self._judged):
            if size is None and any(isinstance(step, AutoResize) for step in loader.steps):
                raise ModelError(
                    f"auto_resize needs a fixed height and width, input {self._input.name!r} has none"
                )
            loader.input_size = size

    def _image_input(self, model: ov.Model) -> ImageInput:
        parameters, said = model.get_parameters(), self._settings.model_input
        names = [each.get_friendly_name() for each in parameters]
        constants = self._settings.constants
        images = [each for each in parameters if not _names(each) & set(constants)]
        if len(images) != 1 or len(parameters) != len(constants) + 1:
            beside = f" beside {list(constants)}" if constants else ""
            raise ModelError(f"the model has inputs {names}, expected one that takes images{beside}")
        if said is not None and said.name not in _names(images[0]):
            raise ModelError(
                f"the launcher names input {said.name!r}, the model has {images[0].get_friendly_name()!r}"
            )
        return image_input(images[0], None if said is None else said.layout)

    def _fill_input(self, model: ov.Model | ov.CompiledModel, image_batch: Any) -> Feed:
        """The images in the layout of the model's input, and what is the same for all of them."""
        assert self._input is not None
        images = [self._input.arranged(image) for image in image_batch]
        constants = self._settings.constants
        if not constants:
            return super()._fill_input(model, images)
        return super()._fill_input(model, [{self._input.name: image, **constants} for image in images])

    def postprocess_output(self, outputs: dict[str, NDArray[Any]], metadata: Any) -> Any:
        """What the adapter makes of outputs, one prediction for each image."""
        assert self._input is not None
        if self._adapter is None:
            return super().postprocess_output(outputs, metadata)
        return self._adapter.predictions(outputs, self._input.layout)

    def _update_metrics(
        self, output: Any, annotations: list[tuple[int, Any]], need_metrics_per_sample: bool = False
    ) -> None:
        """Give the predictions and the annotations of a batch to the metric."""
        if self._adapter is None:  # and no metric of the configuration: one that a search brings, or none
            super()._update_metrics(output, annotations, need_metrics_per_sample)
            return
        missing = self._adapter.missing(len(annotations) - len(output))
        super()._update_metrics([*output, *missing], annotations, need_metrics_per_sample)


def _names(parameter: ov.Node) -> set[str]:
    return {parameter.get_friendly_name(), *parameter.output(0).get_names()}


@dataclass(frozen=True)
class _Data:
    loader: ACDataLoader
    metric: ACMetric | None


def _read_data(settings: Settings) -> _Data:
    """Samples and metrics, once all annotations are read and all files are there."""
    dataset, place, converter = settings.dataset, settings.place, settings.converter
    found = Annotated(_files(settings)) if converter is None else _annotated(settings, converter)
    try:
        samples = Subset(dataset.subsample_size, dataset.subsample_seed, dataset.shuffle).of(found.samples)
    except ConfigError as error:
        raise ConfigError(error.sentence, place.at("subsample_size").around(error.where)) from None
    if not samples:
        raise ConfigError("there are no annotated images", place.at("annotation_conversion"))
    folder = Path() if converter is None else _folder(settings, found.folder)
    require_files([each.name for each in samples], folder, "images", place.at("data_source"))
    loader = ACDataLoader(samples, folder, settings.reader, settings.steps)
    if settings.measuring is None:
        return _Data(loader, None)
    return _Data(loader, _metric(settings.measuring, _meta(settings, found.meta)))


def _files(settings: Settings) -> list[Sample]:
    """The files of the data source, without annotations."""
    dataset, place = settings.dataset, settings.place.at("data_source")
    assert dataset.data_source is not None
    source = placed(dataset.data_source, settings.data_folders)
    files = [each for each in find_files([str(source)], str(place)) if settings.reader.reads(each)]
    if not files:
        raise ConfigError(f"{str(source)!r} holds no files that the reader reads", place)
    if dataset.annotation_conversion is not None or dataset.annotation is not None:
        logger.warning(
            "%s: annotations are not read, the %d files of %r are the samples", place, len(files), str(source)
        )
    return [Sample(str(each), None) for each in files]


def _folder(settings: Settings, converted: Path | None) -> Path:
    """The folder of annotated images."""
    place = settings.place
    if settings.dataset.data_source is not None:
        return Source(settings.data_folders, place).directory("data_source", settings.dataset.data_source)
    if converted is None:
        raise ConfigError("it is missing, expected the folder of the images", place.at("data_source"))
    return converted


def _annotated(settings: Settings, converter: Converter) -> Annotated:
    dataset, source = settings.dataset, Source(settings.data_folders, settings.place)
    keys = ("segmentation_masks_source", "additional_data_source")
    named = next((key for key in keys if getattr(dataset, key) is not None), None)
    masks = None if named is None else source.directory(named, getattr(dataset, named))
    at = settings.place.at("annotation_conversion")
    return converter.convert(Source(settings.data_folders, at, masks))


def _meta(settings: Settings, converted: Meta) -> Meta:
    """What the dataset's own meta file says, of what it doesn't say what the converter found."""
    path, folders = settings.dataset.dataset_meta, settings.annotation_folders
    # Accuracy Checker writes this file the first time.
    if path is None or not placed(path, folders).is_file():
        return converted
    found = read_meta(Source(folders, settings.place), "dataset_meta", path)
    return Meta(
        found.labels or converted.labels,
        converted.background if found.background is None else found.background,
        converted.colors if found.colors is None else found.colors,
    )


def _metric(measuring: Measuring, meta: Meta) -> ACMetric:
    for step, place in measuring.postprocessing:
        step.require(meta, place)
    measures = {
        name: Named(entry.kind, entry.measure(meta, place))
        for name, (entry, place) in measuring.measures.items()
    }
    return ACMetric(measures, [step for step, _ in measuring.postprocessing], meta)
