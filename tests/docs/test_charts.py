"""Pictures: they are as they would be drawn, somebody shows them, and they fit their frames."""

from __future__ import annotations

import importlib
import re
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from types import ModuleType

import pytest

from headless import Page, browser

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "docs/images"
PICTURES = sorted(IMAGES.glob("*.svg"))
OUTSIDE = """(() => {
  const frame = document.documentElement.getBoundingClientRect();
  const boxes = [...document.querySelectorAll('rect:not(.paper)')].map(each => each.getBoundingClientRect());
  const wrong = [];
  for (const text of document.querySelectorAll('text')) {
    const own = text.getBoundingClientRect();
    if (own.right > frame.right - 4 || own.left < 4 || own.bottom > frame.bottom) wrong.push(text.textContent);
    const x = own.left + own.width / 2, y = own.top + own.height / 2;
    const around = boxes.filter(b => b.height > 24 && b.left < x && x < b.right && b.top < y && y < b.bottom);
    if (around.some(b => own.left < b.left - 1 || own.right > b.right + 1)) wrong.push(text.textContent);
  }
  return wrong;
})()"""


@pytest.fixture
def charts(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    return importlib.import_module("charts")


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setattr(sys, "path", [str(ROOT / "scripts"), *sys.path])  # the module adds to it
    return importlib.import_module("figures")


def test_charts_and_statements_are_as_the_tables_are(charts: ModuleType) -> None:
    assert charts.settled(write=False) == [], "python benchmarks/charts.py --write"


def test_figures_are_as_they_would_be_drawn(figures: ModuleType) -> None:
    assert figures.settled(write=False) == [], "python scripts/figures.py --write"


def test_every_picture_is_drawn_by_somebody_and_shown(charts: ModuleType, figures: ModuleType) -> None:
    assert {path.stem for path in PICTURES} == {*charts.CHARTS, *figures.FIGURES}
    documents = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    shown = {
        name
        for each in documents
        for name in re.findall(r"\]\([^)]*?([\w-]+)\.svg\)", each.read_text("utf-8"))
    }
    assert {path.stem for path in PICTURES} - shown == set()


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.stem)
def test_a_picture_is_for_all_readers(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    root = ElementTree.fromstring(text)
    names = [child.tag.rpartition("}")[2] for child in root]
    assert names[:2] == ["title", "desc"] and all(root[place].text for place in (0, 1))
    assert "prefers-color-scheme: dark" in text
    assert re.findall(r"(?:href|url\(|@import|https?://(?!www\.w3\.org/2000/svg))", text) == []
    assert len(text) < 10_000


def test_a_chart_follows_its_table(charts: ModuleType, tmp_path: Path) -> None:
    document = tmp_path / "benchmarks.md"
    text = charts.DOCUMENT.read_text(encoding="utf-8")
    assert text.count("| 32.17 | 19.81 |") == 1
    document.write_text(text.replace("| 32.17 | 19.81 |", "| 22.17 | 19.81 |"), encoding="utf-8")
    drawn = [charts.fidelity(charts.read(each)).svg().splitlines() for each in (charts.DOCUMENT, document)]
    moved = [pair for pair in zip(*drawn, strict=True) if pair[0] != pair[1]]
    assert [before.split()[0] for before, _ in moved] == ["<polyline", "<circle"]
    before, after = (float(re.findall(r'cx="([\d.]+)"', dot)[0]) for dot in moved[1])
    assert after < before - 50


def test_what_is_stale_is_named_and_written(
    charts: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(charts, "ROOT", tmp_path)
    monkeypatch.setattr(charts, "IMAGES", tmp_path / "images")
    monkeypatch.setattr(charts, "STATED", ())
    assert charts.main([]) == 1
    assert capsys.readouterr().out.splitlines()[0] == "images/fidelity.svg: not as the tables are"
    assert not (tmp_path / "images").exists()
    assert charts.main(["--write"]) == 0 and charts.main([]) == 0


def beaten(table: list[dict[str, str]], ours: str, theirs: str) -> set[str]:
    return {row["network"] for row in table if float(row[theirs]) > float(row[ours])}


def test_the_statement_names_all_networks_on_which_the_metric_is_below(charts: ModuleType) -> None:
    tables = charts.read()
    lost = set.union(
        *(beaten(tables[name], "INT8", "NNCF: INT8") for name in ("accuracy", "others-accuracy"))
    )
    for document in charts.STATED:
        statement = charts.between(document, "losses")
        (metric,) = [
            line for line in statement.replace("\n  ", " ").splitlines() if line.startswith("- **Metric.**")
        ]
        assert set(re.findall(r"`(\w+)`", metric)) == lost


def test_nothing_is_said_to_be_lost_where_nothing_is(charts: ModuleType) -> None:
    losses = importlib.import_module("losses")
    assert losses._times([("a", 1.0), ("b", 0.9)], "Longer") == "Longer on none of 2 networks."
    assert losses._times([("a", 1.2), ("b", 0.9)], "Longer") == "Longer on 1 of 2 networks: 20 % on `a`."
    told = losses._times([("a", 1.02), ("b", 1.5), ("c", 1.01)], "Longer")
    assert told == "Longer on 3 of 3 networks: 50 % on `b`, at most 2 % on the others."


@pytest.mark.process
def test_words_stay_within_their_frames(tmp_path: Path) -> None:
    program = browser()
    if program is None:
        pytest.skip("no Chromium is here")
    with Page(program, tmp_path) as page:
        for path in PICTURES:
            page.open(path)
            assert page.value(OUTSIDE) == [], path.stem
