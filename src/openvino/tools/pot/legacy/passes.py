"""The module ``openvino.runtime.passes``: today's passes, and a manager that also takes their names, as in 2022."""

from __future__ import annotations

from typing import Any

import openvino.passes as today

from openvino.tools.pot.utils.errors import ConfigError, nearest

_KEYWORDS = {"xml_path": "path_to_xml", "bin_path": "path_to_bin"}
_NAMED = ("ConstantFolding", "VisualizeTree", "Serialize", "MakeStateful", "LowLatency2", "ConvertFP32ToFP16")


class Manager(today.Manager):  # type: ignore[misc, name-defined] # that module has no types
    """Runs passes over a model; each is an object, or the name of a pass with its arguments."""

    def register_pass(self, *args: Any, **kwargs: Any) -> Any:
        """Add a pass: an object, or a name with its arguments, such as ``("Serialize", xml_path, bin_path)``.

        Raises:
            ConfigError: there is no pass of this name.
        """
        if "pass_name" in kwargs:
            args = (kwargs.pop("pass_name"), *args)
        if not args or not isinstance(args[0], str):
            return super().register_pass(*args, **kwargs)
        name, *others = args
        if name not in _NAMED:
            raise ConfigError(f"there is no pass {name!r}{nearest(name, _NAMED)}")
        others += kwargs.pop("output_files", ())
        given = {_KEYWORDS.get(key, key): value for key, value in kwargs.items()}
        return super().register_pass(getattr(today, name)(*others, **given))


def __getattr__(name: str) -> Any:
    return getattr(today, name)
