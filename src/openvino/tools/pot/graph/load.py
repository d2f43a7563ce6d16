"""Reading models: IR and framework files, single models and cascades, without touching what was given."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from contextlib import nullcontext
from enum import Enum
from pathlib import Path
from typing import Any

import openvino as ov

from openvino.tools.pot.configs.models import BOOKKEEPING, ModelConfig
from openvino.tools.pot.configs.validation import validate
from openvino.tools.pot.graph.edits.fused import merge_copies, restore_halves
from openvino.tools.pot.graph.edits.unpack import unpack_unreadable_weights
from openvino.tools.pot.graph.model import CompressedModel, SubModel
from openvino.tools.pot.graph.names import adopt_names, all_names, fused_names, made_unique, stabilise
from openvino.tools.pot.graph.view import all_bodies
from openvino.tools.pot.graph.writing import check_pair, too_few_weights
from openvino.tools.pot.utils.errors import ModelError, reason
from openvino.tools.pot.utils.files import FOLDER, why_no_file
from openvino.tools.pot.utils.folders import reading
from openvino.tools.pot.utils.runtime import core

_FILES = frozenset({".xml", ".onnx", ".tflite", ".pb", ".pdmodel"})
_OLD_IR = re.compile(rb'(?:\s*<\?[^>]*>)?\s*<net\s[^>]*\bversion="([1-9])"')


def load_model(
    model_config: Mapping[str, Any] | ModelConfig | CompressedModel | ov.Model | str | Path,
    target_device: str | Enum = "ANY",
    fused: bool = True,
) -> CompressedModel:
    """Read a model to be quantized.

    Args:
        model_config: ``{"model_name", "model": path, "weights": path}`` (name and weights optional), or
            ``{"model_name", "cascade": [{"name", "model", "weights"}, ...]}``, or a path (``.xml``,
            ``.onnx``, ``.tflite``, ``.pb``, Paddle), or an ``openvino.Model`` or a model object, which are cloned.
        target_device: accepted as in POT; reading is the same for all devices.
        fused: whether OpenVINO's common optimisations are applied, which may hold all weights in memory, in floats.

    Returns:
        The model object that pipelines and ``save_model`` take. Node names are the user's own; those of
        operations that were fused while reading still resolve.

    Raises:
        ConfigError: a key is misspelt, missing or of the wrong type.
        ModelError: a file is missing or can't be read.
    """
    from openvino.tools.pot.hardware import find_device

    find_device(target_device)
    if isinstance(model_config, CompressedModel):
        return model_config.clone()
    config = _checked(model_config)
    if not config.cascade:
        sub = _load_one(config.model, config.weights, config.model_name, fused)
        return CompressedModel([sub], sub.name)
    subs = [_load_one(each.model, each.weights, each.name, fused) for each in config.cascade]
    if len(subs) == 1:  # to POT, one network is no cascade however it is written
        return CompressedModel(subs, subs[0].name)
    return CompressedModel(subs, config.model_name or "cascade", is_cascade=True)


def read_network(path: Path) -> ov.Model:
    """A file's network as it stands there.

    Raises:
        ModelError: it is missing, or can't be read.
    """
    return _read(path, None)


def _checked(given: Any) -> ModelConfig:
    values = given if isinstance(given, (Mapping, ModelConfig)) else {"model": given}
    if isinstance(values, Mapping):
        values = {key: value for key, value in values.items() if key not in BOOKKEEPING}
    return validate(ModelConfig, values, "model config")


def _load_one(model: str | ov.Model, weights: str | None, name: str | None, fused: bool) -> SubModel:
    if isinstance(model, ov.Model):
        return prepare(model, name or model.get_friendly_name(), None, fused)
    path = Path(model)
    with reading(path.parent) if path.suffix.lower() == ".xml" else nullcontext():
        source = _read(path, Path(weights) if weights else None)
    return prepare(source, name or path.stem, path, fused)


def _read(path: Path, weights: Path | None) -> ov.Model:
    for kind, file in (("model", path), ("weights", weights)):
        wrong = why_no_file(file) if file is not None else ""
        may_be_folder = file is path and path.suffix.lower() not in _FILES
        if wrong and not (wrong == FOLDER and may_be_folder):
            raise ModelError(f"{kind} file {str(file)!r} {wrong}")
    if path.suffix.lower() == ".xml":
        check_pair(path, weights or path.with_suffix(".bin"))
    try:
        found = _opened(path, weights)
        all_names(found)  # which are texts, whatever the file holds
    except UnicodeDecodeError as error:
        raise ModelError(f"model file {str(path)!r} holds names that are not in UTF-8") from error
    except Exception as error:
        raise ModelError(_unreadable(path, weights, error)) from error
    if not found.get_results() and not found.get_sinks():
        raise ModelError(f"model file {str(path)!r} holds no network: it has no outputs")
    return found


def _opened(path: Path, weights: Path | None) -> ov.Model:
    if path.suffix.lower() in _FILES:
        return core().read_model(path, weights) if weights else core().read_model(path)
    root = logging.getLogger()
    level = root.level
    try:
        return ov.convert_model(path)
    finally:
        root.setLevel(level)  # converting lets nothing but errors through, of whoever logs


def _unreadable(path: Path, weights: Path | None, error: Exception) -> str:
    cause = reason(error)
    if path.suffix.lower() == ".xml":
        own = weights or path.with_suffix(".bin")
        if not own.exists() and "bin file" in str(error):
            return f"weights file {str(own)!r} of model file {str(path)!r} does not exist"
        if own.exists() and cause.startswith("Incorrect weights"):
            return too_few_weights(path, own)
    if cause.startswith("Unable to read the model"):  # followed by general advice
        old = _OLD_IR.match(path.read_bytes()) if path.suffix.lower() == ".xml" else None
        cause = f"it is no valid {path.suffix} file"
        if old:
            cause = f"IR of version {int(old[1])} is older than OpenVINO reads (10): convert its source again"
    return f"model file {str(path)!r} can't be read: {cause}"


def prepare(source: ov.Model, name: str, path: Path | None, fused: bool = True) -> SubModel:
    """Clone ``source`` with the common model optimisations applied, if wanted, and all names unique and stable."""
    plain = source.clone()
    shared = made_unique(plain)
    original, optimised = all_names(plain), _optimised(plain) if fused else plain
    taken_in: dict[str, list[str]] = {}
    if _operations(all_names(optimised)) == _operations(original):
        optimised = plain  # nothing was left to fuse: constants are as they are stored
    else:
        merge_copies(optimised, original)
        restore_halves(optimised, plain)
        adopt_names(optimised, original)
        taken_in = fused_names(optimised, original)
        within = {name for body in all_bodies(plain) for name in all_names(body)}
        for body in all_bodies(optimised):
            stabilise(body, within)
        unpack_unreadable_weights(optimised, doubles=False)  # which devices may not fold any more
    present = stabilise(optimised, original)
    renamed = {old: [present.get(new, new) for new in nodes] for old, nodes in taken_in.items()}
    firsts = {old: nodes[0] for old, nodes in renamed.items()}
    return SubModel(name, optimised, firsts, path, namesakes=_namesakes(optimised, shared, renamed))


def _optimised(model: ov.Model) -> ov.Model:
    """A clone with OpenVINO's common optimisations, or a plain one where these would break it."""
    from openvino._offline_transformations import apply_moc_transformations

    clone = model.clone()
    if not any(map(_looks_up_rows, model.get_ops())):
        apply_moc_transformations(clone, cf=False)
    pairs = zip(clone.outputs, model.outputs, strict=True)
    kept = all(one.get_partial_shape().compatible(other.get_partial_shape()) for one, other in pairs)
    return clone if kept else model.clone()


def _looks_up_rows(node: ov.Node) -> bool:
    """Whether rows are looked up in what Unsqueeze made, which the optimisations (2026.4) take for its opposite."""
    rows = node.get_type_name() == "Gather" and node.get_input_partial_shape(1).rank != ov.Dimension(0)
    return rows and bool(node.input_value(0).get_node().get_type_name() == "Unsqueeze")


def _namesakes(
    model: ov.Model, shared: Mapping[str, list[str]], renamed: Mapping[str, list[str]]
) -> dict[str, tuple[str, ...]]:
    """A name as the user gave it -> the nodes that it means today, where those are several."""
    there, found = all_names(model), {}
    for old in {**shared, **renamed}:
        nodes = [now for each in shared.get(old, [old]) for now in renamed.get(each, [each]) if now in there]
        if len(nodes) > 1:
            found[old] = tuple(dict.fromkeys(nodes))
    return found


def _operations(names: Mapping[str, str]) -> dict[str, str]:
    storage = ("Constant", "Convert")
    return {name: kind for name, kind in names.items() if kind not in storage}
