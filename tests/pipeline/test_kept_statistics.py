"""Statistics in a folder: what is known is not measured again, and nothing but what is known."""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest

from builders import Items, conv, images, labelled, model, network, parameter, stored
from openvino.tools.pot import IEEngine, create_pipeline, load_model
from openvino.tools.pot.algorithms import measuring
from openvino.tools.pot.algorithms.quantization import rounding
from openvino.tools.pot.statistics.cache import StatisticsCache
from openvino.tools.pot.utils.errors import ConfigError

pytestmark = pytest.mark.long


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """What each pass over the samples asks for."""
    found: list[Any] = []
    own = measuring.measure

    def measure(engine: Any, layouts: Mapping[str, Any], sampler: Any) -> Any:
        found.append([layout._answers for layout in layouts.values()])
        return own(engine, layouts, sampler)

    monkeypatch.setattr(measuring, "measure", measure)
    yield found


def made(
    data: Any,
    folder: Path | None,
    source: ov.Model | None = None,
    engine: type[IEEngine] = IEEngine,
    **params: Any,
) -> Any:
    loader = data if isinstance(data, Items) else labelled(data)
    cache = {} if folder is None else {"stat_cache": str(folder)}
    steps = [{"name": "DefaultQuantization", "params": {**cache, **params}}]
    return create_pipeline(steps, engine({}, loader)).run(load_model(source or network()))


def test_a_second_run_measures_and_rounds_nothing_and_gives_the_same_bytes(
    tmp_path: Path, passes: list[Any], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = images(40)
    without = stored(made(data, None))
    first = stored(made(data, tmp_path))
    assert len(passes) == 2
    monkeypatch.setattr(rounding, "least_error_rounding", None)
    again = stored(made(data, tmp_path))
    assert len(passes) == 2 and without == first == again and "measured anew" not in caplog.text


QUANTILE = {"activations": {"range_estimator": {"preset": "quantile"}}}


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"preset": "accuracy"}, 0),
        ({"preset": "performance"}, 0),
        ({"ignored": {"scope": ["conv"]}}, 0),
        ({"weight_rounding": "nearest"}, 0),
        (QUANTILE, 1),
    ],
)
def test_other_parameters_ask_for_what_is_missing(
    params: dict[str, Any], expected: int, tmp_path: Path, passes: list[Any]
) -> None:
    x = parameter([1, 3, 8, 8])
    source = model(conv(conv(x, 8, "conv"), 4, "behind"), x)
    data = images(40)
    made(data, tmp_path, source)
    (whole,) = passes
    found = made(data, tmp_path, source, **params)
    assert len(passes) == 1 + expected
    if expected:
        assert not set(passes[1][0].parts) & set(whole[0].parts)
    made(data, tmp_path, source, **params)
    assert len(passes) == 1 + expected
    alone = made(data, None, source, **params)
    bins = [stored(each)[1] for each in (found, alone)]
    assert bins[0] == bins[1]


def test_other_samples_another_network_and_other_sizes_are_measured(
    tmp_path: Path, passes: list[Any]
) -> None:
    data = images(40)
    made(data, tmp_path)
    changed = [*data[:-1], data[-1] + np.float32(1e-3)]
    turned = [*data[:-2], data[-1], data[-2]]
    for other in (changed, turned, data[:-1]):
        before = len(passes)
        made(other, tmp_path)
        assert len(passes) == before + 1
    before = len(passes)
    made(data, tmp_path, network(seed=5))
    made(data, tmp_path, self_check=False)  # keeps no outputs
    assert len(passes) == before + 2


def test_a_loader_that_declares_its_samples_is_not_read(tmp_path: Path, passes: list[Any]) -> None:
    class Declared(Items):
        cache_key = "a"
        reads = 0

        def __getitem__(self, index: int) -> Any:
            Declared.reads += 1
            return super().__getitem__(index)

    data = [(image, None) for image in images(40)]
    made(Declared(data), tmp_path)
    Declared.reads = 0
    made(Declared(data), tmp_path)
    assert len(passes) == 1 and Declared.reads <= 16  # those that are looked at for steps of their channels
    Declared.cache_key = "b"
    made(Declared(data), tmp_path)
    assert len(passes) == 2


def test_samples_that_differ_in_size_are_known_to(tmp_path: Path, passes: list[Any]) -> None:
    x = parameter(ov.PartialShape([1, 3, -1, -1]))
    source = model(conv(x, 8, "conv"), x)
    data = [*images(20), *images(20, shape=(1, 3, 12, 8))]
    first = stored(made(data, tmp_path, source))
    count = len(passes)
    assert count == 2  # the first one ended where sizes differed
    assert stored(made(data, tmp_path, source)) == first and len(passes) == count


