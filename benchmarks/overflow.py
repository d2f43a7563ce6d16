"""Count the sums that overflow on processors without VNNI, for each value of ``saturation_fix``.

Each network is quantized with 300 calibration samples. The sums of its layers are then made as such processors
make them, over evaluation samples; the fidelity of the outputs is that of this processor. Prints a JSON line for
each network and value, and a Markdown table at the end.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import openvino as ov
from entries import Entry, entries, openvino_infer
from tables import Column, table
from variants import configured
from workflow import ROOT, calibration, quantize

from openvino.tools.pot.report.overflow import overflows

ABSENT = "absent"
FIXES = (ABSENT, "first_layer", "all", "no")


def measured(entry: Entry, fix: str, folder: Path, count: int) -> dict[str, Any]:
    """The figures of one network and one value of ``saturation_fix``."""
    make = configured() if fix == ABSENT else configured(saturation_fix=fix)
    path = quantize(entry, calibration(entry), folder, make)
    samples = [entry.evaluation[i] for i in range(min(count, len(entry.evaluation)))]
    layers = overflows(ov.Core().read_model(path), samples)
    weighted = [layer for layer in layers if layer.bound is not None]
    products = [layer for layer in layers if layer.bound is None]
    return {
        "fix": fix,
        "layers": len(weighted),
        "overflows": sum(layer.overflows for layer in weighted),
        "touched": sum(layer.overflows > 0 for layer in weighted),
        "error": round(max((layer.error for layer in weighted), default=0.0), 4),
        "products": len(products),
        "products_overflows": sum(layer.overflows for layer in products),
        "products_error": round(max((layer.error for layer in products), default=0.0), 4),
        "fidelity": round(entry.fidelity(openvino_infer(path), count), 2),
    }


def columns(fixes: Sequence[str]) -> list[Column]:
    """Network and layers, then overflows and fidelity of each value."""
    found: list[Column] = [("network", lambda r: r["name"]), ("layers", lambda r: str(r[fixes[0]]["layers"]))]
    for fix in fixes:
        found.append((f"{fix}: overflows", lambda r, fix=fix: _overflows(r[fix])))
        found.append(("dB", lambda r, fix=fix: f"{r[fix]['fidelity']:.1f}"))
    return [*found, ("products", lambda r: _products(r[fixes[0]]))]


def _overflows(figures: Mapping[str, Any]) -> str:
    if not figures["overflows"]:
        return "0"
    return f"{figures['overflows']:,} in {figures['touched']}, {figures['error']:.2g}"


def _products(figures: Mapping[str, Any]) -> str:
    if not figures["products"]:
        return ""
    return f"{figures['products_overflows']:,} in {figures['products']}, {figures['products_error']:.2g}"


def main() -> int:
    """Run; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="entries to run (default: all)")
    parser.add_argument("--zoo", type=Path, default=ROOT / "../shared/zoo", help="folder with the networks")
    parser.add_argument("--samples", type=int, default=100, help="evaluation samples (default: 100)")
    parser.add_argument("--fix", nargs="+", choices=FIXES, default=list(FIXES), help="values (default: all)")
    options = parser.parse_args()
    records = []
    with tempfile.TemporaryDirectory() as folder:
        for entry in entries(options.zoo, options.names):
            record: dict[str, Any] = {"name": entry.name}
            for fix in options.fix:
                record[fix] = measured(entry, fix, Path(folder), options.samples)
                print(json.dumps({"name": entry.name, **record[fix]}), flush=True)
            records.append(record)
    print(table(records, columns(options.fix)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
