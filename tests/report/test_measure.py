"""Figures of compiled models."""

import time
from pathlib import Path

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

from builders import conv, model, parameter
from openvino.tools.pot import quantize
from openvino.tools.pot.report import measure

SAMPLES = np.random.default_rng(0).standard_normal((10, 1, 8, 16, 16), dtype=np.float32)


@pytest.fixture(scope="module")
def network() -> ov.Model:
    x = parameter([1, 8, 16, 16])
    hidden = op.relu(conv(x, 16, "first", seed=1))
    return model(conv(hidden, 8, "second", seed=2), x)


def test_layers_tell_their_precision_and_their_names(network: ov.Model) -> None:
    float_layers = measure.heavy_layers(measure.compile_single(network))
    int8_layers = measure.heavy_layers(measure.compile_single(quantize(network, SAMPLES)))
    assert [layer.is_int8 for layer in float_layers] == [False, False]
    assert [layer.is_int8 for layer in int8_layers] == [True, True]
    assert [layer.type for layer in int8_layers] == ["Convolution", "Convolution"]
    assert "first" in int8_layers[0].names
    assert "second" in int8_layers[1].names


class SlowRequest:
    def __init__(self, seconds: float, calls: list[float]) -> None:
        self.seconds = seconds
        self.calls = calls

    def create_infer_request(self) -> "SlowRequest":
        return self

    def infer(self, feed: float) -> None:
        self.calls.append(self.seconds)
        if feed:
            time.sleep(self.seconds)


def test_models_take_turns_and_medians_are_theirs() -> None:
    calls: list[float] = []
    models = [SlowRequest(0.001, calls), SlowRequest(0.004, calls)]
    fast, slow = measure.latencies(models, [True, True], repeats=7, warm_up=2)  # type: ignore[arg-type]
    assert calls == [0.001, 0.004] * 9
    assert 0.001 <= fast < slow


def test_a_plain_pass_takes_every_feed(network: ov.Model) -> None:
    assert measure.plain_pass(network, [{"x": sample} for sample in SAMPLES]) > 0


def test_the_size_is_that_of_the_weights_beside_the_model(network: ov.Model, tmp_path: Path) -> None:
    ov.save_model(network, tmp_path / "a.model.xml", compress_to_fp16=False)
    parameters = (8 * 16 + 16 * 8) * 9
    assert 4 * parameters <= measure.weights_size(tmp_path / "a.model.xml") < 4 * parameters + 100
