"""Diagnose INT8 models of real networks, and see what that takes.

For each entry: what was found in the model that DefaultQuantization makes of it, the worst layer and its cause, the
best remedy, what that wins on samples that neither calibration nor diagnosis has seen, and how long looking and trying
took beside one plain pass of the float model over the same samples.
Prints a JSON line for each entry; ``--write`` puts the table into docs/benchmarks.md.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from entries import Entry, openvino_infer
from tables import Column, Record, table
from workflow import PARAMETERS, Samples, calibration, command_line, parsed, printed, published, wanted

from openvino.tools.pot import IEEngine, load_model, save_model
from openvino.tools.pot.diagnosis.causes import CAUSES
from openvino.tools.pot.diagnosis.diagnosing import case_of, diagnosed
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.report import measure

UNSEEN = 100
"""Samples for evaluation that the best remedy is held against."""

COLUMNS: Sequence[Column] = (
    ("network", lambda r: r["name"]),
    ("verdict", lambda r: r["verdict"]),
    ("dB", lambda r: f"{r['fidelity']:.1f}"),
    ("worst layer", lambda r: f"{r['layer']} ({r['share']:.0%})"),
    ("cause", lambda r: r["cause"]),
    ("best remedy", lambda r: r["remedy"]),
    ("on others", lambda r: "" if r["unseen"] is None else f"{r['unseen']:+.1f} dB"),
    ("plain pass, s", lambda r: f"{r['plain_s']:.2f}"),
    ("looking, s", lambda r: f"{r['looking_s']:.1f}"),
    ("aim, s", lambda r: f"{r['allowed_s']:.1f}"),
    ("trying, s", lambda r: f"{r['trying_s']:.1f}"),
)


def benchmark(entry: Entry, samples: int) -> dict[str, Any]:
    """What was found in one entry's INT8 model, and what it took."""
    feeds = calibration(entry, samples)
    source, engine = load_model(entry.model), IEEngine({"device": "CPU"}, Samples(feeds))
    case = case_of(source, None, engine, samples, PARAMETERS.get(entry.name, {}))
    plain = measure.plain_pass(entry.model, feeds)
    started = time.perf_counter()
    diagnosed(case, remedies=False)
    looking = time.perf_counter() - started
    started = time.perf_counter()
    diagnosis = diagnosed(case)
    trying = time.perf_counter() - started - looking
    facts = diagnosis.facts
    worst, remedies = facts.layers[0], facts.remedies
    wins = diagnosis.best is not None and remedies[0].won > 0
    causes = [*(cause for cause in facts.causes if cause.strength >= 0.8), *worst.causes]
    return {
        "name": entry.name,
        "verdict": facts.verdict,
        "sentence": facts.sentence,
        "fidelity": round(facts.parts.whole, 2),
        "layer": worst.node.rpartition("/")[2] if len(worst.node) > 24 else worst.node,
        "share": round(worst.share, 3),
        "cause": CAUSES[causes[0].name].title if causes else "",
        "remedy": f"{remedies[0].title}, {remedies[0].won:+.1f} dB" if remedies else "",
        "unseen": won_unseen(entry, case.int8, diagnosis.best) if wins else None,
        "samples": len(feeds),
        "plain_s": round(plain, 3),
        "looking_s": round(looking, 2),
        "trying_s": round(max(trying, 0.0), 2),
        "allowed_s": round(6 * plain + 5, 2),
    }


def won_unseen(entry: Entry, before: CompressedModel, after: CompressedModel) -> float:
    """By how many dB an INT8 model follows better than another one on samples for evaluation."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [
            save_model(model, folder, str(number))[0]["model"] for number, model in enumerate((before, after))
        ]
        first, second = (entry.fidelity(openvino_infer(Path(path)), UNSEEN) for path in paths)
    return round(second - first, 2)


def found(records: Sequence[Record]) -> str:
    """The table."""
    return table(records, COLUMNS)


def main() -> int:
    """Run the benchmark; returns the exit code."""
    options = parsed(command_line(__doc__))
    records = list(printed(benchmark(entry, options.samples) for entry in wanted(options)))
    published(found(records), "others-diagnosis" if options.others else "diagnosis", options.write)
    return 0


if __name__ == "__main__":
    sys.exit(main())
