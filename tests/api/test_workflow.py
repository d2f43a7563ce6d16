"""The workflow of POT's documentation, word for word, and the short way, on the network that comes along."""

from __future__ import annotations

import inspect
import io
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np
import openvino as ov
import pytest
from addict import Dict
from openvino.tools import pot

import builders
from openvino.tools.pot import (
    DataLoader,
    IEEngine,
    Metric,
    compress_model_weights,
    create_pipeline,
    load_model,
    quantize,
    save_model,
)
from openvino.tools.pot.demo import digits
from openvino.tools.pot.utils import terminal
from openvino.tools.pot.utils.errors import ConfigError, DataError
from openvino.tools.pot.utils.logger import get_logger, init_logger

DATA = digits.load()
IMAGES = builders.images(4)


class UserDataLoader(DataLoader):
    def __init__(self, images: Any, labels: Any) -> None:
        self.images, self.labels = images, labels

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Any:
        return self.images[index], self.labels[index]


class Accuracy(Metric):
    def __init__(self) -> None:
        super().__init__()
        self._name = "accuracy@top1"

    @property
    def value(self) -> Any:
        return {self._name: [self._hits[-1]]}

    @property
    def avg_value(self) -> Any:
        return {self._name: np.mean(self._hits)}

    def update(self, output: Any, target: Any) -> None:
        self._hits.append(int(np.argmax(output[0]) == target[0]))

    def reset(self) -> None:
        self._hits: list[int] = []

    def get_attributes(self) -> Any:
        return {self._name: {"direction": "higher-better", "type": "accuracy"}}


@pytest.mark.long
def test_the_documented_workflow(tmp_path: Path) -> None:
    model_config = Dict(
        {
            "model_name": "model",
            "model": str(digits.MODEL_PATH),
            "weights": str(digits.MODEL_PATH.with_suffix(".bin")),
        }
    )
    engine_config = Dict({"device": "CPU"})
    algorithms = [
        {"name": "DefaultQuantization", "params": {"target_device": "ANY", "stat_subset_size": 300}}
    ]
    data_loader = UserDataLoader(DATA.calibration_images, DATA.calibration_labels)
    model = load_model(model_config=model_config)
    engine = IEEngine(config=engine_config, data_loader=data_loader, metric=None)
    pipeline = create_pipeline(algorithms, engine)
    compressed_model = pipeline.run(model=model)
    compress_model_weights(compressed_model)
    compressed_model_paths = save_model(
        model=compressed_model, save_path=str(tmp_path / "optimized_model"), model_name="optimized_model"
    )

    evaluation = UserDataLoader(DATA.evaluation_images, DATA.evaluation_labels)
    metric_engine = IEEngine(config=engine_config, data_loader=evaluation, metric=Accuracy())
    judge = create_pipeline(Dict({"a": algorithms}).a, metric_engine)
    reread = load_model({"model_name": "optimized", **compressed_model_paths[0]})
    before, after = judge.evaluate(model), judge.evaluate(reread)
    assert before["accuracy@top1"] > 0.95
    assert after["accuracy@top1"] > before["accuracy@top1"] - 0.01
    sizes = [Path(p).stat().st_size for p in (model_config.weights, compressed_model_paths[0]["weights"])]
    assert sizes[1] < 0.3 * sizes[0]


def test_algorithms_as_addict() -> None:
    entry = Dict(
        {"name": "DefaultQuantization", "params": {"ignored": {"scope": ["conv1"]}, "preset": "mixed"}}
    )
    pipeline = create_pipeline([entry], IEEngine(Dict({"device": "CPU"}), builders.labelled(IMAGES)))
    assert [algorithm.name for algorithm in pipeline.algo_seq] == ["DefaultQuantization"]
    text = builders.stored(pipeline.run(load_model(builders.network())))[0].decode()
    assert "conv2/fq_input_0" in text
    assert "conv1/fq_input_0" not in text


@pytest.mark.long
def test_a_pipeline_grows_by_algorithms() -> None:
    engine = IEEngine({}, builders.labelled(IMAGES))
    one = create_pipeline(
        [{"name": "MinMaxQuantization"}, {"name": "FastBiasCorrection", "params": {}}], engine
    )
    two = create_pipeline([{"name": "MinMaxQuantization", "params": None}], engine)
    two.add_algo(one.algo_seq[1])
    model = load_model(builders.network())
    assert builders.stored(one.run(model)) == builders.stored(two.run(model))


def same_function(first: ov.Model, second: ov.Model) -> bool:
    return np.array_equal(builders.run(first, IMAGES[0])[0], builders.run(second, IMAGES[0])[0])


def one_buffer() -> Iterator[Any]:
    buffer = np.empty_like(IMAGES[0])
    for image in IMAGES:
        buffer[:] = image
        yield buffer


