"""Models of dynamic sizes that are stored with fixed ones: those of a shape, or of the first sample."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from commands import pot, write_images
from openvino import opset13 as op

import builders
from openvino.tools.pot import quantize
from openvino.tools.pot.utils.errors import ConfigError, DataError, ModelError

IMAGES = builders.images(6)


def dynamic(shape: list[int] | None = None) -> ov.Model:
    network = builders.network()
    network.reshape(ov.PartialShape(shape or [-1, 3, -1, -1]))
    return network


def two_inputs() -> ov.Model:
    x, scale = (
        builders.parameter(ov.PartialShape([-1, 3, -1, -1])),
        builders.parameter(ov.PartialShape([-1]), "s"),
    )
    return builders.model(builders.conv(op.multiply(x, op.reduce_max(scale, [0])), 4, "c"), x, scale)


def shapes(model: ov.Model) -> list[list[int]]:
    return [list(port.get_partial_shape().to_shape()) for port in model.inputs]


@pytest.mark.long
@pytest.mark.parametrize(
    ("static", "expected"),
    [
        (True, [1, 3, 8, 8]),
        ([1, 3, None, -1], [1, 3, 8, 8]),
        ((2, 3, 8, 8), [2, 3, 8, 8]),
        ({"x": [1, 3, 8, 8]}, [1, 3, 8, 8]),
    ],
)
def test_quantize_fixes_what_a_shape_says_and_else_what_the_first_sample_has(
    static: Any, expected: list[int]
) -> None:
    network = dynamic()
    result = quantize(network, IMAGES, static=static)
    assert shapes(result) == [expected]
    assert result.output(0).get_partial_shape().is_static
    assert network.is_dynamic()
    (found,) = builders.run(result, np.repeat(IMAGES[0], expected[0], 0))
    assert found.shape == (expected[0], 5, 8, 8)


@pytest.mark.long
def test_it_is_the_model_of_that_shape_that_is_quantized() -> None:
    result, fixed = quantize(dynamic(), IMAGES, static=True), quantize(builders.network(), IMAGES)
    assert np.array_equal(builders.run(result, IMAGES[0])[0], builders.run(fixed, IMAGES[0])[0])
    assert quantize(dynamic(), IMAGES, static=False).is_dynamic()


def test_data_that_can_be_read_once() -> None:
    assert shapes(quantize(dynamic(), iter(IMAGES), static=True)) == [[1, 3, 8, 8]]


@pytest.mark.long
def test_several_inputs() -> None:
    data = [{"x": image, "s": np.ones(4, np.float32)} for image in IMAGES]
    assert shapes(quantize(two_inputs(), data, static=True)) == [[1, 3, 8, 8], [4]]
    assert shapes(quantize(two_inputs(), data, static={"x": [1, 3, 8, 8]})) == [[1, 3, 8, 8], [4]]
    with pytest.raises(ConfigError, match=r"static: the model has inputs \['x', 's'\], expected a mapping"):
        quantize(two_inputs(), data, static=[1, 3, 8, 8])


@pytest.mark.parametrize(
    ("static", "sentence"),
    [
        ([1, 4, 8, 8], r"static: input 'x' has shape \[\?,3,\?,\?\], found \[1,4,8,8\]"),
        ([1, 3, 8], r"static: input 'x' has shape .*, found \[1,3,8\]"),
        ({"y": [1, 3, 8, 8]}, "static: the model has no input 'y'"),
        ("[1,3,8,8]", r"static: found '\[1,3,8,8\]', expected sizes such as"),
        ([1, 3, 0, 8], r"static: found \[1, 3, 0, 8\], expected sizes such as"),
        (8, "static: found 8, expected sizes such as"),
    ],
)
def test_wrong_shapes(static: Any, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        quantize(dynamic(), IMAGES, static=static)


def test_a_sample_of_another_shape_than_the_first_is_told_of() -> None:
    images = [*IMAGES[:2], np.zeros((1, 3, 8, 9), np.float32)]
    with pytest.raises(
        DataError, match=r"sample 2: input 'x' expects shape \[1,3,8,8\], found \[1, 3, 8, 9\]"
    ):
        quantize(dynamic(), images, static=True)


def test_a_model_that_does_not_go_with_the_shape() -> None:
    x = builders.parameter(ov.PartialShape([-1, 3, -1, -1]))
    square = op.matmul(x, op.constant(builders.weights((8, 4)), name="w"), False, False, name="m")
    with pytest.raises(
        ModelError, match=r"static: the model can't have inputs of these shapes, 'x' \[1,3,8,9\]: "
    ):
        quantize(builders.model(square, x), IMAGES, static=[1, 3, 8, 9])


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a dynamic network, images of 10x12, and arrays of 8x8."""
    monkeypatch.chdir(tmp_path)
    ov.save_model(dynamic(), "net.xml")
    write_images(Path("images"), 4, (10, 12))
    Path("arrays").mkdir()
    for number, image in enumerate(IMAGES):
        np.save(f"arrays/{number}.npy", image)
    return tmp_path


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (("--data-source", "images"), [1, 3, 10, 12]),
        (("--data-source", "images", "--shape", "[1,3,16,8]"), [1, 3, 16, 8]),
        (("--data-source", "images", "--shape", "[2,3,-1,8]"), [2, 3, 10, 8]),
        (("--data-source", "arrays"), [1, 3, 8, 8]),
        (("--data-source", "arrays", "--shape", "[1,3,8,8]"), [1, 3, 8, 8]),
        (("-q", "data_free", "--shape", "[1,3,8,8]"), [1, 3, 8, 8]),
    ],
)
@pytest.mark.long
def test_the_stored_model_is_of_that_shape(
    work: Path, capsys: pytest.CaptureFixture[str], flags: tuple[str, ...], expected: list[int]
) -> None:
    task = () if "-q" in flags else ("-q", "default")
    done = pot(
        capsys,
        *task,
        "-m",
        "net.xml",
        *flags,
        "--static",
        "--subset-size",
        "4",
        "-e",
        "-d",
        "--output-dir",
        "o",
    )
    assert done.code == 0, done.err
    assert shapes(ov.Core().read_model("o/optimized/net.xml")) == [expected]
    assert f"net: input 'x' is fixed to {ov.PartialShape(expected)}" in done.err


