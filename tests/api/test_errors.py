"""Every mistake gives one sentence that names the thing, what was expected and what was found, and in time."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

import builders
from openvino.tools.pot import IEEngine, create_pipeline, load_model, quantize
from openvino.tools.pot.engines import compiling
from openvino.tools.pot.utils.errors import ConfigError, DataError, EngineError, ModelError, PotError

IMAGES = builders.images(4)


def refused(kind: type[PotError], call: Callable[[], Any]) -> str:
    """The message of the error, which is one sentence on one line."""
    with pytest.raises(kind) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message
    assert not message.endswith(".")
    return message


def run(items: list[Any], network: ov.Model | None = None, engine: Any = None, **params: Any) -> Any:
    return builders.quantized(network or builders.network(), builders.Items(items), engine, **params)


@pytest.fixture
def nothing_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails a test in which a model is compiled."""

    def compile_model(*_: Any) -> None:
        raise AssertionError("a model was compiled")

    monkeypatch.setattr(compiling, "compiled_as_defined", compile_model)


SHAPE = "[1,3,8,8]"
SAMPLES: dict[str, tuple[Any, str]] = {
    "shape": (np.zeros((1, 3, 8, 9)), f"sample 0: input 'x' expects shape {SHAPE}, found [1, 3, 8, 9]"),
    "channels last": (np.zeros((8, 8, 3)), f"sample 0: input 'x' expects shape {SHAPE}, found [8, 8, 3]"),
    "batch of two": (np.zeros((2, 3, 8, 8)), f"sample 0: input 'x' expects shape {SHAPE}, found [2, 3, 8, 8]"),
    "rank": (np.zeros(5), f"sample 0: input 'x' expects shape {SHAPE}, found [5]"),
    "text": ("cat.png", "sample 0: input 'x' expects numbers, found str of dtype <U7"),
    "complex": (np.zeros(3, complex), "sample 0: input 'x' expects numbers, found ndarray of dtype complex128"),
    "nothing": ((None, 1), "sample 0: input 'x' expects numbers, found NoneType of dtype object"),
    "NaN": (np.full((1, 3, 8, 8), np.nan), "sample 0: input 'x' holds NaN or infinite values"),
    "infinite": (np.full((1, 3, 8, 8), -np.inf), "sample 0: input 'x' holds NaN or infinite values"),
    "too large": (np.full((1, 3, 8, 8), 1e300), "sample 0: input 'x' holds values beyond f32"),
    "name": ({"Z1": IMAGES[0]}, "sample 0: the model has no input 'Z1', its inputs are ['x']"),
    "no name": ({}, "sample 0: no data for input 'x', found []"),
    "five parts": ((1, 2, 3, 4, 5), "sample 0: the data loader gave a tuple of 5 elements, expected (data, annotation) "
    "or (data, annotation, metadata)"),
}  # fmt: skip


@pytest.mark.parametrize(("item", "sentence"), SAMPLES.values(), ids=SAMPLES)
def test_first_sample_is_checked_before_long_work(item: Any, sentence: str, nothing_compiled: None) -> None:
    assert refused(DataError, lambda: run([item, *IMAGES])) == sentence


def test_uneven_lists_are_named(nothing_compiled: None) -> None:
    message = refused(DataError, lambda: run([([[1.0], [1.0, 2.0]], 0)]))
    assert message == "sample 0: input 'x' expects an array, found a list of uneven parts"


@pytest.mark.parametrize("bad", [np.full((1, 3, 8, 8), np.nan), np.zeros((1, 3, 9, 8))])
def test_a_later_sample_is_named(bad: Any) -> None:
    assert refused(DataError, lambda: run([*IMAGES[:2], bad, IMAGES[3]])).startswith("sample 2: input 'x' ")


