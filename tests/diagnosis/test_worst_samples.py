"""The samples on which models differ most: which they are, how they are drawn, what both models answer."""

from __future__ import annotations

import io
import json
from base64 import b64decode
from math import inf, nan
from typing import Any

import numpy as np
import openvino as ov
import pytest
from hand_made import NASTY, diagnosis, worst
from numpy.typing import NDArray
from PIL import Image
from test_page import Outline

import builders
from openvino.tools.pot import quantize
from openvino.tools.pot.algorithms.checking.running import Run
from openvino.tools.pot.diagnosis import Diagnosis, diagnose
from openvino.tools.pot.diagnosis.facts import Output
from openvino.tools.pot.diagnosis.page import page
from openvino.tools.pot.diagnosis.pictures import MOST_BYTES, as_uri, image_of, png
from openvino.tools.pot.diagnosis.sample_facts import Sample
from openvino.tools.pot.diagnosis.worst_samples import worst_samples
from openvino.tools.pot.graph.tensors import InputId
from openvino.tools.pot.statistics.witness import Watched, Witness

Arrays = list[NDArray[Any]]


def opened(uri: str) -> Image.Image:
    head, _, data = uri.partition(",")
    assert head == "data:image/png;base64"
    return Image.open(io.BytesIO(b64decode(data)))


@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_is_what_was_drawn(channels: int) -> None:
    image = np.random.default_rng(0).integers(0, 256, (7, 5, channels)).astype(np.uint8)
    found = np.asarray(Image.open(io.BytesIO(png(image))))
    np.testing.assert_array_equal(found.reshape(image.shape), image)


def test_a_picture_goes_from_black_to_white() -> None:
    image = np.array([[-2.0, 0.0], [nan, 2.0]])[..., None]
    np.testing.assert_array_equal(np.asarray(opened(as_uri(image))), [[0, 128], [0, 255]])
    assert np.asarray(opened(as_uri(np.full((2, 2, 1), 7.0)))).max() == 0
    assert np.asarray(opened(as_uri(np.full((2, 2, 1), inf)))).max() == 0


@pytest.mark.parametrize("shape", [(640, 480, 3), (80, 3000, 1), (5000, 2, 3), (6, 99_999, 3), (97, 101, 3)])
def test_pictures_are_small_whatever_they_are_of(shape: tuple[int, ...]) -> None:
    noise = np.random.default_rng(0).standard_normal(shape)
    uri = as_uri(noise)
    assert len(b64decode(uri.partition(",")[2])) <= MOST_BYTES
    width, height = opened(uri).size
    assert 0 < width <= shape[1] and 0 < height <= shape[0]
    assert width / height == pytest.approx(shape[1] / shape[0], rel=0.2) or min(width, height) < 5


@pytest.mark.parametrize(
    ("shape", "drawn"),
    [((2, 3, 8, 9), (8, 9, 3)), ((1, 8, 9, 3), (8, 9, 3)), ((1, 1, 8, 9), (8, 9, 1)), ((1, 4, 8, 8), None),
     ((1, 8, 9), None), ((1, 3), None), ((1, 3, 1, 1), None), ((0, 3, 8, 8), None)],
)  # fmt: skip
def test_images_are_of_one_or_three_channels(shape: tuple[int, ...], drawn: tuple[int, ...] | None) -> None:
    found = image_of(np.zeros(shape, np.float32))
    assert (None if found is None else found.shape) == drawn


def told(before: Arrays, after: Arrays, feeds: Arrays | None = None, name: str = "x") -> tuple[Sample, ...]:
    """Of one output, for samples with the numbers 10, 11, ..."""
    fed = [{name: value} for value in feeds or [np.zeros((1, 2), np.float32)] * len(before)]
    witness = Witness(Watched((InputId("out", 0),)), fed, [[value] for value in before], samples=len(before))
    outputs = [Output(name="out", fidelity=None, equal=None)]
    return worst_samples(
        witness, Run(values=[[value] for value in after]), outputs, range(10, 10 + len(before))
    )


def scores(*values: float) -> NDArray[np.float32]:
    return np.array([values], np.float32)


def test_the_worst_come_first_with_the_classes_of_both() -> None:
    before = [scores(5, 1, 0, 2), scores(0, 5, 1, 3), scores(1, 0, 5, 0), scores(0, 1, 2, 3)]
    after = [before[0] + 0.1, scores(0, 3, 1, 4), before[2] + 1, before[3] + 0.2]
    found = told(before, after)
    assert [sample.numbers for sample in found] == [(11,), (12,), (13,)]
    assert found[0].fidelity < found[1].fidelity < found[2].fidelity
    (answer,) = found[0].answers
    assert (answer.of, answer.same, answer.fidelity) == ("classes", False, found[0].fidelity)
    assert [(each.place, each.in_float, each.in_int8) for each in answer.told] == [
        ((1,), 5, 3), ((3,), 3, 4), ((2,), 1, 1),
    ]  # fmt: skip
    assert found[1].answers[0].same


