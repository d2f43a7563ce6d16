"""Runs whose statistics are known from a pass of before, beside those that measure.

    python benchmarks/kept_statistics.py --zoo FOLDER --write

Each run with other parameters is the first one with these behind a run with those of before. Rounds alternate between
all kinds of runs, and the fastest of each counts. Float models that are compiled and inferred are counted, measuring
ones among them. Prints a JSON line for each network, and a Markdown table at the end; --write puts it into docs/api.md.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from entries import Entry, Feed
from float_runs import FloatRuns, float_runs
from tables import NETWORK, Column, Record, table
from variants import configured
from workflow import PARAMETERS, calibration, command_line, parsed, printed, published, quantize, wanted

from openvino.tools.pot import DefaultQuantization, load_model
from openvino.tools.pot.algorithms.job import planned

QUANTILE = {"range_estimator": {"preset": "quantile"}}
CHANGES: Sequence[tuple[str, str]] = (
    ("nothing", "again"),
    ("preset", "preset"),
    ("weights' estimator", "estimator of weights"),
    ("ignored layer", "scope"),
    ("activations' estimator", "estimator of activations"),
)
"""Keys of a record, and what the table calls them; the last one needs another pass."""

KNOWN = [key for key, _ in CHANGES[:-1]]


def _cell(key: str) -> Column:
    title = dict(CHANGES)[key]
    return title, lambda r: f"{r[key]['seconds']:.2f} ({r[key]['seconds'] / r['first']['seconds']:.2f})"


COLUMNS: Sequence[Column] = (
    NETWORK[0],
    ("without", lambda r: f"{r['without']['seconds']:.2f}"),
    ("first run", lambda r: f"{r['first']['seconds']:.2f}"),
    *map(_cell, dict(CHANGES)),
    ("float inferences", lambda r: ", ".join(str(r[key]["inferences"]) for key in dict(CHANGES))),
    ("MB", lambda r: f"{r['bytes'] / 1e6:.0f}"),
)


def changes(entry: Entry) -> Mapping[str, dict[str, Any]]:
    """Parameters that differ from those of the first run: of the ignored layers the one in the middle of the plan."""
    algorithm = DefaultQuantization({"target_device": "CPU", **PARAMETERS.get(entry.name, {})})
    layers = planned(load_model({"model_name": entry.name, "model": entry.model}), [algorithm]).plan.layers
    values: Sequence[dict[str, Any]] = (
        {},
        {"preset": "accuracy"},
        {"weights": QUANTILE},
        {"ignored": {"scope": [layers[len(layers) // 2].node]}},
        {"activations": QUANTILE},
    )
    return dict(zip(dict(CHANGES), values, strict=True))


def measured(entry: Entry, options: argparse.Namespace) -> dict[str, Any]:
    """The figures of one network."""
    feeds, changed = calibration(entry, options.samples), changes(entry)
    rounds = []
    for number in range(options.rounds + 1):
        with tempfile.TemporaryDirectory() as folder:
            found = _round(entry, feeds, changed, Path(folder), options.samples)
        rounds += [found] if number else []  # the first one warms up
    kinds = {kind: min((each[kind] for each in rounds), key=lambda own: own["seconds"]) for kind in rounds[0]}
    return {"name": entry.name, **kinds, "bytes": rounds[0]["first"]["bytes"]}


def _round(
    entry: Entry, feeds: Sequence[Feed], changed: Mapping[str, dict[str, Any]], folder: Path, samples: int
) -> dict[str, Any]:
    """Every kind of run once, those with other parameters each with a copy of the folder behind the first run."""

    def run(cache: Path | None, **params: Any) -> dict[str, Any]:
        kept = {} if cache is None else {"stat_cache": str(cache)}
        with float_runs() as counted:
            began = time.perf_counter()
            quantize(entry, feeds, folder / "made", configured(**kept, **params), samples)
            return _record(time.perf_counter() - began, counted, cache)

    found = {"without": run(None), "first": run(folder / "kept")}
    for key, params in changed.items():
        shutil.copytree(folder / "kept", folder / "copy")
        found[key] = run(folder / "copy", **params)
        shutil.rmtree(folder / "copy")
    return found


def _record(seconds: float, counted: FloatRuns, cache: Path | None) -> dict[str, Any]:
    size = 0 if cache is None else sum(file.stat().st_size for file in cache.iterdir())
    return {
        "seconds": round(seconds, 3),
        "compilations": counted.compilations,
        "inferences": counted.inferences,
        "bytes": size,
    }


def verdict(records: Sequence[Record]) -> str:
    """The largest share of the first run that a run takes of which all is known, and its inferences in float."""
    shares = [(r[key]["seconds"] / r["first"]["seconds"], r["name"], key) for r in records for key in KNOWN]
    share, name, key = max(shares)
    inferences = sum(r[key]["inferences"] for r in records for key in KNOWN)
    return f"at most {share:.2f} of the first run ({name}, {key}), {inferences} inferences of float models"


def main() -> int:
    """Run; returns the exit code."""
    parser = command_line(__doc__)
    parser.add_argument(
        "--rounds", type=int, default=3, help="rounds, of which the fastest counts (default: 3)"
    )
    options = parsed(parser)
    records = list(printed(measured(entry, options) for entry in wanted(options)))
    print(verdict(records), file=sys.stderr)
    published(table(records, COLUMNS, left=1), "kept statistics", options.write, "docs/api.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
