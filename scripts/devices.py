"""What OpenVINO runs in 8 bits: the tables that ship, made by asking, and the page that shows them.

python scripts/devices.py probe [--device CPU]    # asks the device, and writes hardware/seen/<device>-<release>.json
python scripts/devices.py page                    # writes docs/devices.md from all such tables
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from openvino.tools.pot.hardware import Probed, Row, probe
from openvino.tools.pot.hardware.kept import shipped_name
from openvino.tools.pot.hardware.probing.operations import OPERATIONS

ROOT = Path(__file__).resolve().parents[1]
SEEN = ROOT / "src/openvino/tools/pot/hardware/seen"
PAGE = ROOT / "docs/devices.md"

_SIGNS = {True: "8 bits", False: "**wrong**"}
_LEGEND = """\
`8 bits`: runs in 8-bit integers, and gives what the model is defined to give. `float`: right, but in float: INT8 gains
nothing. **wrong**: gives something else. `no`: does not compile, or crashes. What is not said of a form is plain: data
without a zero point, one range for all of it, a scale for each output channel of the weights, static sizes, nothing
fused before and behind, `INFERENCE_PRECISION_HINT` f32."""


def shipped(found: Probed) -> str:
    """A probe as a table that ships: what differs from run to run is left out."""
    rows = tuple(Row(form=row.form, ran=row.ran, right=row.right) for row in found.rows)
    return found.model_copy(update={"rows": rows}).model_dump_json(indent=1, exclude_defaults=True) + "\n"


def path_of(found: Probed) -> Path:
    """Where the table of a device and a release stands."""
    return SEEN / shipped_name(found.device, found.openvino)


def tables() -> list[Probed]:
    """All that ship, the oldest release first."""
    found = (Probed.model_validate_json(path.read_text("utf-8")) for path in SEEN.glob("*.json"))
    return sorted(found, key=lambda each: (each.device, [int(part) for part in each.openvino.split(".")]))


def page(probed: Sequence[Probed]) -> str:
    """The page: for each operation a table, a row for each form and a column for each release."""
    heads = [f"{each.openvino}" for each in probed]
    lines = [
        "# What OpenVINO runs in 8 bits",
        "",
        "    python scripts/devices.py page",
        "",
        f"Found out by [`pot probe`](command_line.md#pot-probe), which builds a small model for each of "
        f"{max(len(each.rows) for each in probed)} forms, asks",
        "the device in which precision it ran, and holds its results against plain arithmetic in float32.",
        "",
        *(f"- {each.device} with OpenVINO {each.openvino}: {each.device_name}" for each in probed),
        "",
        _LEGEND,
        "",
        "## In short",
        "",
        *_short(probed, heads),
    ]
    for name in OPERATIONS:
        lines += ["", f"## {name}", "", *_table(_forms(probed, name), probed, heads)]
    return "\n".join(lines) + "\n"


def _short(probed: Sequence[Probed], heads: Iterable[str]) -> list[str]:
    """How many forms of each operation do what."""
    lines = [f"| operation | {' | '.join(heads)} |", "| --- |" + " --- |" * len(probed)]
    for name in OPERATIONS:
        forms = _forms(probed, name)
        cells = []
        for each in probed:
            signs = [sign(each.by_form.get(form)) for form in forms]
            kinds = ("8 bits", "float", "**wrong**", "no")
            cells.append(", ".join(f"{signs.count(kind)} {kind}" for kind in kinds if kind in signs))
        lines.append(f"| [{name}](#{_anchor(name)}) | {' | '.join(cells)} |")
    return lines


def _table(forms: Sequence[str], probed: Sequence[Probed], heads: Iterable[str]) -> list[str]:
    lines = [f"| form | {' | '.join(heads)} |", "| --- |" + " --- |" * len(probed)]
    for form in forms:
        _, _, differs = form.partition(_operation(form))
        cells = " | ".join(sign(each.by_form.get(form)) for each in probed)
        lines.append(f"| {differs.removeprefix(', ') or 'plain'} | {cells} |")
    return lines


def _forms(probed: Sequence[Probed], name: str) -> list[str]:
    return list(
        dict.fromkeys(row.form for each in probed for row in each.rows if _operation(row.form) == name)
    )


def _operation(form: str) -> str:
    """The longest name of an operation that a form begins with: some hold a comma themselves."""
    fits = (name for name in OPERATIONS if form == name or form.startswith(f"{name}, "))
    return max(fits, key=len, default="")


def sign(row: Row | None) -> str:
    """What became of a form, in a word."""
    if row is None:
        return ""
    if row.right is None:
        return "no"
    return _SIGNS[row.right] if row.ran == "i8" or not row.right else "float"


def _anchor(name: str) -> str:
    return name.lower().replace(",", "").replace(" ", "-")


def changes(before: Mapping[str, Row], after: Mapping[str, Row]) -> list[str]:
    """A line for each form of which a device does something else than a table says."""
    return [
        f"{form}: {sign(before.get(form))} ({before[form].ran if form in before else 'unknown'}) before, "
        f"{sign(row)} ({row.ran}) now"
        for form, row in after.items()
        if form not in before or (before[form].ran, before[form].right) != (row.ran, row.right)
    ]


def main(argv: Sequence[str] | None = None) -> None:
    """Run one of the two."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("probe", "page"))
    parser.add_argument("--device", default="CPU")
    options = parser.parse_args(argv)
    if options.what == "page":
        PAGE.write_text(page(tables()), encoding="utf-8")
        return
    found = probe(options.device)
    path = path_of(found)
    if path.is_file():
        before = Probed.model_validate_json(path.read_text("utf-8"))
        print("\n".join(changes(before.by_form, found.by_form)), file=sys.stderr)
    path.parent.mkdir(exist_ok=True)
    path.write_text(shipped(found), encoding="utf-8")


if __name__ == "__main__":
    main()
