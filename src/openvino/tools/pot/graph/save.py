"""Writing models: beside the target first, then renamed, so that nothing is ever half written."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import openvino as ov

from openvino.tools.pot.graph.model import CompressedModel, SubModel
from openvino.tools.pot.utils.errors import ModelError


def save_model(
    model: CompressedModel | ov.Model, save_path: str | Path, model_name: str | None = None
) -> list[dict[str, str]]:
    """Write a model as OpenVINO IR.

    Args:
        model: what ``load_model`` or a pipeline returned, or an ``openvino.Model``.
        save_path: folder for the files; created where absent.
        model_name: file name without extension, default the model's own; in a cascade the name of each
            submodel is appended.

    Returns:
        ``[{"model": path of .xml, "weights": path of .bin}]``, with ``"name"`` too in a cascade.

    Raises:
        ModelError: the folder can't be written; files that were there before are intact.
    """
    if isinstance(model, ov.Model):
        model = CompressedModel([SubModel(model.get_friendly_name(), model)], model.get_friendly_name())
    folder = Path(save_path)
    saved = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _WorkingFolder(folder) as work:
            stems = [_file_stem(model, sub, model_name) for sub in model]
            for sub, stem in zip(model, stems, strict=True):
                ov.save_model(sub.model, work / f"{stem}.xml", compress_to_fp16=False)
            for sub, stem in zip(model, stems, strict=True):
                paths = _move(work, folder, stem)
                saved.append({"name": sub.name, **paths} if model.is_cascade else paths)
    except (OSError, RuntimeError) as error:
        raise ModelError(f"model can't be written to folder {str(folder)!r}: {error}") from error
    return saved


def _file_stem(model: CompressedModel, sub: SubModel, model_name: str | None) -> str:
    name = Path(model_name or (model.name if not model.is_cascade else "")).name
    if model.is_cascade:
        return f"{name}_{Path(sub.name).name}" if name else Path(sub.name).name
    return name or "model"


class _WorkingFolder:
    """A hidden folder beside the target, on the same file system so that renaming is atomic."""

    def __init__(self, parent: Path) -> None:
        self._parent = parent

    def __enter__(self) -> Path:
        self._path = Path(tempfile.mkdtemp(prefix=".saving-", dir=self._parent))
        return self._path

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._path, ignore_errors=True)


def _move(work: Path, folder: Path, stem: str) -> dict[str, str]:
    # The weights go first: an old .xml beside new weights lasts for the time between two renames only.
    for suffix in (".bin", ".xml"):
        (work / f"{stem}{suffix}").replace(folder / f"{stem}{suffix}")
    return {"model": str(folder / f"{stem}.xml"), "weights": str(folder / f"{stem}.bin")}
