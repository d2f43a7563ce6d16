"""Read the names that POT's modules had from the wheels that held POT.

    pip download --no-deps openvino-dev==2022.3.2     # and others, from 2021.3 to 2023.3
    python scripts/pot_names.py openvino_dev-*.whl

Only names are read, with `ast`. Two files are written: `tests/api/pot_names.json` has each module's names, those that
it defined and those that it had imported from another module of POT's; `paths/imported.json` of the package says of
the latter where they came from. What a module had imported from other packages is in neither.
"""

from __future__ import annotations

import ast
import json
import sys
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any

from openvino.tools.pot.paths.table import Names, read

ROOT = Path(__file__).resolve().parents[1]
LISTED = ROOT / "tests/api/pot_names.json"
IMPORTED = ROOT / "src/openvino/tools/pot/paths/imported.json"
NOT_MODULES = ("openvino/tools/pot/__main__.py",)

Bound = dict[str, tuple[str, str] | None]
"""Name -> path and name of what is imported there, or None for what the module itself defines."""


def package_of(module: str) -> str | None:
    """``module`` below POT's package, or None if it is another package's."""
    for package in ("openvino.tools.pot", "compression"):
        if module == package or module.startswith(f"{package}."):
            return module[len(package) + 1 :]
    return None


def flat(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements of a module with those below `if` and `try`, but for what only a script does."""
    for node in body:
        if isinstance(node, ast.If) and "__main__" not in ast.unparse(node.test):
            yield from flat([*node.body, *node.orelse])
        elif isinstance(node, ast.Try):
            handled = [each for handler in node.handlers for each in handler.body]
            yield from flat([*node.body, *handled, *node.orelse, *node.finalbody])
        else:
            yield node


def bound(path: str, is_package: bool, text: str) -> Bound:
    """The public names that the module at ``path`` binds itself or has from another module of POT's."""
    found: Bound = {}
    for node in flat(ast.parse(text).body):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = None
        elif isinstance(node, ast.Assign):
            targets = (each for target in node.targets for each in ast.walk(target))
            found.update({each.id: None for each in targets if isinstance(each, ast.Name)})
        elif isinstance(node, ast.ImportFrom):
            above = path.split(".")[: len(path.split(".")) - node.level + is_package]
            home = ".".join([*above, node.module or ""]) if node.level else package_of(node.module or "")
            if home is not None:
                home = home.strip(".")
                found.update({each.asname or each.name: (home, each.name) for each in node.names})
    return {name: source for name, source in found.items() if not name.startswith("_")}


def modules(wheel: Path) -> Iterator[tuple[str, Bound]]:
    """The path below POT's package and the names of each module in a wheel."""
    with zipfile.ZipFile(wheel) as files:
        names = [name for name in files.namelist() if name.endswith(".py") and name not in NOT_MODULES]
        today = any(name.startswith("openvino/tools/pot/") for name in names)
        for name in names:
            dotted = name.removesuffix(".py").replace("/", ".")
            path = package_of(dotted.removesuffix(".__init__"))
            if path is not None and not (today and name.startswith("compression/")):
                yield path, bound(path, dotted.endswith("__init__"), files.read(name).decode())


def merged(wheels: Sequence[Path]) -> dict[str, Bound]:
    """The names of all wheels, the newest last; what any module defined stays its own."""
    found: dict[str, Bound] = defaultdict(dict)
    for wheel in wheels:
        for path, names in modules(wheel):
            own = {name for name, source in found[path].items() if source is None}
            found[path].update({name: source for name, source in names.items() if name not in own})
    return dict(sorted(found.items()))


def origin(found: Mapping[str, Bound], home: str, name: str) -> tuple[str, str]:
    """The path and name of what ``home`` has as ``name``, where it was defined."""
    while (source := found.get(home, {}).get(name)) is not None:
        home, name = source
    return home, name


def imported(found: Mapping[str, Bound], known: Mapping[str, Names]) -> dict[str, dict[str, list[str]]]:
    """What modules had from others and the tables do not have yet: where from -> path -> names."""
    there_is = {f"{path}.{name}" for each in (found, known) for path in each for name in each[path]} | set(
        found
    )
    leads: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for path, names in found.items():
        for name, source in sorted(names.items()):
            if source is not None and name not in known.get(path, {}):
                home, there = origin(found, *source)
                if f"{home}.{there}" not in there_is:  # another package's, handed on
                    continue
                leads[home if there == name else f"{home}:{there}"][path].append(name)
    return dict(sorted(leads.items()))


def dumped(value: Mapping[str, Any], depth: int = 1) -> str:
    """JSON with an indent of one, in which lists fill lines."""
    rows = []
    for key, each in value.items():
        if isinstance(each, Mapping):
            text = dumped(each, depth + 1)
        else:
            lines = wrap(", ".join(map(json.dumps, each)), 110 - depth)
            text = "[" + f"\n{' ' * (depth + 1)}".join(lines) + "]"
        rows.append(f"{' ' * depth}{json.dumps(key)}: {text}")
    return "{\n" + ",\n".join(rows) + f"\n{' ' * (depth - 1)}}}"


def main() -> None:
    """Read the wheels that are named and write both files."""
    found = merged([Path(each) for each in sys.argv[1:]])
    listed = {
        path: {
            "defined": sorted(name for name, source in names.items() if source is None),
            "imported": sorted(name for name, source in names.items() if source is not None),
        }
        for path, names in found.items()
    }
    LISTED.write_text(dumped(listed) + "\n", encoding="utf-8")
    known = read("here.json", "elsewhere.json", "gone.json")
    IMPORTED.write_text(dumped(imported(found, known)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
