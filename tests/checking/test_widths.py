"""Tables are as wide as the terminal that shows them, and no wider than is good to read."""

import os
import shutil

import pytest

from openvino.tools.pot.algorithms.checking.report import CheckReport, OutputFigure
from openvino.tools.pot.report.columns import prose
from openvino.tools.pot.utils import sheets

LONG = "StatefulPartitionedCall/" * 6 + "head/Add"
REPORT = CheckReport(8, (OutputFigure(LONG, 20.0, None),), 20.0, 3, 4, float_bytes=90_000, bytes=30_000)


@pytest.mark.parametrize("columns", [60, 72, 100, 300])
def test_a_table_fits_the_terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "is_terminal", lambda _: True)
    monkeypatch.setattr(shutil, "get_terminal_size", lambda *_: os.terminal_size((columns, 24)))
    lines = REPORT.table().splitlines()
    assert max(map(len, lines)) <= min(columns, 100)
    assert any(line.startswith("output ...") and "head/Add  " in line for line in lines)
    assert max(map(len, prose("word " * 90))) <= min(columns, 80)


def test_what_is_piped_is_as_wide_wherever_it_goes() -> None:
    assert max(map(len, REPORT.table().splitlines())) == 100
    assert 75 < max(map(len, prose("word " * 90))) <= 80


def test_names_that_fit_stay_as_they_are() -> None:
    assert "output scores   " in CheckReport(8, (OutputFigure("scores", 20.0, None),), 20.0).table()
