"""Each figure in a sentence says where it is from: the code, a table, or what measured it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from test_figures import BENCHMARKS, OWN, ROOT, WEIGHTS, both, column, of, tables, text

from openvino.tools.pot.algorithms.checking.bench import _GAP, _SINGLE_LAYER, _SMALL, _STATE
from openvino.tools.pot.algorithms.checking.check import _LIGHT
from openvino.tools.pot.algorithms.checking.verdict import FASTER, LOSS, WORSE
from openvino.tools.pot.algorithms.sparsity.fitting import _ROUNDS
from openvino.tools.pot.diagnosis.answers import _CLOSE

PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
FIGURE = re.compile(
    r"(?<![\w.#/-])(\d[\d,]*(?:\.\d+)?|\.\d+) ?"
    r"(dB|MB|kB|GB|%|times|s|ms|us|seconds?|minutes?|hours?|points?)(?![\w/])"
)
CELL = re.compile(r"\| *[-+]?\d*\.\d+")
SETTINGS = re.compile(r"\| *(parameter|key|flag|`?--like)")
COMMAND = re.compile(r"(benchmarks|scripts)/\w+\.py|`make \w+`|\(benchmarks\.md|\(docs/benchmarks\.md")
FORMULAS = re.compile(r"(\d+) dB(?: is| are)?,? (?:an error )?of (?:a|an) (tenth|hundredth|third|sixth)")
SHARES = {"tenth": 0.1, "hundredth": 0.01, "third": 1 / 3, "sixth": 1 / 6}


def paragraphs(page: Path) -> Iterable[tuple[str, str, str]]:
    """The prose and the tables of a page that nobody generates: without code, as they stand, and their section."""
    whole = page.read_text("utf-8")
    bare = re.sub(r"<!-- ([^>]+): begin -->.*?<!-- \1: end -->", "", whole, flags=re.DOTALL)
    bare = re.sub(r"^```.*?^```", "", bare, flags=re.DOTALL | re.MULTILINE)
    if re.match(r"# [^#]*?\n    python (scripts|benchmarks)/", bare):
        return  # all of it is written by that
    for section in re.split(r"^(?=#)", bare, flags=re.MULTILINE):
        for part in re.split(r"\n\s*\n", section):
            if not part.startswith("    "):
                yield re.sub(r"`[^`]*`", "", re.sub(r"\s+", " ", part)), part, section


def without_a_source(page: Path) -> list[str]:
    """The figures of a page whose section names nothing that they are from, with words around them."""
    found = []
    for part, _, section in paragraphs(page):
        if not COMMAND.search(section):
            if part.startswith("|") and not SETTINGS.match(part) and CELL.search(part):
                found.append(part[:70])
            else:
                found += [part[max(0, at.start() - 50) : at.end() + 20] for at in FIGURE.finditer(part)]
    return found


def fidelity_and_change() -> list[tuple[float, float]]:
    """Of all INT8 models of the benchmark, ours and NNCF's: dB, and points of the metric."""
    rows = [row for marker in ("accuracy", "others-accuracy") for row in tables(BENCHMARKS, marker)[0]]
    return [
        (float(row[f"{side}fidelity, dB"]), 100 * (float(row[f"{side}INT8"]) - float(row["float"])))
        for row in rows
        for side in ("", "NNCF: ")
    ]


DETECTORS = ("detect_yolo_fastestv2", "face_ultraface_rfb", "captcha_detection")


def of_detectors(title: str) -> tuple[float, float]:
    rows = [row for marker in ("benchmark", "others-accuracy") for row in tables(BENCHMARKS, marker)[0]]
    return both(float(row[title]) for row in rows if row["network"] in DETECTORS)


def constants(script: str, names: str) -> list[float]:
    """Of a benchmark, which stand in a line of their own."""
    found = re.search(
        rf"^{names} = ([\d., ]+)$", (ROOT / "benchmarks" / script).read_text("utf-8"), re.MULTILINE
    )
    assert found is not None
    return [float(each) for each in found[1].split(",")]


def twice_the_share() -> list[float]:
    return [100 * each for each in 2 * constants("memory_bound.py", "SHARE")]


def bars_of_random_networks() -> list[float]:
    follows, told, gap = constants("fuzz.py", "FOLLOWS, TOLD, GAP")
    return [follows, told, gap, 2 * follows]


