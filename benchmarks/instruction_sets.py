"""INT8 models of real networks on instruction sets that older processors have.

Each entry is quantized with defaults. Its model then runs in processes of its own, one held to each instruction set
by ``ONEDNN_MAX_CPU_ISA`` and one that has all of the processor's, in float32 beside the integers. Shown are the metric
of each, and the largest difference of a value of an output from what the whole processor gives, as a share of the
range of that output; tokens that a mask hides are left out.
``!`` marks what misses the bar: outputs within .01 of their range, metrics within .003.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from entries import Entry, Feed, entries, openvino_infer
from numpy.typing import NDArray
from tables import Column, Record, table
from workflow import calibration, command_line, parsed, printed, published, quantize, wanted

from openvino.tools.pot.algorithms.checking.running import hides
from openvino.tools.pot.statistics.phases import TOKEN_MASKS
from openvino.tools.pot.verification.instruction_sets import VARIABLE, sets_at_hand

WHOLE = "all"
OUTPUTS, METRICS = 0.01, 0.003
"""The bar: of the range of an output, and of a metric."""

_COMPARED = 100
"""Samples whose outputs are compared."""

_CODE = "import sys; sys.path.insert(0, {folder!r}); import instruction_sets; instruction_sets.answer(*sys.argv[1:])"


def answer(name: str, zoo: str, model: str, limit: str, target: str) -> None:
    """What one process finds out: outputs on the first samples, and the metric."""
    (entry,) = entries(Path(zoo), [name])
    infer = openvino_infer(Path(model))
    count = min(_COMPARED, len(entry.evaluation), int(limit) or _COMPARED)
    outputs = [read(infer(feed), feed) for feed in (entry.evaluation[number] for number in range(count))]
    Path(target).write_bytes(pickle.dumps((outputs, entry.evaluate(infer, int(limit) or None))))


def read(outputs: Sequence[NDArray[Any]], feed: Feed) -> list[NDArray[Any]]:
    """What somebody reads of outputs: where tokens are masked, nobody does, and values are anything."""
    mask = next((np.asarray(feed[name]) for name in sorted(TOKEN_MASKS) if name in feed), None)
    return [own[mask > 0] if mask is not None and hides(mask, own) else own for own in outputs]


def ran(entry: Entry, zoo: Path, model: Path, limit: int | None, instruction_set: str) -> Any:
    """Outputs and metric under an instruction set; a sentence where the process came to an end."""
    target = model.with_suffix(f".{instruction_set}")
    held = {} if instruction_set == WHOLE else {VARIABLE: instruction_set}
    code = _CODE.format(folder=str(Path(__file__).resolve().parent))
    arguments = [entry.name, str(zoo), str(model), str(limit or 0), str(target)]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], env={**os.environ, **held}, capture_output=True, check=False
    )
    if done.returncode:
        return f"ends by signal {-done.returncode}" if done.returncode < 0 else f"ends with {done.returncode}"
    return pickle.loads(target.read_bytes())


def farthest(before: Sequence[Sequence[NDArray[Any]]], after: Sequence[Sequence[NDArray[Any]]]) -> float:
    """The largest difference of a value, as a share of the range of its output over all samples."""
    found = []
    for place in range(len(before[0])):
        pairs = [(one[place], other[place]) for one, other in zip(before, after, strict=True)]
        if any(one.shape != other.shape for one, other in pairs):
            return float("inf")
        first, second = (np.concatenate([pair[k].reshape(-1) for pair in pairs]) for k in (0, 1))
        span = float(first.max() - first.min()) or 1.0
        found.append(float(np.abs(second.astype(np.float64) - first).max()) / span)
    return max(found)


def benchmark(entry: Entry, zoo: Path, limit: int | None, samples: int) -> dict[str, Any]:
    """The figures of one entry."""
    with tempfile.TemporaryDirectory() as folder:
        model = quantize(entry, calibration(entry, samples), Path(folder))
        outputs, metric = ran(entry, zoo, model, limit, WHOLE)
        record: dict[str, Any] = {"name": entry.name, "metric": entry.metric, WHOLE: round(metric, 4)}
        for name in sets_at_hand():
            found = ran(entry, zoo, model, limit, name)
            if isinstance(found, str):
                record[name] = {"failure": found}
                continue
            record[name] = {"metric": round(found[1], 4), "farthest": round(farthest(outputs, found[0]), 4)}
    return record


def columns() -> list[Column]:
    """Network, metric, and both figures of each instruction set."""
    found: list[Column] = [
        ("network", lambda r: r["name"]),
        ("metric", lambda r: r["metric"]),
        (WHOLE, lambda r: f"{r[WHOLE]:.4f}"),
    ]
    for name in sets_at_hand():
        found.append((name, lambda r, name=name: _metric(r, name)))
        found.append(("differs by", lambda r, name=name: _difference(r[name])))
    return found


def _metric(record: Record, name: str) -> str:
    own = record[name]
    if "failure" in own:
        return str(own["failure"])
    return f"{own['metric']:.4f}{'!' if abs(own['metric'] - record[WHOLE]) > METRICS else ''}"


def _difference(own: Record) -> str:
    if "failure" in own:
        return "!"
    return f"{own['farthest']:.4f}{'!' if own['farthest'] > OUTPUTS else ''}"


def main() -> int:
    """Run the benchmark; returns the exit code."""
    options = parsed(command_line(__doc__))
    if options.others:
        raise SystemExit("this is for the networks of a zoo: a process reads its entry by name")
    if not sets_at_hand():
        raise SystemExit("this system does not say which instruction sets the processor has")
    found = (benchmark(entry, options.zoo, options.limit, options.samples) for entry in wanted(options))
    records = list(printed(found))
    published(table(records, columns()), "instruction sets", options.write)
    return 0


if __name__ == "__main__":
    sys.exit(main())
