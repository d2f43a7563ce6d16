"""Reading configuration files: JSON with comments, or YAML."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

from openvino.tools.pot.utils.errors import ConfigError, reason
from openvino.tools.pot.utils.files import as_path, why_no_file

_YAML = frozenset({".yml", ".yaml"})


def read_mapping(path: str | Path) -> dict[str, Any]:
    """The content of a configuration file.

    Args:
        path: YAML if it ends in ``.yml`` or ``.yaml``, else JSON, which may hold ``//`` and ``/* */`` comments and
            commas behind last entries.

    Raises:
        ConfigError: the file is missing, can't be parsed, names a key twice, or holds no mapping.
    """
    path = as_path(path, "configuration file")
    wrong = why_no_file(path)
    if wrong:
        raise ConfigError(f"configuration file {str(path)!r} {wrong}")
    try:
        text = path.read_text(encoding="utf-8-sig")
        values = _from_yaml(text) if path.suffix.lower() in _YAML else _from_json(text)
        json.dumps(values, default=str, skipkeys=True)  # aliases of YAML may go round in circles
    except RecursionError as error:
        raise ConfigError(f"configuration file {str(path)!r} is nested too deep") from error
    except (OSError, ValueError) as error:
        raise ConfigError(f"configuration file {str(path)!r} can't be read: {reason(error)}") from error
    if not isinstance(values, dict):
        raise ConfigError(f"configuration file {str(path)!r} holds {values!r}, expected a mapping")
    return values


def _from_json(text: str) -> Any:
    with suppress(ValueError):  # in a hundredth of the time, of what is JSON
        return json.loads(text, object_pairs_hook=_unique)
    import json5

    try:
        return json5.loads(text, allow_duplicate_keys=False)
    except ValueError as error:
        # It begins with the name of the source, which is a string here.
        raise ValueError(re.sub(r"^<string>:(\d+) ", r"line \1: ", str(error))) from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands there twice")  # which, says json5
    return found


def _from_yaml(text: str) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        return YAML(typ="safe", pure=True).load(text)
    except MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise ValueError(f"{line}{error.problem or error}") from error
    except YAMLError as error:
        raise ValueError(str(error)) from error
