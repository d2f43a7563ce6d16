"""Writing models: beside the target first, then moved in, so that there is always one whole model."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import openvino as ov

from openvino.tools.pot.graph.model import CompressedModel, SubModel
from openvino.tools.pot.utils.errors import ModelError, reason

# The weights go first: an old .xml beside new weights lasts for the time between two renames only.
_SUFFIXES = (".bin", ".xml")


def save_model(
    model: CompressedModel | ov.Model, save_path: str | Path, model_name: str | None = None
) -> list[dict[str, str]]:
    """Write a model as OpenVINO IR.

    Args:
        model: what ``load_model`` or a pipeline returned, or an ``openvino.Model``.
        save_path: folder for the files; created where absent.
        model_name: file name without extension, default the model's own; in a cascade the name of each
            submodel is appended. Of a path, the last part counts.

    Returns:
        ``[{"model": path of .xml, "weights": path of .bin}]``, with ``"name"`` too in a cascade.

    Raises:
        ModelError: the files can't be written; those that were there before are intact.
    """
    if isinstance(model, ov.Model):
        model = CompressedModel([SubModel(model.get_friendly_name(), model)], model.get_friendly_name())
    folder = Path(save_path)
    stems = _file_stems(model, model_name)
    try:
        with _target_folder(folder), _working_folder(folder) as work:
            for sub, stem in zip(model, stems, strict=True):
                ov.save_model(sub.model, work / f"{stem}.xml", compress_to_fp16=False)
            _move_in(work, folder, [f"{stem}{suffix}" for stem in stems for suffix in _SUFFIXES])
    except (OSError, RuntimeError) as error:
        raise ModelError(f"model can't be written to folder {str(folder)!r}: {reason(error)}") from error
    paths = [{"model": str(folder / f"{s}.xml"), "weights": str(folder / f"{s}.bin")} for s in stems]
    if not model.is_cascade:
        return paths
    return [{"name": sub.name, **pair} for sub, pair in zip(model, paths, strict=True)]


def _file_stems(model: CompressedModel, model_name: str | None) -> list[str]:
    if not model.is_cascade:
        return [Path(model_name or model.name).name or "model"]
    prefix = f"{Path(model_name).name}_" if model_name else ""
    stems = [Path(sub.name).name or "model" for sub in model]
    if len(set(stems)) < len(stems):  # submodels in folders of their own
        stems = [sub.name.strip("/").replace("/", "_") for sub in model]
    return [prefix + stem for stem in stems]


@contextlib.contextmanager
def _target_folder(folder: Path) -> Iterator[None]:
    """The folder with its parents, those that were made gone again where the work in it fails."""
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            for path in made:
                path.rmdir()
        raise


@contextlib.contextmanager
def _working_folder(parent: Path) -> Iterator[Path]:
    """A hidden folder beside the target, on the same file system so that renaming is atomic."""
    path = Path(tempfile.mkdtemp(prefix=".saving-", dir=parent))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _move_in(work: Path, folder: Path, names: list[str]) -> None:
    """Move files from ``work`` into ``folder``: all of them, or the old ones are back."""
    old = work / "old"
    old.mkdir()
    for name in names:
        if (folder / name).exists():
            _keep(folder / name, old / name)
    moved = []
    try:
        for name in names:
            moved.append(name)
            (work / name).replace(folder / name)
    except BaseException:
        for name in moved:
            if (old / name).exists():
                (old / name).replace(folder / name)
            elif not (work / name).exists():
                (folder / name).unlink(missing_ok=True)
        raise


def _keep(file: Path, copy: Path) -> None:
    """A second name for a file, or a copy of it where the file system has no hard links."""
    try:
        os.link(file, copy)
    except OSError:
        shutil.copy2(file, copy)