def test_engines_of_whose_passes_nothing_is_known_measure(
    tmp_path: Path, passes: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    class Own(IEEngine):
        def predict(self, *arguments: Any, **named: Any) -> Any:
            return super().predict(*arguments, **named)

    x = parameter(ov.PartialShape([-1, 3, 8, 8]))
    batches = model(conv(x, 8, "conv"), x), images(20, shape=(4, 3, 8, 8))
    alone = network(), images(40)
    for (source, data), params, engine in (
        (alone, {}, Own),
        (alone, {"stat_batch_size": 4}, IEEngine),
        (batches, {}, IEEngine),
    ):
        made(data, tmp_path, source, engine, **params)
        assert caplog.text.count("stat_cache is not used") == 1 and not list(tmp_path.iterdir())
        caplog.clear()


def test_a_loader_is_not_believed_beside_hooks(tmp_path: Path, passes: list[Any]) -> None:
    class Declared(Items):
        cache_key = "a"

    class Twice(IEEngine):
        def _fill_input(self, model: Any, image_batch: Any) -> Any:
            return super()._fill_input(model, [2 * image for image in image_batch])

    data = Declared([(image, None) for image in images(40)])
    source = network()
    made(data, tmp_path, source)
    made(data, tmp_path, source, Twice)
    assert len(passes) == 2


def test_other_files_in_the_folder_stay(tmp_path: Path) -> None:
    other = tmp_path / "part0.statistics"
    other.write_bytes(bytes(1000))
    made(images(40), tmp_path, stat_cache_size=0)
    made(images(40, seed=1), tmp_path, stat_cache_size=0)
    assert other.exists()


def entries(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.statistics"))


def test_damaged_entries_are_measured_anew(
    tmp_path: Path, passes: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    data = images(40)
    first = stored(made(data, tmp_path))
    for damage in (
        lambda content: content[:-100],
        lambda content: content[:99] + b"x" + content[100:],
        lambda _: b"",
    ):
        for path in entries(tmp_path):
            path.write_bytes(damage(path.read_bytes()))
        before = len(passes)
        assert stored(made(data, tmp_path)) == first and len(passes) == before + 1
        assert "is measured anew: it is damaged" in caplog.text
        caplog.clear()


class _Evil:
    def __reduce__(self) -> Any:
        return os.system, ("touch was_run",)


def test_nothing_but_statistics_is_unpickled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    cache = StatisticsCache(tmp_path, 1000)
    key = "0" * 32
    cache.add(key, _Evil())  # type: ignore[arg-type]
    assert cache.entries(key) == [] and not Path("was_run").exists()
    assert "it holds a posix.system" in caplog.text or "it holds a nt.system" in caplog.text
    assert pickle.loads(pickle.dumps(1)) == 1 and not entries(tmp_path)


def test_the_folder_keeps_what_was_used_last(tmp_path: Path) -> None:
    made(images(40), tmp_path)
    first = entries(tmp_path)
    for path in first:
        os.utime(path, (0, 0))
    room = int(1.5 * sum(path.stat().st_size for path in first))
    made(images(40, seed=1), tmp_path, stat_cache_size=room)
    left = entries(tmp_path)
    assert len(set(left) - set(first)) == len(first) > len(set(left) & set(first))
    assert sum(path.stat().st_size for path in left) <= room
    made(images(40, seed=2), tmp_path, stat_cache_size=0)
    found = entries(tmp_path)
    assert len({path.name.split("-")[0] for path in found}) == 1 and not set(found) & set(left)  # the newest


def test_a_place_that_is_no_folder_is_refused_before_the_pass(tmp_path: Path, passes: list[Any]) -> None:
    place = tmp_path / "file"
    place.touch()
    with pytest.raises(ConfigError, match=r"stat_cache is .*file', expected a folder"):
        made(images(40), place)
    assert not passes


def test_collected_statistics_are_those_of_a_pass_and_can_be_merged(
    tmp_path: Path, passes: list[Any]
) -> None:
    steps = [{"name": "DefaultQuantization", "params": {"stat_cache": str(tmp_path)}}]
    pipeline = create_pipeline(steps, IEEngine({}, labelled(images(40))))
    assert pipeline.collect_statistics(network()).samples == 40
    assert pipeline.collect_statistics(network()).samples == 40
    assert len(passes) == 2 and not entries(tmp_path)
