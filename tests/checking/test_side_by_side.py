"""Compilations side by side: what each of them gives or raises, in their order."""

from __future__ import annotations

from threading import Barrier

import numpy as np
import pytest

from compiled_once import compiled_anew, side_by_side
from openvino.tools.pot.algorithms.checking import running
from openvino.tools.pot.algorithms.checking.running import Given
from openvino.tools.pot.graph.tensors import InputId
from openvino.tools.pot.statistics.witness import Watched, Witness


def test_all_run_at_once_and_what_one_raises_is_its_own() -> None:
    met = Barrier(2)

    def fails() -> int:
        met.wait(10)
        raise RuntimeError("not this one")

    def gives() -> int:
        met.wait(10)
        return 3

    first, second = side_by_side([fails, gives])
    assert second() == 3
    with pytest.raises(RuntimeError, match="not this one"):
        first()


@pytest.mark.long
def test_runs_side_by_side_give_what_runs_one_after_the_other_do(monkeypatch: pytest.MonkeyPatch) -> None:
    from builders import conv, images, labelled, model, parameter, stored
    from openvino.tools.pot import IEEngine, create_pipeline, load_model

    x = parameter([1, 3, 8, 8])
    source = model(conv(x, 8, "conv"), x)

    def made() -> object:
        pipeline = create_pipeline(
            [{"name": "DefaultQuantization", "params": {}}], IEEngine({}, labelled(images(30)))
        )
        return stored(pipeline.run(load_model(source)))

    in_turn = made()
    monkeypatch.setattr(running, "side_by_side", side_by_side)
    with compiled_anew():
        assert made() == in_turn


@pytest.mark.long
def test_heavy_models_are_in_memory_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    from builders import conv, images, labelled, model, parameter, stored
    from openvino.tools.pot import IEEngine, create_pipeline, load_model

    x = parameter([1, 3, 8, 8])
    source = model(conv(x, 8, "conv"), x)
    pipeline = create_pipeline(
        [{"name": "DefaultQuantization", "params": {}}], IEEngine({}, labelled(images(30)))
    )
    light = stored(pipeline.run(load_model(source)))
    monkeypatch.setattr(running, "side_by_side", None)
    monkeypatch.setattr(running, "_LIGHT", 0)
    assert stored(pipeline.run(load_model(source))) == light


def test_what_was_given_is_held_against_what_was_witnessed() -> None:
    values = np.arange(8, dtype=np.float32).reshape(1, 8)
    witness = Witness(Watched((InputId("out", 0),)), [{}], [[values]], [True], 1)
    same = Given(((values,),), None).beside(witness)
    other = Given(((values + 1,),), None).beside(witness)
    assert same.decibels > 200 and 0 < other.decibels < 30
    assert not same.seconds and not same.layers and np.array_equal(same.values[0][0], values)
    assert same.given.values[0][0] is values