WORTH = (
    "Above 25 dB none of them lost more than a third of a point.",
    "From 15 to 25 dB some lost nothing and one more than ten points",
    "Below 15 dB seven of eight lost two points and more.",
)
ELSEWHERE = (  # sentences that other tests hold against tables and messages
    ("docs/api.md", r"it follows to 35.6 dB with an ACTIVATIONS_SCALE_FACTOR of 32, to 2.3 dB without"),
    *(("docs/accuracy.md", re.escape(sentence)) for sentence in WORTH),
    ("docs/accuracy.md", r"error, of what varies \| (.*) 40 \| 1 % \|"),
    ("docs/accuracy.md", r"full INT8 lost 6 points and 3 were allowed"),
    ("docs/agents.md", r"Networks that keep their metric follow to 20 dB and more"),
    (
        "docs/algorithms.md",
        r"(?s)On two processors with AMX and 2 % allowed, .*? keep full INT8: .16 dB in the mean",
    ),
    (
        "docs/algorithms.md",
        r"left changes of a bias of more than 1000 times itself alone",
    ),  # POT's own default
    ("docs/benchmarks.md", r"\| 1.5 plain \+ 1.5, s \| what we allow ourselves"),  # a column's name
    ("docs/benchmarks.md", r"are 1.5 and 2.2 dB closer to float"),
    ("docs/from_pot.md", r"\| network \| float \| POT 2022.3 \|"),
    ("docs/weights.md", r"\| model \| weights \| in float32 \| as the device chooses \|"),
    ("docs/benchmarks.md", r"where others have ([\d.]+) and ([\d.]+) dB for these two"),
)

