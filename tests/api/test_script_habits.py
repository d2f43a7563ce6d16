"""Habits of scripts of POT's time, in our words: keywords, keys without effect, evaluation alone, configurations."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from addict import Dict

import builders
from openvino.tools.pot import DataLoader, IEEngine, Metric, create_pipeline, load_model
from openvino.tools.pot.configs.config import Config
from openvino.tools.pot.graph.model_utils import get_nodes_by_type
from openvino.tools.pot.utils.errors import ConfigError

ALGORITHM = {"name": "DefaultQuantization", "params": {"preset": "mixed"}}
ITEMS = builders.labelled(builders.images(4))


class Largest(Metric):
    """Counts samples whose largest output is positive."""

    @property
    def avg_value(self) -> dict[str, float]:
        return {"positive": sum(self.found) / len(self.found)}

    def update(self, output: Any, target: Any) -> None:
        self.found.append(float(output[0].max() > 0))

    def reset(self) -> None:
        self.found: list[float] = []

    def get_attributes(self) -> dict[str, dict[str, str]]:
        return {"positive": {"direction": "higher-better", "type": "accuracy"}}


def is_quantized(model: Any) -> bool:
    return bool(get_nodes_by_type(model, ["FakeQuantize"]))


def test_a_pipeline_by_the_names_of_its_arguments() -> None:
    engine = IEEngine(config={"device": "CPU"}, data_loader=ITEMS, metric=None)
    pipeline = create_pipeline(algo_config=Dict({"a": [ALGORITHM]}).a, engine=engine, interface="API")
    assert is_quantized(pipeline.run(load_model(builders.network())))
    assert pipeline._algo_seq is pipeline.algo_seq
    assert [algorithm.name for algorithm in pipeline._algo_seq] == ["DefaultQuantization"]


@pytest.mark.parametrize("nothing", [Dict(), {}, [], None])
def test_a_pipeline_that_only_evaluates(nothing: Any) -> None:
    pipeline = create_pipeline(algo_config=nothing, engine=IEEngine({}, builders.Items([(0, i) for i in ()])))
    assert pipeline.evaluate(load_model(builders.network())) == {}
    items = builders.Items([(image, 0) for image in builders.images(3)])
    pipeline = create_pipeline(algo_config=nothing, engine=IEEngine({}, items, Largest()))
    assert pipeline.evaluate(load_model(builders.network())) == {"positive": 1.0}


def test_keys_beside_name_and_params_are_told_of(caplog: pytest.LogCaptureFixture) -> None:
    entry = {**ALGORITHM, "comment": "the first try"}
    with caplog.at_level(logging.WARNING):
        create_pipeline([entry], IEEngine({}, ITEMS))
    assert [record.message for record in caplog.records] == ["algo_config[0]: without effect here: 'comment'"]
    with pytest.raises(
        ConfigError, match=r"algo_config\[0\]: unknown parameter 'parms'; did you mean 'params'"
    ):
        create_pipeline([{**ALGORITHM, "parms": {}}], IEEngine({}, ITEMS))


def test_an_engine_with_a_loss(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        engine = IEEngine(Dict({"device": "CPU"}), ITEMS, None, abs)
        assert IEEngine({"device": "CPU"}, ITEMS, metric=None, loss=None).data_loader is ITEMS
    assert [record.message for record in caplog.records] == ["IEEngine: without effect here: 'loss'"]
    assert is_quantized(create_pipeline([ALGORITHM], engine).run(load_model(builders.network())))


def test_keys_of_a_models_config_that_mean_nothing(caplog: pytest.LogCaptureFixture) -> None:
    config = Dict({"model_name": "net", "model": builders.network(), "inputs": ["x"], "outputs": ["y"]})
    with caplog.at_level(logging.WARNING):
        assert load_model(config, "CPU").name == "net"
    assert [record.message for record in caplog.records] == [
        "model config: without effect here: 'inputs', 'outputs'"
    ]


def test_an_ignored_scope_that_is_none() -> None:
    found, expected = (
        builders.stored(builders.quantized(builders.network(), ITEMS, **params))[1]
        for params in ({"ignored": None}, {})
    )
    assert found == expected


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.chdir(tmp_path)
    ov.save_model(builders.network(), "net.xml", compress_to_fp16=False)
    values = {
        "model": {"model_name": "net", "model": "net.xml", "weights": "net.bin"},
        "engine": {"type": "simplified", "data_source": "images"},
        "compression": {"algorithms": [ALGORITHM]},
    }
    Path("config.json").write_text(json.dumps(values), encoding="utf-8")
    return Config.read_config("config.json")


def test_a_config_goes_through_load_model(config: Config, caplog: pytest.LogCaptureFixture) -> None:
    config.configure_params()
    config.add_log_dir("out", "out/now")
    with caplog.at_level(logging.WARNING):
        model = load_model(config["model"])
    assert (model.name, caplog.records) == ("net", [])
    pipeline = create_pipeline(config.compression["algorithms"], IEEngine(config.engine, ITEMS))
    assert is_quantized(pipeline.run(model))


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ({"name": "DefaultQuantisation"}, r"algorithms\[0\]\.name: expected one of .*'DefaultQuantisation'"),
        ({**ALGORITHM, "params": {"presett": "mixed"}}, r"algorithms\[0\]\.params: unknown parameter 'presett'"),
        ({**ALGORITHM, "params": {"preset": "fast"}}, r"algorithms\[0\]\.params\.preset: .*'fast'"),
        ({"name": "AccuracyAwareQuantization", "params": {"maximal_drop": "x"}}, r"params\.maximal_drop: .*'x'"),
    ],
)  # fmt: skip
def test_what_create_pipeline_refuses_a_config_refuses(
    config: Config, entry: dict[str, Any], sentence: str
) -> None:
    config.compression.algorithms = [Dict(entry)]
    with pytest.raises(ConfigError, match=sentence):
        config.validate_algo_config()
    with pytest.raises(ConfigError, match=sentence):
        config.configure_params()
    with pytest.raises(ConfigError):
        create_pipeline([entry], IEEngine({}, ITEMS))


class Target(Enum):
    """As other tools of the time named devices."""

    ANY = "ANY"


def test_a_device_named_by_an_enumeration() -> None:
    assert load_model(builders.network(), Target.ANY).name == "tiny"


class Settings(Mapping[str, Any]):
    """A mapping of somebody else's, which no constructor of dicts takes apart."""

    def __init__(self, **values: Any) -> None:
        self.values_ = values

    def __getitem__(self, key: str) -> Any:
        return self.values_[key]

    def __iter__(self) -> Any:
        return iter(self.values_)

    def __len__(self) -> int:
        return len(self.values_)

    def __getattr__(self, name: str) -> Any:
        return self.values_[name]


