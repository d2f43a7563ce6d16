"""Anomalies that are pasted into images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openvino as ov
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openvino import opset13 as op
from PIL import Image

import builders
from openvino.tools.pot import load_images
from openvino.tools.pot.data_loaders.loaders import FileLoader
from openvino.tools.pot.data_loaders.patches import EVERY, with_patch


@given(
    st.tuples(st.integers(1, 60), st.integers(1, 60)), st.sampled_from(("L", "RGB")), st.integers(0, 2**32)
)
def test_a_patch_lies_within_the_image_and_is_the_same_for_a_seed(
    size: tuple[int, int], mode: str, seed: int
) -> None:
    image = Image.effect_noise(size, 40).convert(mode)
    before = np.array(image)
    found = np.array(with_patch(image, seed))
    assert found.shape == before.shape
    np.testing.assert_array_equal(found, np.array(with_patch(image, seed)))
    np.testing.assert_array_equal(before, np.array(image))
    changed = np.argwhere((found != before).reshape(*before.shape[:2], -1).any(-1))
    if min(size) > 20:
        assert 0.01 < len(changed) / (size[0] * size[1]) < 0.16
        assert np.ptp(changed, 0).prod() < 0.16 * size[0] * size[1]  # in one place


def detector() -> ov.Model:
    """With the outputs of an anomaly detector of Anomalib's."""
    x = builders.parameter([1, 3, 32, 32])
    score = op.reduce_max(builders.conv(x, 4, "conv"), op.constant([1, 2, 3]), False)
    label = op.greater(score, op.constant(np.float32(0.5)))
    model = builders.model([score.output(0), label.output(0)], x)
    for port, name in zip(model.outputs, ("pred_score", "pred_label"), strict=True):
        port.set_names({name})
    return model


def flat(images: FileLoader) -> list[bool]:
    """Of each image, whether it is of one colour."""
    return [bool(np.ptp(images.image(index), (-1, -2)).max() == 0) for index in range(len(images))]


def test_every_fourth_image_of_a_network_that_finds_anomalies_gets_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for number in range(2 * EVERY):
        Image.new("RGB", (32, 32), (90, 100, 110)).save(f"{number}.png")
    images = load_images("*.png", detector())
    assert flat(images) == [False, True, True, True] * 2
    assert (
        "[1,3,32,32], every 4th with an anomaly pasted in (from outputs of the model; --no-metadata to"
        in str(images.feeding)
    )
    plain = load_images("*.png", detector(), anomalies=False)
    assert all(flat(plain)) and "anomaly" not in str(plain.feeding)
    assert not all(flat(load_images("*.png", builders.network(), shape=[1, 3, 8, 8], anomalies=True)))
    otx = builders.network()
    for key, value in {"model_type": "AnomalyDetection", "reverse_input_channels": "True"}.items():
        otx.set_rt_info(value, ["model_info", key])
    said = str(load_images("*.png", otx, shape=[1, 3, 8, 8]).feeding)
    assert "every 4th with an anomaly pasted in" in said and "anomalies from model_info" in said
