"""What a search has found, kept in a folder so that an interrupted one can go on."""

from __future__ import annotations

import json
import pickle
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from openvino.tools.pot.engines.ie_engine import IEEngine
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.samplers.batch_sampler import count_samples
from openvino.tools.pot.statistics.measured import Measured
from openvino.tools.pot.utils.errors import ConfigError
from openvino.tools.pot.utils.files import as_path
from openvino.tools.pot.utils.folders import write_file
from openvino.tools.pot.version import __version__

_FACTS, _PASSES = "search.json", "statistics.pickle"


@dataclass
class State:
    """Facts that were measured, by name; a search that asks for them again comes to the same end without measuring.

    Attributes:
        folder: where they are kept, None for in memory alone.
        facts: what is plain data: numbers, texts, lists and mappings of them.
        passes: the statistics.
    """

    folder: Path | None
    facts: dict[str, Any] = field(default_factory=dict)
    passes: list[Measured] = field(default_factory=list)

    def put(self, name: str, fact: Any) -> None:
        """Keep a fact; the file is written beside and renamed."""
        self.facts[name] = fact
        if self.folder is not None:
            self._write(_FACTS, json.dumps(self.facts, indent=1).encode())

    def keep_passes(self, passes: Sequence[Measured]) -> None:
        """Keep the statistics, if there are more of them than were kept."""
        if len(passes) > len(self.passes):
            self.passes = list(passes)
            if self.folder is not None:
                self._write(_PASSES, pickle.dumps(self.passes))

    def _write(self, name: str, content: bytes) -> None:
        assert self.folder is not None
        with _writing(self.folder):
            write_file(self.folder / name, content)


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigError(f"state_dir: {str(folder)!r} can't be written: {error.strerror}") from error


def open_state(folder: str | None, identity: Mapping[str, Any]) -> State:
    """The state in a folder, made if it isn't there.

    Args:
        folder: the folder, None for a state in memory.
        identity: what the facts depend on: model, parameters, samples.

    Raises:
        ConfigError: the folder can't be written, holds the state of another search, or files that can't be read.
    """
    if folder is None:
        return State(None)
    path = as_path(folder, "state_dir")
    with _writing(path):
        path.mkdir(parents=True, exist_ok=True)
    if not (path / _FACTS).exists():
        state = State(path)
        state.put("identity", dict(identity))
        return state
    try:
        facts = json.loads((path / _FACTS).read_bytes())
        kept = dict(facts["identity"])
        passes = pickle.loads((path / _PASSES).read_bytes()) if (path / _PASSES).exists() else []
    except Exception as error:  # unpickling can raise any
        raise ConfigError(f"state_dir: {folder!r} holds a state that can't be read: {error}") from error
    for name, value in identity.items():
        if kept.get(name) != value:
            raise ConfigError(
                f"state_dir: {folder!r} holds another search: expected {name} {value!r}, "
                f"found {kept.get(name)!r}"
            )
    return State(path, facts, passes)


def identity(model: CompressedModel, engine: IEEngine, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """What the facts of a search depend on, as far as it can be told: not what the samples and their labels are."""
    checksum = 0
    for node in (node for sub in model for node in sub.model.get_ordered_ops()):
        shapes = [output.get_partial_shape() for output in node.outputs()]
        checksum = zlib.crc32(
            f"{node.get_type_name()} {node.get_friendly_name()} {shapes}".encode(), checksum
        )
        if node.get_type_name() == "Constant":
            checksum = zlib.crc32(node.data.tobytes(), checksum)
    own = {name: value for name, value in parameters.items() if name not in ("time_budget", "state_dir")}
    return {
        "version": __version__,
        "model": f"{checksum:08x}",
        "samples": count_samples(engine.data_loader),
        "metric": type(engine.metric).__qualname__,
        "device": engine.device,
        "parameters": json.loads(json.dumps(own, default=str, sort_keys=True)),
    }
