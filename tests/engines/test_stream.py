"""The stream of requests: order, bounded look-ahead, failures, and the names of outputs."""

from __future__ import annotations

import gc
import logging
import os
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

import builders
from openvino.tools.pot import IEEngine, create_pipeline
from openvino.tools.pot.engines import passes, results
from openvino.tools.pot.engines.stream import NamedOutputs, OutputNames, run_stream
from openvino.tools.pot.utils.errors import DataError


@pytest.fixture(scope="module")
def doubled() -> ov.CompiledModel:
    x = builders.parameter([1, 4])
    return ov.Core().compile_model(
        builders.model(op.multiply(x, op.constant(np.float32(2)), name="m"), x), "CPU"
    )


def feeds(count: int, log: list[int] | None = None) -> Iterator[tuple[int, dict[str, Any]]]:
    buffer = np.empty((1, 4), np.float32)
    for number in range(count):
        if log is not None:
            log.append(number)
        buffer[:] = number
        yield number, {"x": buffer}


@pytest.mark.parametrize("requests", [0, 1, 2, 5])
def test_results_come_in_order_from_one_buffer(doubled: ov.CompiledModel, requests: int) -> None:
    found = list(run_stream(doubled, feeds(20), requests))
    assert [tag for tag, _ in found] == list(range(20))
    assert [float(outputs[0][0, 0]) for _, outputs in found] == [2.0 * n for n in range(20)]


def test_results_are_copies(doubled: ov.CompiledModel) -> None:
    first, *_ = (outputs[0] for _, outputs in run_stream(doubled, feeds(5), 1))
    assert float(first[0, 0]) == 0.0


def test_look_ahead_is_bounded(doubled: ov.CompiledModel) -> None:
    log: list[int] = []
    stream = run_stream(doubled, feeds(50, log), 3)
    next(stream)
    assert len(log) <= 4
    stream.close()
    assert len(log) <= 4


class Recorded:
    """Stands for a compiled model and for its requests, and records what is asked of them."""

    def __init__(self, log: list[str]) -> None:
        self.log = log
        self.inputs: list[Any] = []
        self.output_tensors: list[Any] = []
        self.number = -1

    def create_infer_request(self) -> Recorded:
        return Recorded(self.log)

    def query_state(self) -> list[Any]:
        return []

    def start_async(self, feed: dict[str, int], share_inputs: bool) -> None:
        self.number = feed["number"]
        self.log.append(f"start {self.number}")

    def wait(self) -> None:
        self.log.append(f"wait {self.number}")


def test_the_next_feed_is_read_while_requests_are_under_way() -> None:
    """However slow the reading and the device are, neither waits for the other while there is work."""
    log: list[str] = []

    def read() -> Iterator[tuple[int, Any]]:
        for number in range(4):
            log.append(f"read {number}")
            yield number, {"number": number}

    assert [tag for tag, _ in run_stream(Recorded(log), read(), 2)] == [0, 1, 2, 3]  # type: ignore[arg-type]
    assert log == [
        *("read 0", "start 0", "read 1", "start 1"),
        *("read 2", "wait 0", "start 2", "read 3", "wait 1", "start 3"),
        *("wait 2", "wait 3"),
    ]


def test_without_copies_outputs_are_used_one_by_one(doubled: ov.CompiledModel) -> None:
    own = ((number, {name: array.copy() for name, array in feed.items()}) for number, feed in feeds(20))
    found = [float(outputs[0][0, 0]) for _, outputs in run_stream(doubled, own, 3, copies=False)]
    assert found == [2.0 * n for n in range(20)]


@pytest.mark.parametrize("requests", [1, 2, 3])
def test_samples_of_a_model_with_a_state_are_independent(requests: int) -> None:
    x = builders.parameter([1, 4])
    total = op.add(op.read_value(op.constant(np.zeros((1, 4), np.float32)), "total"), x)
    network = ov.Model([op.result(total)], [op.assign(total, "total")], [x.get_node()], "sum")
    compiled = ov.Core().compile_model(network, "CPU")
    found = run_stream(compiled, feeds(6), requests)
    assert [float(outputs[0][0, 0]) for _, outputs in found] == [0, 1, 2, 3, 4, 5]


def test_no_feeds(doubled: ov.CompiledModel) -> None:
    assert list(run_stream(doubled, feeds(0))) == []


def test_a_failure_keeps_its_tag(doubled: ov.CompiledModel) -> None:
    mixed = [("good", {"x": np.zeros((1, 4), np.float32)}), ("bad", {"x": np.zeros((1, 5), np.float32)})]
    with pytest.raises(DataError) as caught:
        list(run_stream(doubled, mixed, 2))
    assert str(caught.value).startswith("bad: inference failed: ")
    assert "got [1,5] expecting [1,4]" in str(caught.value)


@pytest.mark.long
def test_leaving_early_and_dropping_the_model_does_not_hang() -> None:
    """With callbacks on the device's threads it would."""
    x = builders.parameter([1, 3, 64, 64])
    network = builders.model(builders.conv(builders.conv(x, 32, "a", kernel=5), 32, "b", kernel=5), x)
    image = np.zeros((1, 3, 64, 64), np.float32)
    start = time.monotonic()
    for _ in range(3):
        stream = run_stream(ov.Core().compile_model(network, "CPU"), ((n, {"x": image}) for n in range(50)))
        next(stream)
        del stream
        gc.collect()
    assert time.monotonic() - start < 20