@pytest.mark.long
@pytest.mark.parametrize(
    "data",
    [
        lambda: IMAGES,
        lambda: np.stack(IMAGES),
        lambda: np.concatenate(IMAGES),
        lambda: ({"x": image} for image in IMAGES),
        lambda: [(image, 1) for image in IMAGES],
        lambda: iter(IMAGES),
        one_buffer,
        lambda: builders.labelled(IMAGES),
    ],
)
def test_the_short_way_takes_samples_in_any_form(data: Any) -> None:
    network = builders.network()
    before = builders.stored(network)
    expected = builders.quantized(network, builders.labelled(IMAGES))
    compress_model_weights(expected)
    found = quantize(network, data())
    assert isinstance(found, ov.Model)
    assert same_function(found, expected.submodels[0].model)
    assert builders.stored(network) == before


@pytest.mark.long
def test_the_short_way_reads_no_more_samples_than_it_needs() -> None:
    reads = []

    def endless() -> Iterator[Any]:
        while True:
            reads.append(1)
            yield IMAGES[len(reads) % 4]

    quantize(builders.network(), endless(), subset_size=3)
    assert len(reads) == 3
    quantize(builders.network(), endless(), stat_subset_size=5)
    assert len(reads) == 8


@pytest.mark.long
def test_the_short_way_passes_parameters(tmp_path: Path) -> None:
    ov.save_model(builders.network(), tmp_path / "m.xml")
    for ignored in ("conv1", ["conv1"], {"scope": ["conv1"]}):
        found = quantize(tmp_path / "m.xml", IMAGES, ignored=ignored, compress=False, preset="mixed")
        names = [n.get_friendly_name() for n in found.get_ops() if n.get_type_name() == "FakeQuantize"]
        assert sorted(names) == ["conv2/fq_input_0", "conv2/fq_weights_1"]
    with pytest.raises(ConfigError, match="'stat_subset_sise'"):
        quantize(builders.network(), IMAGES, stat_subset_sise=3)
    with pytest.raises(ConfigError, match="stat_subset_size"):
        quantize(builders.network(), IMAGES, subset_size="many")  # type: ignore[arg-type]


@pytest.mark.parametrize("data", [5, None, {"x": IMAGES}])
def test_the_short_way_refuses_what_is_no_samples(data: Any) -> None:
    with pytest.raises(DataError, match=f"data is a {type(data).__name__}, expected samples"):
        quantize(builders.network(), data)


@pytest.fixture
def restored() -> Iterator[None]:
    """The logger as it was."""
    logger = logging.getLogger("openvino.tools.pot")
    before, bar = (logger.handlers[:], logger.level, logger.propagate), terminal.draws_bars
    yield
    terminal.draws_bars = bar
    logger.handlers[:], logger.propagate = before[0], before[2]
    logger.setLevel(before[1])


@pytest.mark.usefixtures("restored")
def test_logger(tmp_path: Path) -> None:
    stream, file = io.StringIO(), tmp_path / "log.txt"
    for _ in range(2):  # the second call replaces the first
        init_logger(level="info", stream=stream, file_name=str(file), progress_bar=False)
    get_logger(__name__).info("hello")
    get_logger("openvino.tools.pot.graph").debug("too fine")
    assert stream.getvalue().count("hello") == 1
    assert file.read_text().count("hello") == 1
    assert "too fine" not in stream.getvalue()
    init_logger(level=logging.DEBUG, stream=stream)
    get_logger().debug("fine enough")
    assert "fine enough" in stream.getvalue()
    with pytest.raises(ValueError, match="log level is 'LOUD', expected one of"):
        init_logger(level="LOUD")


@pytest.mark.skipif(
    not Path("/dev/full").exists(), reason="only some systems have a disk that is always full"
)
@pytest.mark.usefixtures("restored")
def test_a_log_file_that_is_full_ends_no_work(capfd: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    init_logger(stream=stream, file_name="/dev/full")
    get_logger().info("hello")
    assert "hello" in stream.getvalue() and capfd.readouterr().err == ""


@pytest.mark.usefixtures("restored")
def test_a_run_tells_of_its_progress(capfd: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    init_logger(stream=stream)
    builders.quantized(builders.network(), builders.labelled(IMAGES))
    assert "Statistics pass: 4 of 4 done" in stream.getvalue()
    assert capfd.readouterr().err == ""


def test_hints_of_all_that_is_offered_can_be_read() -> None:
    """As command lines, forms and agents are made from them."""
    for name in pot.__all__:
        found = getattr(pot, name)
        if callable(found):
            methods = (
                [each for _, each in inspect.getmembers(found, inspect.isfunction)]
                if isinstance(found, type)
                else []
            )
            for each in (found, *methods):
                get_type_hints(each)