def test_the_nearest_input_name_is_given(nothing_compiled: None) -> None:
    x, mask = builders.parameter([1, 4], "input_ids"), builders.parameter([1, 4], "mask")
    network = builders.model(
        op.matmul(op.add(x, mask), op.constant(builders.weights((4, 4))), False, False), x, mask
    )
    message = refused(
        DataError, lambda: run([{"input_idx": np.zeros((1, 4)), "mask": np.zeros((1, 4))}], network)
    )
    assert message == (
        "sample 0: the model has no input 'input_idx', its inputs are ['input_ids', 'mask']; "
        "did you mean 'input_ids'?"
    )
    message = refused(DataError, lambda: run([{"mask": np.zeros((1, 4))}], network))
    assert message == "sample 0: no data for input 'input_ids', found ['mask']"
    message = refused(DataError, lambda: run([np.zeros((1, 4))], network))
    assert message == (
        "sample 0: the model has inputs ['input_ids', 'mask'], found a ndarray, expected a dict of input name to array"
    )


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ([0.5, 1.0], "sample 0: input 'ids' expects i32, found fractions in float64"),
        ([2**40, 1], "sample 0: input 'ids' expects i32, found int64 values beyond it"),
        ([1e20, 1.0], "sample 0: input 'ids' expects i32, found float64 values beyond it"),
    ],
)
def test_values_that_an_integer_input_cant_hold(values: list[float], sentence: str) -> None:
    assert refused(DataError, lambda: run([np.array([values])], lookup())) == sentence


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, np.uint8, np.bool_])
@pytest.mark.long
def test_whole_numbers_of_any_type_fit_an_integer_input(dtype: Any) -> None:
    items = [np.array([[1, 0]], dtype), np.array([[0, 1]], dtype)]
    network = lookup()
    found = builders.quantized(network, builders.Items(items))
    plain = builders.quantized(network, builders.Items([item.astype(np.int32) for item in items]))
    assert builders.stored(found) == builders.stored(plain)


def lookup() -> ov.Model:
    ids = builders.parameter([1, 2], "ids", np.int32)
    rows = op.gather(op.constant(builders.weights((10, 4)), name="table"), ids, op.constant(0), name="rows")
    return builders.model(op.matmul(rows, op.constant(builders.weights((4, 4))), False, False, name="m"), ids)


def test_an_element_type_that_arrays_cant_have(nothing_compiled: None) -> None:
    x = builders.parameter([1, 4], "x", ov.Type.u4)
    product = op.matmul(op.convert(x, "f32"), op.constant(builders.weights((4, 4))), False, False)
    message = refused(ModelError, lambda: run([np.zeros((1, 4))], builders.model(product, x)))
    assert message.startswith("input 'x' is u4, expected one of bf16, f16, f32, ")


@pytest.mark.parametrize("position", [0, 2])
def test_an_error_of_the_loader_is_the_cause(position: int) -> None:
    class Failing(builders.Items):
        def __getitem__(self, index: int) -> Any:
            if index == position:
                raise OSError("disk on fire")
            return super().__getitem__(index)

    with pytest.raises(DataError) as caught:
        builders.quantized(builders.network(), Failing(IMAGES))
    assert str(caught.value) == f"sample {position}: the data loader raised OSError: disk on fire"
    assert type(caught.value.__cause__) is OSError


def test_a_loader_that_ends_early_is_named() -> None:
    class Short(builders.Items):
        source = iter(IMAGES[:2])

        def __getitem__(self, index: int) -> Any:
            return next(self.source)

    with pytest.raises(DataError) as caught:
        builders.quantized(builders.network(), Short(IMAGES))
    assert str(caught.value) == "sample 2: the data loader raised StopIteration"
    assert type(caught.value.__cause__) is StopIteration


def test_crops_of_different_size_in_one_batch() -> None:
    x = builders.parameter(ov.PartialShape([2, 3, -1, -1]))
    network = builders.model(builders.conv(x, 4, "c"), x)
    items = [np.zeros((1, 3, n, 8), np.float32) for n in (8, 9)]
    message = refused(DataError, lambda: run(items, network))
    assert message == "input 'x': samples of one batch must have one shape, found [1, 3, 8, 8], [1, 3, 9, 8]"


def test_empty_loader(nothing_compiled: None) -> None:
    sentence = "the data loader is empty, expected at least one sample"
    assert refused(DataError, lambda: run([])) == sentence
    engine = IEEngine({}, builders.Items([]))
    engine.set_model(builders.network())
    assert refused(DataError, engine.predict) == sentence


def test_what_an_engine_needs() -> None:
    assert "the engine has no model" in refused(EngineError, IEEngine({}, builders.Items(IMAGES)).predict)
    engine = IEEngine({})
    engine.set_model(builders.network())
    assert "the engine has no data loader" in refused(EngineError, engine.predict)
    pipeline = create_pipeline([{"name": "DefaultQuantization", "params": {}}], engine)
    message = refused(EngineError, lambda: pipeline.run(builders.network()))
    assert message == "quantization needs an engine with a data loader, found none"
    pipeline = create_pipeline([{"name": "DefaultQuantization", "params": {}}], None)  # type: ignore[arg-type]
    assert "needs an engine" in refused(EngineError, lambda: pipeline.run(builders.network()))
    assert "needs an engine" in refused(EngineError, lambda: pipeline.evaluate(builders.network()))
    engine = IEEngine({}, builders.Items(IMAGES))
    engine.set_model(builders.network())
    assert "stat_aliases" in refused(EngineError, lambda: engine.predict(stat_aliases={"a": 1}))


