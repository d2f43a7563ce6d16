"""Bounds that sentences give, such as "up to 16 samples", are those of the code: each is read there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from test_figures import BENCHMARKS, OF_TABLES, ROOT, text
from test_sources_of_figures import (
    CELL,
    COMMAND,
    ELSEWHERE,
    FIGURE,
    FORMULAS,
    KNOWN,
    PAGES,
    SETTINGS,
    paragraphs,
)

WORDS: dict[str, float] = {
    **{
        word: number
        for number, word in enumerate(
            ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"], start=1
        )
    },
    **{"sixteen": 16, "twenty": 20, "a hundred": 100, "a thousand": 1000, "a megabyte": 1, "a decibel": 1},
    **{"half": 1 / 2, "a third": 1 / 3, "a quarter": 1 / 4, "a fifth": 1 / 5, "a tenth": 1 / 10},
    "a twentieth": 1 / 20,
}
NUMBER = rf"(?:\d[\d, ]*\d|\d|(?=\.\d))(?:\.\d+)?|{'|'.join(sorted(WORDS, key=len, reverse=True))}"
THINGS = (
    "samples?|images?|photographs?|others|layers?|models?|passes|inferences|requests|sizes|weights|inputs|channels|cuts"
    "|outputs|lines|rows|values|steps|networks|times|letters|processes|of all|of them|bring|different"
)
BOUND = re.compile(
    rf"\b(?:up to|at most|at least|no more than|fewer than|more than|less than|the first|some|about)"
    rf" (?:{NUMBER})(?: [\w-]+)?? (?:{THINGS})\b"
    rf"|\b(?:{NUMBER}) (?:worst|best|{THINGS}) at most\b|\b(?:{NUMBER}) worst\b",
    re.IGNORECASE,
)

Figures = str | Callable[[], Iterable[float]]


def constant(name: str) -> Any:
    """A constant of the package, by the path of its module within it; behind that attributes and places in a tuple."""
    module, _, rest = name.partition(":")
    found: Any = import_module(f"openvino.tools.pot.{module}")
    for part in rest.split("."):
        found = found[int(part)] if part.isdigit() else getattr(found, part)
    return found


def share(name: str) -> Callable[[], list[float]]:
    """One of so many."""
    return lambda: [1 / constant(name)]


def computed(function: Callable[[Any], float], *names: str) -> Callable[[], list[float]]:
    return lambda: [function(constant(name)) for name in names]


def stacked(kind: str) -> float:
    return float(constant("statistics.accumulators:STACKED")[kind])


DRIFTS, TUNING = "algorithms.quantization.drifts", "algorithms.quantization.tuning"
BUYING, AGREEING = "algorithms.checking.buying", "verification.agreeing"
FACTORS, LOOKING = "algorithms.quantization.range_factors", "diagnosis.looking"
FIRST = "data_loaders.preview:COUNT"
WITNESSED, FEW = "statistics.witness:WITNESSED", "algorithms.telling:FEW_SAMPLES"
STORED = "placement.weights:_FEWEST placement.weights:_FEWEST_OF_ROW"


def precisions(table: str, *names: str) -> list[float]:
    return [constant(f"{AGREEING}:{table}")[name] for name in names]


# Document, what stands there, and where the code has the numbers of its groups.
BOUNDS: list[tuple[str, str, Figures]] = [
    ("README.md", r"float model and about (\S+) samples without labels", "cli.request:SUBSET_SIZE"),
    ("README.md", r"stores the first (\w+) as they are fed", FIRST),
    ("README.md", r"beside the float one on (\w+) samples", WITNESSED),
    ("README.md", r"values sampled from up to (\d+) images", lambda: [stacked("stack")]),
    ("README.md", r"half precision, which ends at ([\d,]+)", "graph.half:LARGEST"),
    ("docs/agents.md", r"Take 100 to (\d+) samples", "cli.request:SUBSET_SIZE"),
    ("docs/algorithms.md", r"up to (\d+) samples that are held out, at most (a \w+), tell", lambda: [
        constant(f"{FACTORS}:_JUDGED"), 1 / constant(f"{FACTORS}:_HELD_OUT"),
    ]),
    ("docs/algorithms.md", r"tells the (\w+) worst layers", "algorithms.quantization.noise:_TOLD"),
    ("docs/algorithms.md", r"run over the samples, up to (a \w+) of them twice",
     computed(lambda passes: passes - 1, f"{DRIFTS}:QUICK.passes")),
    ("docs/algorithms.md", r"each on (\d+) samples of its own", f"{DRIFTS}:QUICK.measured"),
    ("docs/algorithms.md", r"of its own, the last one on (\d+);",
     computed(lambda each: 4 * each, f"{DRIFTS}:QUICK.measured")),
    ("docs/algorithms.md", r"held out, at most (\d+) and a fifth of all", f"{DRIFTS}:QUICK.judged"),
    ("docs/algorithms.md", r"held out, at most \d+ and (a fifth) of all", share(f"{DRIFTS}:_HELD_OUT")),
    ("docs/algorithms.md", r"where it leaves less than ([\d.]+) of it",
     "algorithms.quantization.alignment:_WORTH"),
    ("docs/algorithms.md", r"takes up to (\w+) passes over a part of the samples",
     computed(lambda cuts: cuts + 3, f"{TUNING}:FEW_CUTS.cuts")),
    ("docs/algorithms.md", r"least error on (a fifth) of the samples that is held out",
     share("algorithms.quantization.tuned:HELD_OUT")),
    ("docs/algorithms.md", r"beyond chance \(([\d.]+) standard errors\)", "arithmetic.bias:_SURE"),
    ("docs/algorithms.md", r"Layers of more than (\d+) inputs", f"{TUNING}:_WIDEST"),
    ("docs/algorithms.md", r"constants of fewer than (\d+) weights or (\d+) for a result", STORED),
    ("docs/algorithms.md", r"Up to (\w+) models are made of the statistics", f"{BUYING}:_TRIES"),
    ("docs/algorithms.md", r"in turns of (\w+) requests", "engines.profiling:_TURN"),
    ("docs/algorithms.md", r"it wins (\.\d+) dB over the best", f"{BUYING}:_WORTH"),
    ("docs/algorithms.md", r"a typical one of up to (\d+) samples", "algorithms.layouts:_JUDGED"),
    ("docs/algorithms.md", r"float have at most (a \w+) of the weights", f"{BUYING}:_ROOM"),
    ("docs/algorithms.md", r"at most (\w+) cuts, (\d+) samples for each and (\d+) for the outputs",
     f"{TUNING}:MANY_CUTS.cuts {TUNING}:MANY_CUTS.measured {TUNING}:MANY_CUTS.judged"),
    ("docs/algorithms.md", r"the compiling of up to (\d+) models",
     computed(lambda cuts: cuts + 3, f"{TUNING}:MANY_CUTS.cuts")),
    ("docs/api.md", r"samples are used; fewer than (\d+) bring a warning", FEW),
    ("docs/api.md", r"float one on the first (\w+) samples, and mend", WITNESSED),
    ("docs/api.md", r"room of up to (a \w+) where samples are few \(below (\d+)\)",
     "arithmetic.ranges:_MOST_ROOM arithmetic.ranges:_MANY"),
    ("docs/api.md", r"outputs of the first (\w+) samples leave with the pass", WITNESSED),
    ("docs/api.md", r"the same on all (\w+) samples tell nothing", WITNESSED),
    ("docs/api.md", r"Of time steps up to (\w+) of each sample", "statistics.witness:_PARTS"),
    ("docs/api.md", r"taken if it follows by (a decibel) better", "algorithms.checking.mending:_CLOSER"),
    ("docs/api.md", r"go back to float, up to (a \w+) of them", "algorithms.checking.mending:_FEW"),
    ("docs/api.md", r"\(four or five axes, up to (\w+) channels\)",
     computed(max, "graph.stem:_CHANNELS")),
    ("docs/api.md", r"Data (\w+) times too large or too small", computed(
        lambda power: 10**power, "arithmetic.stimulus:ODD")),
    ("docs/api.md", r"with less than (\w+) of these, or where", computed(
        lambda last: last + 1, "arithmetic.stimulus:LAST")),
    ("docs/api.md", r"to be said of fewer than (\d+) samples", FEW),
    ("docs/architecture.md", r"with (\w+) samples at most ready between", "engines.stream:_AHEAD"),
    ("docs/architecture.md", r"lets up to (\d+) samples take turns", "engines.rounds:_SIDE_BY_SIDE"),
    ("docs/clusters.md", r"tried first: (\w+) samples must be", "workers.recipes:_TRIED"),
    ("docs/clusters.md", r"rows are kept of some (\d+) samples", lambda: [stacked("long stack")]),
    ("docs/command_line.md", r"store the first (\w+) images there", FIRST),
    ("docs/command_line.md", r"in turns for about (\w+) seconds", "report.measure:_SECONDS"),
    ("docs/command_line.md", r"; (\d+) samples unless `--subset-size` says otherwise \|",
     "diagnosis.diagnosing:SAMPLES"),
    ("docs/command_line.md", r"own quantizers; (\d+) samples unless", "verification.verifying:SAMPLES"),
    ("docs/command_line.md", r"a score of ([\d.]+) or more, each found again with ([\d.]+) or more", " ".join(
        f"datasets.agreement.chosen:{name}" for name in ("SCORE", "PARTNER"))),
    ("docs/command_line.md", r"with an overlap of ([\d.]+) or more", "datasets.agreement.chosen:OVERLAP"),
    ("docs/command_line.md", r"surer of than ([\d.]+) or", "datasets.agreement.forms:SURE"),
    ("docs/command_line.md", r"point to point, by (half) at most", computed(
        lambda decibels: 10 ** (-decibels / 20), "diagnosis.frontiers:_STEP")),
    ("docs/command_line.md", r"digests of (\w+) hexadecimal letters", "graph.digest:_LETTERS"),
    ("docs/command_line.md", r"and one of (\w+) letters of each constant", "graph.digest:_FEW"),
    ("docs/command_line.md", r"all tensors as outputs, on (\w+) samples", f"{AGREEING}:_WATCHED_SAMPLES"),
    ("docs/command_line.md", r"definition is run (\w+) times more", f"{AGREEING}:_SEEDS"),
    ("docs/command_line.md", r"to within (\d+) dB of the worst of these \((\d+) dB in f16",
     lambda: precisions("ROOM", "f32", "f16")),
    ("docs/command_line.md", r"or to (\d+) dB \((\d+) dB in bf16 and f16\) in any case",
     lambda: precisions("ENOUGH", "f32", "bf16")),
    ("docs/command_line.md", r"and never below (\d+) dB", f"{AGREEING}:LEAST"),
    ("docs/command_line.md", r"embedded network with (\d+) images.*?accuracy on (\d+) others",
     "doctor.selftest:SAMPLES doctor.selftest:IMAGES"),
    ("docs/diagnosis.md", r"most of the error on (\d+) to (\d+) others", computed(
        lambda samples: samples - 1, f"{LOOKING}:_SHARED.0", f"{LOOKING}:_SHARED.1")),
    ("docs/diagnosis.md", r"side by side over up to (\d+) samples", "diagnosis.measuring:_COMPARED"),
    ("docs/diagnosis.md", r"for the (\d+) worst layers", f"{LOOKING}:_ALONE"),
    ("docs/diagnosis.md", r"Of up to (\w+), evenly spread", f"{LOOKING}:_WITNESSED.1"),
    ("docs/diagnosis.md", r"the (\w+) on which an output departs most", "diagnosis.worst_samples:_SHOWN"),
    ("docs/diagnosis.md", r"Images of (\w+) or (\w+) channels are drawn",
     "diagnosis.pictures:_CHANNELS.0 diagnosis.pictures:_CHANNELS.1"),
    ("docs/diagnosis.md", r"drawn, at most (\d+) kB each", computed(
        lambda size: size / 1000, "diagnosis.pictures:MOST_BYTES")),
    ("docs/diagnosis.md", r"models with more than (a megabyte) of weights", computed(
        lambda size: size / 1e6, f"{LOOKING}:_LIGHT")),
    ("docs/diagnosis.md", r"is worse than (\d+) dB", "diagnosis.causes.places:EXPLAINED"),
    ("docs/diagnosis.md", r"brings (\w+) of ten closer", computed(
        lambda most: 10 * most, "diagnosis.remedies:_MOST_SAMPLES")),
    ("docs/diagnosis.md", r"\(below (\d+) dB it counts in full", "diagnosis.order:_WORSE"),
    ("docs/diagnosis.md", r"at (\d+) dB a tenth of that", computed(
        lambda worse: worse + 20, "diagnosis.order:_WORSE")),
    ("docs/faq.md", r"About (\d+), like those of use", "cli.request:SUBSET_SIZE"),
    ("docs/faq.md", r"fewer than (\d+) bring a warning", FEW),
    ("docs/feeding.md", r"writes the first (\w+) images into", FIRST),
    ("docs/feeding.md", r"shapes of up to (\d+) different sizes", "cli.feeding:_SIZES"),
    ("docs/gna.md", r"all samples, times ([\d.]+), would not fit", "algorithms.quantization.accumulators:_MARGIN"),
    ("docs/gna.md", r"one step of the other is more than (\d+) of its own", lambda: [
        constant("arithmetic.saturation:accumulator_limit")(
            constant("algorithms.quantization.accumulators:_STEP_BITS"))]),
    ("docs/reliability.md", r"The check compares on the first (\w+) of the samples", WITNESSED),
    ("docs/speed.md", r"; fewer than (\d+) bring a warning", FEW),
    ("docs/tutorial.md", r"stores the first (\w+) photographs", FIRST),
    ("docs/tutorial.md", r"About (\d+) photographs are enough; with fewer than (\d+) you are warned",
     f"cli.request:SUBSET_SIZE {FEW}"),
    ("docs/weights.md", r"has fewer than (\d+) weights or (\d+) for a scale", STORED),
    ("docs/weights.md", r"some ([\d ]+) values of a tensor and sample", computed(
        lambda most: round(most, -3), "statistics.requests:MANY_VALUES")),
]  # fmt: skip

OTHERWISE = (
    r"about 20 plain passes",  # test_figures: the tables of the thorough effort
    r"the first \d+ evaluation samples",  # how something was measured
    r"on up to \d+ others",  # how something was measured
)
"""Bounds that are not the code's, or that other tests hold."""


