"""``max_memory``: what it brings about, and that only vectors that are left out change the result."""

from __future__ import annotations

import json
import logging
import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

from builders import Items, conv, images, labelled, model, network, parameter, stored
from openvino.tools.pot import IEEngine, create_pipeline, load_model, quantize
from openvino.tools.pot.algorithms import measuring, thrift
from openvino.tools.pot.algorithms import run as running
from openvino.tools.pot.algorithms.job import FREE, THRIFTY, Frugality, planned
from openvino.tools.pot.algorithms.layouts import layout_of
from openvino.tools.pot.algorithms.quantization import DefaultQuantization
from openvino.tools.pot.statistics.layout import Span
from openvino.tools.pot.statistics.way import Parts, Way
from openvino.tools.pot.utils.errors import ConfigError
from openvino.tools.pot.utils.memory import bounded, own_bytes

pytestmark = pytest.mark.long

MUCH = 2_000_000_000


def made(source: ov.Model | None = None, data: Any = None, **params: Any) -> Any:
    loader = data if isinstance(data, Items) else labelled(images(40) if data is None else data)
    steps = [{"name": "DefaultQuantization", "params": params}]
    return create_pipeline(steps, IEEngine({}, loader)).run(load_model(source or network()))


def wide() -> ov.Model:
    """A network whose tensors take more than all else."""
    x = parameter([1, 3, 96, 96])
    return model(conv(op.relu(conv(x, 64, "first")), 64, "last"), x)


WIDE = images(40, shape=(1, 3, 96, 96))


def forced(monkeypatch: pytest.MonkeyPatch, way: Any, frugal: Frugality = FREE) -> None:
    """Let bounds be kept in a certain way."""
    monkeypatch.setattr(thrift, "within", lambda foresight, *_: (way(foresight.layers), frugal))


@pytest.mark.parametrize("together", [9, 40])
def test_what_takes_only_time_gives_the_same_bytes(monkeypatch: pytest.MonkeyPatch, together: int) -> None:
    usual = stored(made())

    def way(layers: Any) -> Way:
        places = np.flatnonzero(layers.crossing < 1 << 50)[:-1].tolist()
        return Way(1, Parts(layers, tuple(places), together))

    forced(monkeypatch, way, THRIFTY)
    assert stored(made(max_memory=MUCH)) == usual


def test_what_was_let_go_is_measured_again(monkeypatch: pytest.MonkeyPatch) -> None:
    forced(monkeypatch, lambda _: Way(1), THRIFTY)
    ranges: list[Any] = []

    def checked(job: Any, witness: Any, device: Any, original: Any, maker: Any, before: Any) -> Any:
        ranges.extend(each.decisions.activations for each in (job, maker(job.decisions.network.avoided)))
        return job.result

    monkeypatch.setattr(running, "checked", checked)
    passes: list[Any] = []
    own = measuring.measure
    monkeypatch.setattr(measuring, "measure", lambda *given: passes.append(given) or own(*given))
    made(max_memory=MUCH)
    first, again = ([(span.low, span.high) for span in each.values()] for each in ranges)
    assert len(passes) == 2 and first == again


def test_what_was_begun_is_brought_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    own, turns = thrift.within, []

    def within(*given: Any) -> Any:
        turns.append(given)
        if len(turns) > 1:
            raise ConfigError("there is no room left")
        return own(*given)

    monkeypatch.setattr(thrift, "within", within)
    x = parameter([1, 3, 8, 8])
    infinite = conv(op.log(op.relu(x)), 4, "infinite")  # so that a second pass is made
    source = model([conv(x, 4, "finite"), infinite], x)
    made(source, max_memory=MUCH)
    assert len(turns) == 1 + 5  # it was tried with larger bounds, too


def test_given_statistics_need_no_engine() -> None:
    steps = [{"name": "DefaultQuantization", "params": {"max_memory": MUCH}}]
    source = load_model(network())
    found = create_pipeline(steps, IEEngine({}, labelled(images(40)))).collect_statistics(source)
    usual = create_pipeline(steps, IEEngine({}, labelled(images(40)))).run(source)
    assert stored(create_pipeline(steps, IEEngine({}, labelled(images(40)))).run(source, found)) == stored(
        usual
    )


def test_a_single_stream_gives_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = stored(made())
    forced(monkeypatch, lambda _: Way(1), Frugality(lets_go=True))
    assert stored(made(max_memory=MUCH)) == usual


