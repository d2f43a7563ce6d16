"""Accuracy and speed beside NNCF's, what each ingredient is worth, and how much the order of samples matters.

Prints a JSON line for each entry. Without ``--ablation`` and ``--orders``: float, ours and, where there is a
model of NNCF's, that one. ``--write`` puts the tables that were made into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import cycle, islice, permutations
from pathlib import Path
from statistics import fmean, median, stdev
from typing import Any

from entries import Entry, Feed
from peer_models import PeerModels
from tables import ablated, compared, ordered
from variants import VARIANTS, configured
from workflow import (
    calibration,
    closeness,
    command_line,
    float_metric,
    make_up,
    parsed,
    printed,
    published,
    quantize,
    wanted,
)

from openvino.tools.pot.report import measure

SEEDS = range(5)

Record = dict[str, Any]
Run = Callable[[Entry, Path], Record]
"""The figures of an entry that one table needs; models go to a folder."""
Tabulate = Callable[[Sequence[Record]], str]


def latencies(models: Mapping[str, Path], feeds: Sequence[Feed], rounds: int) -> list[dict[str, float]]:
    """Median seconds of a request, by model, for each of several rounds.

    Each round compiles anew, as the time depends on where in memory a model happens to lie, and has the models
    take turns in another order, as what ran before leaves its data in the caches.
    """
    found = []
    for order in islice(cycle(permutations(models)), rounds):
        compiled = [measure.compile_single(models[name]) for name in order]
        found.append(dict(zip(order, measure.latencies(compiled, feeds[:20], repeats=100), strict=True)))
    return found


def ratio(rounds: Sequence[Mapping[str, float]], first: str, second: str) -> float:
    """The time of one model over that of another: median of the rounds."""
    return round(median(times[first] / times[second] for times in rounds), 3)


def compare(peers: PeerModels, rounds: int, limit: int | None, samples: int) -> Run:
    """Float, ours and NNCF's."""

    def run(entry: Entry, folder: Path) -> Record:
        feeds = calibration(entry, samples)
        int8 = {"ours": quantize(entry, feeds, folder)}
        peer = peers.find(entry, feeds)
        if peer is not None:
            int8["nncf"] = peer
        times = latencies({"float": entry.model, **int8}, feeds, rounds)
        record: Record = {"float": float_metric(entry, limit)}
        for tool, path in int8.items():
            figures = {**closeness(entry, path, limit), **make_up(entry, path)}
            record[tool] = {**figures, "speedup": ratio(times, "float", tool)}
        if peer is not None:
            record["nncf"].update(peers.facts(entry))
            record["ratio"] = ratio(times, "ours", "nncf")
        in_ms = {model: [round(1e3 * each[model], 4) for each in times] for model in times[0]}
        return {**record, "latency_ms": in_ms}

    return run


def ablation(limit: int | None, samples: int) -> Run:
    """Each variant, calibrated on so many samples."""

    def run(entry: Entry, folder: Path) -> Record:
        feeds, found = calibration(entry), {}
        for number, (name, make) in enumerate(VARIANTS.items()):
            path = quantize(entry, feeds, folder / str(number), make, samples)
            found[name] = closeness(entry, path, limit)
        return {"variants": found}

    return run


def orders(limit: int | None, samples: int) -> Run:
    """Subsets drawn from all calibration samples, each in an order of its own."""

    def run(entry: Entry, folder: Path) -> Record:
        feeds, found = calibration(entry, None), []
        for seed in SEEDS:
            make = configured(shuffle_data=True, seed=seed)
            path = quantize(entry, feeds, folder / str(seed), make, samples)
            found.append(closeness(entry, path, limit))
        return {key: spread([figures[key] for figures in found]) for key in found[0]}

    return run


def spread(values: Sequence[float]) -> dict[str, Any]:
    """Mean, extremes and standard deviation."""
    mean, deviation = round(fmean(values), 4), round(stdev(values), 4)
    return {"mean": mean, "min": min(values), "max": max(values), "spread": deviation, "values": values}


def ablation_tables(records: Sequence[Record]) -> str:
    """Fidelity and metric of each variant."""
    fidelity, metric = ablated(records, "fidelity", 2), ablated(records, "int8", 4)
    return f"Fidelity, dB:\n\n{fidelity}\n\nThe metric:\n\n{metric}"


def comparison(records: Sequence[Record]) -> str:
    """The main table, and which NNCF it is about."""
    versions = sorted({record["nncf"].get("nncf", "") for record in records if "nncf" in record} - {""})
    peer = f"NNCF {', '.join(versions)}.\n\n" if versions else ""
    return peer + compared(records)


def measured(run: Run, table: str, found: Iterable[Entry]) -> Iterator[Record]:
    """The records of entries."""
    for entry in found:
        with tempfile.TemporaryDirectory() as folder:
            figures = run(entry, Path(folder))
        yield {"table": table, "name": entry.name, "metric": entry.metric, **figures}


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = command_line(__doc__)
    parser.add_argument("--ablation", action="store_true", help="what each ingredient is worth")
    parser.add_argument("--orders", action="store_true", help="five orders of the calibration samples")
    parser.add_argument("--peer-python", type=Path, help="a Python with nncf, which makes the peer's models")
    parser.add_argument("--peer-models", type=Path, help="folder where the peer's models are kept")
    parser.add_argument(
        "--rounds",
        type=int,
        default=6,
        help="rounds of timing; six see all orders of three models (default: 6)",
    )
    return parsed(parser)


def chosen(options: argparse.Namespace, folder: Path) -> dict[str, tuple[Run, Tabulate]]:
    """The tables that were asked for, by the name of their markers."""
    tables: dict[str, tuple[Run, Tabulate]] = {}
    if options.ablation:
        tables["ablation"] = (ablation(options.limit, options.samples), ablation_tables)
    if options.orders:
        tables["orders"] = (orders(options.limit, options.samples), ordered)
    if not tables:
        peers = PeerModels(options.peer_models or folder, options.peer_python)
        tables["accuracy"] = (compare(peers, options.rounds, options.limit, options.samples), comparison)
    return tables


def main() -> int:
    """Run what was asked for; returns the exit code."""
    options = arguments()
    with tempfile.TemporaryDirectory() as folder:
        for name, (run, tabulate) in chosen(options, Path(folder)).items():
            body = tabulate(list(printed(measured(run, name, wanted(options)))))
            published(body, f"others-{name}" if options.others else name, options.write)
    return 0


if __name__ == "__main__":
    sys.exit(main())