KNOWN: list[tuple[str, str, Callable[[], Iterable[float]]]] = [
    ("README.md", r"loses much \(below (\d+) dB\).*?follow \(below (\d+) dB\)", lambda: (WORSE, LOSS)),
    ("docs/agents.md", r"less than ([\d.]+) times as fast", lambda: (FASTER,)),
    ("docs/agents.md", r"an output is below (\d+) dB \(an error of a sixth\)", lambda: (WORSE,)),
    ("docs/agents.md", r"an output is below (\d+) dB \(an error of a third\)", lambda: (LOSS,)),
    (
        "docs/agents.md",
        r"below (\d+) dB: loses much.*below (\d+) dB: does not follow",
        lambda: (WORSE, LOSS),
    ),
    (
        "docs/api.md",
        r"explains \((\d+) dB for one layer, less for more, and (\d+) dB less",
        lambda: (_SINGLE_LAYER, _STATE),
    ),
    ("docs/api.md", r"device misses that by more than (\d+) dB", lambda: (_GAP,)),
    ("docs/api.md", r"an output stays below (\d+) dB, a model is made", lambda: (WORSE,)),
    ("docs/api.md", r"an output stays below (\d+) dB because", lambda: (LOSS,)),
    ("docs/api.md", r"Small models \(up to (\d+) layers and (\d+) MB\)", lambda: (_SMALL, _LIGHT / 2**20)),
    ("docs/api.md", r"an error of a tenth in scores would be (\d+) dB", lambda: (60,)),
    ("docs/command_line.md", r"an output below (\d+) dB there is `BROKEN`", lambda: (LOSS,)),
    ("docs/command_line.md", r"floats within (\d+) % of their variation", lambda: (100 * _CLOSE,)),
    (
        "docs/command_line.md",
        r"0\.9 is (\d+) dB, 0\.99 is (\d+) dB, 0\.999 is (\d+) dB",
        lambda: (10, 20, 30),
    ),
    (
        "docs/algorithms.md",
        r"three times, at (\d+), (\d+) and (\d+) % of",
        lambda: [100 * x for x in _ROUNDS],
    ),
    ("docs/benchmarks.md", r"at (\d+) % of what that took, .*? float model in it, (\d+) %", twice_the_share),
    (
        "docs/reliability.md",
        r"output is (\d+) dB or more above the error, or (\d+) dB and .*? to be, to (\d+) dB; .*? keeps (\d+) dB",
        bars_of_random_networks,
    ),
    (
        "docs/weights.md",
        r"makes tokens ([\d.]+) to ([\d.]+) times as fast",
        lambda: both(
            column(*WEIGHTS, "speed-up, float32", of("language_model_large"))
            + column(*WEIGHTS, OWN, of("language_model_large"))
        ),
    ),
    ("docs/tutorial.md", r"at ([\d.]+) to ([\d.]+) dB, agree", lambda: of_detectors("fidelity, dB")),
    ("docs/tutorial.md", r"an F1 of ([\d.]+) to (\.\d+)", lambda: of_detectors("INT8")),
]
"""Document, what stands there, and the figures that it must give."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_figure_has_a_source(page: Path) -> None:
    document = page.relative_to(ROOT).as_posix()
    known = [re.search(sentence, text(document)) for name, sentence, _ in KNOWN if name == document]
    known += [re.search(sentence, text(document)) for name, sentence in ELSEWHERE if name == document]
    known += FORMULAS.finditer(text(document))
    said = " ".join(re.sub(r"`[^`]*`", "", match[0]) for match in known if match is not None)
    missing = [
        words
        for words in without_a_source(page)
        if FIGURE.search(words) is None or not any(figure[0] in said for figure in FIGURE.finditer(words))
    ]
    assert missing == []


@pytest.mark.parametrize(
    ("document", "sentence", "figures"), KNOWN, ids=lambda case: case if isinstance(case, str) else ""
)
def test_figures_of_sentences_are_those_of_the_code_and_of_tables(
    document: str, sentence: str, figures: Callable[[], Iterable[float]]
) -> None:
    found = re.search(sentence, text(document))
    assert found is not None
    for figure, exact in zip(found.groups(), figures(), strict=True):
        last = 10.0 ** -len(figure.partition(".")[2])
        assert float(figure) == pytest.approx(exact, abs=0.501 * last)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_decibels_are_the_shares_that_are_said(page: Path) -> None:
    for decibels, share in FORMULAS.findall(text(page.relative_to(ROOT).as_posix())):
        assert 10 ** (-float(decibels) / 20) == pytest.approx(SHARES[share], rel=0.08)


def test_the_table_of_decibels() -> None:
    rows = re.findall(
        r"^\| (\d+) \| (\d+) % \|$", (ROOT / "docs/accuracy.md").read_text("utf-8"), re.MULTILINE
    )
    assert len(rows) == 4
    for decibels, share in rows:
        assert 100 * 10 ** (-float(decibels) / 20) == pytest.approx(float(share), abs=0.5)


def test_what_decibels_are_worth_on_the_networks_of_the_benchmark() -> None:
    said, models = text("docs/accuracy.md"), fidelity_and_change()
    above, within, below_all = WORTH
    assert above in said and within in said and below_all in said
    assert all(change > -1 / 3 - 0.01 for decibels, change in models if decibels > 25)
    between = [change for decibels, change in models if 15 <= decibels <= 25]
    assert max(between) >= 0 and sum(change < -10 for change in between) == 1
    below = [change for decibels, change in models if decibels < 15]
    assert (len(below), sum(change <= -2 for change in below)) == (8, 7)


def test_networks_that_keep_their_metric_follow_as_said() -> None:
    assert "Networks that keep their metric follow to 20 dB and more" in text("docs/agents.md")
    ours = fidelity_and_change()[::2]
    assert min(decibels for decibels, change in ours if change > -1) >= 20


def test_our_figures_beside_those_of_pot() -> None:
    said = re.findall(
        r"^\| (\w+) \| ([\d.]+) \| [\d.]+ \| [\d.]+ \| ([\d.]+) \| ([\d.]+) \|$",
        (ROOT / "docs/from_pot.md").read_text("utf-8"), re.MULTILINE,
    )  # fmt: skip
    rows = {row["network"]: row for row in tables(BENCHMARKS, "benchmark")[0]}
    assert len(said) == 3
    for network, *figures in said:
        ours = (float(rows[network][title]) for title in ("float", "INT8", "quantizing, s"))
        for figure, exact, step in zip(figures, ours, (0.001, 0.001, 0.1), strict=True):
            assert float(figure) == pytest.approx(exact, abs=0.51 * step)


def test_decisions_say_that_their_figures_are_of_their_day() -> None:
    said = text("docs/decisions/README.md")
    assert "Figures are those of the day of the decision" in said
