"""The benchmarks' language model: its gradients, its training, and its form as OpenVINO operations."""

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest

from openvino.tools.pot.utils.runtime import FLOAT32, core

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def transformer(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("transformer")


@pytest.fixture
def language(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("language_model")


def moved(weights: dict[str, Any], seed: int) -> dict[str, Any]:
    """The same with noise, so that no scale is one."""
    generator = np.random.default_rng(seed)
    return {
        name: (each + 0.3 * generator.standard_normal(each.shape)).astype(each.dtype)
        for name, each in weights.items()
    }


def test_gradients_are_those_of_small_differences(transformer: Any) -> None:
    shape = transformer.Shape(layers=2, width=8, hidden=12, heads=2, context=6, tokens=11)
    weights = moved(transformer.initial(shape, dtype=np.float64), 1)
    model = transformer.Transformer(shape, weights)
    tokens = np.random.default_rng(2).integers(0, shape.tokens, (3, shape.context + 1))
    _, gradients = model.loss(tokens[:, :-1], tokens[:, 1:])
    assert gradients.keys() == weights.keys()
    for name, gradient in gradients.items():
        way = np.random.default_rng(3).standard_normal(gradient.shape)
        losses = []
        for step in (1e-5, -1e-5):
            there = transformer.Transformer(shape, {**weights, name: weights[name] + step * way})
            losses.append(there.loss(tokens[:, :-1], tokens[:, 1:])[0])
        assert (losses[0] - losses[1]) / 2e-5 == pytest.approx((gradient * way).sum(), rel=1e-5, abs=1e-8), (
            name
        )


def test_training_is_the_same_twice_and_learns_a_rule(transformer: Any) -> None:
    shape = transformer.Shape(layers=1, width=16, hidden=16, heads=2, context=8, tokens=5)
    text = np.arange(400) % 5
    how = transformer.Training(steps=60, batch=8, rate=2e-2)
    losses: list[float] = []
    weights = transformer.train(shape, text, how, lambda _, loss: losses.append(loss))
    again = transformer.train(shape, text, how)
    assert all(np.array_equal(weights[name], again[name]) for name in weights)
    assert losses[0] == pytest.approx(np.log(5), rel=0.5) and losses[-1] < 0.1
    tokens, following = transformer.windows(text, [3, 6], 8)
    logits = transformer.Transformer(shape, weights).logits(tokens)
    assert transformer.perplexity(list(logits), following) < 1.1
    assert transformer.perplexity([np.zeros((8, 5))], following[:1]) == pytest.approx(5)


@pytest.mark.parametrize("pieces", [[1] * 12, [5, 1, 1, 5]])
def test_requests_go_on_where_the_last_one_ended(transformer: Any, language: Any, pieces: list[int]) -> None:
    shape = transformer.Shape(layers=2, width=64, hidden=128, heads=4, context=12, tokens=32)
    weights = moved(transformer.initial(shape), 4)
    compiled = core().compile_model(language.Builder(shape, weights).model(), "CPU", FLOAT32)
    request, tokens = compiled.create_infer_request(), np.random.default_rng(5).integers(0, 32, (1, 12))
    wanted = transformer.Transformer(shape, weights).logits(tokens)
    for _ in range(2):  # from the same empty state
        request.reset_state()
        parts = np.split(tokens, np.cumsum(pieces)[:-1], 1)
        found = np.concatenate(
            [request.infer({language.INPUT: part})[language.OUTPUT].copy() for part in parts], 1
        )
        np.testing.assert_allclose(found, wanted, atol=2e-4 * wanted.std(), rtol=0)


def small(transformer: Any, language: Any, folder: Path) -> Any:
    """An entry that is trained in no time, on a text of a few files."""
    source = folder / "source"
    source.mkdir(exist_ok=True)
    for number in range(4):
        (source / f"{number}.py").write_text("import this  # and that\n" * 40)
    shape = transformer.Shape(layers=1, width=64, hidden=64, heads=2, context=48)
    how = transformer.Training(steps=12, batch=4, rate=1e-2)
    return language.LanguageEntry(folder / "cache", shape, how, source)


def test_it_is_trained_once_and_judged_on_other_text(transformer: Any, language: Any, tmp_path: Path) -> None:
    entry = small(transformer, language, tmp_path)
    made = entry.model.stat().st_mtime_ns
    again = small(transformer, language, tmp_path)
    assert again.model == entry.model and again.model.stat().st_mtime_ns == made
    assert len(list((tmp_path / "cache").iterdir())) == 1
    infer = language.stateful_infer(entry.model)
    assert 1 < entry.evaluate(infer, 3) < 100
    assert entry.fidelity(lambda feed: [1.01 * each for each in infer(feed)], 3) > 30
    stored = ov.Core().read_model(entry.model)
    assert len(stored.get_sinks()) == 2 and [each.any_name for each in stored.inputs] == ["input_ids"]
    with pytest.raises(AttributeError):
        entry.shape = None
