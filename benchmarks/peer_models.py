"""NNCF's models, made by ``peer.py`` and ``peer_weights.py`` in an environment of its own and kept in a folder."""

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
WEIGHTS_SCRIPT = SCRIPT.with_name("peer_weights.py")


@dataclass(frozen=True)
class PeerModels:
    """A folder of NNCF's INT8 models.

    Attributes:
        folder: holds ``<entry>.xml``; made if absent.
        python: an interpreter with nncf, which makes models that the folder does not have; None: such an
            entry has no model.
        options: of ``peer.py`` besides.
    """

    folder: Path
    python: Path | None = None
    options: tuple[str, ...] = ()

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
            run(self.python, SCRIPT, entry, entry.model, samples, output, *more, *self.options, *options)
            moved(output, self.folder)


@dataclass(frozen=True)
class PeerWeights:
    """A folder of models whose weights NNCF compressed.

    Attributes:
        folder: holds them under names that say how they were made; made if absent.
        python: as of ``PeerModels``.
    """

    folder: Path
    python: Path | None = None

    def find(
        self,
        entry: Network,
        mode: str,
        group: int | None,
        algorithms: Sequence[str] = (),
        feeds: Sequence[Feed] | None = None,
    ) -> Path | None:
        """A model, made now if it is not there; None without an interpreter.

        Args:
            entry: whose model it is.
            mode: as NNCF calls it.
            group: weights that share a scale; None: whole rows.
            algorithms: NNCF's that are switched on.
            feeds: samples; absent: without data.
        """
        parts = [entry.name, mode, *([] if feeds is None else ["data"]), *algorithms]
        path = self.folder / f"{'-'.join(parts)}.xml"
        if not path.exists() and self.python is not None:
            self._make(path, entry, ["--mode", mode], group, algorithms, feeds)
        return path if path.exists() else None

    @staticmethod
    def facts(path: Path) -> dict[str, Any]:
        """NNCF's version and what a model took, where that is known."""
        file = path.with_suffix(".json")
        facts: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        return facts

    def _make(
        self,
        path: Path,
        entry: Network,
        arguments: list[str],
        group: int | None,
        algorithms: Sequence[str],
        feeds: Sequence[Feed] | None,
    ) -> None:
        with tempfile.TemporaryDirectory() as folder:
            output, samples = Path(folder, path.name), Path(folder, "samples.npz")
            if group is not None:
                arguments = [*arguments, "--group-size", str(group)]
            if feeds is not None:
                np.savez(samples, **flat(feeds))
                arguments = [*arguments, "--samples", str(samples)]
            arguments = [*arguments, "--algorithms", *algorithms]
            run(self.python, WEIGHTS_SCRIPT, entry, entry.model, output, *arguments)
            moved(output, self.folder)


def run(python: Path | None, script: Path, entry: Network, *arguments: str | Path) -> None:
    """Run a script of ours by an interpreter that has nncf; an error if it fails."""
    # Our own output is JSON lines; what NNCF prints joins the rest.
    command = [str(python), str(script), *map(str, arguments)]
    if subprocess.run(command, stdout=sys.stderr, check=False).returncode != 0:
        raise SystemExit(f"{script.name} failed on {entry.name}, run by {python}")


def moved(model: Path, folder: Path) -> None:
    """Move a model and its facts to a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for suffix in (".json", ".bin", ".xml"):  # the .xml, which is looked for, comes last
        shutil.move(model.with_suffix(suffix), folder)


def flat(feeds: Sequence[Feed]) -> dict[str, Any]:
    """Arrays by the keys that ``peer.py`` expects."""
    return {f"{number}/{name}": array for number, feed in enumerate(feeds) for name, array in feed.items()}
