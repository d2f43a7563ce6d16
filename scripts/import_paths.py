"""Write docs/import_paths.md: the import paths of POT, and what is there now.

    python scripts/import_paths.py

The names are those of `tests/api/pot_names.json`, which `scripts/pot_names.py` reads from POT's wheels, and what stands
beside them is what `paths/table.py` offers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from openvino.tools.pot.paths.table import MOVED, PATHS, Same

ROOT = Path(__file__).resolve().parents[1]
LISTED = ROOT / "tests/api/pot_names.json"
PAGE = ROOT / "docs/import_paths.md"
HEAD = """# Import paths of POT

Every module that POT had in its releases of 2021.3 to 2023.3, and every name that it defined there. All of them can be
imported from `openvino.tools.pot`; up to Python 3.13, and on any under `pot run-script`, also from `compression`, which
POT was before 2022. A name is

- the thing of today that does its work, which stands beside it where its home is another one; or
- a stand-in, which has a sentence here. It can be imported, derived from and asked for by `isinstance`; where it is
  called, a `GoneError` says the sentence.

Not listed is the `logger` of most modules, which is the package's. What a module had imported from another one of
these can be imported from it, too; what it had from other packages cannot, nor can the names of the package itself be
had from `compression`, of which nothing is a file of ours. `import *` gives a module's names, and where ours has an
`__all__` what that lists.

The page is written by `python scripts/import_paths.py`; a test holds it and what it says against the names in POT's own
wheels.
"""


def homes(path: str, names: list[str]) -> Iterator[tuple[str, str]]:
    """What becomes of names of a module, and their names, those with the same fate in one row."""
    fates: dict[str, list[str]] = {}
    for name in names:
        entry = PATHS[path][name]
        if isinstance(entry, Same):
            home = f"`{entry.module}.{entry.name or name}`" if entry.name else f"in `{entry.module}`"
            fate = home if entry.module else "here"
        else:
            fate = entry.replace("['", r"\['")  # else it would be read as a link
        fates.setdefault(fate, []).append(f"`{name}`")
    yield from ((fate, ", ".join(each)) for fate, each in fates.items())


def page(listed: Mapping[str, Mapping[str, list[str]]]) -> str:
    """The page's text."""
    rows = ["| module | names | what is there |", "| --- | --- | --- |"]
    for path in sorted(set(listed) | set(PATHS)):
        shown = f"`{path or 'openvino.tools.pot'}`"
        known = set(listed[path]["defined"]) if path in listed else set(PATHS[path])
        known |= {name for name, entry in PATHS[path].items() if not path or entry == Same()}
        for fate, names in homes(path, sorted(known - {"logger"})):
            rows.append(f"| {shown} | {names} | {fate} |")
            shown = ""
    moved = (f"`compression.{old}` is `{new}`" for old, new in MOVED.items())
    return f"{HEAD}\nBelow `compression` alone, {', '.join(moved)}.\n\n" + "\n".join(rows) + "\n"


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(json.loads(LISTED.read_text(encoding="utf-8"))), encoding="utf-8")


if __name__ == "__main__":
    main()