def test_fewer_vectors_are_those_of_the_lowest_ranks(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    own = measuring.measure

    def measure(*arguments: Any) -> Any:
        result = own(*arguments)
        found.append(dict(result))
        return result

    monkeypatch.setattr(measuring, "measure", measure)
    made(data=images(160))
    forced(monkeypatch, lambda _: Way(share=0.25))
    made(data=images(160), max_memory=MUCH)
    (whole,), (part,) = (list(each.values()) for each in found)
    stacks = [(whole._accumulators[name], part._accumulators[name]) for name in ("stack", "short stack")]
    for usual, fewer in stacks:
        assert len(fewer) == max(8, round(len(usual) / 4)) and set(fewer._positions) <= set(usual._positions)


@pytest.mark.parametrize(("samples", "share"), [(40, 0.125), (100, 0.5), (30, 0.5), (400, 0.25)])
def test_what_is_kept_is_what_was_foreseen(samples: int, share: float) -> None:
    job = planned(load_model(network()), [DefaultQuantization({})])
    layout = layout_of(job, 0, False, Span())
    layout.way = Way(share=share)
    statistics = layout.empty(samples)
    for number in range(samples):
        vectors = [np.full(port.get_shape(), number, np.float32) for port in layout.model.outputs]
        layout.witness.note_feed({})
        statistics.add(vectors)
    found = sum(len(pickle.dumps(own)) for own in statistics._accumulators.values())
    assert layout.kept_bytes(samples, share) == pytest.approx(found, rel=0.2, abs=4000)


def test_a_known_pass_is_bounded_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bounds: list[Any] = []
    own = thrift.within
    monkeypatch.setattr(thrift, "within", lambda *given: bounds.append(own(*given)) or bounds[-1])
    usual = stored(made())
    for _ in range(2):
        assert stored(made(max_memory=MUCH, stat_cache=str(tmp_path)))[1] == usual[1]
    assert bounds == [(Way(), FREE)] * 2


def test_workers_are_not_bounded_and_it_is_said(caplog: pytest.LogCaptureFixture) -> None:
    steps = [{"name": "DefaultQuantization", "params": {"max_memory": MUCH}}]
    pipeline = create_pipeline(steps, IEEngine({}, labelled(images(40))))
    with ThreadPoolExecutor(2) as executor:
        found = pipeline.run(load_model(network()), executor=executor)
    assert stored(found) == stored(made())
    assert caplog.text.count("max_memory is for this process, and bounds none of the workers") == 1


def test_where_there_is_room_nothing_is_done(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "openvino.tools.pot")
    made(max_memory=MUCH)
    assert "would be taken" not in caplog.text and "were taken at the most" in caplog.text


def test_one_line_says_what_is_done(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ConfigError) as refused:
        made(wide(), WIDE, max_memory=1000)
    least = int(str(refused.value).partition("at least ")[2].partition(" MB")[0])
    caplog.set_level(logging.INFO, "openvino.tools.pot")
    made(wide(), WIDE, max_memory=f"{least + 4}MB")
    (line,) = (each for each in caplog.messages if "would be taken" in each)
    assert line.startswith(f"max_memory is {least + 4} MB, where about ")


def test_what_can_not_be_is_refused_before_the_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "measure", None)
    with pytest.raises(
        ConfigError,
        match=r"^max_memory is 1 MB, expected at least \d+ MB: as it is, quantizing would take about \d+",
    ):
        made(max_memory="1MB")


def test_a_refusal_says_what_the_check_takes() -> None:
    with pytest.raises(ConfigError, match=r"at least \d+ MB, or \d+ MB with self_check: false: as"):
        made(wide(), WIDE, max_memory="1MB")


def test_a_bound_is_no_part_of_the_record() -> None:
    result = made(max_memory=MUCH).submodels[0].model
    record = json.loads(result.get_rt_info(["openvino_pot", "algorithm_0", "parameters"]).astype(str))
    assert "max_memory" not in record


def test_it_is_a_parameter_of_the_short_way() -> None:
    with pytest.raises(ConfigError, match="max_memory is 1 MB"):
        quantize(network(), images(40), max_memory="1MB")


def test_sizes_that_are_not_known_are_told_of(caplog: pytest.LogCaptureFixture) -> None:
    x = parameter(ov.PartialShape([1, 3, -1, -1]))
    data = [np.ones((1, 3, 8 + number % 2, 8), np.float32) * number for number in range(40)]
    made(model(conv(x, 4, "conv"), x), data, max_memory=MUCH)
    assert "max_memory does not bound this pass: expected samples of one size" in caplog.text


def test_larger_networks_and_more_samples_take_more() -> None:
    def whole(side: int, count: int) -> int:
        found = []
        own = thrift.within

        def within(foresight: Any, *arguments: Any) -> Any:
            found.append(foresight.whole())
            return own(foresight, *arguments)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(thrift, "within", within)
            x = parameter([1, 3, side, side])
            data = labelled(images(count, shape=(1, 3, side, side)))
            made(model(conv(x, 64, "conv"), x), data, max_memory=MUCH)
        return int(found[0])

    assert whole(16, 40) < whole(16, 60) < whole(64, 60)


def test_more_than_was_allowed_is_told_of(caplog: pytest.LogCaptureFixture) -> None:
    with bounded(1_000_000):
        held = np.ones(20_000_000, np.uint8)
        for _ in range(30):
            held += 1
    assert own_bytes() is None or "max_memory is 1 MB" in caplog.text
    assert replace(THRIFTY, in_files=False) == Frugality(lets_go=True)
