"""Random networks: none is wrong without a word, none is refused, fails, or does not compile."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.mark.parametrize("seed", range(150))
def test_a_random_network(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(BENCHMARKS)
    fuzz = importlib.import_module("fuzz")
    verdict = fuzz.judge(seed)
    assert verdict.kind in fuzz.FINE, verdict.figures
