"""Small networks are compiled once in each test process, and read back when they are compiled again.

Two thirds of the time of all tests is OpenVINO's compilation, of which 25 ms go into the smallest network, and many
begin with the same ones. OpenVINO's own cache knows a model by its graph and its weights; settings have caches of their
own here, since it takes a model in another precision for the same (2026.4).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha1
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import current_thread, main_thread
from typing import Any

import openvino as ov

_LARGEST = 400
"""Operations: what is larger is seldom compiled again, and takes long to write."""


_off: list[bool] = []


@contextmanager
def compiled_anew() -> Iterator[None]:
    """Do without the cache: what was compiled for it can't be exported whole."""
    _off.append(True)
    try:
        yield
    finally:
        _off.pop()


@contextmanager
def compiled_once() -> Iterator[None]:
    """Let all Cores of this process have a cache for networks on the CPU that are small and not files."""
    compile_model = ov.Core.compile_model

    def from_cache(
        core: ov.Core, model: Any, device_name: Any = None, config: Any = None, **named: Any
    ) -> Any:
        is_small = isinstance(model, ov.Model) and len(model.get_ops()) < _LARGEST
        # While it reads or writes, OpenVINO sets the locale of the process; two threads would not put it back.
        if is_small and device_name == "CPU" and current_thread() is main_thread() and not _off:
            own = Path(folder, sha1(repr(sorted((config or {}).items())).encode()).hexdigest())
            config = {"CACHE_DIR": str(own), **(config or {})}
        return compile_model(core, model, device_name, config, **named)

    with TemporaryDirectory() as folder:
        ov.Core.compile_model = from_cache
        try:
            yield
        finally:
            ov.Core.compile_model = compile_model
