"""Models that are broken, in ways that the form of outputs hides, agree with nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from openvino.tools.pot.datasets.agreement import Answers

Array = NDArray[Any]
Sample = list[Array]
F = np.float32
SEEDS = range(8)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def learned(samples: Sequence[Sample], wanted: Any = "auto") -> Answers:
    answers = Answers(wanted, "abcdefgh"[: len(samples[0])], "tiny")
    for number, sample in enumerate(samples):
        answers.learn(number, sample)
    answers.finish()
    return answers


def figures(answers: Answers, others: Sequence[Sample]) -> dict[str, float]:
    found = np.array([answers.compare(number, other) for number, other in enumerate(others)])
    totals = (found[..., 0] * found[..., 1]).sum(0) / found[..., 1].sum(0)
    return dict(zip(answers.figures, totals.tolist(), strict=True))


def middles(count: int, seed: int, size: float = 300) -> Array:
    middle, extent = (
        rng(seed).uniform(0, size, (count, 2)),
        rng(seed + 1).uniform(size / 20, size / 4, (count, 2)),
    )
    return np.concatenate([middle, extent], 1).astype(F)


def decoded(seed: int, classes: int = 2, more: int = 0) -> Array:
    """Middle, size and scores for 200 places, ``[places, columns]``; once one of them is sure of two classes."""
    scores = rng(seed).uniform(0, 0.2, (200, classes)).astype(F)
    scores[:6] = 0.9 * np.eye(classes, dtype=F)[(seed * (np.arange(6) + 1)) % classes]
    if seed == 0:
        scores[7, :2] = 0.7, 0.6
    rest = rng(seed).normal(0, 20, (200, more)).astype(F)
    return np.concatenate([middles(200, seed), scores, rest], 1)


@pytest.mark.parametrize("classes", [2, 3, 80])
def test_the_first_class_of_places_that_come_first_is_no_objectness(classes: int) -> None:
    """YOLOv8 with its axes turned: were the first class taken so, few boxes would be left, of none of the classes."""
    samples = [[decoded(seed, classes)[None]] for seed in SEEDS]
    answers = learned(samples)
    assert answers.figures == ["equal boxes"]
    assert f"{classes} scores for each of 200 places" in answers.lines[0]
    broken = [
        [np.where(np.arange(200)[:, None] < 6, each * ([1] * 4 + [0] * classes), each)] for (each,) in samples
    ]
    assert figures(answers, [[each.astype(F)] for (each,) in broken])["equal boxes"] < 0.5


@pytest.mark.parametrize("more", [1, 32])
@pytest.mark.parametrize("across", [True, False])
def test_what_stands_behind_the_scores_of_boxes_is_compared(more: int, across: bool) -> None:
    """Weights of masks, points of poses and angles."""
    samples = [[decoded(seed, 3, more)[None]] for seed in SEEDS]
    broken = [[np.concatenate([each[..., :-more], each[..., -more:] * 0], -1)] for (each,) in samples]
    if across:
        samples, broken = ([[each.transpose(0, 2, 1)] for (each,) in all_] for all_ in (samples, broken))
    answers = learned(samples)
    assert answers.figures == ["equal boxes", "fidelity"]
    assert figures(answers, samples) == pytest.approx({"equal boxes": 1, "fidelity": 1})
    found = figures(answers, broken)
    assert found["equal boxes"] == 1
    assert found["fidelity"] < 0.2


def test_values_of_places_without_boxes_hardly_count() -> None:
    samples = [[decoded(seed, 3, 32)[None]] for seed in SEEDS]
    for (each,) in samples:
        each[0, 8:, 4:7] *= 0.01
    other = [[each.copy()] for (each,) in samples]
    for (each,) in other:
        each[0, 8:, 7:] = 0
    assert figures(learned(samples), other)["fidelity"] > 0.99


def test_a_class_that_most_places_are_nearest_to_is_not_nothing() -> None:
    """RT-DETR: each class is a yes or no of its own, and all of them are below zero where there is nothing."""

    def sample(seed: int) -> Sample:
        scores = rng(seed).normal(-5, 0.3, (300, 10)).astype(F)
        scores[:, 0] += 1.5
        scores[:4, 0], scores[4, seed % 9 + 1] = 2, 2
        boxes = middles(300, seed, 1)
        return [scores[None], boxes[None]]

    samples = [sample(seed) for seed in SEEDS]
    answers = learned(samples)
    assert "for nothing" not in answers.lines[0]
    broken = [[np.where(np.arange(10) == 0, F(-9), scores), boxes] for scores, boxes in samples]
    assert figures(answers, broken)["equal boxes"] < 0.5
