"""From the engine section of a configuration to a data loader for a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot.configs.sections import DataFreeEngine, SimplifiedEngine
from openvino.tools.pot.configs.validation import validate
from openvino.tools.pot.data_loaders.deciding import Decision, Given, decided
from openvino.tools.pot.data_loaders.layout import ImageInput, image_and_info, image_input
from openvino.tools.pot.data_loaders.loaders import FileLoader, Files, Loaded, Rows, Samples, load_arrays
from openvino.tools.pot.data_loaders.stating.families import family
from openvino.tools.pot.data_loaders.stating.reading import said_of
from openvino.tools.pot.data_loaders.stating.statement import Statement
from openvino.tools.pot.data_loaders.synthetic import images_for, made_for
from openvino.tools.pot.datasets.files import ARRAYS, find_files
from openvino.tools.pot.engines.feeding import InputSpec
from openvino.tools.pot.graph.load import load_model
from openvino.tools.pot.graph.model import CompressedModel, SubModel, as_model
from openvino.tools.pot.paths import offer
from openvino.tools.pot.utils.errors import ConfigError, PotError, check_mapping, nearest, placed

_BY_INPUT = ("central_fraction", "mean_values", "scale_values", "layout", "shape")
_FOR_IMAGES = (*_BY_INPUT, "like", "letterbox", "keep_aspect", "anomalies")
_DEFAULT_SAMPLES = 300


def create_data_loader(
    config: SimplifiedEngine | Mapping[str, Any],
    model: CompressedModel | ov.Model,
    where: str = "engine config",
    samples: int | None = None,
) -> FileLoader:
    """The samples that an engine section describes, for one model.

    Args:
        config: the section of a ``simplified`` or ``data_free`` engine.
        model: its inputs say what samples look like.
        where: names the section in messages.
        samples: how many images are made where there are none, default 300.

    Raises:
        ConfigError: files are missing, or options don't fit the model or the files.
    """
    if not isinstance(config, SimplifiedEngine):
        check_mapping(config, where)
        kind = DataFreeEngine if config.get("type") == "data_free" else SimplifiedEngine
        config = validate(kind, {"type": "simplified", **config}, where)
    return _Creator(config, as_model(model).submodels[0], where).loader(samples or _DEFAULT_SAMPLES)


def load_images(
    source: str | Path | Sequence[str | Path],
    model: str | Path | CompressedModel | ov.Model,
    *,
    like: str | None = None,
    color_order: str | None = None,
    mean_values: Any = None,
    scale_values: Any = None,
    letterbox: bool = False,
    keep_aspect: bool = False,
    central_fraction: float | None = None,
    layout: str | None = None,
    shape: Any = None,
    anomalies: bool | None = None,
    metadata: bool = True,
) -> FileLoader:
    """Images as a model wants them, as samples for ``quantize``, ``diagnose`` and pipelines.

    Args:
        source: a folder, a pattern, a list of files (``.txt``), a file, or several of these.
        model: its path, beside which more about it may stand, or the model.
        like: the family that the model is of, as of ``pot --like``.
        color_order: ``RGB`` or ``BGR``; absent: what the family or the model say, else BGR.
        mean_values: what is taken from pixels from 0 to 255: a number, or one for each channel in the order in which
            they are fed; absent: what the family or the model say, else nothing.
        scale_values: what then divides them, likewise.
        letterbox: images keep their proportions, in the middle of gray.
        keep_aspect: images keep their proportions, left and above, on black.
        central_fraction: part of the height and width that is kept, around the middle.
        layout: of the input; absent: the model's, or what its sizes tell.
        shape: of the input where it is open, such as ``[1, 3, 640, 640]``.
        anomalies: whether every fourth image gets a patch that doesn't belong there, as calibration of a network that
            finds anomalies needs; absent: whether the model says that it does.
        metadata: whether what the model's file and those beside it say counts.

    Returns:
        A data loader of ``(array, None)``; its ``feeding`` as a text says how images are fed and who says so.

    Raises:
        ConfigError: there are no images, or what is said does not go together or with the model.
        ModelError: the model can't be read.
    """
    options = {
        "like": like,
        "color_order": color_order,
        "mean_values": mean_values,
        "scale_values": scale_values,
        "letterbox": letterbox or None,
        "keep_aspect": keep_aspect or None,
        "central_fraction": central_fraction,
        "layout": layout,
        "shape": shape,
        "anomalies": anomalies,
        "metadata": metadata,
    }
    sources = [source] if isinstance(source, (str, Path)) else list(source)
    config = {key: value for key, value in options.items() if value is not None}
    loaded = load_model(model, fused=False)
    return create_data_loader(
        {"data_source": [str(each) for each in sources], **config}, loaded, "load_images"
    )


def made_images(
    config: Mapping[str, Any], model: CompressedModel | ov.Model, where: str, samples: int
) -> FileLoader:
    """Images that are made up for the only image input of a model, each when it is read.

    Args:
        config: ``layout``, ``shape``, ``mean_values`` and ``scale_values``, as of a ``data_free`` engine.
        model: its input says what images look like.
        where: names the configuration in messages.
        samples: how many images there are.

    Raises:
        ConfigError: the model has other inputs, or sizes that nothing tells.
    """
    section = validate(DataFreeEngine, {"type": "data_free", **config}, where)
    return _Creator(section, as_model(model).submodels[0], where).made(samples)


class _Creator:
    """Makes the loader of one section for one network."""

    def __init__(self, config: SimplifiedEngine, network: SubModel, where: str) -> None:
        self._config, self._where, self._network = config, where, network
        self._parameters = network.model.get_parameters()
        self._specs = [InputSpec(parameter) for parameter in self._parameters]
        known = image_and_info(self._parameters)
        self._image = None if known is None else known.image
        self._decisions: dict[str, Decision] = {}
        for option in ("data_source", *_BY_INPUT):
            self._check_names(option)

    def _check_names(self, option: str) -> None:
        value = getattr(self._config, option)
        known = [name for spec in self._specs for name in spec.names]
        for name in value if isinstance(value, Mapping) else ():
            if name not in known:
                raise ConfigError(
                    f"{self._where}: {option}: the model has no input {name!r}, its inputs are "
                    f"{[spec.name for spec in self._specs]}{nearest(name, known)}"
                )

    def loader(self, samples: int) -> FileLoader:
        """The loader, with as many made-up images if there are none."""
        config = self._config
        if isinstance(config, DataFreeEngine):
            position = self._only_input("data_free makes images for one input", "simplified and samples")
            folder = Path(self._own("data_source", position)[0])
            return images_for(folder, config.generate_data, self._decision(position), samples, self._where)
        if not isinstance(config.data_source, Mapping):
            return self._loader(self._samples_of(config.data_source, self._where_is("data_source")))
        sources = [self._own("data_source", position) for position in range(len(self._specs))]
        image = self._image
        if image is not None and sources[image] is not None and sources[1 - image] is None:
            # Of an image alone, the engine knows what to feed to the input about its size.
            where = self._where_is("data_source", self._specs[image].name)
            return self._loader(self._samples_of(sources[image], where, image))
        by_name = {}
        for position, (spec, source) in enumerate(zip(self._specs, sources, strict=True)):
            if source is None:
                raise ConfigError(f"{self._where}: data_source: nothing for input {spec.name!r}")
            by_name[spec.name] = self._samples_of(source, self._where_is("data_source", spec.name), position)
        counts = {name: len(found) for name, found in by_name.items()}
        if len(set(counts.values())) > 1:
            raise ConfigError(
                f"{self._where}: data_source: expected as many samples for each input, found {counts}"
            )
        return self._loader(by_name)

    def _loader(self, samples: Samples | Mapping[str, Samples]) -> FileLoader:
        """A loader that knows how its images are fed, if they are those of one input."""
        decisions = self._decisions
        if len(decisions) != 1:
            return FileLoader(samples)
        ((name, decision),) = decisions.items()
        return FileLoader(samples, decision, name)

    def made(self, samples: int) -> FileLoader:
        """As many made-up images, in no folder."""
        decision = self._decision(self._only_input("images are made for one input", "an engine with samples"))
        return made_for(decision, samples, self._where)

    def _samples_of(self, source: list[str], what: str, position: int | None = None) -> Samples:
        """The samples of one source, for one input or, with no position, for all."""
        paths = find_files(source, what)
        inputs = self._specs if position is None else None
        if any(path.suffix.lower() not in ARRAYS for path in paths):
            if position is None:
                position = self._only_input(
                    "images are for one input", "a mapping of each of them to its source, or .npz files"
                )
            decision = self._decision(position)
            self._decisions[self._specs[position].name] = decision
            return Files(paths, decision.reader, inputs)
        unused = [option for option in _FOR_IMAGES if self._is_unused(option, position)]
        if unused:
            raise ConfigError(
                f"{what} names arrays, which are fed as they are, but {unused[0]} is for images"
            )
        if len(paths) == 1:
            arrays = load_arrays(paths[0], inputs)
            if not self._is_one_sample(arrays, position):
                return Rows(arrays)
        return Files(paths, None, inputs)

    def _is_unused(self, option: str, position: int | None) -> bool:
        """Whether an option for images is given to an input of arrays; given to all, it means those of images."""
        value = getattr(self._config, option)
        return self._own(option, position or self._image or 0) is not None and (
            position is None or isinstance(value, Mapping)
        )

    def _is_one_sample(self, arrays: Loaded, position: int | None) -> bool:
        """Whether the arrays of the only file are one sample, not many along their first axes."""
        if isinstance(arrays, Mapping):
            specs = {name: spec for spec in self._specs for name in spec.names}
            specs |= {spec.name: spec for spec in self._specs}
            return all(_fits(specs[name], each) for name, each in arrays.items() if name in specs)
        return _fits(self._specs[position or self._image or 0], arrays)

    def _only_input(self, why: str, instead: str) -> int:
        if self._image is not None:
            return self._image
        if len(self._specs) != 1:
            names = [spec.name for spec in self._specs]
            raise ConfigError(
                f"{self._where}: data_source: {why}, the model has {len(names)}, {names}: expected {instead}"
            )
        return 0

    def _decision(self, position: int) -> Decision:
        """How images are fed to one input."""
        shape, config = self._own("shape", position), self._config
        _check_shape(shape, self._specs[position], self._where)
        said = self._said
        stated = next((each.layout for each in said if each.layout is not None), None)
        try:
            target = image_input(self._parameters[position], self._own("layout", position), shape, stated)
        except PotError as error:
            raise ConfigError(error.sentence, f"{self._where}: layout") from error
        mean, scale = (
            self._channel_values(option, position, target) for option in ("mean_values", "scale_values")
        )
        given = Given(
            config.color_order, mean, scale, bool(config.letterbox), bool(config.keep_aspect),
            config.central_fraction, shape is not None, config.anomalies,
        )  # fmt: skip
        return decided(target, self._specs[position].dtype, given, said, self._where)

    @cached_property
    def _said(self) -> list[Statement]:
        """What others than users say about images, those first who are believed first."""
        said = []
        if self._config.like is not None:
            with placed(f"{self._where}: like"):
                ranks = [port.get_partial_shape().rank for port in self._network.model.outputs[:1]]
                axes = [rank.get_length() for rank in ranks if rank.is_static]
                said.append(family(self._config.like, *axes))
        if self._config.metadata:
            own = said_of(self._network.model, self._network.source)
            said += [] if own is None else [own]
        return said

    def _channel_values(self, option: str, position: int, target: ImageInput) -> NDArray[np.float32] | None:
        values = self._own(option, position)
        if values is None:
            return None
        channels = target.channels or 3
        if len(values) not in (1, channels):
            raise ConfigError(
                f"{self._where_is(option)}: expected 1 or {channels} numbers for input {target.name!r}, found {values}"
            )
        return np.array(values, np.float32)

    def _own(self, option: str, position: int) -> Any:
        """An option of one input."""
        value = getattr(self._config, option)
        if not isinstance(value, Mapping):
            return value
        spec = self._specs[position]
        return next((value[name] for name in (spec.name, *sorted(spec.names)) if name in value), None)

    def _where_is(self, option: str, name: str = "") -> str:
        return f"{self._where}: {option}" + (f" of input {name!r}" if name else "")


def _fits(spec: InputSpec, array: NDArray[Any]) -> bool:
    """Whether an array is a single sample of an input."""
    if spec.shape.rank.is_dynamic or array.ndim != spec.shape.rank.get_length():
        return spec.shape.rank.is_static and array.ndim < spec.shape.rank.get_length()
    return spec.shape.is_static and list(array.shape) == list(spec.shape.to_shape())


def _check_shape(shape: Any, spec: InputSpec, where: str) -> None:
    if shape is None:
        return
    given = ov.PartialShape([-1 if size is None else size for size in shape])
    if not given.compatible(spec.shape):
        raise ConfigError(f"{where}: shape: input {spec.name!r} has shape {spec.shape}, found {shape}")


offer(globals())