def number(said: str) -> float:
    return WORDS[said] if said in WORDS else float(said.replace(",", "").replace(" ", ""))


@pytest.mark.parametrize(
    ("document", "sentence", "figures"), BOUNDS, ids=lambda case: case[:50] if isinstance(case, str) else ""
)
def test_a_bound_is_that_of_the_code(document: str, sentence: str, figures: Figures) -> None:
    found = re.search(sentence, text(document))
    assert found is not None
    exact = map(constant, figures.split()) if isinstance(figures, str) else figures()
    for said, value in zip(found.groups(), exact, strict=True):
        assert number(said) == pytest.approx(value, rel=0.02)


def bounds_of_nothing(page: Path) -> list[str]:
    """The bounds of a page that no test holds against the code, and no command beside them measures."""
    document = page.relative_to(ROOT).as_posix()
    sentences = [sentence for name, sentence, *_ in (*BOUNDS, *KNOWN, *ELSEWHERE) if name == document]
    known = [found[0] for each in (*sentences, *OTHERWISE) for found in re.finditer(each, text(document))]
    said, found = " ".join(re.sub(r"`[^`]*`", "", each) for each in known), []
    for part, raw, section in paragraphs(page):
        measures = section if document == BENCHMARKS else raw
        if not COMMAND.search(measures):
            found += [
                part[max(0, at.start() - 40) : at.end() + 20]
                for at in BOUND.finditer(part)
                if at[0] not in said
            ]
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_bounds_are_held_against_the_code_or_measured(page: Path) -> None:
    assert bounds_of_nothing(page) == []


