"""Count the lines of the core, and refuse growth, long files and long functions.

    python scripts/core_lines.py

The core is the package without its edges: readers of data, command lines, reports, what devices and machines are asked,
and what other tools and old scripts need. Lines are counted as they stand, with docstrings. The exit code is 1 where
something is longer than it may be.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

POT = Path(__file__).resolve().parents[1] / "src/openvino/tools/pot"
EDGES = (
    "accuracy_checker/",
    "adoption/",
    "api/samples/",
    "cli/",
    "data_loaders/",
    "datasets/",
    "demo/",
    "doctor/",
    "legacy/",
    "diagnosis/",
    "hardware/probing/",
    "report/",
    "verification/",
)

CORE, FILE, FUNCTION = 35043, 350, 45
# What is longer for now, with its lines: it may shrink, and leaves when it is short enough.
LONGER: Mapping[str, int] = {}


def sources(package: Path) -> Iterator[tuple[str, str]]:
    """The name below the package and the text of each file of the core."""
    for file in sorted(package.rglob("*.py")):
        name = file.relative_to(package).as_posix()
        if not name.startswith(EDGES):
            yield name, file.read_text(encoding="utf-8")


def functions(source: str) -> Iterator[tuple[str, int]]:
    """The name and the lines of each function of a source, without its decorators."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def lengths(name: str, source: str) -> Iterator[tuple[str, int, int]]:
    """What a source holds: its name, its lines, and the most that it may have."""
    yield name, len(source.splitlines()), FILE
    for function, lines in functions(source):
        yield f"{name}:{function}", lines, FUNCTION


def complaints(package: Path, longer: Mapping[str, int] = LONGER, core: int = CORE) -> list[str]:
    """A sentence for everything that is too long, and for every exception that is not needed any more."""
    found, unneeded, total = [], set(longer), 0
    for name, source in sources(package):
        total += len(source.splitlines())
        for place, lines, most in lengths(name, source):
            if lines > longer.get(place, most):
                found.append(f"{place} has {lines} lines, expected {longer.get(place, most)} at most")
            if lines > most:
                unneeded.discard(place)
    if total > core:
        found.append(f"the core has {total} lines, expected {core} at most")
    return found + [f"{place} is in LONGER, but short enough or gone" for place in sorted(unneeded)]


def main() -> int:
    """Print the figure and what is too long, and return the exit code."""
    total = sum(len(source.splitlines()) for _, source in sources(POT))
    print(f"core: {total} lines of {CORE}, {len(LONGER)} places longer than they should be")
    found = complaints(POT)
    print(*found, sep="\n", end="\n" if found else "")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