def test_unknown_device_of_the_engine() -> None:
    message = refused(ModelError, lambda: run(IMAGES, engine={"device": "ABACUS"}))
    assert message.startswith("the model can't be measured on device 'ABACUS': ")


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"devise": "CPU"}, "engine config: unknown parameter 'devise'; did you mean 'device'?"),
        (
            {"stat_requests_number": "4"},
            "engine config: stat_requests_number: input should be a valid integer, found '4'",
        ),
        (
            {"stat_requests_number": 1.5},
            "engine config: stat_requests_number: input should be a valid integer, found 1.5",
        ),
        (
            {"eval_requests_number": -1},
            "engine config: eval_requests_number: input should be greater than or equal to 0, found -1",
        ),
        (
            {"eval_requests_number": True},
            "engine config: eval_requests_number: input should be a valid integer, found True",
        ),
        ({"batch_dim": "N"}, "engine config: batch_dim: input should be a valid integer, found 'N'"),
        ({"device": 7}, "engine config: device: input should be a valid string, found 7"),
        (5, "engine config is a int, expected a mapping"),
    ],
)
def test_engine_config(config: Any, sentence: str) -> None:
    assert refused(ConfigError, lambda: IEEngine(config)).startswith(sentence)


@pytest.mark.parametrize(
    ("algorithms", "sentence"),
    [
        ([{"name": "DefaultQuantisation"}], "algo_config[0]: name: expected one of DefaultQuantization, "),
        (
            [{"name": "DefaultQuantization"}, {"nam": "x"}],
            "algo_config[1]: unknown parameter 'nam'; did you mean 'name'?",
        ),
        (
            [{"name": ["DefaultQuantization"]}],
            "algo_config[0]: name: input should be a valid string, found ['DefaultQuantization']",
        ),
        ([{"params": {}}], "algo_config[0]: name: it is missing"),
        (
            ["DefaultQuantization"],
            "algo_config[0]: found 'DefaultQuantization', expected a mapping",
        ),
        ({"name": "DefaultQuantization"}, "algo_config is a dict, expected a list of name and params"),
        ("DefaultQuantization", "algo_config is a str, expected a list of name and params"),
        (
            [{"name": "DefaultQuantization", "params": 5}],
            "algo_config[0]: params: input should be a valid dictionary, found 5",
        ),
    ],
)
def test_list_of_algorithms(algorithms: Any, sentence: str) -> None:
    assert refused(ConfigError, lambda: create_pipeline(algorithms, IEEngine({}))).startswith(sentence)


def test_the_nearest_algorithm_is_given() -> None:
    message = refused(ConfigError, lambda: create_pipeline([{"name": "DefaultQuantisation"}], IEEngine({})))
    assert message.endswith("did you mean 'DefaultQuantization'?")


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"stat_subset_sise": 3}, ["DefaultQuantization", "'stat_subset_sise'", "did you mean 'stat_subset_size'?"]),
        ({"ignored": {"scop": []}}, ["params: ignored: unknown parameter 'scop'", "did you mean 'scope'?"]),
        ({"weights": {"bitz": 8}}, ["params: weights: unknown parameter 'bitz'", "did you mean 'bits'?"]),
        ({"stat_subset_size": "all"}, ["stat_subset_size", "'all'"]),
        ({"preset": "fast"}, ["preset", "'fast'", "performance"]),
        ({"target_device": "CPV"}, ["target_device", "'CPV'", "did you mean"]),
        ({"use_fast_bias": "no"}, ["use_fast_bias: input should be a valid boolean, found 'no'"]),
    ],
)  # fmt: skip
def test_parameters(params: dict[str, Any], words: list[str]) -> None:
    entry = {"name": "DefaultQuantization", "params": params}
    message = refused(ConfigError, lambda: create_pipeline([entry], IEEngine({})))
    assert [word for word in words if word not in message] == []


def test_device_of_load_model() -> None:
    message = refused(ConfigError, lambda: load_model(builders.network(), "GNAA"))
    assert "target_device is 'GNAA'" in message
    assert "did you mean 'GNA'?" in message


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"epochs": 3}, "quantize: unknown parameter 'epochs'"),
        ({"reports": True}, "quantize: unknown parameter 'reports'; did you mean 'report'?"),
        ({"presett": "mixed"}, "quantize: unknown parameter 'presett'; did you mean 'preset'?"),
    ],
)
def test_quantize_refuses_parameters_that_it_does_not_have(given: dict[str, Any], sentence: str) -> None:
    assert refused(ConfigError, lambda: quantize(builders.network(), IMAGES, **given)).startswith(sentence)


