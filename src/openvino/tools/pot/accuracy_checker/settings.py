"""A whole configuration of Accuracy Checker, checked: nothing is read or run before all of it fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openvino.tools.pot.accuracy_checker.adapters import ADAPTERS, Adapter, Segmentation
from openvino.tools.pot.accuracy_checker.definitions import with_definitions
from openvino.tools.pot.accuracy_checker.entries import NotBuiltError, checked, chosen, listed
from openvino.tools.pot.accuracy_checker.postprocessing import POSTPROCESSING, Postprocess
from openvino.tools.pot.accuracy_checker.sections import (
    CONSTANT,
    IMAGE,
    Dataset,
    Launcher,
    ModelEntry,
    ModelInput,
)
from openvino.tools.pot.configs.runtime import Runtime
from openvino.tools.pot.configs.validation import Parameters
from openvino.tools.pot.datasets.annotations import Task
from openvino.tools.pot.datasets.formats import CONVERTERS, Converter
from openvino.tools.pot.datasets.metrics import METRICS, MeasureEntry
from openvino.tools.pot.datasets.metrics.overlap import MeanOverlap
from openvino.tools.pot.datasets.pictures import Step
from openvino.tools.pot.datasets.preprocessing import STEPS
from openvino.tools.pot.datasets.readers import READERS, Reader
from openvino.tools.pot.datasets.sources import roots
from openvino.tools.pot.utils.errors import ConfigError, Place
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)

FRAMEWORKS = ("dlsdk", "openvino")
_READ_ANEW = "and converted annotations (.pickle) are not read"
_PURPOSES = ("optimization", "evaluation")  # of two datasets: which is for statistics, which for metrics
RUNTIME = ("type", *Runtime.model_fields)
"""Keys of POT's engine that may stand beside those of Accuracy Checker."""


@dataclass(frozen=True)
class Measuring:
    """What metrics need.

    Attributes:
        postprocessing: in its order, each step with its place.
        measures: name in results and what it is, in the configuration's order, each with its place.
    """

    adapter: Adapter
    postprocessing: Sequence[tuple[Postprocess, Place]]
    measures: Mapping[str, tuple[MeasureEntry, Place]]


@dataclass(frozen=True)
class Settings:
    """What a configuration asks for.

    Attributes:
        data_folders, annotation_folders: what relative paths start from.
        place: of the dataset in the configuration.
        converter: of annotations; None: the files of ``data_source`` are the samples.
        steps: in their order.
        measuring: None where no metric can be computed.
        why_unmeasured: why that is so, an empty string where there are metrics.
    """

    data_folders: Sequence[Path]
    annotation_folders: Sequence[Path]
    place: Place
    launcher: Launcher
    dataset: Dataset
    converter: Converter | None
    reader: Reader
    steps: Sequence[Step]
    measuring: Measuring | None
    why_unmeasured: str

    @property
    def model_input(self) -> ModelInput | None:
        """What the launcher says of the input that takes the image."""
        return next((each for each in self.launcher.inputs or () if each.type == IMAGE), None)

    @property
    def constants(self) -> dict[str, Any]:
        """What is the same for all images, by the input's name."""
        return {each.name: each.value for each in self.launcher.inputs or () if each.type == CONSTANT}

    @property
    def wants_metrics(self) -> bool:
        """Whether the configuration names metrics, or labels that they are for."""
        return bool(self.dataset.metrics or self.dataset.annotation_conversion)


