"""POT's import paths: those that no file of ours has are found in the table that ``table.py`` reads.

A name leads to the thing of ours that does its work, or to a stand-in, which can be imported and says what to use
when it is called. The finder stands at the end of ``sys.meta_path``: only modules that nothing else finds are looked
up, and what the table does not have either is not found.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_POT = "openvino.tools.pot"
_OLD = "compression"  # its name before 2022


def path_of(module: str) -> str | None:
    """The path of a module below POT's package, under its name of today or of before 2022; None for others."""
    for package in (_POT, _OLD):
        if module == package or module.startswith(f"{package}."):
            return module[len(package) + 1 :]
    return None


def offered(module: str, name: str) -> Any:
    """What the table offers as ``name`` in ``module``, one of ours at POT's own path.

    Raises:
        AttributeError: POT had no such name.
    """
    if name.startswith("_"):  # Python asks modules for some, which needs no table
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    from openvino.tools.pot.paths.stand_in import stand_in
    from openvino.tools.pot.paths.table import PATHS

    path = path_of(module)
    if path is not None and _is_module(f"{module}.{name}"):
        return importlib.import_module(f"{module}.{name}")  # POT had imported all of its modules at once
    entry = None if path is None else PATHS.get(path, {}).get(name)
    if isinstance(entry, str):
        return stand_in(path or "", name, entry)
    if entry is None or not entry.module:
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{_POT}.{entry.module}"), entry.name or name)


def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # nor is there a package that it would stand in
        return False


def offer(module: dict[str, Any]) -> None:
    """Let a module of ours offer what the table adds to its names, given its ``globals()``."""

    def attribute(name: str) -> Any:
        if name == "__all__":  # asked for by `import *`, where a file doesn't say it
            return _names_of(module)
        module[name] = offered(module["__name__"], name)
        return module[name]

    module["__getattr__"] = attribute
    module["__dir__"] = lambda: sorted({*module, *_names_of(module)})


def _names_of(module: Mapping[str, Any]) -> list[str]:
    from openvino.tools.pot.paths.table import PATHS

    own = (name for name in module if not name.startswith("_"))
    return sorted({*own, *PATHS.get(path_of(module["__name__"]) or "", ())})


def offer_as(module: dict[str, Any]) -> None:
    """Let a module below ``compression`` offer the names of today's module, given its ``globals()``."""
    from openvino.tools.pot.paths.table import MOVED, PATHS

    path = path_of(module["__name__"]) or ""
    path = MOVED.get(path, path)
    home = importlib.import_module(f"{_POT}.{path}")

    def attribute(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {module['__name__']!r} has no attribute {name!r}")
        return getattr(home, name)

    module["__getattr__"] = attribute
    module["__all__"] = sorted({*getattr(home, "__all__", ()), *PATHS.get(path, ())})
    module["__dir__"] = lambda: sorted({*module, *module["__all__"]})


class PathFinder(MetaPathFinder):
    """Finds POT's modules for which there is no file."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module called ``fullname``, if POT had one."""
        below = path_of(fullname)
        if not below:
            return None
        from openvino.tools.pot.paths.table import MOVED, PATHS

        if fullname.startswith(f"{_OLD}."):
            # The package itself may be the standard library's; the rooms of ours in it are files.
            known = "." in below and _is_module(f"{_POT}.{MOVED.get(below, below)}")
        else:
            known = below in PATHS
        return ModuleSpec(fullname, _Offering(), is_package=True) if known else None


class _Offering(Loader):
    """Makes modules that have no names but those they offer."""

    def exec_module(self, module: ModuleType) -> None:
        module.__doc__ = "A path of POT's; openvino.tools.pot.paths.table says where its names are."
        if module.__name__.startswith(f"{_OLD}."):
            offer_as(vars(module))
        else:
            offer(vars(module))


def install() -> None:
    """Let this process find POT's modules."""
    if not any(isinstance(finder, PathFinder) for finder in sys.meta_path):
        sys.meta_path.append(PathFinder())
