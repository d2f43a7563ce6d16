"""What outputs are taken for, by their form alone, and how often two of them say the same."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from openvino.tools.pot.datasets.agreement import Answers
from openvino.tools.pot.datasets.agreement.chosen import counts
from openvino.tools.pot.datasets.agreement.detections import box_form
from openvino.tools.pot.datasets.agreement.figures import matched
from openvino.tools.pot.datasets.agreement.shelf import Shelf
from openvino.tools.pot.datasets.annotations import Detections
from openvino.tools.pot.utils.errors import ModelError

Array = NDArray[Any]
Sample = list[Array]
F = np.float32


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def softmax(values: Array, axis: int = -1) -> Array:
    powers = np.exp(values - values.max(axis=axis, keepdims=True))
    return (powers / powers.sum(axis=axis, keepdims=True)).astype(F)


def corners(count: int, seed: int = 0, size: float = 300) -> Array:
    start = rng(seed).uniform(0, size * 0.7, (count, 2))
    return np.concatenate(
        [start, start + rng(seed + 1).uniform(size * 0.05, size * 0.3, (count, 2))], 1
    ).astype(F)


def yolo(seed: int, across: bool = True, more: int = 0) -> Sample:
    """Boxes by middle and size for 200 places, of which few are sure of one of 6 classes."""
    boxes = corners(200, seed)
    middle, size = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    scores = rng(seed).uniform(0, 0.2, (200, 6)).astype(F)
    scores[:5, seed % 6] = 0.9
    rest = rng(seed).normal(0, 20, (200, more)).astype(F)
    objectness = [] if across else [np.where(np.arange(200) < 5, 0.9, 0.1)[:, None]]
    rows = np.concatenate([middle, size, *objectness, scores, rest], 1).astype(F)
    return [(rows.T if across else rows)[None]]


def rows_of(columns: Sequence[str], seed: int, shape: Callable[[Array], Array]) -> Sample:
    boxes, count = corners(30, seed), 30
    known = {
        "image": np.zeros((count, 1), F),
        "corners": boxes,
        "score": np.where(np.arange(count) < 6, 0.8, 0.1)[:, None].astype(F),
        "class": rng(seed).integers(0, 4, (count, 1)).astype(F),
    }
    return [shape(np.concatenate([known[name] for name in columns], 1))]


def with_scores(seed: int) -> Sample:
    """As detectors of TensorFlow and torchvision give it: boxes, classes, scores, and how many they are."""
    scores = np.sort(rng(seed).uniform(0, 1, 20).astype(F))[::-1]
    labels = rng(seed).integers(1, 5, 20).astype(F)
    return [corners(20, seed, 1.0)[None], labels[None], scores[None], np.array([20], F)]


def with_labels(seed: int) -> Sample:
    """As detectors of OpenVINO Training Extensions give it."""
    scores = rng(seed).uniform(0.2, 1, (12, 1)).astype(F)
    return [np.concatenate([corners(12, seed), scores], 1), rng(seed).integers(0, 3, 12)]


def prior_boxes(seed: int) -> Sample:
    """As a face detector with the background for its first class."""
    scores = np.full((400, 2), [0.99, 0.01], F)
    scores[:8] = [0.1, 0.9]
    return [scores[None], corners(400, seed, 1.0)[None]]


def queries(seed: int) -> Sample:
    """As DETR: scores without a softmax, the last class for nothing, boxes by middle and size."""
    logits = rng(seed).normal(0, 1, (100, 7)).astype(F)
    logits[:, 6] += 8
    logits[:6, 6], logits[:6, seed % 6] = 0, 9
    boxes = corners(100, seed, 1.0)
    return [
        logits[None],
        np.concatenate([(boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]], 1)[None],
    ]


def text(seed: int, steps: int = 40, axis: int = 1) -> Sample:
    """Letters with the blank between them."""
    letters = rng(seed).integers(1, 30, steps) * (np.arange(steps) % 2)
    chances = softmax(8 * np.eye(30, dtype=F)[letters] + rng(seed).normal(0, 0.5, (steps, 30)))
    return [chances[None] if axis == 1 else chances[:, None]]


def classes(seed: int) -> Sample:
    return [softmax(6 * np.eye(10, dtype=F)[[seed % 10]])]


def logits(seed: int) -> Sample:
    return [10 * np.eye(10, dtype=F)[[seed % 10]] - 3]


def pixels(seed: int, axis: int = 1) -> Sample:
    labels = rng(seed).integers(0, 3, (40, 48))
    scores = softmax(9 * np.eye(3, dtype=F)[labels])
    return [np.moveaxis(scores, -1, 0)[None] if axis == 1 else scores[None]]


def mask(seed: int) -> Sample:
    value = np.full((1, 1, 40, 48), 0.01, F)
    value[..., seed : seed + 10, 5:20] = 0.98
    return [value]


def normal(*shape: int) -> Callable[[int], Sample]:
    return lambda seed: [rng(seed).normal(0, 1, shape).astype(F)]


def unit(seed: int) -> Sample:
    value = rng(seed).normal(0, 1, (1, 128)).astype(F)
    return [value / np.linalg.norm(value)]


def pairs(*makers: Callable[[int], Sample]) -> Callable[[int], Sample]:
    return lambda seed: [each for make in makers for each in make(seed)]


FORMS: dict[str, tuple[Callable[[int], Sample], dict[str, str]]] = {
    "YOLOv8": (yolo, {"equal boxes": "middle, size and 6 scores for each of 200 places"}),
    "YOLOv5": (
        lambda seed: yolo(seed, False),
        {"equal boxes": "middle, size and 7 scores for each of 200 places"},
    ),
    "poses of YOLOv8": (
        lambda seed: yolo(seed, more=12),
        {"equal boxes": "6 scores", "fidelity": "what else stands beside boxes, by their scores"},
    ),
    "end to end": (
        lambda seed: rows_of(("corners", "score", "class"), seed, lambda rows: rows[None]),
        {"equal boxes": "a row of corners, score and class"},
    ),
    "DetectionOutput": (
        lambda seed: rows_of(("image", "class", "score", "corners"), seed, lambda rows: rows[None, None]),
        {"equal boxes": "a row of image, class, score and corners"},
    ),
    "PaddleDetection": (
        lambda seed: rows_of(("class", "score", "corners"), seed, lambda rows: rows),
        {"equal boxes": "a row of class, score and corners"},
    ),
    "YOLOv7 end to end": (
        lambda seed: rows_of(("image", "corners", "class", "score"), seed, lambda rows: rows),
        {"equal boxes": "a row of image, corners, class and score"},
    ),
    "boxes, classes and scores": (
        with_scores,
        {"equal boxes": "boxes that the network chose, by their corners"},
    ),
    "boxes with scores, and classes": (with_labels, {"equal boxes": "boxes that the network chose"}),
    "boxes of all places": (
        prior_boxes,
        {"equal boxes": "2 scores for each of 400 places, class 0 for nothing"},
    ),
    "DETR": (queries, {"equal boxes": "class 6 for nothing, by their middle and size"}),
    "text": (text, {"equal texts": "a text of 30 letters, of which 0 is the blank"}),
    "text, steps first": (lambda seed: text(seed, axis=0), {"equal texts": "a text of 30 letters"}),
    "probabilities": (
        classes,
        {"equal classes": "probabilities of 10 classes, those that are surer than 0.6 count"},
    ),
    "scores": (logits, {"equal classes": "scores of 10 classes"}),
    "whole numbers": (lambda seed: [np.array([seed % 3])], {"equal classes": "whole numbers"}),
    "classes of pixels": (pixels, {"equal masks": "scores of 3 classes for each pixel"}),
    "classes of pixels, channels last": (
        lambda seed: pixels(seed, 3),
        {"equal masks": "scores of 3 classes"},
    ),
    "labels of pixels": (
        lambda seed: [rng(seed).integers(0, 3, (1, 40, 48))],
        {"equal masks": "a class for each pixel"},
    ),
    "a mask": (mask, {"equal masks": "a probability for each pixel"}),
    "five probabilities": (
        lambda seed: [softmax(6 * np.eye(5, dtype=F)[[seed % 5]])],
        {"equal classes": "probabilities of 5 classes"},
    ),
    "six numbers of one object": (
        lambda seed: [np.array([[1, 2, 3 + seed, 4, 0.5, seed % 4]], F)],
        {"correlation": "vectors that name no class"},
    ),
    "an embedding": (unit, {"correlation": "vectors of length one"}),
    "an embedding of any length": (normal(1, 128), {"correlation": "vectors that name no class for sure"}),
    "tokens": (normal(1, 16, 64), {"correlation": "vectors of 64 values"}),
    "a number": (normal(1, 1), {"fidelity": "values that are no known form"}),
    "a depth map": (normal(1, 1, 40, 48), {"fidelity": "values that are no known form"}),
    "an image": (
        lambda seed: [rng(seed).uniform(0, 255, (1, 3, 40, 48)).astype(F)],
        {"fidelity": "values that are no known form"},
    ),
    "grids of an undecoded detector": (
        pairs(normal(1, 22, 22, 95), normal(1, 11, 11, 95)),
        {"fidelity of 'a'": "no known form", "fidelity of 'b'": "no known form"},
    ),
    "two heads": (pairs(classes, unit), {"equal classes": "probabilities", "correlation": "length one"}),
    "boxes and masks": (
        pairs(yolo, normal(1, 32, 40, 40)),
        {"equal boxes": "6 scores", "fidelity": "no known form"},
    ),
}


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


@pytest.mark.parametrize("form", FORMS)
def test_what_outputs_are_taken_for(form: str) -> None:
    make, expected = FORMS[form]
    samples = [make(seed) for seed in range(6)]
    answers = learned(samples)
    assert answers.figures == list(expected)
    for line, part in zip(answers.lines, expected.values(), strict=True):
        assert part in line
    own = figures(answers, samples)
    assert own == pytest.approx(dict.fromkeys(expected, 1.0))


@pytest.mark.parametrize("form", FORMS)
def test_other_samples_do_not_agree(form: str) -> None:
    """Were a figure not of the data, what another sample gives would agree as well."""
    make, _ = FORMS[form]
    samples = [make(seed) for seed in range(6)]
    assert all(value < 0.8 for value in figures(learned(samples), samples[1:] + samples[:1]).values())


def test_a_drop_of_fidelity_is_one_in_decibels() -> None:
    samples = [normal(1, 1, 40, 48)(seed) for seed in range(20)]
    for decibels in (10, 20, 30):
        noise = rng(99).normal(0, 10 ** (-decibels / 20), (20, 1, 1, 40, 48))
        moved = [[(sample[0] + each).astype(F)] for sample, each in zip(samples, noise, strict=True)]
        lost = 1 - figures(learned(samples), moved)["fidelity"]
        assert 10 * np.log10(1 / lost) == pytest.approx(decibels, abs=0.3)


def test_boxes_count_whether_they_are_matched_and_of_the_same_class() -> None:
    boxes = np.array([[0, 0, 10, 10], [20, 20, 30, 30], [20, 20, 30, 30]], float)
    own = Detections(np.array([0, 1, 1]), np.ones(3), boxes)
    assert matched(own, own) == 3  # of equal boxes, too
    assert matched(own, Detections(np.array([0, 0, 1]), np.ones(3), boxes)) == 2
    assert matched(own, Detections(own.labels, np.ones(3), boxes + np.array([4, 0, 4, 0]))) == 0
    assert matched(own, Detections(own.labels[:1], np.ones(1), boxes[:1] + np.array([2, 0, 2, 0]))) == 1
    nothing = Detections(own.labels[:0], np.ones(0), boxes[:0])
    assert matched(own, nothing) == matched(nothing, nothing) == 0


def test_the_figure_of_boxes_is_of_all_boxes_and_not_a_mean_over_samples() -> None:
    samples = [yolo(seed) for seed in range(4)]
    fewer = [[sample[0].copy()] for sample in samples]
    fewer[0][0][0, 4:, :] = 0  # nothing is found in the first sample
    counts = [len(box_form(samples).read(sample).labels) for sample in samples]  # type: ignore[union-attr]
    kept, whole = sum(counts[1:]), sum(counts)
    assert figures(learned(samples), fewer)["equal boxes"] == pytest.approx(2 * kept / (kept + whole))


def test_overlapping_boxes_of_all_places_are_one() -> None:
    (rows,) = yolo(0)
    rows[0, :, 1] = rows[0, :, 0]
    form = box_form([[rows]])
    assert form is not None
    assert len(form.read([rows]).labels) == 4


def test_a_detector_that_finds_nothing_is_compared_by_its_values() -> None:
    samples = [
        [np.concatenate([sample[0][:, :4], 0.1 * sample[0][:, 4:]], 1)] for sample in map(yolo, range(6))
    ]
    answers = learned(samples)
    assert answers.figures == ["fidelity"]
    assert "no box is surer than 0.3" in answers.lines[0]
    with pytest.raises(ModelError, match=r"no box of model 'tiny' is surer than 0.3 in 6 samples"):
        learned(samples, "boxes")


def fainter(sample: Sample, share: float) -> Sample:
    return [np.concatenate([sample[0][:, :4], share * sample[0][:, 4:]], 1)]


def test_boxes_that_come_after_many_samples_without_any_are_still_boxes() -> None:
    samples = [fainter(yolo(seed), 0.1) for seed in range(40)] + [yolo(seed) for seed in range(3)]
    assert learned(samples).figures == ["equal boxes"]
    assert learned(samples, "boxes").figures == ["equal boxes"]


def test_a_box_that_falls_a_little_below_what_counts_is_no_other_one() -> None:
    samples = [yolo(seed) for seed in range(4)]
    form = box_form(samples)
    assert form is not None
    least = min(form.read(sample).scores[counts(form.read(sample))].min() for sample in samples)
    near = [fainter(sample, 0.31 / least) for sample in samples]  # the least sure ones have .31
    answers = learned(near)
    assert figures(answers, [fainter(sample, 0.29 / least) for sample in samples])["equal boxes"] == 1
    assert figures(answers, [fainter(sample, 0.19 / least) for sample in samples])["equal boxes"] < 1


def test_boxes_may_be_as_many_as_are_found() -> None:
    samples = [with_labels(seed) for seed in range(6)]
    counts = [int((boxes[:, 4] >= 0.3).sum()) for boxes, _ in samples]
    for left in (0, 1, 7):
        fewer = [
            [boxes[boxes[:, 4] >= 0.3][:left], labels[boxes[:, 4] >= 0.3][:left]] for boxes, labels in samples
        ]
        kept = sum(min(count, left) for count in counts)
        expected = {"equal boxes": pytest.approx(2 * kept / (kept + sum(counts)))}
        assert figures(learned(samples), fewer) == expected


@pytest.mark.parametrize(
    ("wanted", "form", "figure"),
    [
        ("fidelity", "YOLOv8", "fidelity"),
        ("correlation", "probabilities", "correlation"),
        ("classes", "tokens", "equal classes"),
        ("text", "tokens", "equal texts"),
        ("masks", "a depth map", "equal masks"),
        ("boxes", "DETR", "equal boxes"),
    ],
)
def test_users_may_say_what_it_is(wanted: str, form: str, figure: str) -> None:
    samples = [FORMS[form][0](seed) for seed in range(6)]
    answers = learned(samples, wanted)
    assert answers.figures == [figure]
    assert figures(answers, samples) == pytest.approx({figure: 1.0})


@pytest.mark.parametrize(
    ("wanted", "form"), [("text", "a mask"), ("masks", "probabilities"), ("boxes", "tokens")]
)
def test_what_can_not_be_read_so_is_refused(wanted: str, form: str) -> None:
    samples = [FORMS[form][0](seed) for seed in range(6)]
    with pytest.raises(ModelError, match=f"agreement: expected outputs that hold {wanted} which can be told"):
        learned(samples, wanted)


def test_classes_that_the_float_model_is_not_sure_of_do_not_count() -> None:
    samples = [classes(seed) for seed in range(6)]
    samples[0] = [softmax(np.array([[0.1] + [0.0] * 9], F))]
    other = [samples[1], *samples[1:]]
    assert figures(learned(samples), other) == {"equal classes": 1.0}
    assert "5 in 6 samples" in learned(samples).lines[0]


def test_where_it_is_sure_of_few_all_count() -> None:
    samples = [[softmax(0.5 * np.eye(10, dtype=F)[[seed]])] for seed in range(6)]
    answers = learned(samples)
    assert "all count" in answers.lines[0]
    assert figures(answers, [samples[1], *samples[1:]]) == {"equal classes": pytest.approx(5 / 6)}


@pytest.mark.parametrize("form", ["a number", "a depth map", "an embedding", "tokens"])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_numbers_that_are_none_agree_with_nothing(form: str, bad: float) -> None:
    samples = [FORMS[form][0](seed) for seed in range(6)]
    broken = [[each.copy() for each in sample] for sample in samples]
    broken[0][0].reshape(-1)[0] = bad
    (value,) = figures(learned(samples), broken).values()
    assert value == pytest.approx(5 / 6, abs=1e-6)


def test_values_of_padding_do_not_count() -> None:
    samples = [normal(1, 16, 64)(seed) for seed in range(6)]
    for seed, (value,) in enumerate(samples):
        value[:, 4 + seed :] = np.nan
    assert learned(samples).figures == ["correlation"]
    other = [[np.where(np.isnan(value), F(9), value)] for (value,) in samples]
    assert figures(learned(samples), other) == pytest.approx({"correlation": 1.0})


def test_outputs_whose_shape_differs_from_sample_to_sample() -> None:
    samples = [normal(1, 4 + seed, 64)(seed) for seed in range(6)]
    answers = learned(samples)
    assert figures(answers, samples) == pytest.approx({"correlation": 1.0})
    shorter = [[value[:, :3]] for (value,) in samples]
    assert figures(answers, shorter) == {"correlation": 0.0}


def test_samples_that_were_not_seen_are_refused() -> None:
    answers = learned([classes(0), classes(1)])
    with pytest.raises(ModelError, match="sample 5 was not among those that the float model has seen"):
        answers.compare(5, classes(0))
    with pytest.raises(ModelError, match="found 2 outputs, expected 1 as in float"):
        answers.compare(0, [*classes(0), *classes(0)])


def test_arrays_that_do_not_fit_into_memory_come_back_from_a_file() -> None:
    shelf = Shelf(room=100)
    arrays = [
        rng(0).normal(0, 1, (3, 4)).astype(F),
        np.arange(60).reshape(5, 12),
        np.zeros((0, 3)),
        np.array(True),
    ]
    numbers = [shelf.put(array) for array in arrays]
    for number, array in reversed(list(zip(numbers, arrays, strict=True))):
        found = shelf.get(number)
        assert found.dtype == array.dtype
        np.testing.assert_array_equal(found, array)


def test_the_file_of_a_shelf_is_closed_with_it() -> None:
    shelf = Shelf(room=0)
    shelf.put(np.arange(3.0))
    file = shelf._file
    del shelf
    gc.collect()
    assert file is not None and file.closed
