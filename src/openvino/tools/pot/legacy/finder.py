"""Finds modules that OpenVINO dropped, for one process, and only those that nothing else finds.

The finder stands at the end of ``sys.meta_path``: where OpenVINO, or any other package, has such a module, Python
has found it before it asks here. Nothing is imported until a script imports it.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

_HERE = "openvino.tools.pot.legacy"
_SOURCE = Path(__file__).resolve().parents[4]

# Old name -> the module whose names it offers.
_HOMES = {
    "openvino.runtime": "openvino",
    "openvino.runtime.ie_api": "openvino",
    "openvino.runtime.opset_utils": "openvino.utils.node_factory",
    "openvino.runtime.passes": f"{_HERE}.passes",
    "openvino.runtime.passes.manager": f"{_HERE}.passes",
    "openvino.pyopenvino": "openvino._pyopenvino",
    "openvino.offline_transformations": f"{_HERE}.offline_transformations",
    "openvino.inference_engine": f"{_HERE}.inference_engine",
    "openvino.inference_engine.ie_api": f"{_HERE}.inference_engine",
    "openvino.inference_engine.constants": f"{_HERE}.inference_engine.constants",
    "openvino.tools.mo": f"{_HERE}.mo",
    "openvino.tools.mo.convert": f"{_HERE}.mo",
}
# Where whole families of modules moved by one step.
_MOVED = (
    (re.compile(r"openvino\.runtime\.((opset\d+|passes|utils|op|properties|exceptions)(\..+)?)"), "openvino"),
    (re.compile(r"openvino\.pyopenvino\.(.+)"), "openvino._pyopenvino"),
)


class LegacyFinder(MetaPathFinder):
    """Offers today's counterparts of old modules under their old names."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module called ``fullname``, or none.

        Raises:
            ModuleNotFoundError: it is a part of Model Optimizer that has no counterpart.
        """
        if fullname.startswith("compression."):
            # Before Python 3.14 our old names are found without help; there, the package of that name is the
            # standard library's, which is asked first.
            return PathFinder.find_spec(fullname, [str(_SOURCE.joinpath(*fullname.split(".")[:-1]))])
        home = home_of(fullname)
        if home is not None:
            return ModuleSpec(fullname, _Alias(home), is_package=True)
        if fullname.startswith("openvino.tools.mo."):
            raise ModuleNotFoundError(
                f"module {fullname!r} was a part of Model Optimizer, which OpenVINO no longer has; "
                "of openvino.tools.mo there are convert_model, InputCutInfo and LayoutMap",
                name=fullname,
            )
        return None


class _Alias(Loader):
    """Makes a module that offers the names of another one, whose own entry stays as it is.

    A module of its own, as with the other's ``__path__`` Python would read that one's files a second time.
    """

    def __init__(self, home: str) -> None:
        self._home = home

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        home, name = importlib.import_module(self._home), module.__name__
        offered = {
            key: value
            for key, value in vars(home).items()
            if not key.startswith("__") and f"{name}.{key}" not in _HOMES
        }
        vars(module).update(offered)
        module.__doc__ = home.__doc__

        def missing(key: str) -> Any:
            if not key.startswith("__") and home_of(f"{name}.{key}") is not None:
                return importlib.import_module(f"{name}.{key}")
            if hasattr(home, key):
                return getattr(home, key)
            raise AttributeError(f"module {name!r} has no attribute {key!r}")

        vars(module)["__getattr__"] = missing


def home_of(name: str) -> str | None:
    """The module of today whose names the old module ``name`` offers, or none."""
    if name in _HOMES:
        return _HOMES[name]
    for pattern, package in _MOVED:
        match = pattern.fullmatch(name)
        if match is not None and _exists(f"{package}.{match[1]}"):
            return f"{package}.{match[1]}"
    return None


def _exists(name: str) -> bool:
    if name in sys.modules:
        return True
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # nor does its package
        return False


def install() -> None:
    """Let this process find old modules; a second call changes nothing."""
    if not any(isinstance(finder, LegacyFinder) for finder in sys.meta_path):
        sys.meta_path.append(LegacyFinder())
        _offer_on_package()


def _offer_on_package() -> None:
    """Make ``openvino.runtime`` work without importing it, as ``import openvino`` alone once allowed."""
    import openvino

    own = vars(openvino).get("__getattr__")

    def attribute(name: str) -> Any:
        if own is not None:
            try:
                return own(name)
            except AttributeError:
                pass
        if name == "runtime":
            return importlib.import_module("openvino.runtime")
        raise AttributeError(f"module 'openvino' has no attribute {name!r}")

    vars(openvino)["__getattr__"] = attribute
