"""Random networks: none is wrong without a word, none is refused, fails, or does not compile."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
QUICK, MANY = 10, 36

FOUND = (61297, 67698, 300572)
"""Measured otherwise than it runs; not compiled with the device's own settings, as its float model seemed not to be;
not compiled with switches for its layers."""


@pytest.mark.parametrize(
    "seed",
    [*range(QUICK), *(pytest.param(seed, marks=pytest.mark.long) for seed in (*range(QUICK, MANY), *FOUND))],
)
def test_a_random_network(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(BENCHMARKS)
    fuzz = importlib.import_module("fuzz")
    verdict = fuzz.judge(seed)
    assert verdict.kind in fuzz.FINE, verdict.figures


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2))
def test_a_random_network_under_random_settings(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(BENCHMARKS)
    settings = importlib.import_module("fuzz_settings")
    verdict = settings.judge(seed)
    assert verdict.kind in settings.ADEQUATE, verdict.figures


def test_of_other_types_nothing_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(BENCHMARKS)
    assert importlib.import_module("fuzz_settings").judge(0, ["f64"]).kind == "of another type"
