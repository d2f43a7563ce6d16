"""Real networks fed as they were trained, of which nothing is said, and a factor of 255 off, which is told of."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from zoo_runs import BARS, zoo

from openvino.tools.pot import load_model
from openvino.tools.pot.algorithms.checking.feeding import odd_feeding
from openvino.tools.pot.demo import digits
from openvino.tools.pot.diagnosis.witnessing import witnessed

IMAGES = [name for name in (*BARS, "digits") if not name.startswith("text")]
SAMPLES = 8

Feeds = list[dict[str, NDArray[Any]]]


@cache
def case(name: str) -> tuple[Path, Feeds]:
    """A network and samples as it was trained on."""
    if name == "digits":
        data = digits.load()
        return data.model_path, [{"image": image[None]} for image in data.calibration_images[:SAMPLES]]
    entry = zoo().load(name)
    return entry.model, [entry.calibration[number] for number in range(SAMPLES)]


def warnings(path: Path, feeds: Feeds) -> tuple[str, ...]:
    model = load_model({"model_name": "float", "model": path, "weights": path.with_suffix(".bin")})
    network = model.submodels[0].model
    return odd_feeding(network, witnessed(network, network, feeds, "CPU"))


def times(feeds: Feeds, factor: float) -> Feeds:
    def scaled(feed: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        return {name: (own * factor).astype(np.float32) for name, own in feed.items()}

    return [scaled(feed) for feed in feeds]


@pytest.mark.zoo
@pytest.mark.parametrize("name", [*BARS, "digits"])
def test_nothing_is_said_of_right_feedings(name: str) -> None:
    assert warnings(*case(name)) == ()


@pytest.mark.zoo
@pytest.mark.parametrize("name", IMAGES)
def test_numbers_that_are_far_too_small_are_told_of(name: str) -> None:
    path, feeds = case(name)
    (warning,) = warnings(path, times(feeds, 1 / 255))
    assert "hardly reaches its first layer" in warning


@pytest.mark.zoo
@pytest.mark.parametrize("name", [name for name in IMAGES if name != "tiny_resnet8"])  # which takes 0 to 255
def test_numbers_that_are_far_too_large_are_told_of(name: str) -> None:
    path, feeds = case(name)
    (warning,) = warnings(path, times(feeds, 255))
    assert "times as much as the offsets of its first layer" in warning
