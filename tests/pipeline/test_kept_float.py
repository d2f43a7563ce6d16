"""What the check needs of the float model is kept with the pass: where all is known, the float model does not run."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

from builders import conv, images, labelled, model, parameter, stored
from openvino.tools.pot import IEEngine, create_pipeline, load_model
from openvino.tools.pot.algorithms.checking import bench, running
from openvino.tools.pot.statistics.witness import Witness

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.syspath_prepend(BENCHMARKS)
    with importlib.import_module("float_runs").float_runs() as found:
        yield found


def made(source: ov.Model, data: Any, folder: Path | None, **params: Any) -> Any:
    cache = {} if folder is None else {"stat_cache": str(folder)}
    steps = [{"name": "DefaultQuantization", "params": {**cache, **params}}]
    return create_pipeline(steps, IEEngine({}, labelled(data))).run(load_model(source))


def layers() -> ov.Model:
    x = parameter([1, 3, 8, 8])
    return model(conv(op.relu(conv(op.relu(conv(x, 8, "first")), 8, "middle")), 4, "last"), x)


def vectors() -> list[Any]:
    random = np.random.default_rng(0)
    return [random.standard_normal((1, 64)).astype(np.float32) for _ in range(40)]


@pytest.mark.long
@pytest.mark.parametrize(
    "params",
    [
        {},
        {"preset": "accuracy"},
        {"weights": {"range_estimator": {"preset": "quantile"}}},
        {"ignored": {"scope": ["middle"]}},
    ],
)
def test_where_all_is_known_no_float_model_runs_and_models_are_the_same(
    params: dict[str, Any], tmp_path: Path, counted: Any
) -> None:
    source, data = layers(), images(40)
    made(source, data, tmp_path)
    # The pass, the check and a look at the first layer; requests of a pass are started, whose models measure.
    once = 40 + 8 + 5
    assert counted.compilations == 3 and counted.inferences == once
    found = made(source, data, tmp_path, **params)
    assert (counted.compilations, counted.inferences) == (3, once)
    alone = made(source, data, None, **params)
    # The digest of statistics is of all that were measured, some of which a run by itself does not ask for.
    assert stored(found)[1] == stored(alone)[1] and found.check.as_json() == alone.check.as_json()
    assert counted.inferences == 2 * once


@pytest.mark.long
def test_nothing_is_said_of_the_time_of_a_float_model_that_was_not_run(tmp_path: Path) -> None:
    x = parameter([1, 32, 48, 48])
    source, data = model(op.relu(conv(x, 32, "wide")), x), images(12, shape=(1, 32, 48, 48))
    first, again = (made(source, data, tmp_path).check for _ in range(2))
    assert first.as_fast is not None and "as fast as float32" in first.line
    assert again.as_fast is None and "as fast as float32" not in again.line
    assert first.as_json() == again.as_json()


@pytest.mark.long
def test_what_is_put_right_is_put_right_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, counted: Any
) -> None:
    note = Witness.note_values
    monkeypatch.setattr(
        Witness, "note_values", lambda self, values: note(self, [each + 1 for each in values])
    )
    source, data = layers(), images(40)
    first = made(source, data, tmp_path)
    inferences = counted.inferences
    again = made(source, data, tmp_path)
    assert "while it is measured" in first.check.line and counted.inferences == inferences
    assert stored(first) == stored(again) and first.check.as_json() == again.check.as_json()


@pytest.mark.long
def test_a_model_of_chance_is_told_of_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs, own = [], bench.run_float
    monkeypatch.setattr(bench, "run_float", lambda *each: runs.append(each) or own(*each))
    x = op.parameter([1, 64], np.float32, name="x")
    noise = op.random_uniform(np.array([1, 64]), np.float32(-1), np.float32(1), "f32", 0, 0)
    kernel = np.random.default_rng(0).standard_normal((64, 64)).astype(np.float32)
    source = ov.Model([op.result(op.matmul(op.add(x, noise), kernel, False, False))], [x], "chance")
    data, said = vectors(), "the float model gives other values for the same samples each time"
    assert said in made(source, data, tmp_path).check.notes
    assert said in made(source, data, tmp_path).check.notes and len(runs) == 2


@pytest.mark.long
def test_that_the_float_model_failed_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried, own = [], running.compiled_as_defined

    def fails(*arguments: Any) -> Any:
        tried.append(arguments)
        raise RuntimeError("no memory at the moment")

    source, data = layers(), images(40)
    monkeypatch.setattr(running, "compiled_as_defined", fails)
    first = made(source, data, tmp_path)
    monkeypatch.setattr(running, "compiled_as_defined", lambda *each: tried.append(each) or own(*each))
    again = made(source, data, tmp_path)
    assert len(tried) == 2 and not first.check.is_lost and stored(first) == stored(again)
    made(source, data, tmp_path)
    assert len(tried) == 2


def test_a_model_that_quantizes_nothing_counts_as_float(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(BENCHMARKS)
    is_float = importlib.import_module("float_runs").is_float
    x = op.parameter([1, 4], np.float32)
    ends = [op.constant(np.float32(value)) for value in (0, 1, 0, 1)]
    assert is_float(ov.Model([op.result(op.relu(x))], [x]))
    assert not is_float(ov.Model([op.result(op.fake_quantize(x, *ends, 256))], [x]))
    assert not is_float(ov.Model([op.result(ends[0])], []))
