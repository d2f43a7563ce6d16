"""Small helpers of POT's that scripts import."""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import openvino as ov

ABSENT = False
logger = logging.getLogger("openvino.tools.pot")


def create_tmp_dir(parent_dir: str | Path | None = None) -> tempfile.TemporaryDirectory[str]:
    """A folder that is removed with the object; its path is ``name``."""
    return tempfile.TemporaryDirectory(dir=parent_dir)


def convert_output_key(name: str | tuple[str, ...]) -> str:
    """The name of an output: that of a pair of name and port is joined by a dot."""
    return name if isinstance(name, str) else ".".join(map(str, name))


def get_ie_version() -> str:
    """The version of OpenVINO."""
    return str(ov.get_version())


def get_timestamp() -> str:
    """The date and time, to the second."""
    return datetime.now().strftime("%Y-%m-%d_%H-%M-%S")


def get_timestamp_precise() -> str:
    """The date and time, to the microsecond."""
    return datetime.now().strftime("%Y-%m-%d_%H-%M-%S.%f")


def get_timestamp_short() -> str:
    """The time, to the second."""
    return datetime.now().strftime("%H-%M-%S")


def write_config_to_file(data: Mapping[str, Any], path: str | Path) -> None:
    """Write a configuration as JSON."""
    Path(path).write_text(json.dumps(data, indent=4), encoding="utf-8")


def no_telemetry(*_: Any, **__: Any) -> None:
    """Nothing: nobody is told of what is done here."""
