"""Files for services that host and check repositories: of their form, and they call nothing that there is not."""

from __future__ import annotations

import importlib.util
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from ruamel.yaml import YAML

from openvino.tools.pot.cli.arguments import parse
from rooms import ROOT

GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
FORMS = sorted(file for file in (GITHUB / "ISSUE_TEMPLATE").glob("*.yml") if file.name != "config.yml")
PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
SYSTEMS = {
    "ubuntu-latest": "POSIX :: Linux",
    "windows-latest": "Microsoft :: Windows",
    "macos-latest": "MacOS",
}


def read(file: Path) -> Any:
    return YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8"))


def steps(file: Path) -> Iterator[dict[str, Any]]:
    for job in read(file)["jobs"].values():
        yield from job["steps"]


def commands() -> Iterator[str]:
    """Every command of workflows and hooks."""
    for file in WORKFLOWS:
        yield from (line for step in steps(file) for line in step.get("run", "").splitlines())
    for repository in read(ROOT / ".pre-commit-config.yaml")["repos"]:
        yield from (hook["entry"] for hook in repository["hooks"])


def check(command: str) -> None:
    """See whether a command is there, with the arguments that it gets."""
    program, *words = shlex.split(command.replace(".venv/bin/", ""))
    if program == "make":
        assert set(words) <= TARGETS, command
    elif program == "pot":
        assert parse(words).command, command
    elif program == "ruff":
        assert words[0] in ("check", "format"), command
    elif program == "python" and words[0] == "-m":
        assert importlib.util.find_spec(words[1]) is not None, command
        files = [word for word in words[2:] if word.endswith(".py")]
        assert all((ROOT / file).is_file() for file in files), command
    else:
        assert program == "python" and (ROOT / words[0]).is_file(), command


@pytest.mark.parametrize("command", sorted(set(commands())))
def test_what_services_call_is_there(command: str) -> None:
    check(command)


@pytest.mark.parametrize(
    "command", ["make publish", "pot doctr", "python -m pytset", "python scripts/gone.py", "python -m pytest a/gone.py"]
)  # fmt: skip
def test_what_is_not_there_would_be_seen(command: str) -> None:
    with pytest.raises((AssertionError, RuntimeError)):
        check(command)


def test_markers_and_extras_that_workflows_name_are_known() -> None:
    text = "\n".join(commands())
    marks = {word for mark in re.findall(r'-m "([^"]+)"', text) for word in re.findall(r"\w+", mark)}
    assert marks - {"not", "or", "and"} <= set(re.findall(r'^    "(\w+): ', PYPROJECT, re.MULTILINE))
    extras = re.findall(r"\.\[(\w+)\]", text)
    assert extras and all(re.search(rf"^{extra} = \[", PYPROJECT, re.MULTILINE) for extra in extras)


def test_every_python_and_system_that_the_package_claims_is_tried() -> None:
    claimed = set(re.findall(r'"Programming Language :: Python :: (3\.\d+)"', PYPROJECT))
    matrix = read(GITHUB / "workflows/ci.yml")["jobs"]["matrix"]["strategy"]["matrix"]
    assert set(matrix["python"]) == claimed
    claimed = set(re.findall(r'"Operating System :: (.+)"', PYPROJECT))
    assert {SYSTEMS[name] for name in matrix["os"]} == claimed


def test_a_release_is_checked_tested_installed_and_then_published_without_a_password() -> None:
    jobs = read(GITHUB / "workflows/release.yml")["jobs"]
    assert jobs["publish"]["needs"] == "install" and jobs["install"]["needs"] == "build"
    runs = [step.get("run", "") for step in jobs["build"]["steps"]]
    assert [run.split()[-1] for run in runs if run.startswith("make")] == ["test", "dist"]
    (upload,) = (step for step in jobs["publish"]["steps"] if "pypi-publish" in step["uses"])
    assert jobs["publish"]["permissions"] == {"id-token": "write"} and "with" not in upload
    (dist,) = (step for step in jobs["build"]["steps"] if step.get("run") == "make dist")
    assert dist["env"]["POT_REPOSITORY"] == "${{ github.server_url }}/${{ github.repository }}"


@pytest.mark.parametrize("file", FORMS, ids=lambda file: file.stem)
def test_issues_come_with_what_the_doctor_says(file: Path) -> None:
    (asked,) = (part for part in read(file)["body"] if part.get("id") == "doctor")
    assert asked["validations"]["required"]
    for command in re.findall(r"`(pot [^`]+)`", file.read_text(encoding="utf-8")):
        check(command)


@pytest.mark.process
@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("vendor.github-workflows", WORKFLOWS),
        ("vendor.github-issue-forms", FORMS),
        ("vendor.github-issue-config", [GITHUB / "ISSUE_TEMPLATE/config.yml"]),
        ("vendor.dependabot", [GITHUB / "dependabot.yml"]),
    ],
)
def test_files_are_of_the_form_that_the_service_wants(schema: str, files: list[Path]) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *map(str, files)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert finished.returncode == 0, finished.stdout + finished.stderr


def test_hooks_are_our_own_commands() -> None:
    (repository,) = read(ROOT / ".pre-commit-config.yaml")["repos"]
    assert repository["repo"] == "local"
    for hook in repository["hooks"]:
        assert hook["language"] == "system" and hook["entry"].startswith(".venv/bin/")
        re.compile(hook.get("files", ""))


@pytest.fixture
def release(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT / "scripts")
    return importlib.import_module("check_release")


def test_a_tag_that_is_no_release_is_refused(release: ModuleType) -> None:
    changelog = "# Changelog\n\n## [1.2.0] - 2026-12-01\n\n## [1.1.0] - 2026-01-01\n"
    assert release.complaints("v1.2.0", "1.2.0", changelog) == []
    assert len(release.complaints("v1.2.1", "1.2.0", changelog)) == 1
    assert "begins with '1.2.0'" in release.complaints("v1.3.0", "1.3.0", changelog)[0]
    (undated,) = release.complaints("v1.2.0", "1.2.0", "## [1.2.0] - unreleased\n")
    assert "'unreleased'" in undated
    assert "begins with 'nothing'" in release.complaints("v1.2.0", "1.2.0", "")[0]
