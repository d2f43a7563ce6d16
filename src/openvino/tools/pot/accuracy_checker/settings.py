"""A whole configuration of Accuracy Checker, checked: nothing is read or run before all of it fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from openvino.tools.pot.accuracy_checker.adapters import ADAPTERS, Adapter, Segmentation
from openvino.tools.pot.accuracy_checker.converters import CONVERTERS, Converter
from openvino.tools.pot.accuracy_checker.definitions import Folders
from openvino.tools.pot.accuracy_checker.entries import NotBuiltError, Place, Task, checked, chosen, listed
from openvino.tools.pot.accuracy_checker.files import PathText
from openvino.tools.pot.accuracy_checker.images import READERS, Reader
from openvino.tools.pot.accuracy_checker.metrics import METRICS, MeasureEntry
from openvino.tools.pot.accuracy_checker.metrics.overlap import MeanOverlap
from openvino.tools.pot.accuracy_checker.pictures import Step
from openvino.tools.pot.accuracy_checker.postprocessing import POSTPROCESSING, Postprocess
from openvino.tools.pot.accuracy_checker.preprocessing import STEPS
from openvino.tools.pot.config.validation import Parameters
from openvino.tools.pot.utils.errors import ConfigError
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)

FRAMEWORKS = ("dlsdk", "openvino")
_READ_ANEW = "and converted annotations (.pickle) are not read"
RUNTIME = ("type", "name", "device", "stat_requests_number", "eval_requests_number")
"""Keys of POT's engine that may stand beside those of Accuracy Checker."""


class _Model(Parameters):
    name: str | None = None
    launchers: Any = None
    datasets: Any = None


class ModelInput(Parameters):
    """What a launcher says of the model's input.

    Attributes:
        layout: such as ``NCHW``; absent: the model's own, or what its sizes tell.
    """

    name: str
    type: str = "INPUT"
    layout: str | None = None


class Launcher(Parameters):
    """What a launcher says; batches and requests change the time, not the figures.

    Attributes:
        model, weights: of Accuracy Checker; the model is the one that the engine is given.
    """

    framework: str
    device: str | None = None
    adapter: Any = None
    model: PathText | None = None
    weights: PathText | None = None
    inputs: list[ModelInput] | None = Field(default=None, min_length=1)
    batch: int | None = Field(default=None, ge=1)
    async_mode: bool = False
    num_requests: int | str | None = None
    tags: list[str] | None = None


class Dataset(Parameters):
    """What a dataset says.

    Attributes:
        data_source: folder of the images; absent: the one that the converter names.
        annotation: where Accuracy Checker keeps converted annotations; not read.
        dataset_meta: file with names of classes, background and colours, which count before the converter's, if it
            exists.
        segmentation_masks_source, additional_data_source: folder of the masks; absent: the converter's.
        subsample_size: how many samples, or a share such as ``10%``.
        subsample_seed, shuffle: which: drawn by a seed, or the first ones.
    """

    name: str | None = None
    data_source: PathText | None = None
    annotation: PathText | None = None
    dataset_meta: PathText | None = None
    segmentation_masks_source: PathText | None = None
    additional_data_source: PathText | None = None
    subsample_size: int | str | None = None
    subsample_seed: int = Field(default=666, ge=0)
    shuffle: bool = True
    batch: int | None = Field(default=None, ge=1)
    annotation_conversion: Any = None
    reader: Any = None
    preprocessing: Any = None
    postprocessing: Any = None
    metrics: Any = None


@dataclass(frozen=True)
class Labelling:
    """What a configuration says of labels, and of what is measured with them.

    Attributes:
        postprocessing: in its order, each with its place.
        measures: name in results and what it is, in the configuration's order, each with its place.
    """

    adapter: Adapter
    converter: Converter
    postprocessing: Sequence[tuple[Postprocess, Place]]
    measures: Mapping[str, tuple[MeasureEntry, Place]]


@dataclass(frozen=True)
class Settings:
    """What a configuration asks for.

    Attributes:
        folders: what relative paths start from.
        place: of the dataset in the configuration.
        steps: of preprocessing, in their order.
        labelling: None where images stand alone.
    """

    folders: Folders
    place: Place
    launcher: Launcher
    dataset: Dataset
    reader: Reader
    steps: Sequence[Step]
    labelling: Labelling | None

    @property
    def model_input(self) -> ModelInput | None:
        """What the launcher says of the model's input."""
        return self.launcher.inputs[0] if self.launcher.inputs else None


def parse_settings(
    config: Mapping[str, Any], folders: Folders, where: str, labelled: bool = False
) -> Settings:
    """What a configuration asks for.

    Of several models the first one counts that has a launcher for OpenVINO, of several datasets the first one.

    Args:
        config: ``models``, or ``launchers`` and ``datasets``; keys of POT's engine may stand beside them.
        folders: what relative paths start from.
        where: what the configuration is, for messages.
        labelled: whether labels and metrics are needed. If not, images stand alone where there is no
            ``annotation_conversion``, or where a metric or what leads to it is not built here.

    Raises:
        ConfigError: a key or a value is not supported; its path is named.
    """
    values, place = _model_entry(config, Place(where))
    model = checked(_Model, values, place, "configuration")
    launcher, at_launcher = _launcher(model.launchers, place.at("launchers"))
    _require_one_image(launcher, at_launcher)
    dataset, at_dataset = _dataset(model.datasets, place.at("datasets"))
    reader = dataset.reader if dataset.reader is not None else "opencv_imread"
    return Settings(
        folders,
        at_dataset,
        launcher,
        dataset,
        chosen(READERS, reader, at_dataset.at("reader"), room="readers"),
        [
            chosen(STEPS, *each, room="preprocessing")
            for each in listed(dataset.preprocessing, at_dataset.at("preprocessing"))
        ],
        _labelling(launcher, at_launcher, dataset, at_dataset, labelled),
    )


