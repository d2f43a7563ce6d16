"""AccuracyAwareQuantization: what it reaches, in how many passes, and what stays in INT8.

A pass is a run of the float model over the evaluation samples, one request after the other, timed in the same
process before and after. Calibration and evaluation samples are those of the zoo and never overlap. Prints a JSON
line for each network, and a Markdown table at the end.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from entries import DigitsEntry, Entry, Feed
from peer_models import flat
from scores import judge, metric_of
from tables import NETWORK, Column, Record, table
from workflow import SAMPLES, Samples, calibration, command_line, make_up, parsed, printed, published, wanted

from openvino.tools.pot import (
    AccuracyAwareQuantization,
    DataLoader,
    IEEngine,
    Pipeline,
    compress_model_weights,
    load_model,
    save_model,
)
from openvino.tools.pot.report import measure

CASES: Mapping[str, tuple[float, int | None]] = {
    "digits": (0.002, None),
    "cifar_resnet32": (0.002, 1000),
    "ocr_rec_ppocrv4": (0.005, 600),
    "face_ultraface_rfb": (0.03, None),
    "detect_yolo_fastestv2": (0.03, None),
}
"""Drop allowed and evaluation samples at most."""


class Indexed(Samples):
    """Samples in memory, annotated with their indices."""

    def __getitem__(self, index: int) -> Any:
        return super().__getitem__(index)[0], index


def sequential_pass(model: Path, feeds: Sequence[Feed]) -> float:
    """Seconds of the float model over the samples, one request after the other."""
    request = measure.compile_single(model).create_infer_request()
    started = time.perf_counter()
    for feed in feeds:
        request.infer(dict(feed))
    return time.perf_counter() - started


def int8_share(entry: Entry, model: Path) -> float:
    """The share of a model's heavy layers that run in INT8."""
    found = make_up(entry, model)
    return round(float(found["int8_layers"] / found["layers"]), 3)


def controlled(entry: Entry, samples: int, feeds: Sequence[Feed], drop: float, folder: Path) -> Record:
    """The search, from loading to saving, calibrated with so many samples."""
    started = time.perf_counter()
    model = load_model({"model_name": entry.name, "model": entry.model})
    parameters = {"target_device": "CPU", "stat_subset_size": SAMPLES, "maximal_drop": drop}
    statistics = _pipeline(Indexed(calibration(entry, samples)), None, parameters).collect_statistics(model)
    pipeline = _pipeline(Indexed(feeds), metric_of(entry), parameters)
    quantized = pipeline.run(model, statistics)
    compress_model_weights(quantized)
    path = Path(save_model(quantized, folder)[0]["model"])
    seconds = time.perf_counter() - started
    algorithm = pipeline.algo_seq[0]
    assert isinstance(algorithm, AccuracyAwareQuantization)
    report = algorithm.report
    assert report is not None and report.chosen is not None
    return {
        "seconds": round(seconds, 2),
        "reached": round(report.chosen.drop, 4),
        "int8": round(next(iter(report.chosen.metrics.values())), 4),
        "evaluations": len(report.steps),
        "course": [
            {"what": step.what, "floats": len(step.floats), "drop": round(step.drop, 4), "complete": step.complete,
             "met": step.met, "chosen": step == report.chosen}
            for step in report.steps
        ],
        "floats": list(report.chosen.floats),
        "ended": report.ended,
        "share": int8_share(entry, path),
    }  # fmt: skip


def _pipeline(loader: DataLoader, metric: Any, parameters: Mapping[str, Any]) -> Pipeline:
    engine = IEEngine({"device": "CPU"}, loader, metric)
    pipeline = Pipeline(engine)
    pipeline.add_algo(AccuracyAwareQuantization(parameters, engine))
    return pipeline


def peer(options: argparse.Namespace, entry: Entry, feeds: Sequence[Feed], drop: float) -> Record:
    """NNCF's accuracy control with the same samples, metric and drop, where that is asked for and possible."""
    if options.peer_python is None or isinstance(entry, DigitsEntry) or judge(entry) is None:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        for name, samples in (("calibration", calibration(entry, options.samples)), ("evaluation", feeds)):
            np.savez(Path(folder, f"{name}.npz"), **flat(samples))
        script = Path(__file__).with_name("peer_control.py")
        command = [options.peer_python, script, entry.model, folder, str(drop)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        facts: Record = json.loads(Path(folder, "facts.json").read_text(encoding="utf-8"))
        return {**facts, "share": int8_share(entry, Path(folder, "int8.xml"))}


def record(options: argparse.Namespace, entry: Entry) -> Record:
    """All figures of a network."""
    drop, count = CASES[entry.name]
    feeds = [entry.evaluation[i] for i in range(len(entry.evaluation))[: options.limit or count]]
    before = sequential_pass(entry.model, feeds)
    with tempfile.TemporaryDirectory() as folder:
        found = controlled(entry, options.samples, feeds, drop, Path(folder))
    a_pass = (before + sequential_pass(entry.model, feeds)) / 2
    found["passes"] = round(found["seconds"] / a_pass, 2)
    of_peer = peer(options, entry, feeds, drop)
    if of_peer:
        found["nncf"] = {**of_peer, "passes": round(of_peer["seconds"] / of_peer["pass_s"], 2)}
    return {
        "name": entry.name, "metric": entry.metric, "samples": len(feeds), "allowed": drop,
        "pass_s": round(a_pass, 2), **found,
    }  # fmt: skip


def _nncf(key: str) -> Column:
    return f"NNCF: {key}", lambda r: str(r["nncf"][key]) if "nncf" in r else ""


COLUMNS: tuple[Column, ...] = (
    *NETWORK,
    ("samples", lambda r: str(r["samples"])),
    ("drop allowed", lambda r: f"{r['allowed']:g}"),
    ("drop", lambda r: f"{r['reached']:.4f}"),
    ("evaluations", lambda r: str(r["evaluations"])),
    ("passes", lambda r: f"{r['passes']:.1f}"),
    ("INT8 share", lambda r: f"{r['share']:.3f}"),
    *map(_nncf, ("drop", "passes", "share")),
)


COURSE: tuple[Column, ...] = (
    ("evaluation", lambda r: str(r["number"])),
    ("what", lambda r: r["what"]),
    ("layers in float", lambda r: str(r["floats"])),
    ("drop", lambda r: f"{'' if r['complete'] else 'at least '}{r['drop']:.4f}"),
    ("kept", lambda r: "returned" if r["chosen"] else "allowed" if r["met"] else ""),
)


def course(records: Sequence[Record]) -> str:
    """The evaluations of the network that took most of them."""
    longest = max(records, key=lambda record: int(record["evaluations"]))
    steps = [{"number": number, **step} for number, step in enumerate(longest["course"], 1)]
    sentence = f"`{longest['name']}`, {longest['metric']}, a drop of {longest['allowed']:g} allowed."
    return f"{sentence}\n\n{table(steps, COURSE)}"


def main() -> int:
    """Run the benchmark; returns the exit code."""
    parser = command_line(__doc__)
    parser.add_argument("--peer-python", type=Path, help="a Python with nncf")
    options = parsed(parser)
    options.names = options.names or list(CASES)
    for name in options.names:
        if name not in CASES:
            parser.error(f"no case {name!r}, there are: {', '.join(CASES)}")

    found = list(printed(record(options, entry) for entry in wanted(options)))
    published(table(found, COLUMNS), "accuracy control", options.write)
    published(course(found), "course", options.write)
    return 0


if __name__ == "__main__":
    sys.exit(main())