def test_quantize_tells_of_parameters_that_mean_nothing_here(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        quantize(builders.network(), IMAGES, fast_bias_correction=True, batch_size=1)
    told = "DefaultQuantization params: without effect here: 'fast_bias_correction', 'batch_size'"
    assert told in [record.message for record in caplog.records]


def test_unknown_name_in_the_ignored_scope(nothing_compiled: None) -> None:
    message = refused(ConfigError, lambda: run(IMAGES, ignored={"scope": ["conv1", "conv7"]}))
    assert message.startswith("ignored.scope: the model has no node 'conv7'; did you mean 'conv")


def test_nothing_to_quantize(caplog: pytest.LogCaptureFixture) -> None:
    x = builders.parameter([1, 4])
    network = builders.model(op.relu(x, name="r"), x)
    with caplog.at_level(logging.WARNING):
        found = run([np.zeros((1, 4))], network)
    assert builders.stored(found) == builders.stored(load_model(network))
    assert [r.message for r in caplog.records] == [
        "model 'tiny' has nothing to quantize: it is returned as it is"
    ]


def test_all_of_the_model_in_the_ignored_scope(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        found = run(IMAGES, ignored={"skip_model": True})
    assert builders.stored(found) == builders.stored(load_model(builders.network()))
    assert len(caplog.records) == 1


def unreadable(path: Path, **config: Any) -> str:
    return refused(ModelError, lambda: load_model({"model_name": "m", "model": str(path), **config}))


def test_missing_files(tmp_path: Path) -> None:
    assert unreadable(tmp_path / "m.xml") == f"model file '{tmp_path}/m.xml' does not exist"
    ov.save_model(builders.network(), tmp_path / "m.xml")
    gone = tmp_path / "other.bin"
    assert unreadable(tmp_path / "m.xml", weights=str(gone)) == f"weights file '{gone}' does not exist"
    (tmp_path / "m.bin").unlink()
    assert unreadable(tmp_path / "m.xml") == (
        f"weights file '{tmp_path}/m.bin' of model file '{tmp_path}/m.xml' does not exist"
    )
    (tmp_path / "folder.xml").mkdir()
    assert (
        unreadable(tmp_path / "folder.xml")
        == f"model file '{tmp_path}/folder.xml' is a folder, expected a file"
    )


@pytest.mark.parametrize("name", ["m.xml", "m.onnx", "m.tflite"])
@pytest.mark.parametrize("content", [b"", b"<net", b"\x00\xff garbage"])
def test_corrupt_model(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    message = unreadable(tmp_path / name)
    assert re.match(f"model file '{tmp_path}/{name}' can't be read: .", message)
    assert "Available frontends" not in message


def test_truncated_files(tmp_path: Path) -> None:
    ov.save_model(builders.network(), tmp_path / "m.xml")
    text = (tmp_path / "m.xml").read_bytes()
    (tmp_path / "m.xml").write_bytes(text[: len(text) // 2])
    assert "can't be read" in unreadable(tmp_path / "m.xml")
    (tmp_path / "m.xml").write_bytes(text)
    (tmp_path / "m.bin").write_bytes(b"abc")
    assert "m.bin' is cut, or of another model: it holds 3 bytes" in unreadable(tmp_path / "m.xml")


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({}, "model config: expected either model, a path, or cascade, a list of models, found neither"),
        ({"model": 5}, "model config: model: expected a path or an openvino.Model, found 5"),
        (None, "model config: expected either model, a path, or cascade, a list of models, found neither"),
        ({"modell": "m.xml"}, "model config: unknown parameter 'modell'; did you mean 'model'?"),
        (
            {"model_name": 5, "model": "m.xml"},
            "model config: model_name: input should be a valid string, found 5",
        ),
        ({"model": "m.xml", "weights": 5}, "model config: weights: input should be a valid string, found 5"),
        ({"cascade": []}, "model config: cascade: list should have at least 1 item"),
        ({"cascade": ["m.xml"]}, "model config: cascade[0]: input should be a valid dictionary"),
        ({"cascade": [{"model": "m.xml"}]}, "model config: cascade[0].name: it is missing"),
        (
            {"cascade": [{"name": "a", "mdl": 1}]},
            "model config: cascade[0]: unknown parameter 'mdl'; did you mean 'model'?",
        ),
        ({"cascade": [{"name": "a"}]}, "model config: cascade[0].model: it is missing"),
    ],
)
def test_model_config(config: Any, sentence: str) -> None:
    assert refused(ConfigError, lambda: load_model(config)).startswith(sentence)