def _labelling(
    launcher: Launcher, at_launcher: Place, dataset: Dataset, place: Place, needed: bool
) -> Labelling | None:
    if not needed and dataset.annotation_conversion is None and dataset.data_source is not None:
        logger.info("%s: no annotation_conversion: the images of data_source are taken without labels", place)
        return None
    conversion = _given(dataset.annotation_conversion, place, "annotation_conversion", _READ_ANEW)
    adapter = _given(launcher.adapter, at_launcher, "adapter", f"expected one of {', '.join(ADAPTERS)}")
    try:
        found = Labelling(
            chosen(ADAPTERS, adapter, at_launcher.at("adapter"), room="adapters"),
            chosen(CONVERTERS, conversion, place.at("annotation_conversion"), "converter", "converters"),
            [
                (chosen(POSTPROCESSING, value, at, room="postprocessing"), at)
                for value, at in listed(dataset.postprocessing, place.at("postprocessing"))
            ],
            _measures(dataset.metrics, place.at("metrics")),
        )
    except NotBuiltError as error:
        if needed or dataset.data_source is None:
            raise
        logger.warning("%s: the images of data_source are taken without labels", error)
        return None
    _require_one_task(found, place)
    return found


def _model_entry(config: Mapping[str, Any], place: Place) -> tuple[Any, Place]:
    """The model that counts, its launchers and datasets."""
    own = {key: value for key, value in config.items() if key not in RUNTIME}
    if "models" not in own:
        return own, place
    models = list(listed(own.pop("models"), place.at("models")))
    checked(_Nothing, own, place, "configuration")
    if not models:
        raise ConfigError(f"{place.at('models')}: the list is empty, expected one model")
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
            f"{place}: it is missing, expected a list with one of framework {' or '.join(FRAMEWORKS)}"
        )
    ours = [(value, at) for value, at in launchers if _is_ours(value)]
    if len(ours) > 1:
        logger.warning("%s: %d launchers of OpenVINO, the first one counts", place, len(ours))
    value, at = (ours or launchers)[0]
    if not ours and isinstance(value, Mapping):
        raise ConfigError(
            f"{at.at('framework')}: {value.get('framework')!r} is not supported, expected one of "
            f"{', '.join(FRAMEWORKS)}"
        )
    return checked(Launcher, value, at, "launcher"), at


def _require_one_image(launcher: Launcher, place: Place) -> None:
    inputs = launcher.inputs or []
    if len(inputs) > 1:
        raise ConfigError(f"{place.at('inputs')}: {len(inputs)} inputs are not supported, expected one image")
    for position, each in enumerate(inputs):
        if each.type != "INPUT":
            raise ConfigError(
                f"{place.at('inputs', position, 'type')}: {each.type!r} is not supported, expected INPUT"
            )


def _dataset(values: Any, place: Place) -> tuple[Dataset, Place]:
    if isinstance(values, Mapping):
        raise ConfigError(
            f"{place}: separate datasets for optimization and evaluation are not supported, expected a list of one"
        )
    datasets = list(listed(values, place))
    if not datasets:
        raise ConfigError(f"{place}: it is missing, expected a list of one dataset")
    if len(datasets) > 1:
        logger.warning("%s: %d datasets, the first one counts", place, len(datasets))
    value, at = datasets[0]
    return checked(Dataset, value, at, "dataset"), at


def _given(value: Any, place: Place, key: str, expected: str) -> Any:
    if value is None:
        raise ConfigError(f"{place.at(key)}: it is missing, {expected}")
    return value


def _measures(values: Any, place: Place) -> dict[str, tuple[MeasureEntry, Place]]:
    found: dict[str, tuple[MeasureEntry, Place]] = {}
    for value, at in listed(values, place):
        entry = chosen(METRICS, value, at, room="metrics")
        name = entry.name or entry.kind
        if name in found:
            raise ConfigError(f"{at}: there are two metrics {name!r}, expected another name")
        found[name] = (entry, at)
    if not found:
        raise ConfigError(f"{place}: it is missing, expected a list of metrics")
    return found


def _require_one_task(labelling: Labelling, place: Place) -> None:
    """Make sure that adapter, annotations, postprocessing and metrics are of one kind."""
    task = labelling.adapter.task

    def require(found: Task, at: Place) -> None:
        if found != task:
            raise ConfigError(f"{at}: it is for {found}, but the launcher's adapter is for {task}")

    require(labelling.converter.task, place.at("annotation_conversion"))
    for step, at in labelling.postprocessing:
        require(step.task, at)
    for entry, at in labelling.measures.values():
        require(entry.task, at)
        makes_classes = isinstance(labelling.adapter, Segmentation) and labelling.adapter.make_argmax
        if makes_classes and isinstance(entry, MeanOverlap) and entry.use_argmax:
            raise ConfigError(
                f"{at.at('use_argmax')}: the adapter's make_argmax leaves no scores, expected use_argmax: false"
            )
