"""What tasks need and many share: known by its digest, read from a file where that is to be had, else sent."""

from __future__ import annotations

import tempfile
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import numpy as np
import openvino as ov

from openvino.tools.pot.utils.errors import EngineError, naming
from openvino.tools.pot.utils.files import digest_of_file
from openvino.tools.pot.utils.runtime import core

_OFFERED, _KEPT = 12, 8
"""Contents that a client has, and those that a worker keeps of what it was sent: a pass needs six."""


@dataclass(frozen=True)
class Content:
    """What can be had by its digest.

    Attributes:
        digest: of it, in hexadecimal letters.
        size: in bytes.
        path: of the file on the machine that it comes from; its name has the digest.
    """

    digest: str
    size: int
    path: str


@dataclass(frozen=True)
class ModelContent:
    """A network as OpenVINO IR."""

    graph: Content
    weights: Content

    @property
    def digest(self) -> str:
        """Of both."""
        return self.graph.digest + self.weights.digest


class Depot:
    """What a client has for workers: files of a temporary folder, which is gone afterwards.

    Who shares the folder for temporary files with workers of other machines (``TMPDIR``) sends them nothing.
    """

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="openvino_pot_", ignore_cleanup_errors=True)
        self._known: OrderedDict[str, Content] = OrderedDict()

    def add(self, content: bytes) -> Content:
        """Take bytes in, in the place of those that were taken in the longest ago."""
        path = Path(self._folder.name, "content")
        with naming("the folder for temporary files", EngineError):
            path.write_bytes(content)
        return self._named(path)

    def add_model(self, model: ov.Model) -> ModelContent:
        """Take a network in, as ``add``; it stays as it is."""
        path = Path(self._folder.name, "model.xml")
        with naming("the folder for temporary files", EngineError):
            ov.save_model(model, path, compress_to_fp16=False)
        return ModelContent(self._named(path), self._named(path.with_suffix(".bin")))

    def _named(self, path: Path) -> Content:
        name = digest_of_file(path)
        target = path.with_name(name + path.suffix)
        if name in self._known:
            path.unlink()
        else:
            path.replace(target)
            self._known[name] = Content(name, target.stat().st_size, str(target))
        self._known.move_to_end(name)
        while len(self._known) > _OFFERED:
            with suppress(
                OSError
            ):  # somebody may read it just now, and files of others can't go then on some systems
                Path(self._known.popitem(last=False)[1].path).unlink()
        return self._known[name]

    def contents(self, digests: Iterable[str]) -> dict[str, bytes]:
        """What is asked for, to be sent."""
        return {digest: Path(self._known[digest].path).read_bytes() for digest in digests}

    def close(self) -> None:
        """Remove the folder."""
        self._folder.cleanup()


class MissingError(Exception):
    """Contents are neither in files that can be read here, nor were they sent.

    Attributes:
        digests: of these.
    """

    def __init__(self, digests: Iterable[str]) -> None:
        super().__init__()
        self.digests = tuple(digests)


class Shelf:
    """What a worker was sent, as long as there is room."""

    def __init__(self) -> None:
        self._sent: OrderedDict[str, bytes] = OrderedDict()
        self._lock = Lock()

    def add(self, contents: Mapping[str, bytes]) -> None:
        """Keep what was sent."""
        with self._lock:
            self._sent.update(contents)
            while len(self._sent) > max(_KEPT, len(contents)):
                self._sent.popitem(last=False)

    def bytes_of(self, content: Content) -> bytes:
        """What a content is.

        Raises:
            MissingError: it can't be had here.
        """
        found = self._path_or_bytes(content)
        return found.read_bytes() if isinstance(found, Path) else found

    def model(self, content: ModelContent) -> ov.Model:
        """A network, whose weights are mapped where they are in a file.

        Raises:
            MissingError: it can't be had here.
        """
        missing = [part.digest for part in (content.graph, content.weights) if not self._has(part)]
        if missing:
            raise MissingError(missing)
        graph, weights = (self._path_or_bytes(part) for part in (content.graph, content.weights))
        if isinstance(graph, Path) and isinstance(weights, Path):
            return core().read_model(graph, weights)
        graph, weights = (self.bytes_of(part) for part in (content.graph, content.weights))
        values = np.frombuffer(weights, np.uint8) if weights else np.zeros(1, np.uint8)
        return core().read_model(graph, ov.Tensor(values))

    def _has(self, content: Content) -> bool:
        return content.digest in self._sent or _is_there(content)

    def _path_or_bytes(self, content: Content) -> Path | bytes:
        with self._lock:
            if content.digest in self._sent:
                self._sent.move_to_end(content.digest)
                return self._sent[content.digest]
        if _is_there(content):
            return Path(content.path)
        raise MissingError([content.digest])


def _is_there(content: Content) -> bool:
    try:
        return Path(content.path).stat().st_size == content.size
    except OSError:
        return False
