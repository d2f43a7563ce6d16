"""Programs that old scripts start: ``mo``, which is gone, and those that stand beside the interpreter."""

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path

_VARIABLE = "OPENVINO_POT_PYTHON"  # what programs in the folder `bin` run with


def offer() -> None:
    """Let programs that this process starts find ``mo``, and ``pot`` where the environment is not activated.

    They come last, so that a program that exists is never replaced.
    """
    os.environ[_VARIABLE] = sys.executable
    there = os.environ.get("PATH", os.defpath).split(os.pathsep)
    ours = (str(Path(__file__).with_name("bin")), sysconfig.get_path("scripts"))
    os.environ["PATH"] = os.pathsep.join([*there, *(each for each in ours if each not in there)])