@pytest.mark.long
def test_configurations_say_it_by_a_key_or_the_flag_says_it(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, key in enumerate(({"static": True}, {})):
        config = {
            "model": {"model": "net.xml", **key},
            "engine": {"type": "simplified", "data_source": "images", "shape": {"x": [1, 3, 16, 16]}},
            "compression": {"algorithms": [{"name": "DefaultQuantization", "params": {}}]},
        }
        Path("c.json").write_text(json.dumps(config), encoding="utf-8")
        flags = () if key else ("--static",)
        done = pot(capsys, "-c", "c.json", *flags, "-d", "--output-dir", str(number))
        assert done.code == 0, done.err
        assert shapes(ov.Core().read_model(f"{number}/optimized/net.xml")) == [[1, 3, 16, 16]]


@pytest.mark.parametrize(
    ("shape", "sentence"),
    [
        ("[1,4,8,8]", "command line: engine.shape: input 'x' has shape [?,3,?,?], found [1,4,8,8]"),
        ("[1,3,8]", "command line: engine.shape: input 'x' has shape [?,3,?,?], found [1,3,8]"),
    ],
)
def test_wrong_usage(work: Path, capsys: pytest.CaptureFixture[str], shape: str, sentence: str) -> None:
    done = pot(
        capsys, "-q", "default", "-m", "net.xml", "--data-source", "images", "--static", "--shape", shape
    )
    assert (done.code, done.sentence) == (2, sentence)
    assert not Path("results").exists()


def test_arrays_that_do_not_fit_the_shape(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = pot(
        capsys,
        "-q",
        "default",
        "-m",
        "net.xml",
        "--data-source",
        "arrays",
        "--static",
        "--shape",
        "[1,3,8,9]",
    )
    assert done.code == 2
    assert "sample 0: input 'x' expects shape [1,3,8,9], found [1, 3, 8, 8]" in done.sentence
