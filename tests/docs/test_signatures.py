"""Signatures, defaults, exit codes and errors that the documents state are those of the code."""

from __future__ import annotations

import argparse
import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openvino.tools import pot

from openvino.tools.pot.cli import main as command
from openvino.tools.pot.cli.arguments import make_parser
from openvino.tools.pot.cli.quantize import LOST
from openvino.tools.pot.utils import errors

ROOT = Path(__file__).resolve().parents[2]
API = (ROOT / "docs/api.md").read_text("utf-8")
GUIDE = (ROOT / "docs/command_line.md").read_text("utf-8")


def stated() -> dict[str, str]:
    """Functions of the package whose whole signature stands in the API, with what is between the parentheses."""
    found = re.findall(r"(?:^|`)(\w+)\(((?:[^()`]|\(\))*)\)(?: ->|`| ->)", API, re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in found if "*, " in text and hasattr(pot, name)}


def parameters(text: str) -> Iterator[tuple[str, object]]:
    """Names and defaults, as a definition has them; ``...`` for a default that is left out."""
    function = ast.parse(f"def function({text}): ...").body[0]
    assert isinstance(function, ast.FunctionDef)
    given = function.args
    behind = given.args[len(given.args) - len(given.defaults) :]
    defaults = {each.arg: ast.literal_eval(value) for each, value in zip(behind, given.defaults, strict=True)}
    for each in given.args:
        yield each.arg, defaults.get(each.arg, inspect.Parameter.empty)
    for each, value in zip(given.kwonlyargs, given.kw_defaults, strict=True):
        yield each.arg, ast.literal_eval(value) if value is not None else inspect.Parameter.empty
    if given.kwarg is not None:
        yield given.kwarg.arg, inspect.Parameter.empty


def test_whole_signatures_are_found() -> None:
    assert {"quantize", "diagnose", "verify"} <= stated().keys()


@pytest.mark.parametrize("name", stated())
def test_signatures_have_all_parameters_with_their_defaults(name: str) -> None:
    code = {each.name: each.default for each in inspect.signature(getattr(pot, name)).parameters.values()}
    said = dict(parameters(stated()[name]))
    assert list(said) == list(code)
    for parameter, default in said.items():
        assert default is ... or default == code[parameter], parameter


def test_every_parameter_of_quantize_has_a_row() -> None:
    section = API.split("\n## `quantize`")[1].split("\n## ")[0]
    rows = {
        name
        for row in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row)
    }
    assert rows == set(inspect.signature(pot.quantize).parameters)


def rows_of(title: str, document: str) -> list[list[str]]:
    section = re.split(r"\n##+ ", document.split(f"\n{title}\n")[1])[0]
    return [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
        for row in section.splitlines()
        if row[:1] == "|"
    ]


def default_of(action: argparse.Action) -> Any:
    """What help says of a default, or what it is."""
    said = re.search(r"default:? ([^\s,;()]+)", (action.help or "") % vars(action))
    return action.default if said is None else said[1]


def test_defaults_of_flags_are_those_that_are_said() -> None:
    actions = {flag: action for action in make_parser()._actions for flag in action.option_strings}
    checked = 0
    for names, default, *_ in rows_of("## Flags", GUIDE)[2:]:
        if (value := re.fullmatch(r"`([^`]+)`", default)) is not None:
            flag = re.findall(r"--[\w-]+", names)[0]
            assert str(default_of(actions[flag])) == value[1], flag
            checked += 1
    assert checked >= 6


def test_exit_codes() -> None:
    rows = re.findall(r"^\| (\d+) \| (.*?) \|$", GUIDE, re.MULTILINE)
    said = {int(code): meaning for code, meaning in rows}
    assert said.keys() == {command.DONE, command.FAILED, command.WRONG_USAGE, LOST, command.INTERRUPTED}
    assert said[command.DONE] == "done" and "interrupted" in said[command.INTERRUPTED]
    assert "failed" in said[command.FAILED] and "does not follow" in said[LOST]


def test_classes_of_errors() -> None:
    rows = {
        name: row for row in rows_of("## Errors", API)[2:] for name in re.findall(r"`(\w+Error)`", row[0])[:1]
    }
    classes = {name: each for name, each in vars(errors).items() if isinstance(each, type)}
    known = {name for name, each in classes.items() if issubclass(each, errors.PotError)}
    direct = {name for name in known if errors.PotError in classes[name].__bases__}
    assert rows.keys() == direct
    for name, row in rows.items():
        for base in re.findall(r"`(\w+Error)` too", row[0]):
            assert base in {each.__name__ for each in classes[name].__mro__}


def test_tolerances_of_samples_are_those_that_their_page_says() -> None:
    script = (ROOT / "scripts/samples.py").read_text("utf-8")
    used = set(re.findall(r"Sample\(\"\w+\", \"\w+\", 0(\.\d+)", script))
    page = (ROOT / "docs/samples.md").read_text("utf-8")
    said = re.search(r"further below float than it may be, (.*?), or where no layer", page, re.DOTALL)
    assert said is not None and used
    assert set(re.findall(r"(?<!\w)\.\d+", said[1])) == used
