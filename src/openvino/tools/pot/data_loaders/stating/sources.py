"""A model's file and what stands beside it, and values in them that are texts more often than not."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openvino as ov

from openvino.tools.pot.configs.files import read_mapping
from openvino.tools.pot.data_loaders.stating.statement import Span
from openvino.tools.pot.graph.records import records_of
from openvino.tools.pot.utils.errors import ConfigError, reason

_MOST = 1e30
"""Magnitude that no mean or scale reaches, and that leaves room for pixels in float32."""


class UnclearError(Exception):
    """A source says something that is not understood.

    Args:
        where: the file, or the part of it.
        key: what says it.
        value: what it says.
        expected: what is understood.
    """

    def __init__(self, where: str, key: str, value: Any, expected: str) -> None:
        shown = repr(value)
        shown = shown if len(shown) < 80 else f"{shown[:76]}..."
        super().__init__(f"{where}: {key} is {shown}, expected {expected}")


@dataclass(frozen=True)
class Source:
    """What may be read about a model.

    Attributes:
        path: of the file, or folder, that the model was read from; None for one that was given in memory.
        info: what its file says about itself: ``rt_info``, texts and mappings of texts.
        outputs: names of its outputs.
    """

    path: Path | None
    info: Mapping[str, Any]
    outputs: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """Of the file, for people."""
        return "the model" if self.path is None else self.path.name

    def part(self, name: str) -> Mapping[str, Any]:
        """A mapping within ``info``, empty where there is none."""
        found = self.info.get(name)
        return found if isinstance(found, Mapping) else {}

    def beside(self, *names: str, above: bool = False) -> tuple[Path, Mapping[str, Any]] | None:
        """The first file of these names in the model's folder, and what it holds; None if there is none.

        Args:
            names: of JSON and YAML files.
            above: also in the folder that holds a folder ``onnx`` or ``openvino`` with the model.

        Raises:
            UnclearError: it can't be read.
        """
        if self.path is None:
            return None
        folders = [self.path if self.path.is_dir() else self.path.parent]
        if above and folders[0].resolve().name in ("onnx", "openvino"):
            folders.append(folders[0].resolve().parent)
        for file in (folder / name for folder in folders for name in names):
            if file.is_file():
                return file, _content(file)
        return None


def _content(file: Path) -> Mapping[str, Any]:
    try:
        if file.suffix != ".json":
            return read_mapping(file)
        found = json.loads(
            file.read_text(encoding="utf-8-sig")
        )  # configurations' JSON with comments takes seconds
    except (ConfigError, OSError, ValueError, RecursionError) as error:
        raise UnclearError(file.name, "it", reason(error), "JSON or YAML") from error
    if not isinstance(found, dict):
        raise UnclearError(file.name, "it", found, "a mapping")
    return found


def source_of(model: ov.Model, path: Path | None) -> Source:
    """What may be read about a model that came from a file, or from memory."""
    names = frozenset(name for port in model.outputs for name in port.get_names())
    return Source(path, records_of(model), names)


def literal(where: str, key: str, value: Any, expected: str) -> Any:
    """A value that may be Python's text of it.

    Raises:
        UnclearError: it is a text of something else.
    """
    if not isinstance(value, str):
        return value
    try:
        return ast.literal_eval(value.strip())
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise UnclearError(where, key, value, expected) from error


def numbers(where: str, key: str, value: Any) -> tuple[float, ...]:
    """One or more numbers: a list, or a text with blanks, commas or both between them, in brackets or not.

    Raises:
        UnclearError: it is something else.
    """
    parts = value.strip("[]() ").replace(",", " ").split() if isinstance(value, str) else value
    try:
        found = tuple(float(part) for part in (parts if isinstance(parts, (list, tuple)) else [parts]))
    except (TypeError, ValueError) as error:
        raise UnclearError(where, key, value, "numbers") from error
    if len(found) not in (1, 3, 4):
        raise UnclearError(where, key, value, "1, 3 or 4 numbers")
    return found


def whole(where: str, key: str, value: Any, least: int = 1) -> int:
    """A whole number, or the text of one.

    Raises:
        UnclearError: it is something else.
    """
    try:
        found = int(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise UnclearError(where, key, value, "a whole number") from error
    if isinstance(value, bool) or found < least or found != float(value):
        raise UnclearError(where, key, value, f"a whole number of {least} or more")
    return found


def part_of(where: str, key: str, value: Any) -> float:
    """A number above 0, and 1 at most.

    Raises:
        UnclearError: it is something else.
    """
    found = numbers(where, key, value)[0]
    if not 0 < found <= 1:
        raise UnclearError(where, key, value, "a number above 0, of 1 at most")
    return found


def truth(where: str, key: str, value: Any) -> bool:
    """Yes or no, as programs write it.

    Raises:
        UnclearError: it is something else.
    """
    known = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False, "": False}
    found = known.get(str(value).strip().lower())
    if found is None:
        raise UnclearError(where, key, value, "true or false")
    return found


def scaled(where: str, mean: tuple[float, ...], scale: tuple[float, ...], unit: float = 1.0) -> Span:
    """Mean and scale of pixels from 0 to 255 for those of pixels that were divided by a unit.

    Raises:
        UnclearError: a scale is not above zero, or is no number that float32 holds; or a mean is none.
    """
    means, scales = (tuple(_round(each * unit) for each in values) for values in (mean, scale))
    if not all(abs(each) < _MOST for each in means):
        raise UnclearError(where, "mean", mean, "finite numbers")
    if not all(1 / _MOST < each < _MOST for each in scales):
        raise UnclearError(where, "scale", scale, "finite numbers above zero")
    return {"mean": means, "scale": scales}


def _round(value: float) -> float:
    """Without the digits that a factor such as 1 / 255 leaves behind."""
    return float(f"{value:.12g}")
