"""What a diagnosis holds in memory while it goes on."""

from __future__ import annotations

import gc
import pickle
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from weakref import ReferenceType, ref

import numpy as np
import openvino as ov
import pytest

import builders
from openvino.tools.pot import IEEngine, load_model, quantize
from openvino.tools.pot.diagnosis import diagnose, looking, remedies
from openvino.tools.pot.diagnosis.aside import Aside
from openvino.tools.pot.diagnosis.looking import look
from openvino.tools.pot.diagnosis.samples import first_of
from openvino.tools.pot.statistics.measured import Statistics
from openvino.tools.pot.utils import memory
from openvino.tools.pot.utils.memory import apart


@pytest.fixture
def alive(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many compiled models there were whenever one was compiled."""
    real, counts, known = ov.Core.compile_model, list[int](), list[ReferenceType[Any]]()

    def compile_model(core: ov.Core, *arguments: Any, **named: Any) -> ov.CompiledModel:
        counts.append(sum(each() is not None for each in known))
        compiled = real(core, *arguments, **named)
        known.append(ref(compiled))
        return compiled

    monkeypatch.setattr(ov.Core, "compile_model", compile_model)
    return counts


@pytest.mark.long
@pytest.mark.parametrize(("large", "alone"), [(0, True), (32e6, False)])
def test_at_most_one_compiled_model_is_there_when_the_next_is_made(
    alive: list[int], large: float, alone: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remedies, "_LARGE", large)
    monkeypatch.setattr(looking, "_LIGHT", 0)
    int8 = quantize(builders.network(), builders.images(16), compress=False)
    builders.with_a_quarter_of_the_first_range(int8)
    alive.clear()
    found = diagnose(builders.network(), int8, builders.images(16))
    assert found.remedies and len(alive) > 15
    assert max(alive) == 1 and (sum(alive) == 1) == alone


@pytest.mark.long
def test_what_was_looked_at_keeps_no_outputs_of_the_quantized_model(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = list[ReferenceType[Any]]()
    real = looking.run_compiled

    def run_compiled(*arguments: Any) -> Any:
        found = real(*arguments)
        kept.extend(ref(value) for values in found.values for value in values)
        return found

    monkeypatch.setattr(looking, "run_compiled", run_compiled)
    looked = _looked()
    assert kept and all(each() is None for each in kept)
    assert len(looked.exact.lost) == len(looked.witness.take()) == 8 and np.all(looked.exact.lost > 0)


def _looked() -> looking.Looked:
    source = load_model(builders.network())
    int8 = quantize(builders.network(), builders.images(8))
    engine = IEEngine({"device": "CPU"}, builders.labelled(builders.images(8)))
    return look(source.submodels[0].model, int8, first_of(engine, source, 8), "CPU")


def test_what_waits_in_a_file_is_what_was_put_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    value = {"rows": np.arange(12.0).reshape(3, 4), "names": ["a", "b"]}
    kept = ref(value["rows"])
    waiting = Aside(value)
    del value
    assert kept() is None and not list(tmp_path.iterdir())
    for _ in range(2):
        taken = waiting.take()
        assert np.array_equal(taken["rows"], np.arange(12.0).reshape(3, 4)) and taken["names"] == ["a", "b"]
    waiting.put({"names": []})
    assert waiting.take() == {"names": []}


def test_a_file_is_closed_with_the_value_that_waits_in_it() -> None:
    waiting = Aside(1)
    files = [waiting._file]
    waiting.put(2)
    files.append(waiting._file)
    del waiting  # without a ResourceWarning, which python -W error shows
    gc.collect()
    assert all(file is not None and file.closed for file in files)


def test_what_finds_no_room_in_a_file_stays_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: Any, **named: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pickle, "dump", full)
    value = ["anything"]
    assert Aside(value).take() is value


def test_statistics_of_trials_are_in_memory_while_these_are_made_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there, real = list[int](), remedies.Bench._run

    def run(bench: remedies.Bench, network: ov.Model) -> Any:
        there.append(sum(isinstance(each, Statistics) for each in gc.get_objects()))
        return real(bench, network)

    monkeypatch.setattr(remedies.Bench, "_run", run)
    int8 = quantize(builders.network(), builders.images(16), compress=False)
    builders.with_a_quarter_of_the_first_range(int8)
    before = sum(isinstance(each, Statistics) for each in gc.get_objects())
    assert diagnose(builders.network(), int8, builders.images(16)).remedies
    assert len(there) > 1 and set(there) == {before}


def test_memory_goes_back_however_a_step_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []
    trim: Callable[[int], None] = told.append
    monkeypatch.setattr(memory, "_function", {"malloc_trim": trim}.get)
    assert apart(lambda number: number + 1)(1) == 2 and told == [0]
    with pytest.raises(ZeroDivisionError):
        apart(lambda: 1 // 0)()
    assert told == [0, 0]
    monkeypatch.setattr(memory, "_function", lambda name: None)
    assert apart(lambda: 3)() == 3
