"""Statistics of earlier passes in a folder, found again by what they are of."""

from __future__ import annotations

import os
import pickle
import re
import struct
import tempfile
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, is_dataclass
from io import BytesIO
from itertools import accumulate
from pathlib import Path
from typing import IO, Any

import numpy as np

from openvino.tools.pot.configs.validation import Parameters
from openvino.tools.pot.graph.digest import short_digest
from openvino.tools.pot.graph.sizes import Sizes
from openvino.tools.pot.statistics.accumulators import Extremes, Mean, PerSample
from openvino.tools.pot.statistics.kept import Kept
from openvino.tools.pot.statistics.measured import Statistics
from openvino.tools.pot.statistics.stack import Stack
from openvino.tools.pot.utils.errors import ConfigError, reason
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)

_MAGIC, _SUFFIX, _BESIDE = b"openvino-pot statistics 2\n", ".statistics", ".writing-"
_NAME = re.compile(rf"[0-9a-f]{{32}}-([0-9a-f]{{16}}|computed){re.escape(_SUFFIX)}")
_LITTER = 86400
"""Seconds after which nobody writes a file any more."""

_HEAD, _END = struct.Struct("<QQ"), struct.Struct("<I")
"""The bytes of what is pickled and of the sizes of its arrays, in front; the checksum, behind all of it."""

_ALIGNED = 64
"""Bytes on whose multiples arrays lie."""

_OURS = "openvino.tools.pot."
_OTHERS = frozenset(
    {
        ("collections", "deque"),
        ("builtins", "slice"),
        ("numpy", "dtype"),
        ("numpy", "ndarray"),
        *(
            (f"numpy.{room}.multiarray", name)
            for room in ("core", "_core")
            for name in ("_reconstruct", "scalar")
        ),
        *((f"numpy.{room}.numeric", "_frombuffer") for room in ("core", "_core")),
    }
)
_CLASSES = (Statistics, Extremes, Mean, PerSample, Stack, Kept)
"""What statistics are made of beside plain data of ours: nothing else is unpickled."""

KEY_LETTERS = 32


@dataclass(frozen=True)
class OtherSizes:
    """A pass that ended since samples are not of the sizes that were said of them.

    Attributes:
        sizes: of the sample that differs.
        position: of its inference.
    """

    sizes: Sizes
    position: int


Entry = Statistics | OtherSizes | Kept
"""Of a pass, what came of it; and once for all passes of a key what was computed of them."""


class StatisticsCache:
    """A folder of statistics, which several processes may use at once.

    Each entry is a file, which is there as a whole or not at all. Those that were not used the longest go where all of
    them take more room than they may. A damaged one is told of, and goes. Files of other users are left alone: what is
    pickled must be trusted.

    Args:
        folder: made if it is not there.
        most: bytes that the entries may take; those of the key that was used last stay in any case.

    Raises:
        ConfigError: the folder can't be made or written.
    """

    def __init__(self, folder: Path, most: int) -> None:
        self._folder, self._most = folder, most
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"stat_cache is {str(folder)!r}, expected a folder: {reason(error)}") from error
        if not os.access(folder, os.W_OK):
            raise ConfigError(f"stat_cache is {str(folder)!r}, expected a folder that can be written")

    def entries(self, key: str) -> list[Entry]:
        """What is there of a key, in the order of digests."""
        found = (self._read(path) for path in self._files() if path.name.startswith(key))
        return [entry for entry in found if entry is not None]

    def _files(self) -> list[Path]:
        """The entries that this user has written: others' could hold anything."""
        own = (path for path in self._folder.iterdir() if _NAME.fullmatch(path.name))
        return sorted(path for path in own if _is_ones_own(path))

    def add(self, key: str, entry: Entry) -> None:
        """Keep a further entry of a key; what was computed takes the place of what was before."""
        path: Path | None = None
        try:
            with tempfile.NamedTemporaryFile(dir=self._folder, prefix=_BESIDE, delete=False) as file:
                path = Path(file.name)
                checksum = _write(file, entry)
            name = "computed" if isinstance(entry, Kept) else checksum
            path.replace(self._folder / f"{key}-{name}{_SUFFIX}")
            self._make_room(key)
        except Exception as error:  # the run goes on without
            logger.warning("statistics are not kept in %s: %s", self._folder, reason(error))
        finally:
            if path is not None:
                path.unlink(missing_ok=True)

    def _read(self, path: Path) -> Entry | None:
        try:
            entry = _read(_content(path))
        except FileNotFoundError:  # it went meanwhile
            return None
        except (OSError, MemoryError) as error:
            logger.warning("%s can't be read: %s", path, reason(error))
            return None
        except Exception as error:
            logger.warning("%s is measured anew: %s", path, reason(error))
            with suppress(OSError):
                path.unlink()
            return None
        with suppress(OSError):
            os.utime(path)
        return entry if isinstance(entry, (Statistics, OtherSizes, Kept)) else None

    def _make_room(self, key: str) -> None:
        """Let entries go that were not used the longest, and what processes left that died while they wrote."""
        for path in self._folder.glob(f"{_BESIDE}*"):
            if _used(path)[0] < time.time() - _LITTER:
                path.unlink(missing_ok=True)
        used = {path: _used(path) for path in self._files()}
        total = sum(size for _, size in used.values())
        for path in sorted((path for path in used if not path.name.startswith(key)), key=used.__getitem__):
            if total <= self._most:
                break
            total -= used[path][1]
            with suppress(OSError):
                path.unlink()


