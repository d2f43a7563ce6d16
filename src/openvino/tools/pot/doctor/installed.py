"""What is installed, and where: packages, this one's own files, another OpenVINO in the way."""

from __future__ import annotations

import re
import shutil
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from openvino.tools.pot.doctor.facts import Package, Trouble

_OURS = "openvino-pot"
_NOT_FOR_USERS = frozenset({"dev", "peer"})
_NEEDED = re.compile(
    r"^(?P<name>[\w.-]+)(?:\[[^]]*\])?\s*(?P<bounds>[^;]*)(?:;.*extra == ['\"](?P<extra>[\w-]+)['\"])?"
)
_BOUND = re.compile(r"(>=|<=|<|>)\s*([\d.]+)")
_BESIDE = ("nncf", "openvino-dev", "openvino-nightly", "openvino-telemetry")
"""What changes nothing by being there, but for what ``troubles_of`` says, and is good to know."""

POT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Need:
    """What a distribution says that it needs.

    Attributes:
        name: of the package.
        bounds: pairs of a comparison and a version.
        extra: that needs it; empty: it always does.
    """

    name: str
    bounds: tuple[tuple[str, str], ...]
    extra: str


def needs(distribution: str = _OURS) -> list[Need]:
    """What a distribution needs, by what is recorded of it; nothing where it isn't installed."""
    try:
        lines = metadata.requires(distribution) or []
    except metadata.PackageNotFoundError:
        return []
    found = (match for match in map(_NEEDED.match, lines) if match)
    return [
        Need(match["name"], tuple(_BOUND.findall(match["bounds"])), match["extra"] or "") for match in found
    ]


def version_of(name: str) -> str:
    """The version of an installed package; empty where it is absent."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def packages() -> tuple[Package, ...]:
    """All that this package needs or can use, and what else is good to know of, each once."""
    extras: dict[str, set[str]] = {}
    for need in needs():
        extras.setdefault(need.name, set()).add(need.extra)
    listed = [
        Package(
            name=name, version=version_of(name), extras=() if "" in of else tuple(sorted(of - _NOT_FOR_USERS))
        )
        for name, of in extras.items()
        if of - _NOT_FOR_USERS
    ]
    known = {package.name for package in listed}
    others = (Package(name=name, version=version_of(name)) for name in _BESIDE if name not in known)
    return (*listed, *(package for package in others if package.version))


def satisfies(version: str, bounds: tuple[tuple[str, str], ...]) -> bool:
    """Whether a version lies within bounds, by the numbers that it begins with."""
    found = _numbers(version)
    holds = {
        ">=": lambda bound: found >= bound,
        ">": lambda bound: found > bound,
        "<=": lambda bound: found <= bound,
        "<": lambda bound: found < bound,
    }
    return all(holds[sign](_numbers(bound)) for sign, bound in bounds)


def _numbers(version: str) -> tuple[int, ...]:
    leading = re.match(r"\d+(?:\.\d+)*", version)
    numbers = [int(part) for part in leading[0].split(".")] if leading else []
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def troubles_of_packages() -> Iterator[Trouble]:
    """Packages that are absent, too old or too new, and those that stand in the way."""
    for distribution in (_OURS, "openvino"):
        for need in needs(distribution):
            version = version_of(need.name)
            if need.extra or (version and satisfies(version, need.bounds)):
                continue
            wanted = need.name + ",".join(f"{sign}{bound}" for sign, bound in need.bounds)
            yield Trouble(
                name="package",
                weight="problem" if distribution == _OURS else "note",
                finding=f"{distribution} needs {wanted}, found {version or 'none'}",
                remedy=f"pip install --upgrade '{wanted}'",
            )
    for name in ("openvino-dev", "openvino-nightly"):
        if version_of(name):
            yield Trouble(
                name="leftover",
                weight="problem",
                finding=f"{name} {version_of(name)} is installed, and puts files of its own into the package openvino",
                remedy=f"pip uninstall {name}, then install openvino and openvino-pot again, with --force-reinstall",
            )


def troubles_of_files(folder: Path = POT) -> Iterator[Trouble]:
    """Files of an older tool in this package's folder, and another OpenVINO or ``pot`` than the installed one.

    Args:
        folder: of this package.
    """
    strange = sorted(set(_sources(folder)) - _recorded(folder))
    if strange:
        more = f" and {len(strange) - 1} more" if len(strange) > 1 else ""
        yield Trouble(
            name="strange_files",
            weight="problem",
            finding=f"{folder} holds files that openvino-pot did not install: {strange[0]}{more}",
            remedy="pip uninstall openvino-dev openvino-pot, remove that folder, and install openvino-pot again",
        )
    yield from _shadow()
    yield from _other_command()


def _sources(folder: Path) -> Iterator[str]:
    return (file.relative_to(folder).as_posix() for file in folder.rglob("*.py"))


def _recorded(folder: Path) -> set[str]:
    """What was installed into a folder; all that is there, where it is not pip that keeps the list."""
    try:
        files = metadata.files(_OURS) or []
    except metadata.PackageNotFoundError:
        files = []
    inside = {Path(str(file.locate())).resolve() for file in files}
    ours = {file.relative_to(folder).as_posix() for file in inside if file.is_relative_to(folder)}
    return ours or set(_sources(folder))  # an editable installation records a link alone


def _shadow() -> Iterator[Trouble]:
    spec = find_spec("openvino")
    found = list(metadata.distributions(name="openvino"))
    if spec is None or spec.origin is None:
        return
    if not found:
        yield Trouble(
            name="shadow",
            weight="problem",
            finding=f"openvino is imported from {Path(spec.origin).parent}, which pip did not install",
            remedy="unset PYTHONPATH (setupvars of an OpenVINO archive sets it), or pip install openvino",
        )
        return
    installed = Path(str(found[0].locate_file("openvino/__init__.py"))).resolve()
    if installed != Path(spec.origin).resolve():
        yield Trouble(
            name="shadow",
            weight="problem",
            finding=f"openvino is imported from {Path(spec.origin).parent}, and pip's is {installed.parent}",
            remedy="unset PYTHONPATH (setupvars of an OpenVINO archive sets it), or leave the folder that has one",
        )
    if len({str(each.locate_file("")) for each in found}) > 1:
        versions = ", ".join(each.version for each in found)
        yield Trouble(
            name="twice",
            weight="problem",
            finding=f"OpenVINO is installed more than once: {versions}; the first counts",
            remedy="use a virtual environment of its own: python -m venv fresh",
        )


def _other_command() -> Iterator[Trouble]:
    """A ``pot`` in PATH that is not of this Python, such as openvino-dev's."""
    first, own = shutil.which("pot"), shutil.which("pot", path=sysconfig.get_path("scripts"))
    if first and own and Path(first).resolve() != Path(own).resolve():
        yield Trouble(
            name="other_command",
            weight="note",
            finding=f"pot in PATH is {first}, this one is {own}",
            remedy=f"{sys.executable} -m openvino.tools.pot is this one, whatever PATH says",
        )
