"""``pot -q accuracy_aware`` without labels: what is controlled, and that ``-e`` measures the same."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from commands import go_to_a_network, pot, write_images

from builders import ZOO


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    go_to_a_network(tmp_path, monkeypatch)
    write_images(tmp_path / "images", 6)
    return tmp_path


GIVEN = ("-q", "accuracy_aware", "-m", "net.xml", "--data-source", "images", "-d")


@pytest.mark.long
@pytest.mark.parametrize(
    ("flags", "figure"), [((), "fidelity"), (("--agreement", "correlation"), "correlation")]
)
def test_what_is_controlled_is_measured(
    flags: tuple[str, ...], figure: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The network's output is a map of five channels, which no form explains."""
    finished = pot(capsys, *GIVEN, "-e", "--format", "json", *flags)
    assert finished.code == 0, finished.err
    found = json.loads(finished.out)
    assert found["float_metrics"] == pytest.approx({figure: 1.0})
    assert set(found["metrics"]) == {figure}
    assert 0.9 < found["metrics"][figure] < 1
    assert f"agreement with the float model: {figure} (" in finished.err
    assert f"float model: {figure} 1" in finished.err


@pytest.mark.long
def test_a_drop_is_one_of_the_figure(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """0.9999 are 40 dB, which no INT8 model of these layers reaches."""
    finished = pot(capsys, *GIVEN, "--max-drop", "0.000001")
    assert "is more than the 1e-06 allowed" in finished.err
    finished = pot(capsys, *GIVEN, "--max-drop", "0.5")
    assert "full INT8 meets the target" in finished.err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("-q", "default", "--agreement", "auto"),
            "--agreement is for --quantize accuracy_aware, found default",
        ),
        (
            ("-q", "accuracy_aware", "--agreement", "box"),
            "argument --agreement: found 'box', expected one of auto, boxes, text, classes, masks, correlation",
        ),
    ],
)
def test_flags_that_do_not_go_together(
    arguments: tuple[str, ...], sentence: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    finished = pot(capsys, *arguments, "-m", "net.xml", "--data-source", "images")
    assert finished.code == 2
    assert finished.sentence.startswith(sentence)
    assert not Path("results").exists()


@pytest.mark.long
def test_what_the_outputs_do_not_hold_is_an_error(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    finished = pot(capsys, *GIVEN, "--agreement", "boxes")
    assert finished.code == 1
    assert (
        "agreement: expected outputs that hold boxes which can be told from their form" in finished.sentence
    )
    assert not Path("results/optimized/net.xml").exists()


@pytest.mark.long
def test_a_configuration_says_the_same(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    params = {"maximal_drop": 0.5, "agreement": "fidelity"}
    config = {
        "model": {"model_name": "net", "model": "net.xml"},
        "engine": {"type": "simplified", "data_source": "images"},
        "compression": {"algorithms": [{"name": "AccuracyAwareQuantization", "params": params}]},
    }
    Path("config.json").write_text(json.dumps(config), encoding="utf-8")
    finished = pot(capsys, "-c", "config.json", "-d", "-e")
    assert finished.code == 0, finished.err
    assert "fidelity, float model      : 1.0" in finished.out
    del params["agreement"]
    Path("config.json").write_text(json.dumps(config), encoding="utf-8")
    finished = pot(capsys, "-c", "config.json")
    assert finished.code == 2
    assert "set agreement to 'auto' to control agreement with the float model" in finished.sentence


@pytest.mark.zoo
@pytest.mark.parametrize(
    ("name", "figure"),
    [
        ("face_ultraface_rfb", "equal boxes"),
        ("ocr_rec_ppocrv4", "equal texts"),
        ("ocr_det_ppocrv4", "equal masks"),
        ("cifar_resnet20", "equal classes"),
        ("text_minilm_stsb", "correlation"),
    ],
)
def test_real_networks_are_what_they_are_taken_for(
    name: str,
    figure: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not (ZOO / name).is_dir():
        pytest.skip(f"needs {name} of the zoo")
    import sys

    monkeypatch.syspath_prepend(str(ZOO))
    zoo = pytest.importorskip("zoo")
    monkeypatch.chdir(tmp_path)
    entry = zoo.load(name)
    Path("data").mkdir()
    for number in range(20):
        np.savez(f"data/{number:02}.npz", **entry.calibration[number])
    finished = pot(
        capsys, "-q", "accuracy_aware", "-m", entry.model, "--data-source", "data", "-d", "--max-drop", "0.9",
        "-e", "--format", "json",
    )  # fmt: skip
    sys.modules.pop("zoo", None)
    assert finished.code in (0, 3), finished.err
    assert json.loads(finished.out)["float_metrics"] == pytest.approx({figure: 1.0})
