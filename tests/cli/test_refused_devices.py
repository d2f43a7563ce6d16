"""A model that a device does not take: one sentence before any work, the same from every command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openvino as ov
import pytest
from commands import pot, write_images
from openvino import opset13 as op

import builders
from openvino.tools.pot import quantize

OPEN = (
    "input 'x' has shape [?,3,?,?], expected fixed sizes, as NPU runs no others: fix them with --shape, or with "
    "--static where there are samples"
)
VOLUMES = (
    "MaxPool 'pool' works on 5 axes, expected 4 at most, which is what NPU runs: "
    "quantize for another --target-device"
)
ZEROS = (
    "weights of Convolution 'conv1' come with zero points, expected symmetric ones, as NPU takes no others: quantize "
    "the float model, with --preset performance or mixed"
)
SENTENCES = {"open": OPEN, "volumes": VOLUMES, "zeros": ZEROS}


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with images, and with a model of each kind that an NPU does not take."""
    monkeypatch.chdir(tmp_path)
    network = builders.network()
    ov.save_model(network, "net.xml", compress_to_fp16=False)
    zeros = quantize(network, builders.images(4), target_device="NPU", preset="accuracy")
    ov.save_model(zeros, "zeros.xml", compress_to_fp16=False)
    network.reshape(ov.PartialShape([-1, 3, -1, -1]))
    ov.save_model(network, "open.xml", compress_to_fp16=False)
    x, three = builders.parameter([1, 3, 8, 8, 8]), [2, 2, 2]
    pool = op.max_pool(x, three, [1, 1, 1], [0, 0, 0], [0, 0, 0], three, name="pool")
    ov.save_model(builders.model(pool.output(0), x), "volumes.xml")
    write_images(Path("images"), 4, (8, 8))
    return tmp_path


@pytest.mark.parametrize("name", SENTENCES)
def test_every_command_says_it(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    asked: dict[str, Any] = {
        "plan": ("plan", "-m", f"{name}.xml"),
        "default": ("-q", "default", "-m", f"{name}.xml", "--data-source", "images"),
        "data_free": ("-q", "data_free", "-m", f"{name}.xml"),
    }
    for command, line in asked.items():
        finished = pot(capsys, *line, "--target-device", "NPU")
        place = "" if command == "plan" else "command line: "
        assert (finished.code, finished.sentence) == (2, place + SENTENCES[name]), command
        assert finished.out == ""
    assert not Path("results").exists()
    assert not Path("pot_dataset").exists()


def test_a_configuration_says_it(capsys: pytest.CaptureFixture[str]) -> None:
    config = {
        "model": {"model": "open.xml"},
        "engine": {"type": "simplified", "data_source": "images"},
        "compression": {
            "target_device": "VPU",
            "algorithms": [{"name": "DefaultQuantization", "params": {}}],
        },
    }
    Path("c.json").write_text(json.dumps(config), encoding="utf-8")
    finished = pot(capsys, "-c", "c.json")
    assert (finished.code, finished.sentence) == (2, f"c.json: {OPEN}")


@pytest.mark.long
@pytest.mark.parametrize("remedy", [("--shape", "[1,3,8,8]"), ("--shape", "x[1,3,8,8]"), ("--static",)])
def test_the_remedy_helps(remedy: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    line = ("-q", "default", "-m", "open.xml", "--data-source", "images", "--target-device", "NPU")
    finished = pot(capsys, *line, *remedy, "-d", "--output-dir", "o")
    assert finished.code == 0, finished.err
    made = ov.Core().read_model("o/optimized/open.xml")
    assert str(made.input(0).get_partial_shape()) == "[1,3,8,8]"
    assert pot(capsys, "plan", "-m", "o/optimized/open.xml", "--target-device", "NPU").code == 0


def test_a_preset_that_would_make_zero_points(capsys: pytest.CaptureFixture[str]) -> None:
    line = ("-q", "default", "-m", "net.xml", "--data-source", "images", "--preset", "accuracy")
    finished = pot(capsys, *line, "--target-device", "NPU")
    assert finished.code == 2
    assert finished.sentence == (
        "command line: preset accuracy gives weights zero points, expected symmetric ones, as NPU takes no others: "
        "say --preset performance or mixed"
    )


@pytest.mark.long
@pytest.mark.parametrize("device", ["CPU", "GPU"])
@pytest.mark.parametrize("name", SENTENCES)
def test_other_devices_take_them(name: str, device: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert pot(capsys, "plan", "-m", f"{name}.xml", "--target-device", device).code == 0
