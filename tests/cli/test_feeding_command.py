"""How images are fed, on the command line: by the model, by flags, or an error before any work."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openvino as ov
import pytest
from commands import pot, write_images
from openvino import opset13 as op

import builders
from openvino.tools.pot.cli.feeding_arguments import FAMILIES
from openvino.tools.pot.data_loaders.stating.families import NAMES

ULTRALYTICS = {"imgsz": "[16, 16]", "names": "{0: 'a'}", "stride": "32", "task": "detect"}


def detector(odd: bool = False) -> ov.Model:
    """A network of open sizes that takes those that can be halved, if it must; it says that it is of Ultralytics."""
    x = builders.parameter(ov.PartialShape([-1, 3, -1, -1]), "images")
    halved = op.convolution(x, builders.weights((4, 3, 2, 2)), [2, 2], [0, 0], [0, 0], [1, 1])
    whole = op.interpolate(
        halved, op.constant(np.float32([2, 2])), "nearest", "scales", axes=op.constant([2, 3])
    )
    joined = x if odd else op.concat([x, whole], 1)
    kernel = builders.weights((4, 3 if odd else 7, 1, 1))
    y = op.convolution(joined, kernel, [1, 1], [0, 0], [0, 0], [1, 1])
    model = builders.model(y, x)
    for key, value in ULTRALYTICS.items():
        model.set_rt_info(value, ["framework", key])
    return model


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    ov.save_model(detector(), "yolo.xml", compress_to_fp16=False)
    write_images(Path("photos"), 4, (10, 13))
    return tmp_path


ASK = ("-q", "default", "-m", "yolo.xml", "--data-source", "photos", "-d", "--output-dir", "out")


@pytest.mark.long
def test_a_folder_of_photographs_is_fed_as_the_model_says(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = pot(capsys, *ASK, "--preview", "look", "--accept-loss")
    assert done.code == 0, done.err
    assert "images are fed as RGB, 0" in done.err
    assert (
        "letterboxed to [1,3,16,16] (from metadata of yolo.xml; --no-metadata to say it yourself)" in done.err
    )
    assert len(list(Path("look").glob("fed_*.png"))) == 4
    assert "letterboxed" in Path("look/feeding.txt").read_text(encoding="utf-8")


@pytest.mark.long
def test_the_next_command_feeds_images_as_this_one_and_shows_no_more_of_them(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = ("--no-metadata", "--anomalies", "--keep-aspect", "--shape", "[1,3,16,16]")
    done = pot(capsys, *ASK, *said, "--preview", "look", "--accept-loss")
    (line,) = [line for line in done.err.splitlines() if line.startswith("next ")]
    assert {"--no-metadata", "--anomalies", "--keep-aspect", "--shape"} <= set(line.split())
    assert "--preview" not in line
    done = pot(capsys, *ASK, "--no-anomalies", "--accept-loss", "--shape", "[1,3,16,16]")
    (line,) = [line for line in done.err.splitlines() if line.startswith("next ")]
    assert "--no-anomalies" in line and "--no-metadata" not in line


@pytest.mark.parametrize("command", ["quantize", "diagnose", "compare", "frontier", "verify"])
def test_sizes_that_the_network_does_not_take_are_an_error_before_any_work(
    work: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    data = ("--data-source", "photos", "--no-metadata")
    asked = {
        "quantize": (*ASK, "--no-metadata"),
        "diagnose": ("diagnose", "-m", "yolo.xml", *data),
        "compare": ("compare", "yolo.xml", "yolo.xml", *data),
        "frontier": ("frontier", "-m", "yolo.xml", *data),
        "verify": ("verify", "yolo.xml", *data),
    }[command]
    done = pot(capsys, *asked)
    assert done.code == 2
    assert (
        "input 'images' is [?,3,?,?]: state --shape, such as --shape [1,3,16,16] (from metadata of yolo.xml); the "
        "network does not take sample 0 as [1, 3, 10, 13]: "
    ) in done.sentence
    assert not Path("out").exists()


def test_a_later_image_of_another_size_is_tried_too(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_images(Path("photos"), 3, (12, 14))
    done = pot(capsys, *ASK, "--no-metadata")
    assert done.code == 2
    assert "does not take sample 3 as [1, 3, 10, 13]" in done.sentence
    assert not Path("out").exists()


@pytest.mark.long
@pytest.mark.parametrize("flags", [("--shape", "[1,3,12,12]", "--no-metadata"), ("--like", "ultralytics")])
def test_what_it_suggests_helps(
    work: Path, capsys: pytest.CaptureFixture[str], flags: tuple[str, ...]
) -> None:
    assert pot(capsys, *ASK, *flags, "--accept-loss").code == 0


@pytest.mark.long
def test_networks_of_any_size_are_fed_images_in_their_own(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ov.save_model(detector(odd=True), "yolo.xml", compress_to_fp16=False)
    done = pot(capsys, *ASK, "--no-metadata", "--accept-loss")
    assert done.code == 0, done.err
    assert "in their own size [1,3,10,13] (by default: nothing says how" in done.err


def test_a_configuration_says_it_in_keys(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = """{"model": {"model_name": "yolo", "model": "yolo.xml"},
        "engine": {"type": "simplified", "data_source": "photos", "like": "yolo", "letterbox": true},
        "compression": {"algorithms": [{"name": "DefaultQuantization", "params": {}}]}}"""
    Path("config.json").write_text(text, encoding="utf-8")
    done = pot(capsys, "-c", "config.json")
    assert done.code == 2
    assert "config.json: engine: like: no family 'yolo' is known; did you mean 'yolox'" in done.sentence


WRONG = {
    "an unknown family": (
        ("--like", "ultralitics"),
        "argument --like: found 'ultralitics', expected one of ultralytics, ",
    ),
    "a question": (("--like", "?"), "argument --like: found '?', expected one of ultralytics, "),
    "two ways": (("--letterbox", "--keep-aspect"), "letterbox and keep_aspect exclude each other"),
    "a layout": (
        ("--layout", "NHWC", "--shape", "1,3,320,320"),
        "layout NHWC makes 320 channels of input 'images'",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_flags_are_one_sentence(work: Path, capsys: pytest.CaptureFixture[str], case: str) -> None:
    flags, part = WRONG[case]
    done = pot(capsys, *ASK, *flags)
    assert done.code == 2
    assert part in done.sentence
    assert not Path("out").exists()


@pytest.mark.parametrize("flag", ["--like=tf", "--letterbox", "--keep-aspect", "--no-metadata"])
def test_flags_about_images_do_not_go_without_them(
    work: Path, capsys: pytest.CaptureFixture[str], flag: str
) -> None:
    done = pot(capsys, "-q", "weights", "-m", "yolo.xml", flag)
    assert done.sentence == f"{flag.partition('=')[0]} is for data, which there is none of"
    Path("config.json").write_text("{}", encoding="utf-8")
    done = pot(capsys, "-c", "config.json", flag)
    assert done.sentence == f"{flag.partition('=')[0]} does not go with --config: write it into the file"


def test_a_preview_of_arrays_is_refused(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save("a.npy", np.zeros((4, 3, 16, 16), np.float32))
    done = pot(capsys, "-q", "default", "-m", "yolo.xml", "--data-source", "a.npy", "--preview", "look")
    assert done.code == 2
    assert done.sentence == "--preview shows images of one input of one network, found other samples"
    done = pot(capsys, "-q", "weights", "-m", "yolo.xml", "--preview", "look")
    assert done.sentence == "--preview is for data, which there is none of"
    assert not Path("look").exists()


def test_the_command_knows_all_families() -> None:
    assert FAMILIES == NAMES
