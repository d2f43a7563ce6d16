"""Quantize real networks and compare them with their float originals.

For each entry: the metric before and after, the fidelity of the outputs, how long quantizing takes beside one
plain pass of the float model over the same samples, the time of a single request and the size of the weights.
Prints a JSON line for each entry; ``--write`` puts tables into docs/benchmarks.md and README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import openvino as ov
import others
from entries import Entry, Feed, entries, openvino_infer
from tables import FULL, PEER, SHORT, table, write_between

from openvino.tools.pot import (
    DataLoader,
    IEEngine,
    __version__,
    compress_model_weights,
    create_pipeline,
    load_model,
    save_model,
)
from openvino.tools.pot.report import measure

ROOT = Path(__file__).resolve().parents[1]
CACHE = Path.home() / ".cache/openvino-pot-benchmarks"
SAMPLES = 300
FIDELITY_SAMPLES = 300
PARAMETERS: Mapping[str, dict[str, Any]] = {"text_minilm_stsb": {"model_type": "transformer"}}


class Samples(DataLoader):
    """Samples held in memory, so that neither side of a comparison waits for decoding."""

    def __init__(self, feeds: Sequence[Feed]) -> None:
        super().__init__()
        self._feeds = feeds

    def __len__(self) -> int:
        return len(self._feeds)

    def __getitem__(self, index: int) -> Any:
        return self._feeds[index], None


def quantize(entry: Entry, feeds: Sequence[Feed], folder: Path) -> Path:
    """The whole workflow of a script, from loading to saving; returns the path of the INT8 model."""
    params = {"target_device": "CPU", "stat_subset_size": len(feeds), **PARAMETERS.get(entry.name, {})}
    model = load_model({"model_name": entry.name, "model": entry.model})
    engine = IEEngine({"device": "CPU"}, Samples(feeds))
    quantized = create_pipeline([{"name": "DefaultQuantization", "params": params}], engine).run(model)
    compress_model_weights(quantized)
    return Path(save_model(quantized, folder)[0]["model"])


def timed(entry: Entry, feeds: Sequence[Feed], folder: Path, repeats: int) -> tuple[Path, dict[str, float]]:
    """The INT8 model's path, and times: medians of rounds, each of which takes all of them in turn."""
    rounds: dict[str, list[float]] = {"workflow_s": [], "plain_s": [], "speedup": []}
    for _ in range(repeats):
        rounds["plain_s"].append(measure.plain_pass(entry.model, feeds))
        started = time.perf_counter()
        path = quantize(entry, feeds, folder)
        rounds["workflow_s"].append(time.perf_counter() - started)
        compiled = [measure.compile_single(model) for model in (entry.model, path)]
        before, after = measure.latencies(compiled, feeds[:20], repeats=100)
        rounds["speedup"].append(before / after)
    return path, {key: round(median(values), 3) for key, values in rounds.items()}


def benchmark(entry: Entry, folder: Path, repeats: int, limit: int | None) -> dict[str, Any]:
    """All figures of one entry."""
    feeds = [entry.calibration[i] for i in range(min(SAMPLES, len(entry.calibration)))]
    path, times = timed(entry, feeds, folder, repeats)
    layers = measure.heavy_layers(measure.compile_single(path))
    infer = openvino_infer(path)
    unmeasured = entry.fp32 is None or limit is not None
    return {
        "name": entry.name,
        "metric": entry.metric,
        "float": round(entry.evaluate(openvino_infer(entry.model), limit) if unmeasured else entry.fp32, 4),
        "int8": round(entry.evaluate(infer, limit), 4),
        "fidelity": round(entry.fidelity(infer, min(FIDELITY_SAMPLES, limit or FIDELITY_SAMPLES)), 2),
        "int8_layers": sum(layer.is_int8 for layer in layers),
        "layers": len(layers),
        **times,
        "size": round(measure.weights_size(path) / measure.weights_size(entry.model), 3),
    }


def read_peer(path: Path | None) -> dict[str, Any]:
    """Figures of another tool by entry name, from JSON lines."""
    if path is None:
        return {}
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("{")]
    return {record["name"]: record for record in map(json.loads, lines)}


def machine() -> str:
    """What the figures were measured on, in a sentence."""
    core = ov.Core()
    name = core.get_property("CPU", "FULL_DEVICE_NAME")
    return (
        f"openvino-pot {__version__}, OpenVINO {ov.__version__.split('-')[0]}, {name}, "
        f"{os.cpu_count()} processors."
    )


def write(records: Sequence[Mapping[str, Any]]) -> None:
    """Put the tables into the documents."""
    columns = (*FULL, *PEER) if any("peer" in record for record in records) else FULL
    write_between(ROOT / "docs/benchmarks.md", "benchmark", f"{machine()}\n\n{table(records, columns)}")
    write_between(ROOT / "README.md", "benchmark", f"{table(records, SHORT)}\n\n{machine()}")


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="entries to run (default: all)")
    parser.add_argument("--zoo", type=Path, default=ROOT / "../shared/zoo", help="folder with the networks")
    parser.add_argument("--others", action="store_true", help="networks from packages instead of the zoo")
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder that these are downloaded to")
    parser.add_argument("--peer", type=Path, help="JSON lines with NNCF's figures, for columns beside ours")
    parser.add_argument(
        "--repeats", type=int, default=3, help="rounds of timing, whose medians count (default: 3)"
    )
    parser.add_argument("--limit", type=int, help="evaluation samples at most, for a quick look")
    parser.add_argument("--write", action="store_true", help="put the tables into the documents")
    options = parser.parse_args()
    partial = options.names or options.limit or options.others
    if options.write and (partial or not (options.zoo / "zoo.py").exists()):
        parser.error("--write needs the zoo, all entries and all samples")
    return options


def main() -> int:
    """Run the benchmark; returns the exit code."""
    options = arguments()
    source, folder = (others.entries, options.cache) if options.others else (entries, options.zoo)
    peers, records = read_peer(options.peer), []
    with tempfile.TemporaryDirectory() as results:
        for entry in source(folder, options.names):
            record = benchmark(entry, Path(results), options.repeats, options.limit)
            if entry.name in peers:
                record["peer"] = peers[entry.name]
            print(json.dumps(record), flush=True)
            records.append(record)
    print(table(records, FULL), file=sys.stderr)
    if options.write:
        write(records)
    return 0


if __name__ == "__main__":
    sys.exit(main())