def key_of(parts: Iterable[Any]) -> str:
    """The key of all that statistics depend on, texts or bytes."""
    return short_digest((each.encode() if isinstance(each, str) else each for each in parts), KEY_LETTERS)


def _write(file: IO[bytes], entry: Entry) -> str:
    """Write an entry, its checksum behind it; what tells it from others.

    Arrays lie behind what is pickled, as they are, so that they need not be copied when they are read.
    """
    checksum = size = 0
    for part in _parts(entry):
        checksum, size = zlib.crc32(part, checksum), size + len(part)
        file.write(part)
    file.write(_END.pack(checksum))
    return f"{checksum:08x}{size % (1 << 32):08x}"


def _parts(entry: Entry) -> Iterator[bytes | memoryview]:
    """What is written, in its order."""
    buffers: list[pickle.PickleBuffer] = []
    body = pickle.dumps(entry, protocol=5, buffer_callback=buffers.append)
    arrays = [buffer.raw() for buffer in buffers]
    sizes = np.array([len(array) for array in arrays], np.uint64).tobytes()
    front = _MAGIC + _HEAD.pack(len(body), len(sizes)) + sizes + body
    yield front + bytes(-len(front) % _ALIGNED)
    for array in arrays:
        yield array
        yield bytes(-len(array) % _ALIGNED)


def _content(path: Path) -> memoryview:
    """The bytes of a file, in memory whose pages numpy asks to be large."""
    with path.open("rb") as file:
        content = np.empty(os.fstat(file.fileno()).st_size, np.uint8).data
        count = file.readinto(content)
    return content[:count]


def _read(content: memoryview) -> Any:
    """The entry in a file, whose arrays stay where they are.

    Raises:
        ValueError: it is damaged, or holds what no entry does.
    """
    body, end = content[: -_END.size], content[-_END.size :]
    if len(content) < len(_MAGIC) + _HEAD.size + _END.size or body[: len(_MAGIC)] != _MAGIC:
        raise ValueError("it is damaged")
    if _END.unpack(end) != (zlib.crc32(body),):
        raise ValueError("it is damaged")
    start = len(_MAGIC) + _HEAD.size
    length, table = _HEAD.unpack(body[len(_MAGIC) : start])
    sizes = np.frombuffer(body[start : start + table], np.uint64).tolist()
    file = BytesIO(body[start + table : start + table + length])
    first = _aligned(start + table + length)
    places = accumulate((_aligned(size) for size in sizes), initial=first)
    arrays = [body[place : place + size] for place, size in zip(places, sizes, strict=False)]
    return _Unpickler(file, buffers=arrays).load()


def _aligned(size: int) -> int:
    return size + -size % _ALIGNED


class _Unpickler(pickle.Unpickler):
    """Makes what statistics are made of, and nothing else: a further guard, not one against whoever means harm."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _OTHERS:
            return super().find_class(module, name)
        found = super().find_class(module, name) if module.startswith(_OURS) and "." not in name else None
        is_data = isinstance(found, type) and (is_dataclass(found) or issubclass(found, (tuple, Parameters)))
        if found not in _CLASSES and not is_data:
            raise ValueError(f"it holds a {module}.{name}")
        return found


def _is_ones_own(path: Path) -> bool:
    """Whether this user has written a file, as far as the system tells."""
    try:
        return not hasattr(os, "getuid") or path.stat().st_uid == os.getuid()
    except OSError:  # it went meanwhile
        return False


def _used(path: Path) -> tuple[float, int]:
    """When a file was used last, and its bytes; zeros of one that went meanwhile."""
    try:
        found = path.stat()
    except OSError:
        return 0.0, 0
    return found.st_mtime, found.st_size
