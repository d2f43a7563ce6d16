"""The short way in: one call from a float model to one in INT8, or with weights in few bits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, Literal, NamedTuple, overload

import numpy as np
import openvino as ov
from typing_extensions import Unpack

from openvino.tools.pot.algorithms.checking import CheckReport
from openvino.tools.pot.algorithms.quantization import DefaultQuantization
from openvino.tools.pot.algorithms.weights import WeightCompression, as_plain_data
from openvino.tools.pot.api.data_loader import DataLoader
from openvino.tools.pot.configs.options import FurtherOptions, Ignored, ModelType, PresetName, TargetDevice
from openvino.tools.pot.configs.parameters import OF_POT_ALONE, DefaultQuantizationParameters
from openvino.tools.pot.configs.weights import WeightCompressionParameters, WeightMode
from openvino.tools.pot.engines.feeding import Feeder
from openvino.tools.pot.engines.ie_engine import IEEngine
from openvino.tools.pot.engines.items import own
from openvino.tools.pot.engines.probes import fixed_by_sample
from openvino.tools.pot.graph.load import load_model
from openvino.tools.pot.graph.model import CompressedModel, SubModel
from openvino.tools.pot.graph.model_utils import compress_model_weights
from openvino.tools.pot.graph.scratch import scratch
from openvino.tools.pot.graph.sizes import with_shapes
from openvino.tools.pot.graph.writing import write_networks
from openvino.tools.pot.pipeline.initializer import create_pipeline
from openvino.tools.pot.samplers.batch_sampler import count_samples
from openvino.tools.pot.utils.errors import ConfigError, DataError, ModelError, naming, nearest, placed
from openvino.tools.pot.utils.files import as_path
from openvino.tools.pot.utils.folders import target_folder
from openvino.tools.pot.utils.progress import course, step
from openvino.tools.pot.utils.runtime import core
from openvino.tools.pot.utils.sheets import block, line

Static = bool | Sequence[int | None] | Mapping[str, Sequence[int | None]]
"""Whether inputs get fixed sizes: True for those of the first sample, or the shape of the only input, or a mapping of
input name to shape, in which None is a size that the first sample tells."""

_TAKEN = frozenset(
    {
        *DefaultQuantizationParameters.model_fields,
        *("subset_size", "compress", "report", "static", "executor", "progress"),
    }
)
_WITHOUT_EFFECT = OF_POT_ALONE | {"mode", "fast_bias_correction", "advanced_parameters"}
"""Parameters of POT and of NNCF that are told of."""


class Quantized(NamedTuple):
    """A quantized model with what was seen of it, which notebooks show.

    Attributes:
        model: ready to compile or to save.
        report: what was seen of it beside the float model; None where nothing was.
    """

    model: ov.Model
    report: CheckReport | None

    def _repr_html_(self) -> str:
        if self.report is None:
            return block(line("not checked: self_check is false"))
        return self.report._repr_html_()


class Samples(DataLoader):
    """Samples that were given as any indexable or iterable.

    Args:
        data: the samples.
        limit: how many of them are read at most, if that is a number.
        feeder: of the model: a tuple of arrays that fit its inputs is one sample, not one with its label.
    """

    def __init__(self, data: Any, limit: Any, feeder: Feeder) -> None:
        super().__init__()
        self._feeder = feeder
        if not (hasattr(data, "__getitem__") and hasattr(data, "__len__")) or isinstance(data, Mapping):
            if isinstance(data, Mapping) or not isinstance(data, Iterable):
                raise DataError(
                    f"data is a {type(data).__name__}, expected samples: something to iterate or index"
                )
            count = limit if isinstance(limit, int) and limit > 0 else None
            # What is iterated may fill one buffer again and again.
            with naming(f"data, a {type(data).__name__},", DataError):
                data = [own(item) for item in islice(data, count)]
        self._data: Sequence[Any] = data

    def __len__(self) -> int:
        return count_samples(self._data)

    def __getitem__(self, index: int) -> Any:
        item = self._data[index]
        return (item, None) if self._feeder.takes_in_order(item) else item


class QuantizeOptions(FurtherOptions, total=False):
    """What ``quantize`` takes beside ``report``."""

    preset: PresetName | None
    target_device: TargetDevice
    model_type: ModelType | None
    ignored: Ignored | None
    subset_size: int
    compress: bool
    static: Static
    executor: Executor | None
    progress: bool | None


@overload
def quantize(
    model: ov.Model | str | Path,
    data: Any,
    *,
    report: Literal[False] = ...,
    **options: Unpack[QuantizeOptions],
) -> ov.Model: ...


@overload
def quantize(
    model: ov.Model | str | Path, data: Any, *, report: Literal[True], **options: Unpack[QuantizeOptions]
) -> Quantized: ...


@overload
def quantize(
    model: ov.Model | str | Path, data: Any, *, report: bool, **options: Unpack[QuantizeOptions]
) -> ov.Model | tuple[ov.Model, CheckReport | None]: ...


def quantize(
    model: ov.Model | str | Path,
    data: Any,
    *,
    preset: PresetName | None = None,
    target_device: TargetDevice = "ANY",
    model_type: ModelType | None = None,
    ignored: Ignored | None = None,
    subset_size: int = 300,
    compress: bool = True,
    report: bool = False,
    static: Static = False,
    executor: Executor | None = None,
    progress: bool | None = None,
    **parameters: Unpack[FurtherOptions],
) -> ov.Model | Quantized:
    """Quantize a model to INT8 with DefaultQuantization.

    Args:
        model: a path (``.xml``, ``.onnx``, ``.tflite``, ...) or an ``openvino.Model``, which isn't changed.
        data: samples: anything to index or iterate that gives arrays, dicts of input name to array, tuples of
            arrays in the order of the model's inputs, or tuples whose first element is one of these.
        preset: ``performance``, ``mixed`` or ``accuracy``; absent, symmetry is chosen for each tensor.
        target_device: ``ANY``, ``CPU``, ``GPU`` or ``NPU``.
        model_type: ``transformer``, or ``none`` for any other network; absent, the graph shows which it is.
        ignored: names, patterns, places to leave in float, or a mapping with ``scope``, ``operations``, ``skip_model``.
        subset_size: how many samples are used at most.
        compress: whether weights are stored as int8.
        report: whether what was seen of the result is wanted, too: None where nothing was.
        static: whether inputs get fixed sizes before anything else, see ``Static``.
        executor: whose workers make the passes over the samples, as of ``Pipeline.run``.
        progress: whether steps and a bar are shown, as of ``Pipeline``.
        parameters: further parameters of DefaultQuantization, such as ``effort="thorough"``.

    Returns:
        The quantized model, ready to compile or to save; with ``report`` the pair of that and of what was seen of it.

    Raises:
        ConfigError, DataError, ModelError: a parameter, a sample or the model is not as it must be.
    """
    _check_flags(compress=compress, report=report)
    given = _given(preset=preset, model_type=model_type, ignored=_scope(ignored))
    given |= {"target_device": target_device, "stat_subset_size": subset_size, **parameters}
    made = _quantized(model, data, given, static, executor, compress, progress)
    return made if report else made.model


@overload
def compress_weights(
    model: ov.Model | str | Path | CompressedModel,
    mode: WeightMode = ...,
    data: Any = ...,
    *,
    report: Literal[True],
    **parameters: Any,
) -> tuple[ov.Model, list[dict[str, Any]]]: ...


@overload
def compress_weights(
    model: ov.Model | str | Path | CompressedModel, mode: WeightMode = ..., data: Any = ..., **parameters: Any
) -> ov.Model: ...


def compress_weights(
    model: ov.Model | str | Path | CompressedModel,
    mode: WeightMode = "int8_asym",
    data: Any = None,
    *,
    group_size: int | None = None,
    ratio: float | None = None,
    backup: Literal["int8_asym", "int8_sym", "none"] | None = None,
    ignored: Ignored | None = None,
    subset_size: int = 300,
    output: str | Path | None = None,
    report: bool = False,
    progress: bool | None = None,
    **parameters: Any,
) -> ov.Model | tuple[ov.Model, list[dict[str, Any]]]:
    """Store the weights of a model in 8 or 4 bits, and compute in floats as before.

    Devices unpack them while they multiply. What is bound by memory gains speed, files get smaller in any case.

    Args:
        model: a path, an ``openvino.Model`` or what ``load_model`` gives, which aren't changed.
        mode: ``int8_asym``, ``int8_sym``, ``int4_sym`` or ``int4_asym``: bits, and whether there is a zero point.
        data: samples, as ``quantize`` takes them; absent: weights are as close as can be, with them outputs of layers.
        group_size: of 4 bits: how many weights of a row share a scale, default 64; -1: the whole row.
        ratio: of 4 bits: the share of weights that may have them, default 1.0.
        backup: of embeddings, the last layer and what exceeds the ratio, default ``int8_asym``; ``none``: they stay.
        ignored: node names to leave as they are, or a mapping with ``scope``, ``operations``, ``skip_model``.
        subset_size: how many samples are used at most.
        output: an ``.xml`` that the result is written to and read from again, for models that are larger than memory.
        report: whether what became of each constant is wanted, too.
        progress: whether steps and a bar are shown, as of ``Pipeline``.
        parameters: further parameters of WeightCompression.

    Returns:
        The model, ready to compile or to save; with ``report`` also a mapping for each constant, as ``Compressed``.

    Raises:
        ConfigError, DataError, ModelError: a parameter, a sample or the model is not as it must be.
    """
    _check_flags(report=report)
    params = _given(group_size=group_size, ratio=ratio, backup=backup, ignored=_scope(ignored))
    params |= {"mode": mode, "stat_subset_size": subset_size, **parameters}
    with course(*WeightCompression.phases, wanted=progress):
        sub = _with_small_weights(model, data, params, output)
    return (sub.model, as_plain_data(sub.weights)) if report else sub.model


def _check_flags(**flags: Any) -> None:
    for key, flag in flags.items():
        if not isinstance(flag, (bool, np.bool_)):
            raise ConfigError(f"{key} is {flag!r}, expected true or false")


def _given(**parameters: Any) -> dict[str, Any]:
    return {key: value for key, value in parameters.items() if value is not None}


def _scope(ignored: Any) -> Mapping[str, Any] | None:
    if isinstance(ignored, Mapping) or ignored is None:
        return ignored
    if not isinstance(ignored, Iterable):
        raise ConfigError(f"ignored is {ignored!r}, expected names of nodes or a mapping")
    return {"scope": [ignored] if isinstance(ignored, str) else list(ignored)}


def _quantized(
    model: ov.Model | str | Path,
    data: Any,
    params: Mapping[str, Any],
    static: Static,
    executor: Executor | None,
    compress: bool,
    progress: bool | None,
) -> Quantized:
    for key in params:
        if key not in _TAKEN | _WITHOUT_EFFECT:
            raise ConfigError(f"unknown parameter {key!r}{nearest(key, _TAKEN)}", "quantize")
    source = load_model(model)
    samples = Samples(data, params.get("stat_subset_size"), Feeder(source.submodels[0].model, parts=True))
    engine = IEEngine({"device": "CPU"}, samples)
    if static is not False:
        with placed("static"):
            shaped = source if static is True else with_shapes(source, static)
            source = fixed_by_sample(shaped, engine)
    pipeline = create_pipeline([{"name": DefaultQuantization.name, "params": params}], engine)
    with course(*pipeline.phases, *(["storing"] if compress else []), wanted=progress):
        found = pipeline.run(source, executor=executor)
        if compress:
            with step("storing"):
                compress_model_weights(found)
    return Quantized(found.submodels[0].model, found.check)


def _with_small_weights(model: Any, data: Any, params: Mapping[str, Any], output: Any) -> SubModel:
    known = WeightCompressionParameters.model_fields
    for key in params:
        if key not in known:
            raise ConfigError(f"unknown parameter {key!r}{nearest(key, known)}", "compress_weights")
    file = None if output is None else as_path(output, "output")
    if file is not None and file.suffix.lower() != ".xml":
        raise ConfigError(f"output is {str(file)!r}, expected an .xml", "compress_weights")
    algorithm = WeightCompression(params)
    source = load_model(model, fused=False)
    if source.is_cascade:
        names = [sub.name for sub in source]
        raise ModelError(
            f"compress_weights is for one network, found the cascade {names}: use create_pipeline"
        )
    engine = None
    if data is not None:
        samples = Samples(data, params["stat_subset_size"], Feeder(source.submodels[0].model, parts=True))
        engine = IEEngine({"device": "CPU"}, samples)
    if file is None:
        (sub,) = algorithm.apply(source, engine)
        return sub
    with target_folder(file.parent), scratch(file.parent) as algorithm.keep:
        (sub,) = algorithm.apply(source, engine)
        write_networks({file.stem: sub.model}, file.parent)
    return replace(sub, model=core().read_model(file))
