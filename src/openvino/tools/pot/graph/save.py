"""Writing models: beside the target first, then moved in, so that there is one whole model or another."""

from __future__ import annotations

from pathlib import Path

import openvino as ov

from openvino.tools.pot.graph.model import CompressedModel, SubModel, as_model
from openvino.tools.pot.graph.pairs import write_pair
from openvino.tools.pot.utils.errors import ModelError, reason
from openvino.tools.pot.utils.files import as_path
from openvino.tools.pot.utils.folders import move_in, target_folder, working_folder


def save_model(
    model: CompressedModel | ov.Model,
    save_path: str | Path,
    model_name: str | None = None,
    for_stat_collection: bool = False,
) -> list[dict[str, str]]:
    """Write a model as OpenVINO IR.

    Args:
        model: what ``load_model`` or a pipeline returned, or an ``openvino.Model``.
        save_path: folder for the files; created where absent.
        model_name: file name without extension; absent: the name that the network has in its own file, as in POT, or
            as it was loaded if that was no IR. In a cascade the name of each submodel is appended. Of a path, the
            last part counts.
        for_stat_collection: accepted as in POT, where it was for the engine; without effect.

    Returns:
        ``[{"model": path of .xml, "weights": path of .bin}]``, with ``"name"`` too in a cascade.

    Raises:
        ModelError: the files can't be written; those that were there before are intact.
        ConfigError: the folder or the name is none.
    """
    model, folder = as_model(model), as_path(save_path, "save_path")
    stems = _file_stems(model, model_name)
    try:
        with target_folder(folder), working_folder(folder) as work:
            for sub, stem in zip(model, stems, strict=True):
                write_pair(sub.model, work / f"{stem}.xml")
            move_in(work, [f"{stem}{suffix}" for stem in stems for suffix in (".bin", ".xml")])
    except (OSError, RuntimeError) as error:
        raise ModelError(f"model can't be written to folder {str(folder)!r}: {reason(error)}") from error
    paths = [{"model": str(folder / f"{s}.xml"), "weights": str(folder / f"{s}.bin")} for s in stems]
    if not model.is_cascade:
        return paths
    return [{"name": sub.name, **pair} for sub, pair in zip(model, paths, strict=True)]


def _file_stems(model: CompressedModel, model_name: str | None) -> list[str]:
    if not model.is_cascade:
        return [as_path(model_name or _own_name(model.submodels[0]), "model_name").name or "model"]
    prefix = f"{as_path(model_name, 'model_name').name}_" if model_name else ""
    stems = [Path(sub.name).name or "model" for sub in model]
    if len(set(stems)) < len(stems):  # submodels in folders of their own
        stems = [sub.name.strip("/").replace("/", "_") for sub in model]
    return [prefix + stem for stem in stems]


def _own_name(sub: SubModel) -> str:
    """Of an IR the name in its file, as POT took it; of others what they were loaded as."""
    read_from_ir = sub.source is not None and sub.source.suffix.lower() == ".xml"
    return sub.model.get_friendly_name() if read_from_ir else sub.name
