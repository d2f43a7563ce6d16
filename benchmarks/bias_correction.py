"""Biases corrected in closed form and on the quantized network, ours and NNCF's.

    python benchmarks/bias_correction.py --zoo FOLDER --peer-python .venv-peer/bin/python

Prints a JSON line for each network, and a Markdown table at the end: fidelity and seconds of processors. NNCF's columns
are empty without an interpreter that has it.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from entries import Entry, Feed, openvino_infer
from peer_models import PeerModels
from tables import NETWORK, Column, Record, table
from workflow import (
    FIDELITY_SAMPLES,
    PARAMETERS,
    Samples,
    calibration,
    command_line,
    parsed,
    printed,
    published,
    wanted,
)

from openvino.tools.pot import IEEngine, compress_model_weights, create_pipeline, load_model, save_model

_RANGES = "MinMaxQuantization"
OURS: Mapping[str, Sequence[tuple[str, Mapping[str, Any]]]] = {
    "FastBiasCorrection": [(_RANGES, {}), ("FastBiasCorrection", {})],
    "BiasCorrection": [(_RANGES, {}), ("BiasCorrection", {})],
    "use_fast_bias: false": [("DefaultQuantization", {"use_fast_bias": False})],
}
PEERS: Mapping[str, tuple[str, ...]] = {"NNCF, closed form": (), "NNCF": ("--bias-correction",)}


def made(entry: Entry, feeds: Sequence[Feed], name: str, folder: Path) -> tuple[Path, float]:
    """Our model with a kind of correction, and the seconds of processors that it took."""
    common = {"stat_subset_size": len(feeds), **PARAMETERS.get(entry.name, {})}
    own = [{"name": kind, "params": dict(params)} for kind, params in OURS[name]]
    own[0]["params"] = {**common, **dict(OURS[name][0][1])}
    began = time.process_time()
    model = create_pipeline(own, IEEngine({"device": "CPU"}, Samples(feeds))).run(load_model(entry.model))
    compress_model_weights(model)
    seconds = time.process_time() - began
    return Path(save_model(model, folder, entry.name)[0]["model"]), seconds


def record(entry: Entry, count: int, limit: int | None, python: Path | None) -> Record:
    """Fidelity and seconds with each kind of correction."""
    feeds, evaluated = calibration(entry, count), min(FIDELITY_SAMPLES, limit or FIDELITY_SAMPLES)
    found: dict[str, Any] = {"name": entry.name}
    with tempfile.TemporaryDirectory() as folder:
        for name in OURS:
            path, seconds = made(entry, feeds, name, Path(folder, name.replace(":", "")))
            found[name] = [round(entry.fidelity(openvino_infer(path), evaluated), 2), round(seconds, 1)]
        for number, (name, options) in enumerate(PEERS.items()):
            peers = PeerModels(Path(folder, f"peer{number}"), python, options)
            peer = peers.find(entry, feeds)
            if peer is not None:
                fidelity = round(entry.fidelity(openvino_infer(peer), evaluated), 2)
                found[name] = [fidelity, round(peers.facts(entry)["processor_s"], 1)]
    return found


def _cell(name: str) -> Column:
    def shown(record: Record) -> str:
        return f"{record[name][0]:.1f} ({record[name][1]:.1f} s)" if name in record else ""

    return f"`{name}`" if name in OURS else name, shown


def main() -> None:
    """Measure, print and, where that is asked for, write the table into docs/algorithms.md."""
    parser = command_line(__doc__)
    parser.add_argument("--peer-python", type=Path, help="an interpreter with nncf")
    options = parsed(parser)
    found = (record(entry, options.samples, options.limit, options.peer_python) for entry in wanted(options))
    body = table(list(printed(found)), [NETWORK[0], *map(_cell, (*OURS, *PEERS))], left=1)
    published(body, "bias correction", options.write, "docs/algorithms.md")


if __name__ == "__main__":
    main()
