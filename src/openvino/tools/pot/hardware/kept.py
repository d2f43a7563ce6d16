"""What devices were seen to do, where it is kept: in tables that ship, and in the user's cache folder."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal
from zlib import crc32

from pydantic import ValidationError

from openvino.tools.pot.hardware.rows import Probed
from openvino.tools.pot.utils.folders import write_file
from openvino.tools.pot.utils.runtime import device_name, version

_SHIPPED = "seen"


def cache_folder() -> Path:
    """Where what is found on this machine is kept: ``$OPENVINO_POT_CACHE``, else in the user's folder for caches."""
    own = os.environ.get("OPENVINO_POT_CACHE")
    if own:
        return Path(own)
    variable, place = (
        ("LOCALAPPDATA", "AppData/Local") if sys.platform == "win32" else ("XDG_CACHE_HOME", ".cache")
    )
    try:
        base = os.environ.get(variable) or Path.home() / place
    except RuntimeError:  # a container's user need not have a home
        base = tempfile.gettempdir()
    return Path(base) / "openvino-pot"


def keep(probed: Probed) -> Path:
    """Keep what was seen in the user's cache folder, where plans on this machine read it.

    Returns:
        The file, written beside and renamed.

    Raises:
        OSError: it can't be written.
    """
    path = cache_folder() / _file_name(probed.device, probed.device_name, probed.openvino)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, probed.model_dump_json(indent=1).encode())
    _seen.cache_clear()
    return path


def seen(device: str) -> Probed | None:
    """What is known of a device with the OpenVINO that runs: of this machine's own, else as it ships; else None.

    Args:
        device: the family, such as CPU.
    """
    return _seen(device, cache_folder())


def known(device: str) -> Literal["here", "shipped", "none"]:
    """Where what is known of a device with the OpenVINO that runs comes from.

    Args:
        device: the family, such as CPU.
    """
    if _read(cache_folder() / _file_name(device, device_name(device), version())) is not None:
        return "here"
    return "none" if seen(device) is None else "shipped"


@cache
def _seen(device: str, folder: Path) -> Probed | None:
    own = folder / _file_name(device, device_name(device), version())
    return next((found for found in (_read(own), *_shipped(device)) if found is not None), None)


def _file_name(device: str, name: str, openvino: str) -> str:
    """Of one device with one OpenVINO: processors of other instruction sets have other names."""
    return f"{device}-{openvino}-{crc32(name.encode()):08x}.json"


def _read(path: Path) -> Probed | None:
    """What a file holds; None where there is none, or one that another version of this package wrote."""
    try:
        return Probed.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def shipped_name(device: str, openvino: str) -> str:
    """The file of a device and of all OpenVINO of one year and number."""
    return f"{device}-{'.'.join(openvino.split('.')[:2])}.json"


def _shipped(device: str) -> Iterator[Probed]:
    """The table that ships for the year and the number of this OpenVINO."""
    table = files(__package__).joinpath(_SHIPPED, shipped_name(device, version()))
    if table.is_file():
        yield Probed.model_validate_json(table.read_text("utf-8"))