def test_of_other_values_the_largest_are_told_and_where_both_differ_most() -> None:
    before = [np.zeros((1, 2, 3), np.float32) for _ in range(2)]
    before[0][0] = [[9, -8, 7], [0.5, 0, 0]]
    after = [before[0].copy(), before[1]]
    after[0][0, 1, 2] = 3
    (answer,) = told(before, after)[0].answers
    assert (answer.of, answer.same) == ("values", None)
    assert [each.place for each in answer.told] == [(0, 0, 0), (0, 0, 1), (0, 0, 2), (0, 1, 2)]
    assert (answer.told[-1].in_float, answer.told[-1].in_int8) == (0, 3)


def test_values_that_are_no_floats_count_by_how_many_are_equal() -> None:
    before = [np.array([1, 2, 3, 4]), np.array([5, 6, 7, 8])]
    found = told(before, [before[0], np.array([5, 6, 7, 9])])
    assert [(sample.numbers, sample.answers[0].equal) for sample in found] == [((11,), 0.75), ((10,), 1.0)]
    assert found[0].answers[0].fidelity is None
    assert found[0].fidelity == pytest.approx(12.04, abs=0.01)


def test_what_is_no_number_in_float_says_nothing() -> None:
    before = [np.array([[[nan, 1.0], [2.0, 3.0]]], np.float32)] * 2
    spoiled = np.array([[[0.0, nan], [2.0, 3.0]]], np.float32)
    found = told(before, [before[0], spoiled])
    assert [sample.fidelity for sample in found] == [-300, 300]
    assert (0, 0, 0) not in [each.place for each in found[0].answers[0].told]
    assert Sample.model_validate_json(found[0].model_dump_json()) == found[0]


def test_tokens_that_are_hidden_don_t_count() -> None:
    random = np.random.default_rng(0)
    before = [random.standard_normal((1, 4, 3)).astype(np.float32) for _ in range(2)]
    after = [value.copy() for value in before]
    after[0][0, 3] += 5
    masks = [np.array([[1, 1, 1, 0]]), np.array([[1, 1, 1, 1]])]
    found = told(before, after, masks, "attention_mask")
    assert [sample.fidelity for sample in found] == [300, 300]


def test_shapes_that_differ_and_runs_that_failed() -> None:
    (sample,) = told([np.zeros((1, 2), np.float32)], [np.zeros((1, 3), np.float32)])
    assert (sample.fidelity, sample.answers[0].told) == (-300, ())
    witness = Witness(Watched((InputId("out", 0),)), [{}], [[np.zeros(1)]])
    assert worst_samples(witness, Run(failure="no"), [], [0]) == ()


def test_several_samples_of_a_batch_have_their_numbers() -> None:
    values = [np.ones((2, 4), np.float32), np.zeros((2, 4), np.float32)]
    fed = [{"x": value} for value in values]
    witness = Witness(Watched((InputId("out", 0),)), fed, [[value] for value in values])
    outputs = [Output(name="out", fidelity=None, equal=None)]
    run = Run(values=[[values[0]], [values[1] + 1]])
    assert [sample.numbers for sample in worst_samples(witness, run, outputs, range(4))] == [(2, 3), (0, 1)]


@pytest.mark.long
def test_a_diagnosis_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = builders.images(16)
    samples[15] = 40 * samples[15]
    int8 = quantize(builders.network(), samples[:15], self_check=False)
    found = diagnose(builders.network(), int8, samples, remedies=False)
    first = found.worst_samples[0]
    assert len(found.worst_samples) == 3 and first.numbers == (15,)
    assert [sample.fidelity for sample in found.worst_samples] == sorted(
        sample.fidelity for sample in found.worst_samples
    )
    (fed,) = first.inputs
    assert fed.shape == (1, 3, 8, 8) and opened(fed.image).size == (8, 8)
    assert fed.most == pytest.approx(float(samples[15].max()))
    assert [answer.output for answer in first.answers] == [output.name for output in found.outputs]
    assert Diagnosis.model_validate_json(found.model_dump_json()) == found
    assert isinstance(int8, ov.Model)


def test_the_page_shows_them_and_fetches_nothing() -> None:
    found = diagnosis(worst_samples=(worst(), worst(numbers=(3, 4), inputs=(), answers=())))
    text = page(found)
    outline = Outline(text)
    wanted = (
        "Sample 17 6.1 dB", "Samples 3, 4 6.1 dB",
        f"{NASTY} 1 \u00d7 3 \u00d7 4 \u00d7 4: from 0 to 47, mean 23.5", "mean 4; 4, - scores",
        "scores 6.1 dB, ✕ another class", "labels 75 % equal", "0, 12 7 -",
    )  # fmt: skip
    assert [each for each in wanted if " ".join(each.split()) not in outline.words] == []
    assert NASTY not in text
    pictures = [attributes for tag, attributes in outline.tags if tag == "img"]
    assert [str(own["src"]).partition(",")[0] for own in pictures] == ["data:image/png;base64"]
    assert pictures[0]["alt"] == f"{NASTY} of sample 17, from 0 to 47"
    assert json.loads(outline.data)["facts"]["worst_samples"][0]["numbers"] == [17]
    assert 'id="samples"' not in page(diagnosis())


def test_outputs_beyond_two_are_folded() -> None:
    (one, other) = worst().answers
    assert "more output" not in page(diagnosis(worst_samples=(worst(),)))
    words = Outline(page(diagnosis(worst_samples=(worst(answers=(one, other, one)),)))).words
    assert "1 more output scores 6.1 dB" in words
