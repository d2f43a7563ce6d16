"""What all tests share; this file's place also lets them import ``builders``."""

from __future__ import annotations

import atexit
import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import settings

# Else OpenVINO tells its makers of each import and each conversion, by a process that is a copy of this one.
# Hypothesis, which has settings of its own for CI, has looked before.
os.environ.setdefault("CI", "true")

# A second thread of numpy's products would turn idly for a while after each of them, on the other test process's core.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Children find what others have compiled of Python's modules, where nothing may be written beside these.
if os.environ.pop("PYTHONDONTWRITEBYTECODE", None):
    os.environ["PYTHONPYCACHEPREFIX"] = tempfile.mkdtemp(prefix="pycache-")
    atexit.register(shutil.rmtree, os.environ["PYTHONPYCACHEPREFIX"], ignore_errors=True)

# What is kept of the devices of this machine is no business of tests; there is no such folder.
os.environ["OPENVINO_POT_CACHE"] = str(Path(__file__).with_name("of_no_machine"))

# The cores may be shared: a slow example says nothing about the code.
settings.register_profile("pot", deadline=None, max_examples=50)
settings.load_profile("pot")

# Of several test processes each runs what it starts on a core of its own: threads of two that share cores wait for
# each other. Itself it takes all, since with one thread OpenVINO does not raise what goes wrong within a request.
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
CORES = sorted(os.sched_getaffinity(0)) if WORKER and hasattr(os, "sched_getaffinity") else []

STARTS = frozenset({"os.fork", "os.posix_spawn", "subprocess.Popen"})
_unmarked: list[str] = []
"""The test that runs, if it says nothing of processes."""


def _refuse_processes(event: str, _: object) -> None:
    if event in STARTS and _unmarked:
        raise AssertionError(f"{_unmarked[0]} starts a process: it wants @pytest.mark.process")


sys.addaudithook(_refuse_processes)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark by folder and by fixture, and skip what needs the zoo where it is not."""
    from builders import ZOO

    for item in items:
        if item.path.parent == Path(__file__).with_name("zoo"):
            item.add_marker("zoo")
        if "package_index" in getattr(item, "fixturenames", ()):
            item.add_marker("process")
        if item.get_closest_marker("zoo") and not ZOO.is_dir():
            item.add_marker(pytest.mark.skip(f"the zoo of real models is not at {ZOO}"))
    # What takes long comes first, so that no process ends with it while the others have nothing left.
    slow = {
        item.path for item in items if item.get_closest_marker("process") or item.get_closest_marker("zoo")
    }
    items.sort(key=lambda item: (item.get_closest_marker("minute") is None, item.path not in slow))


def pytest_collection_finish() -> None:
    """Spare collections of garbage the thousands of tests, which live to the end."""
    gc.freeze()


def pytest_sessionstart() -> None:
    """Let OpenVINO count the cores before any of them is taken away."""
    if CORES:
        from openvino.tools.pot.utils.runtime import core

        core().get_property("CPU", "FULL_DEVICE_NAME")


@contextmanager
def _processes_on_one_core() -> Iterator[None]:
    if CORES:
        os.sched_setaffinity(0, {CORES[int(WORKER.removeprefix("gw")) % len(CORES)]})
    try:
        yield
    finally:
        if CORES:
            os.sched_setaffinity(0, CORES)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Keep processes to the tests that are marked, as a quick check leaves those out."""
    if item.get_closest_marker("process"):
        with _processes_on_one_core():
            return (yield)
    _unmarked[:] = [item.nodeid]
    try:
        return (yield)
    finally:
        _unmarked.clear()


@pytest.fixture(scope="session")
def package_index() -> None:
    """What a fixture that has a package downloaded asks for: that is done by a process of pip."""


@pytest.fixture(scope="session", autouse=True)
def _compiled_once() -> Iterator[None]:
    """Small networks are compiled once, whichever tests need them."""
    from compiled_once import compiled_once

    with compiled_once():
        yield


@pytest.fixture(autouse=True)
def _logger_as_it_was() -> Iterator[None]:
    """Undo what a test, or what it runs, sets about logging: others read warnings."""
    from builders import logger_as_at_first, logger_as_before

    logger_as_at_first()  # fixtures of a whole module come before this one
    with logger_as_before():
        yield