def test_configs_that_are_other_mappings() -> None:
    class Loader(builders.Items):
        def __init__(self, config: Any) -> None:
            DataLoader.__init__(self, config)
            self.items = [(image, None) for image in builders.images(4)]

    loader = Loader(Settings(path="images", sizes=Settings(height=8)))
    assert loader.config.path == "images"
    assert loader.config.sizes.height == 8
    engine = IEEngine(Settings(device="CPU"), ITEMS)
    assert engine.config.device == "CPU"


class Pairs:
    """Samples that can be counted and gone through, not asked for by index: pairs of a number and data."""

    def __init__(self, images: list[Any]) -> None:
        self.images = images

    def __len__(self) -> int:
        return len(self.images)

    def __iter__(self) -> Iterator[tuple[int, Any]]:
        return iter(enumerate(self.images))


class Figure:
    """A metric by its methods alone."""

    avg_value = property(lambda self: {"figure": self.figure})
    figure = 1.0

    def get_attributes(self) -> dict[str, dict[str, str]]:
        return {"figure": {"direction": "higher-better", "type": "figure"}}

    def reset(self) -> None:
        self.figure = 0.5


class Tools(IEEngine):
    """An engine of a tool that has samples in a form of its own."""

    def __init__(self, images: list[Any]) -> None:
        super().__init__({"device": "CPU", "stat_requests_number": 1}, Pairs(images), Figure())
        self.all, self.seen = images, list[Any]()

    def predict(self, stats_layout: Any = None, sampler: Any = None, *others: Any, **more: Any) -> Any:
        chosen = range(len(self.data_loader)) if sampler is None else sorted(sampler._subset_indices)
        return super().predict(stats_layout, Pairs([self.all[i] for i in chosen]), *others, **more)

    def _update_metrics(self, output: Any, annotations: Any, need_metrics_per_sample: bool = False) -> None:
        ((index, label),) = annotations
        self.seen.append((index, label))
        self._per_sample_metrics.append({"sample_id": index, "metric_name": "y", "result": output[0]})

    @staticmethod
    def _process_batch(batch: Any) -> Any:  # type: ignore[override]
        number, data = batch
        return [(number, None)], [data], None


@pytest.mark.long
def test_an_engine_with_batches_of_its_own_form() -> None:
    images = builders.images(6)
    engine = Tools(images)
    found = create_pipeline([ALGORITHM], engine).run(load_model(builders.network(), "ANY"))
    expected = builders.quantized(builders.network(), builders.Items(images), preset="mixed")
    assert builders.stored(found)[1] == builders.stored(expected)[1]
    engine.set_model(found)
    (values, average), _ = engine.predict(None, None, None, True)
    assert average == {"figure": 0.5}
    assert [value["sample_id"] for value in values] == list(range(6))
    assert engine.seen[-6:] == [(i, None) for i in range(6)]
    assert values[0]["result"].shape == (1, 5, 8, 8)


def test_an_override_that_gives_neither_annotations_nor_metadata() -> None:
    seen: list[Any] = []

    class Bare(IEEngine):
        @staticmethod
        def _process_batch(batch: Any) -> Any:  # type: ignore[override]
            return None, [data for _, data, _ in batch], None

        def _update_metrics(
            self, output: Any, annotations: Any, need_metrics_per_sample: bool = False
        ) -> None:
            seen.extend(annotations)

    engine = Bare({}, ITEMS)
    engine.set_model(load_model(builders.network()))
    engine.predict()
    assert seen == [(i, None) for i in range(4)]


def test_annotations_of_an_override_are_kept_while_the_loader_goes_on() -> None:
    buffer = np.zeros(1)

    class Reuses(Tools):
        @staticmethod
        def _process_batch(batch: Any) -> Any:  # type: ignore[override]
            buffer[:] = batch[0]
            return [(batch[0], buffer)], [batch[1]], None

    engine = Reuses(builders.images(6))
    engine.set_model(load_model(builders.network()))
    engine.predict()
    assert [(index, float(label[0])) for index, label in engine.seen] == [(i, float(i)) for i in range(6)]