def parse_settings(
    config: Mapping[str, Any], folder: Path, where: str, labelled: bool = False
) -> tuple[Settings, Settings]:
    """What a configuration asks for: of the dataset for statistics, and of the one for metrics, mostly the same.

    Of several models the first one counts that has a launcher for OpenVINO, of several datasets the first one.

    Args:
        config: ``models``, or ``launchers`` and ``datasets``; keys of POT's engine may stand beside them.
        folder: what relative paths start from, unless the environment says it: ``DATA_DIR``, ``ANNOTATIONS_DIR``.
        where: what the configuration is, for messages.
        labelled: whether labels and metrics of the samples are needed. If not, what only they need stops nothing
            where it is absent, or Accuracy Checker's and not built here.

    Raises:
        ConfigError: a key or a value is not supported; its path is named.
    """
    values, place = _model_entry(with_definitions(config, folder), Place(where))
    model = checked(ModelEntry, values, place, "configuration")
    launcher = _launcher(model.launchers, place.at("launchers"))
    at = place.at("datasets")
    if not isinstance(model.datasets, Mapping):
        found = _of_dataset(launcher, *_dataset(model.datasets, at), folder, labelled)
        return found, found
    if labelled:
        raise ConfigError(f"a search needs one dataset, found one for {' and one for '.join(_PURPOSES)}", at)
    both = [_dataset_for(model.datasets, at, purpose) for purpose in _PURPOSES]
    return _of_dataset(launcher, *both[0], folder), _of_dataset(launcher, *both[1], folder)


def _of_dataset(
    launcher: tuple[Launcher, Place], dataset: Dataset, place: Place, folder: Path, labelled: bool = False
) -> Settings:
    reader = dataset.reader if dataset.reader is not None else "opencv_imread"
    chosen_reader = chosen(READERS, reader, place.at("reader"), room="readers")
    steps = [
        chosen(STEPS, *each, room="preprocessing")
        for each in listed(dataset.preprocessing, place.at("preprocessing"))
    ]
    _require_one_image(*launcher)
    converter, measuring, why = None, None, ""
    try:
        converter = _converter(dataset, place)
        measuring = _measuring(*launcher, dataset, place, converter)
    except NotBuiltError as error:
        why = str(error)
        if labelled or (converter is None and dataset.data_source is None):
            raise
    return Settings(
        roots(folder, "DATA_DIR"),
        roots(folder, "ANNOTATIONS_DIR"),
        place,
        launcher[0],
        dataset,
        converter,
        chosen_reader,
        steps,
        measuring,
        why,
    )


def _converter(dataset: Dataset, place: Place) -> Converter:
    if dataset.annotation_conversion is None:
        raise NotBuiltError(f"it is missing, {_READ_ANEW}", place.at("annotation_conversion"))
    at = place.at("annotation_conversion")
    return chosen(CONVERTERS, dataset.annotation_conversion, at, "converter", "converters")


def _measuring(
    launcher: Launcher, at_launcher: Place, dataset: Dataset, place: Place, converter: Converter
) -> Measuring:
    """What metrics need, if all of it is there."""
    adapter = _given(launcher.adapter, at_launcher, "adapter", f"expected one of {', '.join(ADAPTERS)}")
    found = Measuring(
        chosen(ADAPTERS, adapter, at_launcher.at("adapter"), room="adapters"),
        [
            (chosen(POSTPROCESSING, value, at, room="postprocessing"), at)
            for value, at in listed(dataset.postprocessing, place.at("postprocessing"))
        ],
        _measures(dataset.metrics, place.at("metrics")),
    )
    _require_one_task(found, converter, place)
    return found


def _model_entry(config: Mapping[str, Any], place: Place) -> tuple[Any, Place]:
    """The model that counts, its launchers and datasets."""
    own = {key: value for key, value in config.items() if key not in RUNTIME}
    if "compression" in own:
        raise ConfigError(
            "it is a configuration of POT, expected one of Accuracy Checker: pot -c FILE runs POT's", place
        )
    if "models" not in own:
        return own, place
    models = list(listed(own.pop("models"), place.at("models")))
    checked(_Nothing, own, place, "configuration")
    if not models:
        raise ConfigError("the list is empty, expected one model", place.at("models"))
    fitting = [(value, at) for value, at in models if _has_launcher(value)]
    if len(fitting) > 1:
        logger.warning(
            "%s: %d models have a launcher of %s, the first one counts: %s",
            place, len(fitting), " or ".join(FRAMEWORKS), fitting[0][1].path,
        )  # fmt: skip
    return (fitting or models)[0]


class _Nothing(Parameters):
    """What may stand beside ``models``: nothing, but keys of POT's engine."""

    models: Any = None


def _has_launcher(model: Any) -> bool:
    launchers = model.get("launchers") if isinstance(model, Mapping) else None
    return any(_is_ours(each) for each in launchers) if isinstance(launchers, (list, tuple)) else False


