"""Commands that the documents show: their scripts, targets, subcommands and flags are there."""

from __future__ import annotations

import argparse
import re
import shlex
from functools import cache
from pathlib import Path

import pytest

from openvino.tools.pot.cli.arguments import make_parser

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")])
CODE = re.compile(r"^(?: {4}|\t)(.+)$|^```(?:sh)?\n(.*?)^```$|`([^`\n]+)`", re.MULTILINE | re.DOTALL)


def commands(program: str) -> list[tuple[str, str]]:
    """Each command of a program that stands in code, with the document that it stands in."""
    found = []
    for file in DOCUMENTS:
        for parts in CODE.findall(file.read_text("utf-8")):
            for line in "\n".join(parts).replace("\\\n", " ").splitlines():
                command = line.split(" #")[0].strip()
                if re.match(rf"(?:\S*/bin/)?{program}(?= |$)", command):
                    found.append((file.relative_to(ROOT).as_posix(), command))
    return sorted(set(found))


def words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:  # a quote that goes on elsewhere
        return command.split()


@cache
def written_beside(script: Path) -> str:
    """A script, and the modules that it may import: beside it, and what examples have in common."""
    samples = ROOT / "src/openvino/tools/pot/api/samples/utils"  # whose arguments examples share
    places = {script.parent, ROOT / "examples/common", samples}
    beside = (
        [file for place in places for file in place.glob("*.py")] if script.parts[-2] != "scripts" else []
    )
    return "\n".join(file.read_text("utf-8") for file in {script, *beside})


@pytest.mark.parametrize(("document", "command"), commands("python"), ids=lambda case: str(case)[:60])
def test_scripts_and_their_flags_are_there(document: str, command: str) -> None:
    _, script, *arguments = [*words(command), ""]
    if not script.endswith(".py") or not script.startswith(("benchmarks/", "scripts/", "examples/")):
        return
    path = ROOT / script
    assert path.is_file()
    known = written_beside(path)
    for flag in (argument.partition("=")[0] for argument in arguments if argument.startswith("--")):
        assert f'"{flag}"' in known, flag


@pytest.mark.parametrize(("document", "command"), commands("make"), ids=lambda case: str(case)[:60])
def test_targets_of_make_are_there(document: str, command: str) -> None:
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    asked = [word for word in words(command)[1:] if "=" not in word and not word.startswith("-")]
    assert set(asked) <= set(targets)


def parsers() -> dict[str, argparse.ArgumentParser]:
    whole = make_parser()
    below = next(each for each in whole._actions if isinstance(each, argparse._SubParsersAction))
    return {"": whole, **below.choices}


@pytest.mark.parametrize(("document", "command"), commands("pot"), ids=lambda case: str(case)[:60])
def test_flags_of_pot_are_there(document: str, command: str) -> None:
    _, *arguments = words(command)
    known = parsers()
    first = arguments[0] if arguments and arguments[0] != "..." else ""
    parser = known.get(first if not first.startswith("-") else "")
    assert parser is not None, f"{first} is no command of pot"
    if first == "run-script":
        return
    flags = {flag for action in parser._actions for flag in action.option_strings}
    for argument in arguments:
        if argument.startswith("-") and argument != "-" and not re.match(r"-[\d.]", argument):
            assert argument.partition("=")[0] in flags, argument


def test_many_commands_are_found() -> None:
    assert len(commands("python")) > 40 and len(commands("pot")) > 30 and len(commands("make")) > 3
