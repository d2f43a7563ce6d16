"""The classifier of pairs of sentences: its graph, its data, its training, and the head that is committed."""

from __future__ import annotations

import importlib
import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import openvino as ov
import pytest
from test_text import checkpoint, feed

from builders import run
from common import sentence_pairs
from common.bert import HEADS, load_minilm, load_tokenizer
from common.sentence_pairs import Pairs, adapted, classifier, read_head, read_pairs
from openvino.tools.pot import IEEngine, create_pipeline, load_model
from openvino.tools.pot.utils.errors import PotError

ROOT = Path(__file__).resolve().parents[2]
OWN = "encoder.layer.1"


@cache
def script() -> ModuleType:
    path = ROOT / "examples/text_classification/quantize.py"
    spec = importlib.util.spec_from_file_location("text_classification", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def training(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(ROOT / "scripts")
    return importlib.import_module("train_text_head")


def block(training: Any, dtype: Any = np.float32, seed: int = 3) -> Any:
    """The last block of a tiny BERT and a head, moved away from where training starts."""
    tensors = {name: each.astype(dtype) for name, each in checkpoint().items()}
    made = training.Classifier(tensors, OWN, 2, 2)
    random = np.random.default_rng(seed)
    for name, each in made.trained.items():
        made.trained[name] = (each + 0.3 * random.standard_normal(each.shape)).astype(dtype)
    return made


def test_gradients_are_those_of_small_differences(training: Any) -> None:
    made, random = block(training, np.float64), np.random.default_rng(0)
    states = random.standard_normal((6, 5, 8))
    mask = np.arange(5) < np.array([5, 3, 2, 4, 5, 1])[:, np.newaxis]
    wanted = np.array([0.2, 0.9, 0.5])
    _, gradients = made.loss(states, mask, wanted)
    assert gradients.keys() == made.trained.keys()
    for name, gradient in gradients.items():
        way, weights, losses = random.standard_normal(gradient.shape), made.trained[name], []
        for step in (1e-5, -1e-5):
            made.trained[name] = weights + step * way
            losses.append(made.loss(states, mask, wanted)[0])
        made.trained[name] = weights
        assert (losses[0] - losses[1]) / 2e-5 == pytest.approx((gradient * way).sum(), rel=1e-4, abs=1e-6), (
            name
        )


def test_the_network_answers_as_what_was_trained(training: Any) -> None:
    made = block(training)
    rows = [feed([3, 1, 4, 1], [0] * 4), feed([2, 7], [0] * 2)]
    fed = [np.concatenate([row[name] for row in rows]) for name in rows[0]]
    (scores,) = run(classifier(checkpoint(), made.trained, 6, heads=2), *fed)
    (lower,) = run(lower_blocks(training), *fed)
    (logit,) = made.logits(lower, fed[1] > 0)
    assert scores.shape == (1, 2)
    assert scores[0, 1] - scores[0, 0] == pytest.approx(logit, abs=1e-3)


def lower_blocks(training: Any) -> ov.Model:
    inputs = training.bert_inputs(2, 6)
    return ov.Model([training.token_states(inputs, checkpoint(), 2, 1)], inputs, "lower")


def small_states(training: Any, count: int = 48) -> Any:
    """Pairs whose sentences are the same or are not."""
    random, pairs = np.random.default_rng(5), []
    for index in range(count):
        first = random.standard_normal((4, 8)).astype(np.float32)
        pairs.append((first, first[:3] if index % 2 else random.standard_normal((2, 8)).astype(np.float32)))
    scores = np.arange(count) % 2 * 5.0
    return training.States(pairs, scores, scores > 0)


def test_training_is_the_same_twice_and_learns(training: Any) -> None:
    how, files, losses = training.Training(epochs=20, batch=8, rank=2, rate=2e-2), [], []
    for _ in range(2):
        made = training.Classifier(checkpoint(), OWN, 2, how.rank, how.seed)
        training.train(made, small_states(training), how, lambda _, loss: losses.append(loss))
        files.append(training.stored(made.trained))
    assert files[0] == files[1]
    assert losses[19] < 0.6 * losses[0]
    states = small_states(training)
    assert np.mean((training.answers(made, states) > 0) == states.labels) > 0.9


def test_the_head_that_is_committed_is_of_the_form_that_training_writes(training: Any) -> None:
    head, size = read_head(), 384
    tensors = {name: np.zeros(shape, np.float32) for name, shape in shapes(size).items()}
    fresh = training.Classifier(tensors, "encoder.layer.5", HEADS, training.Training().rank).trained
    assert {name: each.shape for name, each in head.items()} == {
        name: each.shape for name, each in fresh.items()
    }
    assert all(np.abs(head[name]).max() > 0 for name in head if name.endswith(".up"))
    assert training.stored(head) == sentence_pairs.HEAD.read_bytes()


def shapes(size: int) -> dict[str, tuple[int, ...]]:
    """Of what training takes from a checkpoint with six layers."""
    found = {f"encoder.layer.{layer}.intermediate.dense.bias": (4 * size,) for layer in range(6)}
    own = "encoder.layer.5"
    for name in (
        "attention.self.query",
        "attention.self.key",
        "attention.self.value",
        "attention.output.dense",
    ):
        found |= {f"{own}.{name}.weight": (size, size), f"{own}.{name}.bias": (size,)}
    found |= {f"{own}.intermediate.dense.weight": (4 * size, size)}
    found |= {f"{own}.output.dense.weight": (size, 4 * size), f"{own}.output.dense.bias": (size,)}
    for name in ("attention.output.LayerNorm", "output.LayerNorm"):
        found |= {f"{own}.{name}.weight": (size,), f"{own}.{name}.bias": (size,)}
    return found


def test_a_change_of_low_rank_is_added_and_the_rest_replaced() -> None:
    tensors = {"a.weight": np.ones((2, 3), np.float32), "a.bias": np.zeros(2, np.float32)}
    up, down = np.array([[1.0], [2.0]], np.float32), np.array([[1.0, 0.0, -1.0]], np.float32)
    whole = adapted(tensors, {"a.up": up, "a.down": down, "a.bias": np.ones(2, np.float32)})
    assert whole["a.weight"].tolist() == [[2, 1, 0], [3, 1, -1]]
    assert whole["a.bias"].tolist() == [1, 1]
    assert sorted(whole) == ["a.bias", "a.weight"]


def test_labels_are_a_threshold_on_scores_and_pairs_are_spread_evenly() -> None:
    pairs = Pairs([(str(number), "") for number in range(6)], np.array([0, 2.9, 3, 5, 1, 4.2]))
    assert pairs.labels.tolist() == [0, 0, 1, 1, 0, 1]
    assert [first for first, _ in pairs.spread(3).sentences] == ["0", "2", "5"]
    assert len(pairs.spread(None).sentences) == len(pairs.spread(99).sentences) == 6


def test_accuracy_and_f1_are_those_of_the_answers() -> None:
    metric = script().AccuracyAndF1()
    for scores, label in (([0, 1], 1), ([1, 0], 1), ([0, 1], 0), ([2, 1], 0), ([0, 3], 1)):
        metric.update([np.array([scores])], [label])
    assert metric.avg_value == pytest.approx({"accuracy": 3 / 5, "f1": 2 * 2 / (3 + 3)})
    metric.reset()
    metric.update([np.array([[1, 0]])], [1])
    assert metric.avg_value == {"accuracy": 0, "f1": 0}


def test_the_best_threshold_is_found(training: Any) -> None:
    values, wanted = np.array([0.1, 0.9, 0.4, 0.6]), np.array([False, True, True, True])
    assert training.threshold(values, wanted) == 0.4
    assert training.threshold(values, ~wanted) == np.inf


def figures(row: str) -> list[float]:
    """What the example's page says that was measured."""
    page = (ROOT / "examples/text_classification/README.md").read_text(encoding="utf-8")
    (line,) = [line for line in page.splitlines() if line.startswith(f"| {row}")]
    return [float(cell) for cell in line.split("|")[2:-1]]


@pytest.mark.process
@pytest.mark.long
def test_the_head_is_as_good_as_its_page_says_and_better_than_the_cosine(training: Any) -> None:
    try:
        tensors, tokenizer, pairs = load_minilm(), load_tokenizer(64), read_pairs("test")
    except PotError as error:
        pytest.skip(str(error))
    states = training.states_of(pairs, tensors, tokenizer)
    made = training.Classifier(tensors, "encoder.layer.5", HEADS, 8)
    made.trained.update(read_head())
    answers = training.answers(made, states) > 0
    _, accuracy, f1 = figures("head and last block")
    assert np.mean(answers == states.labels) == pytest.approx(accuracy, abs=0.002)
    assert training.f1_of(answers, states.labels) == pytest.approx(f1, abs=0.002)
    assert all(np.array([accuracy, f1]) > np.array(figures("threshold on the cosine")[1:]) + 0.01)

    few = pairs.spread(60)
    loader, metric = script().SentencePairs(few, tokenizer), script().AccuracyAndF1()
    evaluator = create_pipeline([], IEEngine({"device": "CPU"}, loader, metric))
    found = evaluator.evaluate(load_model(classifier(tensors, read_head())))
    chosen = np.isin(np.arange(len(states)), np.linspace(0, len(states) - 1, 60).round())
    expected = np.mean(answers[chosen] == few.labels)
    assert found["accuracy"] == pytest.approx(expected, abs=0.02)  # an answer may hang on the last bit


@pytest.mark.process
@pytest.mark.long
@pytest.mark.minute
def test_the_head_that_is_committed_is_what_training_comes_to(training: Any) -> None:
    try:
        tensors, tokenizer, pairs = load_minilm(), load_tokenizer(64), read_pairs("train")
    except PotError as error:
        pytest.skip(str(error))
    how, states = training.Training(), training.states_of(pairs, tensors, tokenizer)
    made = training.Classifier(tensors, "encoder.layer.5", HEADS, how.rank, how.seed)
    first = {name: each.copy() for name, each in made.trained.items()}
    training.train(made, states, how)
    for name, committed in read_head().items():
        if name.endswith("key.bias"):
            continue  # softmax takes it away: what moves it is rounding
        # Sums are in another order on another processor, which three epochs make larger.
        change, wanted = made.trained[name] - first[name], committed - first[name]
        assert np.square(change - wanted).sum() < 0.05 * np.square(wanted).sum(), name
