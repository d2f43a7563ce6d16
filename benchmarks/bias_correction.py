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

from entries import Entry, openvino_infer
from peer_models import PeerModels
from tables import NETWORK, Column, Record, table
from variants import configured
from workflow import (
    FIDELITY_SAMPLES,
    Make,
    calibration,
    command_line,
    parsed,
    printed,
    published,
    quantize,
    wanted,
)

from openvino.tools.pot import BiasCorrection, FastBiasCorrection, MinMaxQuantization

OURS: Mapping[str, Sequence[Make]] = {
    "FastBiasCorrection": (MinMaxQuantization, FastBiasCorrection),
    "BiasCorrection": (MinMaxQuantization, BiasCorrection),
    "use_fast_bias: false": (configured(use_fast_bias=False),),
}
PEERS: Mapping[str, tuple[str, ...]] = {"NNCF, closed form": (), "NNCF": ("--bias-correction",)}


def record(entry: Entry, count: int, limit: int | None, python: Path | None) -> Record:
    """Fidelity and seconds with each kind of correction."""
    feeds, evaluated = calibration(entry, count), min(FIDELITY_SAMPLES, limit or FIDELITY_SAMPLES)
    found: dict[str, Any] = {"name": entry.name}
    with tempfile.TemporaryDirectory() as folder:
        for name, (make, *then) in OURS.items():
            began = time.process_time()
            path = quantize(entry, feeds, Path(folder, "ours"), make, len(feeds), then)
            seconds = round(time.process_time() - began, 1)
            found[name] = [round(entry.fidelity(openvino_infer(path), evaluated), 2), seconds]
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
