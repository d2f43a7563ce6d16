"""A model in a process of its own, held to an instruction set that older processors have.

OpenVINO's CPU plugin (2026.4) reads ``ONEDNN_MAX_CPU_ISA`` (or ``DNNL_MAX_CPU_ISA``) when it is loaded, and never
again.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import openvino as ov

from openvino.tools.pot.algorithms.checking.running import Run, run
from openvino.tools.pot.statistics.witness import Witness
from openvino.tools.pot.utils.runtime import FLOAT32, UNROUNDED, core

VARIABLE = "ONEDNN_MAX_CPU_ISA"

_NEEDS: Mapping[str, frozenset[str]] = {
    "AVX2": frozenset({"avx2"}),
    "AVX512_CORE": frozenset({"avx512f", "avx512bw", "avx512vl", "avx512dq"}),
    "AVX512_CORE_VNNI": frozenset({"avx512f", "avx512bw", "avx512vl", "avx512dq", "avx512_vnni"}),
}
"""The variable's value -> what Linux calls all that the processor must have."""

_PROCESSOR = Path("/proc/cpuinfo")
_PATIENCE = 600.0
"""Seconds after which such a process is given up."""


def sets_at_hand(processor: Path = _PROCESSOR) -> tuple[str, ...]:
    """The instruction sets that a process can be held to, from the least; none where the system doesn't tell.

    Args:
        processor: what Linux says of it.
    """
    try:
        text = processor.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ()
    line = next((line for line in text.splitlines() if line.startswith("flags")), "")
    known = frozenset(line.partition(":")[2].split())
    return tuple(name for name, needs in _NEEDS.items() if needs <= known)


@dataclass(frozen=True)
class Apart:
    """A model in a folder, to be run in other processes.

    Attributes:
        folder: holds it, and what processes are told and say.
    """

    folder: Path

    @classmethod
    def of(cls, model: ov.Model, folder: str) -> Apart:
        """Write a model into a folder."""
        ov.save_model(model, Path(folder) / "model.xml", compress_to_fp16=False)
        return cls(Path(folder))

    def run(self, witness: Witness, instruction_set: str) -> Run:
        """Run the model on the CPU in float32, held to an instruction set.

        A process that ends before its time is a run that failed.
        """
        told, said = self.folder / "witness", self.folder / "run"
        told.write_bytes(pickle.dumps(witness))
        said.unlink(missing_ok=True)
        places = os.pathsep.join(path for path in sys.path if path)
        try:
            done = subprocess.run(
                [sys.executable, "-c", f"from {__name__} import answer; answer({str(self.folder)!r})"],
                env={**os.environ, VARIABLE: instruction_set, "PYTHONPATH": places},
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=_PATIENCE,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Run(failure=f"it was given up after {_PATIENCE:.0f} seconds")
        if done.returncode or not said.exists():
            return Run(failure=_why(done))
        found: Run = pickle.loads(said.read_bytes())
        return found


def answer(folder: str) -> None:
    """Run what is in a folder; the work of a process that ``Apart`` started."""
    place = Path(folder)
    witness: Witness = pickle.loads((place / "witness").read_bytes())
    settings = {**FLOAT32, **UNROUNDED}
    found = run(core().read_model(place / "model.xml"), witness, "CPU", settings, as_stored=False)
    (place / "run").write_bytes(pickle.dumps(found))


def _why(done: subprocess.CompletedProcess[str]) -> str:
    if done.returncode < 0:
        return f"the process was ended by signal {-done.returncode}"
    lines = done.stderr.strip().splitlines()
    return lines[-1] if lines else f"the process ended with {done.returncode}"
