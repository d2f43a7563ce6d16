"""Detectors of anomalies, calibrated with images that show none, as there are no others to train one."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from exported import detector_of_anomalies
from numpy.typing import NDArray
from PIL import Image

import builders

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cli"))
from commands import pot

pytestmark = pytest.mark.long


def usual(seed: int) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).normal(102, 6, (32, 32, 3)).clip(0, 255).astype(np.uint8)


def odd(seed: int) -> NDArray[np.uint8]:
    """With a disc of a colour that none of the others has."""
    image = usual(seed)
    image[np.hypot(*(np.indices((32, 32)) - 16)) < 6] = np.random.default_rng(seed).choice([0, 255], 3)
    return image


def scores(network: Path, images: list[NDArray[np.uint8]]) -> NDArray[np.float32]:
    import openvino as ov

    model = ov.Core().read_model(network)
    feeds = [np.float32(image.transpose(2, 0, 1)[None] / 255) for image in images]
    return np.array([builders.run(model, feed)[0].item() for feed in feeds])


def test_scores_of_anomalies_are_those_of_the_float_model(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("good").mkdir()
    for number in range(40):
        Image.fromarray(usual(number)).save(f"good/{number:02}.png")
    export = detector_of_anomalies(tmp_path / "export")
    adopt = ("adopt", "export", "--data-source", "good", "--accept-loss")
    with_patches = pot(capsys, *adopt)
    assert "every 4th with an anomaly pasted in (from outputs of model.xml" in with_patches.err
    without = pot(capsys, *adopt, "--no-anomalies", "--output-dir", "cut")
    assert (with_patches.code, without.code) == (0, 0)
    images = [odd(seed) for seed in range(100, 120)]
    expected, found, cut = (
        scores(folder / "model.xml", images) for folder in (export, Path("export_int8"), Path("cut"))
    )
    assert np.median(cut / expected) < 0.5, "images without anomalies cut them off"
    assert np.abs(found / expected - 1).max() < 0.25
    assert np.median(np.abs(found / expected - 1)) < 0.05
