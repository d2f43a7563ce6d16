"""Programs that old scripts start: ``mo``, which is gone, and those that stand beside the interpreter."""

from __future__ import annotations

import atexit
import os
import shlex
import shutil
import sys
import sysconfig
import tempfile
from pathlib import Path

_MODULES = {"mo": "openvino.tools.pot.legacy.mo"}


def offer() -> None:
    """Let programs that this process starts find ``mo``, and ``pot`` where the environment is not activated.

    They come last, so that a program that exists is never replaced.
    """
    absent = {name: module for name, module in _MODULES.items() if shutil.which(name) is None}
    folders = [sysconfig.get_path("scripts")]
    if absent:
        folder = Path(tempfile.mkdtemp(prefix="openvino-pot-"))
        atexit.register(_remove, folder, os.getpid())
        for name, module in absent.items():
            _write(folder, name, module)
        folders.insert(0, str(folder))
    os.environ["PATH"] = os.pathsep.join(filter(None, [os.environ.get("PATH", os.defpath), *folders]))


def _write(folder: Path, name: str, module: str) -> None:
    if os.name == "nt":
        (folder / f"{name}.bat").write_text(f'@"{sys.executable}" -m {module} %*\n', encoding="utf-8")
        return
    program = folder / name
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m {module} "$@"\n', encoding="utf-8")
    program.chmod(0o755)


def _remove(folder: Path, owner: int) -> None:
    """Remove the folder, but not from a fork of the process that made it."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)
