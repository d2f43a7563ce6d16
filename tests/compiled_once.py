"""Small networks are compiled once in each test process: who compiles one again is given the same compiled model.

Two thirds of the time of all tests is OpenVINO's compilation, of which 25 ms go into the smallest network, and many
begin with the same ones. Writing a small network down, to know it again, takes half a millisecond. Where a compiled
model may do otherwise once it has been used, OpenVINO's own cache has it, which takes 8 ms for what it holds and 10 ms
more for what it doesn't. It knows a model by its graph and its weights; settings have caches of their own here, since
it takes a model in another precision for the same (2026.4).
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha1
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import current_thread, main_thread
from typing import Any, TypeVar

import openvino as ov
from openvino.passes import Manager, Serialize

from openvino.tools.pot.algorithms.checking import running
from openvino.tools.pot.utils.runtime import core

T = TypeVar("T")

_LARGEST, _MOST = 400, 100
"""Operations, since what is larger is seldom compiled again; compiled models that are kept, each with its threads."""

_MADE_UP = re.compile(rb'"(Model|[A-Z][A-Za-z]+_)\d+"')
"""Names that OpenVINO counts on from network to network."""

_WITH_BODIES = {"If", "Loop", "TensorIterator"}
"""What may do otherwise at its first inference than at those that follow."""

_off: list[bool] = []

side_by_side = running.side_by_side
"""As it is outside ``compiled_once``."""


@contextmanager
def compiled_anew() -> Iterator[None]:
    """Do without the caches: what was compiled for one can't be exported whole."""
    _off.append(True)
    try:
        yield
    finally:
        _off.pop()


@contextmanager
def compiled_once() -> Iterator[None]:
    """Let all Cores of this process share networks on the CPU that are small and not files."""
    compile_model = ov.Core.compile_model
    kept = OrderedDict[tuple[str, bytes], ov.CompiledModel]()

    def once(owner: ov.Core, model: Any, device_name: Any = None, config: Any = None, **named: Any) -> Any:
        is_small = isinstance(model, ov.Model) and len(model.get_ops()) < _LARGEST
        # While it reads or writes, OpenVINO sets the locale of the process; two threads would not put it back.
        if not is_small or device_name != "CPU" or current_thread() is not main_thread() or _off:
            return compile_model(owner, model, device_name, config, **named)
        settings = repr(sorted((config or {}).items()))
        # What the Core of a test leaves behind would keep its plugin.
        if owner is core() and "PERF_COUNT" not in settings and _is_the_same_again(model):
            return shared((settings, _written(model, Path(folder, "model"))), model, config)
        own = Path(folder, sha1(settings.encode()).hexdigest())
        return compile_model(owner, model, device_name, {"CACHE_DIR": str(own), **(config or {})}, **named)

    def shared(key: tuple[str, bytes], model: ov.Model, config: Any) -> ov.CompiledModel:
        if key not in kept:
            kept[key] = compile_model(core(), model, "CPU", config)
        kept.move_to_end(key)
        if len(kept) > _MOST:
            kept.popitem(last=False)
        return ov.CompiledModel(kept[key])  # with a request of its own

    with TemporaryDirectory() as folder:
        ov.Core.compile_model = once
        running.side_by_side = _in_turn
        try:
            yield
        finally:
            ov.Core.compile_model = compile_model
            running.side_by_side = side_by_side
            kept.clear()


def _in_turn(tasks: Sequence[Callable[[], T]]) -> list[Callable[[], T]]:
    """In place of threads, which would compile all anew."""
    return list(tasks)


def _is_the_same_again(model: ov.Model) -> bool:
    """Whether a compiled model does the same whatever was done with it before."""
    return not model.is_dynamic() and _WITH_BODIES.isdisjoint(
        node.get_type_name() for node in model.get_ops()
    )


def _written(model: ov.Model, path: Path) -> bytes:
    """What stands for the graph and the weights of a model."""
    graph, weights = path.with_suffix(".xml"), path.with_suffix(".bin")
    manager = Manager()
    manager.register_pass(Serialize(str(graph), str(weights)))
    manager.run_passes(model)
    return sha1(_MADE_UP.sub(rb'"\1"', graph.read_bytes())).digest() + sha1(weights.read_bytes()).digest()
