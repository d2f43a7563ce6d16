"""The module ``openvino.offline_transformations``: transformations of 2021 to 2023 that OpenVINO still has."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openvino as ov
import openvino._offline_transformations as today

from openvino.tools.pot.utils.errors import ModelError

# The names of 2021, when they took an IENetwork.
_EARLIER = {
    "ApplyMOCTransformations": "apply_moc_transformations",
    "ApplyMOCLegacyTransformations": "apply_moc_legacy_transformations",
    "ApplyPOTTransformations": "apply_pot_transformations",
    "ApplyLowLatencyTransformation": "apply_low_latency_transformation",
    "ApplyMakeStatefulTransformation": "apply_make_stateful_transformation",
    "ApplyPruningTransformation": "apply_pruning_transformation",
    "CompressModelTransformation": "compress_model_transformation",
    "ConvertSequenceToTensorIteratorTransformation": "convert_sequence_to_tensor_iterator_transformation",
    "GenerateMappingFile": "generate_mapping_file",
}
_GONE = {
    "apply_pot_transformations": "openvino.tools.pot prepares models by itself",
    "generate_mapping_file": "OpenVINO keeps no mapping of names to those of the framework",
}

Path_ = str | bytes | os.PathLike[str]


def serialize(
    model: Any,
    xml_path: Path_ | None = None,
    bin_path: Path_ | None = None,
    version: str = "UNSPECIFIED",
    *,
    model_path: Path_ | None = None,
    weights_path: Path_ | None = None,
) -> None:
    """Write a model as OpenVINO IR.

    Args:
        model: an ``openvino.Model`` or an ``IENetwork``.
        xml_path, model_path: the .xml file, under either name.
        bin_path, weights_path: the .bin file, under either name; default beside the .xml file.
        version: ``UNSPECIFIED``, ``IR_V10`` or ``IR_V11``.

    Raises:
        ModelError: no .xml file is named.
    """
    xml, weights = xml_path or model_path, bin_path or weights_path
    if not xml:
        raise ModelError("serialize: there is no 'xml_path', expected the path of the .xml file to write")
    file = os.fsdecode(xml)
    ov.serialize(
        _model(model), file, os.fsdecode(weights) if weights else Path(file).with_suffix(".bin"), version
    )


def __getattr__(name: str) -> Any:
    new = _EARLIER.get(name, name)
    if new in _GONE:
        return _refusal(name, _GONE[new])
    if new.startswith("_") or not hasattr(today, new):
        raise AttributeError(f"module 'openvino.offline_transformations' has no attribute {name!r}")
    transformation = getattr(today, new)

    def transform(model: Any, *args: Any, **kwargs: Any) -> Any:
        return transformation(_model(model), *args, **kwargs)

    transform.__name__, transform.__doc__ = name, transformation.__doc__
    return transform


def _refusal(name: str, advice: str) -> Callable[..., None]:
    def refuse(*_: Any, **__: Any) -> None:
        raise ModelError(f"{name} of openvino.offline_transformations has no counterpart today: {advice}")

    return refuse


def _model(model: Any) -> ov.Model:
    return model if isinstance(model, ov.Model) else model.ov_model
