"""Reading models: IR and framework files, single models and cascades, without touching what was given."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any

import openvino as ov

from openvino.tools.pot.graph.bodies import all_bodies
from openvino.tools.pot.graph.edits.merge import merge_copies
from openvino.tools.pot.graph.halves import restore_halves
from openvino.tools.pot.graph.model import CompressedModel, SubModel
from openvino.tools.pot.graph.names import adopt_names, all_names, fused_names, made_unique, stabilise
from openvino.tools.pot.graph.pairs import check_pair, too_few_weights
from openvino.tools.pot.utils.errors import ConfigError, ModelError, reason
from openvino.tools.pot.utils.files import FOLDER, as_path, why_no_file
from openvino.tools.pot.utils.folders import reading
from openvino.tools.pot.utils.keys import check_keys
from openvino.tools.pot.utils.runtime import core

_MODEL_KEYS = frozenset({"model_name", "model", "weights", "cascade"})
_CASCADE_KEYS = frozenset({"name", "model", "weights"})
BOOKKEEPING = frozenset(
    {
        *("exec_log_dir", "model_log_dir", "output_dir", "direct_dump", "log_algo_name"),
        *("keep_uncompressed_weights", "quantization_info"),
    }
)
"""What POT's command line wrote into the section beside what users write."""

_FILES = frozenset({".xml", ".onnx", ".tflite", ".pb", ".pdmodel"})


def load_model(
    model_config: Mapping[str, Any] | CompressedModel | ov.Model | str | Path,
    target_device: str | Enum = "ANY",
) -> CompressedModel:
    """Read a model to be quantized.

    Args:
        model_config: ``{"model_name", "model": path, "weights": path}`` (name and weights optional), or
            ``{"model_name", "cascade": [{"name", "model", "weights"}, ...]}``, or a path (``.xml``,
            ``.onnx``, ``.tflite``, ``.pb``, Paddle), or an ``openvino.Model`` or a model object, which are cloned.
        target_device: accepted as in POT; reading is the same for all devices.

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
    if not isinstance(model_config, Mapping):
        model_config = {"model": model_config}
    _check(model_config, _MODEL_KEYS, "model config")
    if "cascade" in model_config:
        return _load_cascade(model_config)
    sub = _load_one(model_config, "model config", _name(model_config))
    return CompressedModel([sub], sub.name)


def _name(config: Mapping[str, Any]) -> str | None:
    name = config.get("model_name")
    if name is not None and not isinstance(name, (str, Path)):
        raise ConfigError(f"model config: 'model_name' is {name!r}, expected a string")
    if name:
        as_path(name, "model config: 'model_name'")  # files are called so
    return str(name) if name else None


def _load_cascade(config: Mapping[str, Any]) -> CompressedModel:
    entries = config["cascade"]
    if not isinstance(entries, (list, tuple)) or not entries:
        raise ConfigError(f"model config: 'cascade' is {entries!r}, expected a list of models")
    subs = []
    for position, entry in enumerate(entries):
        where = f"model config: cascade[{position}]"
        _check(entry, _CASCADE_KEYS, where)
        if not isinstance(entry.get("name"), str):
            raise ConfigError(f"{where}: 'name' is {entry.get('name')!r}, expected a string")
        subs.append(_load_one(entry, where, entry["name"]))
    names = [sub.name for sub in subs]
    if len(set(names)) != len(names):
        raise ConfigError(f"model config: cascade names {names} are not unique")
    if len(subs) == 1:  # to POT, one network is no cascade however it is written
        return CompressedModel(subs, subs[0].name)
    return CompressedModel(subs, _name(config) or "cascade", is_cascade=True)


def _check(config: Any, known: frozenset[str], where: str) -> None:
    if not isinstance(config, Mapping):
        raise ConfigError(f"{where} is a {type(config).__name__}, expected a mapping with {sorted(known)}")
    check_keys({key: each for key, each in config.items() if key not in BOOKKEEPING}, known, where)


def _load_one(config: Mapping[str, Any], where: str, name: str | None) -> SubModel:
    given = config.get("model")
    if isinstance(given, ov.Model):
        return prepare(given, name or given.get_friendly_name(), None)
    if not isinstance(given, (str, Path)) or not str(given):
        raise ConfigError(f"{where}: 'model' is {given!r}, expected a path or an openvino.Model")
    path = Path(given)
    weights = config.get("weights")
    if weights and not isinstance(weights, (str, Path)):
        raise ConfigError(f"{where}: 'weights' is {weights!r}, expected a path")
    if weights and path.suffix.lower() not in ("", ".xml"):
        raise ConfigError(
            f"{where}: 'weights' is {str(weights)!r}, which goes with an .xml, found model {given!r}"
        )
    source = _read(path, Path(weights) if weights else None)
    return prepare(source, name or path.stem, path)


def _read(path: Path, weights: Path | None) -> ov.Model:
    if path.suffix.lower() == ".xml":
        with reading(path.parent):
            return _read_present(path, weights)
    return _read_present(path, weights)


def _read_present(path: Path, weights: Path | None) -> ov.Model:
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
    return ov.convert_model(path)


def _unreadable(path: Path, weights: Path | None, error: Exception) -> str:
    cause = reason(error)
    if path.suffix.lower() == ".xml":
        own = weights or path.with_suffix(".bin")
        if not own.exists() and "bin file" in str(error):
            return f"weights file {str(own)!r} of model file {str(path)!r} does not exist"
        if own.exists() and cause.startswith("Incorrect weights"):
            return too_few_weights(path, own)
    if cause.startswith("Unable to read the model"):  # followed by general advice
        cause = f"it is no valid {path.suffix} file"
    return f"model file {str(path)!r} can't be read: {cause}"


def prepare(source: ov.Model, name: str, path: Path | None) -> SubModel:
    """Clone ``source`` with the common model optimisations applied and all names unique and stable."""
    plain = source.clone()
    shared = made_unique(plain)
    original, optimised = all_names(plain), _optimised(plain)
    fused: dict[str, list[str]] = {}
    if _operations(all_names(optimised)) == _operations(original):
        optimised = plain  # nothing was left to fuse: constants are as they are stored
    else:
        merge_copies(optimised, original)
        restore_halves(optimised, plain)
        adopt_names(optimised, original)
        fused = fused_names(optimised, original)
        within = {name for body in all_bodies(plain) for name in all_names(body)}
        for body in all_bodies(optimised):
            stabilise(body, within)
    present = stabilise(optimised, original)
    renamed = {old: [present.get(new, new) for new in nodes] for old, nodes in fused.items()}
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
