"""How a model is fed is judged by what its layers make of it: odd feedings are told of, and right ones never."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import openvino as ov
import pytest
from numpy.typing import NDArray
from openvino import opset13 as op

from builders import model, parameter, weights
from openvino.tools.pot import diagnose, quantize
from openvino.tools.pot.algorithms.checking import CheckReport, feeding
from openvino.tools.pot.utils.runtime import core

Floats = NDArray[np.float32]
CHANNELS, LAYERS, SIDE = 12, 5, 16


def pictures(count: int = 12, channels: int = 3, seed: int = 0) -> list[Floats]:
    """Smooth pictures of pixels from 0 to 255, N, C, H, W."""
    random = np.random.default_rng(seed)
    places = np.linspace(0, 3, SIDE)
    waves = [
        np.sin(np.add.outer(random.uniform(0.5, 2) * places, random.uniform(0.5, 2) * places + phase))
        for phase in random.uniform(0, 6, count * channels)
    ]
    noise = random.uniform(-0.2, 0.2, (count, channels, SIDE, SIDE))
    found = np.array(waves).reshape(noise.shape) * random.uniform(0.4, 0.8, (count, 1, 1, 1)) + noise
    return [np.rint(255 * (own - own.min()) / np.ptp(own)).astype(np.float32)[None] for own in found]


def outputs(end: Any, x: Any, samples: Sequence[Floats]) -> Floats:
    compiled = core().compile_model(ov.Model([op.result(end)], [x.get_node()], "so far"), "CPU")
    return np.concatenate([compiled([own])[0] for own in samples])


Norm = Callable[[Floats], Floats]


def as_they_are(pixels: Floats) -> Floats:
    return pixels


def unit(pixels: Floats) -> Floats:
    return pixels / np.float32(255)


def signed(pixels: Floats) -> Floats:
    return pixels / np.float32(127.5) - 1


def of_photographs(pixels: Floats) -> Floats:
    return (pixels / np.float32(255) - np.float32(0.45)) / np.float32(0.225)


def trained(x: Any, start: Any, samples: Sequence[Floats], layers: int = LAYERS) -> Any:
    """Convolutions with offsets and factors as batch normalization leaves them for these samples."""
    random, value, channels = np.random.default_rng(1), start, start.get_partial_shape()[1].get_length()
    for number in range(layers):
        kernel = weights((CHANNELS, channels, 3, 3), number)
        found = op.convolution(value, kernel, [1, 1], [1, 1], [1, 1], [1, 1])
        seen = outputs(found, x, samples)
        gains = random.uniform(0.5, 1.5, CHANNELS) / seen.std(axis=(0, 2, 3))
        offsets = random.normal(0, 0.5, CHANNELS) - gains * seen.mean(axis=(0, 2, 3))
        scaled = op.constant((kernel * gains[:, None, None, None]).astype(np.float32))
        layer = op.convolution(value, scaled, [1, 1], [1, 1], [1, 1], [1, 1], name=f"layer_{number}")
        added = op.add(layer, offsets.astype(np.float32).reshape(1, -1, 1, 1))
        value, channels = op.relu(added).output(0), CHANNELS
    return value


@cache
def network(norm: Norm, channels: int = 3, layers: int = LAYERS) -> ov.Model:
    x = parameter([1, channels, SIDE, SIDE])
    samples = [norm(own) for own in pictures(channels=channels, seed=1)]
    return model(trained(x, x, samples, layers), x)


def checked(network: ov.Model, data: Any, **options: Any) -> CheckReport:
    _, report = quantize(network, data, report=True, **options)
    assert report is not None
    return report


def warned(network: ov.Model, data: Any) -> tuple[str, ...]:
    return checked(network, data).warnings


RIGHT = {
    "0 to 1": (unit, unit),
    "-1 to 1": (signed, signed),
    "0 to 255": (as_they_are, as_they_are),
    "photographs": (of_photographs, of_photographs),
    "0 to 1 for -1 to 1": (signed, unit),  # too close to tell
    "photographs for 0 to 1": (unit, of_photographs),
}
WRONG = {
    "0 to 255 for 0 to 1": (unit, as_they_are, "fed 0 to 255, "),
    "0 to 255 for -1 to 1": (signed, as_they_are, "trained on numbers of about 0 to 1 or -1 to 1"),
    "0 to 255 for photographs": (of_photographs, as_they_are, "--scale-values 255"),
    "0 to 1 for 0 to 255": (as_they_are, unit, "hardly reaches its first layer 'layer_0'"),
    "divided twice": (unit, lambda own: unit(unit(own)), "larger numbers, such as pixels of 0 to 255"),
    "unit scales on 255": (
        of_photographs,
        lambda own: (own - np.float32(0.45)) / np.float32(0.225),
        "fed -2 to 1131, ",
    ),
    "255 scales on unit": (
        of_photographs,
        lambda own: (unit(own) - np.float32(115)) / np.float32(57),
        "means and scales for pixels of 0 to 255 were applied to pixels of 0 to 1",
    ),
}


@pytest.mark.long
@pytest.mark.parametrize(("trained_on", "fed"), RIGHT.values(), ids=RIGHT)
def test_nothing_is_said_of_right_feedings(trained_on: Norm, fed: Norm) -> None:
    assert warned(network(trained_on), [fed(own) for own in pictures()]) == ()


@pytest.mark.long
@pytest.mark.parametrize(("trained_on", "fed", "part"), WRONG.values(), ids=WRONG)
def test_odd_feedings_are_told_of(trained_on: Norm, fed: Norm, part: str) -> None:
    (warning,) = warned(network(trained_on), [fed(own) for own in pictures()])
    assert warning.startswith("input 'x' is fed ") and part in warning


@pytest.mark.long
def test_warnings_are_logged_and_recorded_and_absent_where_there_are_none(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        int8, report = quantize(network(unit), pictures(), report=True)
    assert report is not None
    assert [line for line in caplog.messages if "is fed 0 to 255" in line] == [f"tiny: {report.warnings[0]}"]
    recorded = json.loads(int8.get_rt_info(["openvino_pot", "check"]).astype(str))
    assert recorded["warnings"] == list(report.warnings)
    int8, report = quantize(network(unit), [unit(own) for own in pictures()], report=True)
    assert report is not None
    recorded = json.loads(int8.get_rt_info(["openvino_pot", "check"]).astype(str))
    assert "warnings" not in recorded and report.warnings == ()


@pytest.mark.long
def test_bytes_with_their_normalization_in_the_graph_and_channels_last() -> None:
    x = parameter([1, SIDE, SIDE, 3], dtype=np.uint8)
    floats = op.multiply(op.subtract(op.convert(x, np.float32), np.float32(127)), np.float32(1 / 127))
    first = op.transpose(floats, np.array([0, 3, 1, 2])).output(0)
    samples = [own.transpose(0, 2, 3, 1).astype(np.uint8) for own in pictures()]
    network = model(trained(x, first, samples), x)
    assert warned(network, samples) == ()
    (warning,) = warned(network, [own // 200 for own in samples])
    assert "input 'x' is fed 0 to 1, which hardly reaches" in warning


@pytest.mark.long
def test_grey_pictures_of_open_sizes() -> None:
    grey = network(unit, channels=1)
    grey = grey.clone()
    grey.reshape({"x": ov.PartialShape([-1, 1, -1, -1])})
    samples = pictures(channels=1)
    assert warned(grey, [unit(own) for own in samples]) == ()
    assert "is fed 0 to 255" in warned(grey, samples)[0]


@pytest.mark.long
def test_of_two_inputs_the_odd_one_is_named() -> None:
    x, z = parameter([1, 3, SIDE, SIDE]), parameter([1, 3, SIDE, SIDE], "z")
    samples = [unit(own) for own in pictures(seed=1)]
    network = model(op.add(trained(x, x, samples), trained(z, z, samples)), x, z)
    right, odd = [unit(own) for own in pictures()], pictures(seed=3)
    assert warned(network, [{"x": a, "z": a} for a in right]) == ()
    (warning,) = warned(network, [{"x": a, "z": b} for a, b in zip(right, odd, strict=True)])
    assert "input 'z' is fed 0 to 255" in warning


@pytest.mark.long
def test_little_is_known_of_networks_of_few_layers_and_of_those_without_normalization() -> None:
    assert warned(network(unit, layers=3), pictures()) == ()
    x = parameter([1, 3, SIDE, SIDE])
    value = x
    for number in range(
        LAYERS
    ):  # of small offsets in all layers, which bring large numbers down step by step
        kernel = weights((CHANNELS, value.get_partial_shape()[1].get_length(), 3, 3), number, 0.03)
        value = op.convolution(value, kernel, [1, 1], [1, 1], [1, 1], [1, 1]).output(0)
        value = op.relu(op.add(value, weights((1, CHANNELS, 1, 1), number + 9, 0.01))).output(0)
    assert warned(model(value, x), pictures()) == ()


@pytest.mark.long
def test_samples_that_are_all_the_same() -> None:
    (warning,) = warned(network(unit), [unit(pictures()[0])] * 8)
    assert warning == "all of the first 8 samples are the same: ranges are those of a single one"


@pytest.mark.long
def test_samples_without_a_picture() -> None:
    blank = [np.full_like(pictures()[0], number / 12) for number in range(12)]
    (warning,) = warned(network(unit), blank)
    assert warning == "input 'x' is fed one value all over in 8 of 8 inferences: no picture is there"


@pytest.mark.long
def test_samples_of_different_scales() -> None:
    mixed = [unit(own) if number % 2 else own for number, own in enumerate(pictures())]
    (warning,) = warned(network(unit), mixed)
    assert warning == (
        "input 'x' is fed numbers up to 255, in 4 of 8 inferences none above 1: samples are of different scales"
    )


@pytest.mark.long
def test_an_output_that_is_the_same_for_all_samples() -> None:
    x = parameter([1, 3, SIDE, SIDE])
    value = trained(x, x, [unit(own) for own in pictures(seed=1)])
    still = op.relu(op.subtract(value, np.float32(1e3)))
    (warning,) = warned(model([value, still], x), [unit(own) for own in pictures()])
    assert warning.startswith("output 'y1' is the same for all of the first 8 samples, but for rounding")
    shapes = op.convert(op.shape_of(value), np.float32)  # which depends on no values
    assert warned(model([value, shapes], x), [unit(own) for own in pictures()]) == ()


@pytest.mark.long
def test_a_diagnosis_notes_it_too() -> None:
    def notes(samples: list[Floats]) -> list[str]:
        model = network(unit)
        found = diagnose(model, quantize(model, samples), samples, remedies=False)
        return [note for note in found.notes if "is fed" in note]

    assert notes([unit(own) for own in pictures()]) == []
    (note,) = notes(pictures())
    assert note.startswith("input 'x' is fed 0 to 255, ")


@pytest.mark.long
def test_a_network_that_can_not_be_looked_at_is_quantized_all_the_same(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: Any) -> Any:
        raise RuntimeError("no such operation")

    monkeypatch.setattr(feeding, "responses", fails)
    with caplog.at_level(logging.INFO):
        assert warned(network(unit), pictures()) == ()
    assert "how it is fed was not looked at: no such operation" in caplog.text
