"""Samples that follow better in one run than in another."""

from __future__ import annotations

import numpy as np
import pytest

from openvino.tools.pot.algorithms.checking.running import Run
from openvino.tools.pot.diagnosis.fidelity import Followed, squared_error
from openvino.tools.pot.statistics.witness import Witness

EXACT = [np.arange(4, dtype=np.float32) + number for number in range(4)]
WITNESS = Witness(feeds=[{}] * len(EXACT), values=[[value] for value in EXACT])


def off_by(*errors: float) -> Followed:
    values = [[value + np.float32(error)] for value, error in zip(EXACT, errors, strict=True)]
    return Followed.of(WITNESS, Run(values=values))


def test_one_sample_that_turns_is_one_of_all() -> None:
    turned, steady = off_by(0.1, 0.1, 0.1, 100), off_by(0.1, 0.1, 0.1, 0.1)
    assert steady.better_on(turned) == 0.25
    assert turned.better_on(steady) == 0


def test_by_how_much_is_asked_for() -> None:
    first, second = off_by(0.1, 0.1, 0.1, 0.1), off_by(0.12, 0.12, 0.09, 0.3)
    assert first.better_on(second) == 0.25
    assert first.better_on(second, times=1.0) == 0.75


def test_a_sample_that_turns_back_does_not_outweigh_all_others() -> None:
    turned, coarser = off_by(0.1, 0.1, 0.1, 10), off_by(1, 1, 1, 1)
    assert coarser.lost.sum() < turned.lost.sum() / 10
    assert coarser.closer_than(turned) == pytest.approx((-20 * 3 + 20) / 4, abs=0.01)
    assert turned.closer_than(turned) == off_by(0, 0, 0, 0).closer_than(off_by(0, 0, 0, 0)) == 0


@pytest.mark.parametrize("strange", [np.nan, np.inf])
def test_what_is_no_number_is_worse(strange: float) -> None:
    assert off_by(1, 1, 1, 1).better_on(off_by(1, 1, strange, strange)) == 0.5


def test_what_fails_or_has_another_shape_is_worse_on_all() -> None:
    fine, failed = off_by(1, 1, 1, 1), Followed.of(WITNESS, Run(failure="no such layer"))
    assert fine.better_on(failed) == 1 and failed.decibels == -300
    assert failed.better_on(fine) == failed.better_on(failed) == 0
    assert failed.closer_than(fine) < -200 < 200 < fine.closer_than(failed)
    assert fine.better_on(Followed.of(WITNESS, Run(values=[[value[:2]] for value in EXACT]))) == 1


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([1.0, 2.0], [1.5, 4.0], 4.25),
        ([np.nan, np.inf, 2.0], [0.0, np.inf, 3.0], 1),
        ([1.0, 2.0, 3.0], [np.nan, np.inf, 3.0], np.inf),
        ([], [], 0),
        ([1.0, 2.0], [1.0], np.inf),
    ],
)
def test_errors_are_squared_by_one_rule(before: list[float], after: list[float], expected: float) -> None:
    assert squared_error(np.float32(before), np.float32(after)) == expected


def test_what_is_lost_may_count_as_finite() -> None:
    assert squared_error(np.array([1.0, 2.0, 3.0]), np.array([np.nan, -np.inf, 2.0]), lost=3.0) == 19