def test_outputs_have_all_their_names() -> None:
    x = builders.parameter([1, 4])
    network = builders.model([op.relu(x, name="first"), op.tanh(x, name="second")], x)
    network.outputs[1].add_names({"tanh", "alias"})
    compiled = ov.Core().compile_model(network, "CPU")
    arrays = [np.zeros(1), np.ones(1)]
    outputs = NamedOutputs(OutputNames.of(compiled), arrays)
    assert list(outputs.values()) == arrays
    for name in ("y1", "second", "tanh", "alias"):
        assert outputs[name] is arrays[1]
        assert name in outputs
        assert outputs.get(name) is arrays[1]
    assert outputs["first"] is arrays[0]
    assert "third" not in outputs
    assert outputs.get("third", 5) == 5
    with pytest.raises(KeyError, match="no output 'third', its outputs are"):
        outputs["third"]


def test_outputs_of_one_tensor_are_all_there() -> None:
    x = builders.parameter([1, 4])
    relu = op.relu(x, name="r")
    network = builders.model([relu, op.tanh(x, name="t"), relu], x)
    compiled = ov.Core().compile_model(network, "CPU")
    arrays = [np.full(1, n) for n in range(3)]
    assert list(NamedOutputs(OutputNames.of(compiled), arrays).values()) == arrays


def test_a_model_without_tensor_names() -> None:
    node = op.parameter([1, 2], np.float32, name="image")
    network = ov.Model([op.result(op.relu(node, name="prob"))], [node], "m")
    seen = []

    class Sees(IEEngine):
        def postprocess_output(self, outputs: dict[str, Any], metadata: Any) -> Any:
            seen.append(outputs["prob"].tolist())

    engine = Sees({}, builders.Items([({"image": np.array([[-1.0, 2.0]])}, None)]))
    engine.set_model(network)
    engine.predict()
    assert seen == [[[0.0, 2.0]]]


@pytest.mark.parametrize("key", ["stat_requests_number", "eval_requests_number"])
def test_requests_are_clipped_with_a_warning(
    key: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    processors = os.cpu_count() or 1
    asked = []
    real = run_stream

    def counted(compiled: Any, feeds: Any, requests: int = 0, **more: Any) -> Any:
        asked.append(requests)
        return real(compiled, feeds, requests, **more)

    for module in (passes, results):
        monkeypatch.setattr(module, "run_stream", counted)
    with caplog.at_level(logging.WARNING):
        IEEngine({"device": "CPU", key: processors})
        assert caplog.records == []
        engine = IEEngine({"device": "CPU", key: 1000}, builders.labelled(builders.images(3)))
    assert [r.message for r in caplog.records] == [
        f"engine config: {key} 1000 is more than the {processors} processors, using these"
    ]
    engine.set_model(builders.network())
    engine.predict()
    create_pipeline([{"name": "DefaultQuantization", "params": {}}], engine).run(builders.network())
    assert asked == ([processors, 0] if key == "eval_requests_number" else [0, processors])


def test_config_of_an_engine_has_attributes() -> None:
    engine = IEEngine({"device": "CPU", "stat_requests_number": 1, "eval_requests_number": 1})
    assert engine.config.device == "CPU"
    assert engine.config.stat_requests_number == 1
    assert IEEngine().config == {"device": "CPU"}  # which overrides compile for
    assert IEEngine(None).data_loader is None


def test_batch_dim_is_the_axis_of_samples() -> None:
    x = builders.parameter([3, 1, 8])
    network = builders.model(
        op.matmul(x, op.constant(builders.weights((8, 4)), name="w"), False, False, name="m"), x
    )
    items = builders.Items([np.random.default_rng(n).standard_normal((3, 1, 8)) for n in range(4)])
    found = builders.quantized(network, items, {"batch_dim": 1}, stat_batch_size=2)
    assert "fq_input_0" in builders.stored(found)[0].decode()


@pytest.mark.parametrize("device", ["HETERO:CPU", "AUTO:CPU", "AUTO", "MULTI:CPU"])
@pytest.mark.long
def test_devices_that_choose_others(device: str) -> None:
    """Whatever string OpenVINO takes as a device: the pass runs there, and finds what it finds on the CPU."""
    x = builders.parameter([1, 3, 16, 16])
    network = builders.model(builders.conv(op.relu(builders.conv(x, 16, "a")), 16, "b"), x)
    random = np.random.default_rng(0)
    samples = [random.normal(size=(1, 3, 16, 16)).astype(np.float32) for _ in range(30)]

    def outputs(engine: dict[str, Any]) -> list[Any]:
        loader = builders.labelled(samples)
        result = builders.quantized(network, loader, engine, target_device="CPU", stat_subset_size=30)
        return builders.run(result.submodels[0].model, samples[0])

    for found, expected in zip(outputs({"device": device}), outputs({"device": "CPU"}), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)