def test_a_bound_of_nothing_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("test_bounds.ROOT", tmp_path)
    monkeypatch.setattr("test_figures.ROOT", tmp_path)
    (tmp_path / "page.md").write_text(
        "# Page\n\nIt looks at up to 17 samples, and tells the nine worst layers.\n"
    )
    assert len(bounds_of_nothing(tmp_path / "page.md")) == 2


def of_generated_tables(document: str) -> list[float]:
    """The numbers in tables of a page that a command writes."""
    written = re.findall(
        r"<!-- ([^>]+): begin -->(.*?)<!-- \1: end -->", (ROOT / document).read_text("utf-8"), re.DOTALL
    )
    found = (re.findall(r"(?<![\w.])(?:\d[\d,]*(?:\.\d+)?|\.\d+)", block) for _, block in written)
    return [float(each.replace(",", "")) for block in found for each in block]


def beside_a_command(page: Path) -> list[str]:
    """Figures of sections that name a command which are in no table that a command writes, and held by no test."""
    document = page.relative_to(ROOT).as_posix()
    held = [(name, sentence) for name, sentence, *_ in (*BOUNDS, *KNOWN, *ELSEWHERE, *OF_TABLES)]
    said = [re.search(sentence, text(document)) for name, sentence in held if name == document]
    words = " ".join(found[0] for found in (*said, *FORMULAS.finditer(text(document))) if found)
    written, missing = of_generated_tables(document), []
    for part, _, section in paragraphs(page):
        if not COMMAND.search(section):
            continue
        if part.startswith("|"):
            is_held = any(found[0] in part for found in said if found)
            missing += [part[:70]] if CELL.search(part) and not (SETTINGS.match(part) or is_held) else []
            continue
        for figure in FIGURE.finditer(part):
            value, last = float(figure[1].replace(",", "")), 10.0 ** -len(figure[1].partition(".")[2])
            if figure[0] not in words and not any(abs(value - each) <= 0.501 * last for each in written):
                missing.append(part[max(0, figure.start() - 60) : figure.end() + 20])
    return missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_figures_beside_a_command_are_those_of_its_tables(page: Path) -> None:
    assert beside_a_command(page) == []


def test_a_figure_of_no_table_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("test_bounds", "test_figures"):
        monkeypatch.setattr(f"{module}.ROOT", tmp_path)
    (tmp_path / "page.md").write_text(
        "# Page\n\n`benchmarks/zoo.py --write`: it takes 7.3 s, and not 9.1 s.\n\n"
        "<!-- zoo: begin -->\n| s |\n| ---: |\n| 7.31 |\n<!-- zoo: end -->\n\n| dB |\n| ---: |\n| 3.4 |\n"
    )
    found = beside_a_command(tmp_path / "page.md")
    assert len(found) == 2 and "9.1 s" in found[0] and "3.4" in found[1]