def _is_ours(launcher: Any) -> bool:
    return isinstance(launcher, Mapping) and launcher.get("framework") in FRAMEWORKS


def _launcher(values: Any, place: Place) -> tuple[Launcher, Place]:
    launchers = list(listed(values, place))
    if not launchers:
        raise ConfigError(
            f"it is missing, expected a list with one of framework {' or '.join(FRAMEWORKS)}", place
        )
    ours = [(value, at) for value, at in launchers if _is_ours(value)]
    if len(ours) > 1:
        logger.warning("%s: %d launchers of OpenVINO, the first one counts", place, len(ours))
    value, at = (ours or launchers)[0]
    if not ours and isinstance(value, Mapping):
        chosen(dict.fromkeys(FRAMEWORKS, Launcher), value, at, "framework", "launchers")
    return checked(Launcher, value, at, "launcher"), at


def _require_one_image(launcher: Launcher, place: Place) -> None:
    inputs = launcher.inputs or []
    for position, each in enumerate(inputs):
        at = place.at("inputs", position)
        if each.type not in (IMAGE, CONSTANT):
            raise ConfigError(
                f"{each.type!r} is not supported, expected {IMAGE} or {CONSTANT}", at.at("type")
            )
        if each.type == CONSTANT and each.value is None:
            raise ConfigError("it is missing, expected what the input is fed", at.at("value"))
    images = sum(each.type == IMAGE for each in inputs)
    if images > 1:
        raise ConfigError(f"{images} inputs are not supported, expected one image", place.at("inputs"))


def _dataset(values: Any, place: Place) -> tuple[Dataset, Place]:
    datasets = list(listed(values, place))
    if not datasets:
        raise ConfigError("it is missing, expected a list of one dataset", place)
    if len(datasets) > 1:
        logger.warning("%s: %d datasets, the first one counts", place, len(datasets))
    value, at = datasets[0]
    return checked(Dataset, value, at, "dataset"), at


def _dataset_for(values: Mapping[str, Any], place: Place, purpose: str) -> tuple[Dataset, Place]:
    """The dataset for a purpose, over the keys that stand beside both."""
    own = values.get(purpose)
    if not isinstance(own, Mapping):
        found = "it is missing" if own is None else f"found {own!r}"
        raise ConfigError(f"{found}, expected a dataset for {purpose}", place.at(purpose))
    shared = {key: value for key, value in values.items() if key not in _PURPOSES}
    at = place.at(purpose)
    return checked(Dataset, {**shared, **own}, at, "dataset"), at


def _given(value: Any, place: Place, key: str, expected: str) -> Any:
    if value is None:
        raise NotBuiltError(f"it is missing, {expected}", place.at(key))
    return value


def _measures(values: Any, place: Place) -> dict[str, tuple[MeasureEntry, Place]]:
    found: dict[str, tuple[MeasureEntry, Place]] = {}
    for value, at in listed(values, place):
        entry = chosen(METRICS, value, at, room="metrics")
        name = entry.name or entry.kind
        if name in found:
            raise ConfigError(f"there are two metrics {name!r}, expected another name", at)
        found[name] = (entry, at)
    if not found:
        raise NotBuiltError("it is missing, expected a list of metrics", place)
    return found


def _require_one_task(measuring: Measuring, converter: Converter, place: Place) -> None:
    """Make sure that adapter, annotations, postprocessing and metrics are of one kind."""
    task = measuring.adapter.task

    def require(found: Task, at: Place) -> None:
        if found != task:
            raise ConfigError(f"it is for {found}, but the launcher's adapter is for {task}", at)

    require(converter.task, place.at("annotation_conversion"))
    for step, at in measuring.postprocessing:
        require(step.task, at)
    for entry, at in measuring.measures.values():
        require(entry.task, at)
        makes_classes = isinstance(measuring.adapter, Segmentation) and measuring.adapter.make_argmax
        if makes_classes and isinstance(entry, MeanOverlap) and entry.use_argmax:
            raise ConfigError(
                "the adapter's make_argmax leaves no scores, expected use_argmax: false", at.at("use_argmax")
            )
