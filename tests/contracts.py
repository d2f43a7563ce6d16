"""What a contract asks of an entry: an example of its use, and what can be told apart before and after."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import openvino as ov
import pytest
from pydantic import BaseModel

from openvino.tools.pot.graph.view import GraphView


@dataclass(frozen=True)
class Example:
    """A use of an entry.

    Attributes:
        make: its arguments, anew at each call, from an empty folder.
        act: the use; gives what comes of it.
        edits: positions of the arguments that it is there to change.
    """

    make: Callable[[Path], tuple[Any, ...]]
    act: Callable[..., Any]
    edits: tuple[int, ...] = ()


def check(example: Example, folder: Path) -> None:
    """Two uses give the same, and leave all as it was that they are not there to change."""
    folders = folder / "first", folder / "second"
    found = []
    for each in folders:
        each.mkdir()
        arguments = example.make(each)
        before = [known(argument) for argument in arguments]
        results = [example.act(*arguments) for _ in range(1 if example.edits else 2)]
        after = [known(argument) for argument in arguments]
        for position, argument in enumerate(before):
            if position not in example.edits:
                assert after[position] == argument, f"argument {position} is another after the use"
        edited = [after[position] for position in example.edits]
        found.append([(known(result), edited) for result in results])
    plain = [re.sub(r"/(first|second)\b", "", repr(result)) for results in found for result in results]
    assert plain == plain[:1] * len(plain), "two uses give different results"


def known(value: Any) -> Any:
    """All that is known of a value, as plain data to compare."""
    if isinstance(value, GraphView):
        return known(value.model)
    if isinstance(value, ov.Model):
        return described(value)
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, BaseModel):
        return type(value).__name__, known(value.model_dump())
    if is_dataclass(value) and not isinstance(value, type):
        return type(value).__name__, [(each.name, known(getattr(value, each.name))) for each in fields(value)]
    if isinstance(value, Mapping):
        return [(repr(known(key)), known(each)) for key, each in value.items()]
    if isinstance(value, Set):
        return sorted(repr(known(each)) for each in value)
    if isinstance(value, list | tuple):
        return [known(each) for each in value]
    if hasattr(value, "__dict__") and not isinstance(value, type | ModuleType) and not callable(value):
        return type(value).__name__, known(vars(value))
    return repr(value)


def described(model: ov.Model) -> list[Any]:
    """The nodes of a model, with the names that are not counted through the process, and their constants."""
    nodes = model.get_ordered_ops()
    place = {node.get_name(): number for number, node in enumerate(nodes)}
    return [
        (
            node.get_type_name(),
            re.sub(r"\b[A-Z]\w*_\d+\b", "", node.get_friendly_name()),
            [
                (place[port.get_source_output().get_node().get_name()], port.get_source_output().get_index())
                for port in node.inputs()
            ],
            [(port.get_element_type().to_string(), str(port.get_partial_shape())) for port in node.outputs()],
            sorted(name for port in node.outputs() for name in port.get_names()),
            np.asarray(node.data).tobytes() if node.get_type_name() == "Constant" else "",
        )
        for node in nodes
    ]


def modules(package: ModuleType) -> Iterator[ModuleType]:
    """All modules of a package."""
    for each in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        yield importlib.import_module(each.name)


def own(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """The public functions and classes that are written in a module."""
    for name, value in vars(module).items():
        is_thing = inspect.isclass(value) or inspect.isfunction(value)
        if is_thing and value.__module__ == module.__name__ and not name.startswith("_"):
            yield name, value


def each(examples: Mapping[Any, Any]) -> pytest.MarkDecorator:
    """A case of a test for each entry."""
    return pytest.mark.parametrize("entry", examples, ids=str)
