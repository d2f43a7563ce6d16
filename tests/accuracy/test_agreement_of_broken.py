"""Models that are broken, in ways that the form of outputs hides, agree with nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from test_agreement_forms import Sample, figures, learned

from openvino.tools.pot.utils.errors import ModelError

Array = NDArray[Any]
F = np.float32
SEEDS = range(8)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


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


@pytest.mark.parametrize("columns", ["image, class, score and corners", "image, corners, class and score"])
def test_boxes_of_another_image_of_a_batch_are_others(columns: str) -> None:
    def sample(seed: int) -> Sample:
        start = rng(seed).uniform(0, 200, (20, 2))
        boxes = np.concatenate([start, start + 40], 1)
        image, kind = np.arange(20)[:, None] // 10, rng(seed).integers(0, 3, (20, 1))
        score = np.full((20, 1), 0.9)
        parts = (
            [image, kind, score, boxes] if columns.startswith("image, class") else [image, boxes, kind, score]
        )
        return [np.concatenate(parts, 1)[None, None].astype(F)]

    samples = [sample(seed) for seed in SEEDS]
    answers = learned(samples)
    assert columns in answers.lines[0]
    assert figures(answers, samples)["equal boxes"] == 1
    exchanged = [[each * 1] for (each,) in samples]
    for (each,) in exchanged:
        each[..., 0] = 1 - each[..., 0]
    assert figures(answers, exchanged)["equal boxes"] < 0.1


SHRUNK: dict[str, Callable[[int], Array]] = {
    "points of a face": lambda seed: rng(seed).uniform(0, 1, (1, 10)).astype(F),
    "several labels": lambda seed: np.where(np.isin(np.arange(20), (seed, seed + 3)), 0.9, 0.02)[None].astype(
        F
    ),
    "tokens": lambda seed: rng(seed).normal(0, 1, (1, 12, 16)).astype(F),
}


@pytest.mark.parametrize("name", SHRUNK)
@pytest.mark.parametrize("share", [0.2, 5])
def test_values_that_move_too_little_or_too_far_do_not_correlate(name: str, share: float) -> None:
    samples = [[SHRUNK[name](seed)] for seed in SEEDS]
    mean = np.mean([each for (each,) in samples], 0)
    answers = learned(samples)
    assert answers.figures == ["correlation"]
    moved = [[(mean + share * (each - mean)).astype(F)] for (each,) in samples]
    assert figures(answers, moved)["correlation"] == pytest.approx(2 * share / (1 + share**2), abs=1e-4)


def test_noise_costs_as_much_of_a_correlation_as_ever() -> None:
    samples = [[rng(seed).normal(0, 1, (1, 20000)).astype(F)] for seed in SEEDS]
    noise = [rng(seed + 50).normal(0, 0.1, (1, 20000)) for seed in SEEDS]
    moved = [[(each + own).astype(F)] for (each,), own in zip(samples, noise, strict=True)]
    before = np.corrcoef(samples[0][0], moved[0][0])[0, 1]
    assert figures(learned(samples, "correlation"), moved)["correlation"] == pytest.approx(before, abs=1e-3)


def map_of(seed: int, classes: int, axis: int, sides: tuple[int, int]) -> Array:
    labels = rng(seed).integers(0, classes, (sides[0] // 8, sides[1] // 8)).repeat(8, 0).repeat(8, 1)
    scores = 9 * np.eye(classes, dtype=F)[labels] - 4
    return (np.moveaxis(scores, -1, 0) if axis == 1 else scores)[None]


@pytest.mark.parametrize(
    ("classes", "sides", "axis"),
    [
        (150, (64, 64), 1),
        (150, (64, 64), 3),
        (150, (64, 80), 1),
        (3, (40, 48), 1),
        (3, (40, 48), 3),
        (19, (32, 64), 1),
        (19, (32, 64), 3),
    ],
)
@pytest.mark.parametrize("wanted", ["auto", "masks"])
def test_classes_of_pixels_may_be_more_than_pixels_of_a_side(
    classes: int, sides: tuple[int, int], axis: int, wanted: str
) -> None:
    samples = [[map_of(seed, classes, axis, sides)] for seed in range(4)]
    answers = learned(samples, wanted)
    assert answers.figures == ["equal masks"]
    (part,) = answers.parts
    np.testing.assert_array_equal(np.unique(part.read(samples[0]).shape), np.unique([1, *sides]))


def test_where_masks_are_empty_in_both_they_say_nothing() -> None:
    """A model that loses the only mask of eight samples is no good one."""
    samples = [[np.full((1, 1, 40, 48), 0.01, F)] for _ in SEEDS]
    samples[0][0][..., 5:20, 5:20] = 0.98
    answers = learned(samples)
    assert answers.figures == ["equal masks"]
    assert figures(answers, [[each * 0] for (each,) in samples])["equal masks"] == 0
    found = figures(answers, [samples[0], samples[0], *samples[2:]])  # one that is not there
    assert found["equal masks"] == pytest.approx(0.5)


def test_masks_of_any_values_are_cut_where_they_change_their_sign() -> None:
    samples = [[np.full((1, 1, 40, 48), -3, F)] for _ in SEEDS]
    for seed, (each,) in enumerate(samples):
        each[..., seed : seed + 10, 5:20] = 0.3
    answers = learned(samples, "masks")
    assert "cut at 0" in answers.lines[0]
    assert figures(answers, [[each * 0 - 3] for (each,) in samples])["equal masks"] == 0


@pytest.mark.parametrize("wanted", ["auto", "fidelity", "correlation", "classes"])
def test_outputs_without_a_number_are_no_agreement(wanted: str) -> None:
    samples = [[np.full((1, 10), np.nan, F)] for _ in SEEDS]
    with pytest.raises(ModelError, match="the float model gives nothing in 'a' that can be compared"):
        learned(samples, wanted)


def test_masks_that_are_all_empty_are_no_agreement() -> None:
    with pytest.raises(ModelError, match="the float model gives nothing in 'a' that can be compared"):
        learned([[np.full((1, 1, 40, 48), 0.01, F)] for _ in SEEDS], "masks")


def test_an_output_without_a_number_beside_another_is_said_not_to_be_compared() -> None:
    samples = [[np.full((1, 10), np.nan, F), rng(seed).normal(0, 1, (1, 1)).astype(F)] for seed in SEEDS]
    answers = learned(samples)
    assert answers.figures == ["fidelity"]
    assert answers.lines[-1] == "'a' is not compared: the float model gives nothing in it that can be"
    assert figures(answers, samples) == {"fidelity": 1}


@pytest.mark.parametrize("wanted", ["fidelity", "correlation"])
def test_samples_without_a_number_do_not_count(wanted: str) -> None:
    samples = [[rng(seed).normal(0, 1, (1, 10)).astype(F)] for seed in SEEDS]
    for (each,) in samples[1:]:
        each[:] = np.nan
    answers = learned(samples, wanted)
    assert figures(answers, samples) == {wanted: pytest.approx(1)}
    assert figures(answers, [[np.full((1, 10), 5, F)] for _ in SEEDS])[wanted] < 0.5
