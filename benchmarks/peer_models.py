"""NNCF's models, made by ``peer.py`` in an environment of its own and kept in a folder."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from entries import Feed, Network
from workflow import PARAMETERS

SCRIPT = Path(__file__).resolve().parent / "peer.py"


@dataclass(frozen=True)
class PeerModels:
    """A folder of NNCF's INT8 models.

    Attributes:
        folder: holds ``<entry>.xml``; made if absent.
        python: an interpreter with nncf, which makes models that the folder does not have; None: such an
            entry has no model.
    """

    folder: Path
    python: Path | None = None

    def find(self, entry: Network, feeds: Sequence[Feed]) -> Path | None:
        """The model of an entry, made now if it is not there."""
        path = self.folder / f"{entry.name}.xml"
        if not path.exists() and self.python is not None:
            self._make(entry, feeds)
        return path if path.exists() else None

    def facts(self, entry: Network) -> dict[str, Any]:
        """NNCF's version and the seconds it took, where they are known."""
        path = self.folder / f"{entry.name}.json"
        facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        return facts

    def made(self, entry: Network, feeds: Sequence[Feed]) -> dict[str, Any]:
        """The facts of a model made anew, plain passes among them; empty without an interpreter."""
        if self.python is None:
            return {}
        self._make(entry, feeds, "--plain")
        return self.facts(entry)

    def _make(self, entry: Network, feeds: Sequence[Feed], *options: str) -> None:
        model_type = PARAMETERS.get(entry.name, {}).get("model_type")
        more = [] if model_type is None else ["--model-type", model_type]
        with tempfile.TemporaryDirectory() as folder:
            samples, output = Path(folder, "samples.npz"), Path(folder, f"{entry.name}.xml")
            np.savez(samples, **flat(feeds))
            command = [
                str(self.python),
                str(SCRIPT),
                str(entry.model),
                str(samples),
                str(output),
                *more,
                *options,
            ]
            # Our own output is JSON lines; what NNCF prints joins the rest.
            if subprocess.run(command, stdout=sys.stderr, check=False).returncode != 0:
                raise SystemExit(f"{SCRIPT.name} failed on {entry.name}, run by {self.python}")
            self.folder.mkdir(parents=True, exist_ok=True)
            for suffix in (".json", ".bin", ".xml"):  # the .xml, which is looked for, comes last
                shutil.move(output.with_suffix(suffix), self.folder)


def flat(feeds: Sequence[Feed]) -> dict[str, Any]:
    """Arrays by the keys that ``peer.py`` expects."""
    return {f"{number}/{name}": array for number, feed in enumerate(feeds) for name, array in feed.items()}
