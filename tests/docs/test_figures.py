"""Figures in sentences: those of a table say what the table does, those of the repository what is there."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from openvino.tools.pot.hardware.probing.forms import all_forms

ROOT = Path(__file__).resolve().parents[2]
Row = dict[str, str]


def text(document: str) -> str:
    """A document, in which a line ends nowhere but between paragraphs."""
    return re.sub(r"(?<=\S)\n *(?=\S)", " ", (ROOT / document).read_text("utf-8"))


def tables(document: str, marker: str) -> list[list[Row]]:
    """The tables between two markers; of two columns of one title the later one has a number."""
    whole = (ROOT / document).read_text("utf-8")
    block = re.search(rf"<!-- {marker}: begin -->\n(.*?)<!-- {marker}: end -->", whole, re.DOTALL)
    assert block is not None
    found = []
    for part in re.findall(r"(?:^\|.*\n)+", block[1], re.MULTILINE):
        lines = [[cell.strip() for cell in line.strip("|\n").split("|")] for line in part.splitlines()]
        titles = [
            f"{title} {lines[0][:at].count(title) + 1}".removesuffix(" 1")
            for at, title in enumerate(lines[0])
        ]
        found.append([dict(zip(titles, line, strict=True)) for line in lines[2:]])
    return found


def column(
    document: str, marker: str, title: str, of: Callable[[Row], bool] = lambda row: True
) -> list[float]:
    rows = (row for table in tables(document, marker) for row in table)
    return [float(row[title].split(" ")[0].rstrip("!")) for row in rows if row.get(title) and of(row)]


def both(values: Iterable[float]) -> tuple[float, float]:
    found = list(values)
    return min(found), max(found)


def quotients(of: Callable[[Row], bool], above: str, below: str) -> list[float]:
    page = "docs/benchmarks.md", "weights"
    pairs = zip(column(*page, above, of), column(*page, below, of), strict=True)
    return [round(ours / theirs, 2) for ours, theirs in pairs]


BENCHMARKS = "docs/benchmarks.md"
AMX = (BENCHMARKS, "own settings, AMX", "INT8, of that")
WEIGHTS = (BENCHMARKS, "weights")
SECONDS = "seconds of all processors"
OWN = "speed-up, device's own"


def of(network: str, weights: str = "") -> Callable[[Row], bool]:
    return lambda row: row["network"] == network and row["weights"].startswith(weights)


def lost(*networks: str) -> tuple[float, float]:
    """Points that made images lose of a metric."""
    rows = [row for row in tables(BENCHMARKS, "data free")[0] if row["network"] in networks]
    return both(100 * (float(row["float"]) - float(row["made"])) for row in rows)


def seconds(tool: str = "") -> list[float]:
    return column(*WEIGHTS, tool + SECONDS, of("language_model_large", "int4"))


def is_small(row: Row) -> bool:
    return row["network"] != "language_model_large"


# Document, what stands there, and the figures that it must give.
OF_TABLES: list[tuple[str, str, Callable[[], Iterable[float]]]] = [
    (
        "README.md",
        r"take ([\d.]+) to ([\d.]+) times the time of bf16",
        lambda: both(column(*AMX, lambda row: row["network"] != "digits")),
    ),
    (
        BENCHMARKS,
        r"where others have ([\d.]+) and ([\d.]+) dB for these two",
        lambda: column(*AMX[:2], "INT8, dB", lambda row: row["network"].startswith("cifar")),
    ),
    (
        BENCHMARKS,
        r"\(([\d.]+) s for 200, ([\d.]+) s for 1,000, ([\d.]+) s for 2,000\)",
        lambda: [float(row["plain pass, s"]) for row in tables(BENCHMARKS, "growth")[1][2:]],
    ),
    (
        "docs/command_line.md",
        r"reading of text lose ([\d.]+) to ([\d.]+) points",
        lambda: lost("detect_yolo_fastestv2", "face_ultraface_rfb", "ocr_rec_ppocrv4"),
    ),
    (
        "docs/weights.md",
        r"fit into caches \| all \| ([\d.]+) to ([\d.]+) \|",
        lambda: both(column(*WEIGHTS, "speed-up, float32", of("language_model"))),
    ),
    (
        "docs/weights.md",
        r"fit into caches \| all \| [\d.]+ to [\d.]+ \| ([\d.]+) to ([\d.]+) \|",
        lambda: both(column(*WEIGHTS, OWN, of("language_model"))),
    ),
    (
        "docs/weights.md",
        r"whole sentences \| all \| ([\d.]+) to ([\d.]+) \| [\d.]+ to [\d.]+ \|",
        lambda: both(column(*WEIGHTS, "speed-up, float32", of("text_minilm_stsb"))),
    ),
    (
        "docs/weights.md",
        r"whole sentences \| all \| [\d.]+ to [\d.]+ \| ([\d.]+) to ([\d.]+) \|",
        lambda: both(column(*WEIGHTS, OWN, of("text_minilm_stsb"))),
    ),
    ("docs/weights.md", r"4 bits took us ([\d.]+) and ([\d.]+) s", seconds),
    ("docs/weights.md", r"NNCF ([\d.]+) and ([\d.]+); on the other two", lambda: seconds("NNCF: ")),
    (
        "docs/weights.md",
        r"on the other two we take ([\d.]+) to ([\d.]+) of its time",
        lambda: both(quotients(is_small, SECONDS, f"NNCF: {SECONDS}")),
    ),
]


DECIBELS = "INT8, dB", "max_slowdown 0.02, dB"


@pytest.mark.parametrize("marker", ["own settings, AMX", "own settings"])
def test_what_accuracy_costs_in_time_is_that_of_the_tables(marker: str) -> None:
    said = text("docs/algorithms.md").split("**Figures.** On two processors with AMX")[1].split(" ## ")[0]
    amx, others = said.split("Without AMX")
    part = amx if "AMX" in marker else others
    stated = re.findall(r"(\w+_\w+)(?: goes)? from ([\d.]+) to ([\d.]+)", re.sub(r" dB(?=[, ])", "", part))
    (rows,) = tables(BENCHMARKS, marker)
    moved = {
        row["network"]: tuple(row[title] for title in DECIBELS)
        for row in rows
        if row["fewer layers in INT8"] != "0"
    }
    assert {name: (before, after) for name, before, after in stated} == moved
    if part is amx:
        assert len(rows) - len(moved) == 5 and "the other five networks of the zoo keep full INT8" in part
    else:
        won = [float(row[DECIBELS[1]]) - float(row[DECIBELS[0]]) for row in rows]
        assert len(rows) - len(moved) == 8 and "the other eight keep full INT8: .16 dB in the mean" in part
        assert sum(won) / len(won) == pytest.approx(0.16, abs=0.005)


def test_networks_that_are_closer_since_pixels_are_counted_in_steps() -> None:
    before = column(*AMX[:2], "INT8, dB", lambda row: row["network"].startswith("cifar"))
    after = column(BENCHMARKS, "benchmark", "fidelity, dB", lambda row: row["network"].startswith("cifar"))
    assert [round(new - old, 1) for old, new in zip(before, after, strict=True)] == [1.5, 2.2]
    assert "`cifar_resnet20` and `cifar_resnet32` are 1.5 and 2.2 dB closer" in text(BENCHMARKS)


def test_the_thorough_effort_loses_on_no_network_and_keeps_to_its_time_but_on_two() -> None:
    rows = [
        row
        for marker in ("thorough effort", "thorough effort, packages")
        for row in tables("docs/algorithms.md", marker)[0]
        if row["network"] != "mean"
    ]
    assert len(rows) == 18 and "no network of 18 loses by it" in text("CHANGELOG.md")
    assert all(float(row["thorough, dB"]) >= float(row["defaults, dB"]) for row in rows)
    assert sum(float(row["seconds"]) > float(row["20 passes and 5 s"]) for row in rows) == 2


@pytest.mark.parametrize(
    ("document", "sentence", "figures"), OF_TABLES, ids=lambda case: case if isinstance(case, str) else ""
)
def test_what_sentences_repeat_of_tables_stands_there(
    document: str, sentence: str, figures: Callable[[], Iterable[float]]
) -> None:
    found = re.search(sentence, text(document))
    assert found is not None
    for figure, exact in zip(found.groups(), figures(), strict=True):
        last = 10.0 ** -len(figure.partition(".")[2])  # of which rounding may change a half
        assert float(figure) == pytest.approx(exact, abs=0.501 * last)


def test_figures_of_large_decoders_are_those_of_the_benchmark() -> None:
    rows = re.findall(
        r"`(int[48]_a?sym)` \| ([\d.]+) \| ([\d.]+) \|$", (ROOT / "docs/weights.md").read_text("utf-8"), re.M
    )
    said = {weights: [float(each) for each in figures] for weights, *figures in rows if len(figures) == 2}
    for weights in ("int8_sym", "int8_asym", "int4_sym", "int4_asym"):
        large = of("language_model_large", weights)
        assert said[weights] == [column(*WEIGHTS, title, large)[0] for title in ("speed-up, float32", OWN)]


def test_the_readme_s_table_is_that_of_the_benchmarks_rounded() -> None:
    (short,), (full,) = tables("README.md", "benchmark"), tables(BENCHMARKS, "benchmark")
    assert [row["network"] for row in short] == [row["network"] for row in full]
    for row, exact in zip(short, full, strict=True):
        for title, theirs in (("float", "float"), ("INT8", "INT8"), ("size", "size")):
            assert float(row[title]) == pytest.approx(float(exact[theirs]), abs=0.0051)
        assert float(row["request"].rstrip("x")) == pytest.approx(float(exact["speed-up"]), abs=0.051)


def test_what_the_readme_says_of_size_speed_and_accuracy_its_table_bears_out() -> None:
    """A quarter or a third of float32, most networks faster, accuracy close to what it was."""
    (rows,) = tables(BENCHMARKS, "benchmark")
    in_singles = [float(row["size"]) for row in rows if row["network"] != "text_minilm_stsb"]
    assert min(in_singles) > 0.24 and max(in_singles) < 0.36
    assert sum(float(row["speed-up"]) > 1 for row in rows) > len(rows) / 2
    assert all(float(row["INT8"]) > float(row["float"]) - 0.06 for row in rows)
    classifiers = [row for row in rows if "top-1" in row["metric"]]
    assert all(float(row["INT8"]) > float(row["float"]) - 0.01 for row in classifiers)


def test_what_is_said_of_made_up_images() -> None:
    """Classifiers keep theirs within a point, the detection of text loses a quarter."""
    (rows,) = tables(BENCHMARKS, "data free")
    assert all(float(row["float"]) - float(row["made"]) < 0.01 for row in rows if "top-1" in row["metric"])
    assert lost("ocr_det_ppocrv4")[0] == pytest.approx(25, abs=2)


def test_outputs_of_as_many_networks_miss_the_bar_of_instruction_sets_as_is_said() -> None:
    (rows,) = tables(BENCHMARKS, "instruction sets")
    missing = [row for row in rows if any("!" in cell for cell in row.values())]
    assert len(missing) == 5 and len(rows) == 10
    assert "is missed by five of the ten networks" in text(BENCHMARKS)


def test_networks_that_are_not_in_the_table_yet() -> None:
    (rows,) = tables(BENCHMARKS, "others-accuracy")
    (diagnosed,) = tables(BENCHMARKS, "others-diagnosis")
    assert "Eight networks of other kinds" in text(BENCHMARKS) and "The two speech networks are not" in text(
        BENCHMARKS
    )
    assert len(diagnosed) == 8
    missing = {row["network"] for row in diagnosed} - {row["network"] for row in rows}
    assert missing == {"speech_dnsmos", "speech_silero_vad"}


@pytest.mark.parametrize("marker", ["fuzz", "fuzz settings"])
def test_random_networks_add_up_to_the_seeds(marker: str) -> None:
    whole = (ROOT / "docs/reliability.md").read_text("utf-8")
    block = re.search(rf"<!-- {marker}: begin -->.*?Seeds (\d+) to (\d+)\.", whole, re.DOTALL)
    assert block is not None
    (rows,) = tables("docs/reliability.md", marker)
    counted = sum(int(figure) for row in rows for figure in list(row.values())[1:])
    assert counted == int(block[2]) - int(block[1]) + 1


def test_configuration_files_of_pot_add_up() -> None:
    said = text("docs/compatibility.md")
    found = re.search(
        r"Of POT's own (\d+) configuration files.*?, (\d+) are taken.*?of its (\d+) examples of.*? (\d+), five",
        said,
    )
    assert found is not None
    files, taken, examples, accepted = map(int, found.groups())
    table = re.search(
        r"\| what \| files \|\n\| --- \| --- \|\n((?:\|.*\n)+)",
        (ROOT / "docs/compatibility.md").read_text("utf-8"),
    )
    assert table is not None
    cells = [re.findall(r"\d+", line.rsplit("|", 2)[1]) for line in table[1].splitlines()]
    assert sum(int(cell[0]) for cell in cells) == files - taken
    assert sum(int(cell[1]) for cell in cells if len(cell) > 1) == examples - accepted


def python(code: str, *folders: str) -> str:
    paths = [str(ROOT / folder) for folder in folders]
    run = [sys.executable, "-c", f"import sys; sys.path[:0] = {paths}; {code}"]
    return subprocess.run(run, capture_output=True, text=True, check=True, timeout=120, cwd=ROOT).stdout


def test_forms_that_a_device_is_asked_about() -> None:
    count = len(all_forms())
    assert count > 800 and "over eight hundred small models" in text("docs/command_line.md")
    assert f"each of {count} forms" in text("docs/devices.md")


@pytest.mark.process
def test_steps_of_random_networks_and_planted_faults() -> None:
    steps = python("from random_graphs import graph; print(len(graph.STEPS))", "benchmarks").strip()
    assert f"Networks of two to eight of {steps} steps" in text("docs/reliability.md")
    faults = python("from plantings import FAULTS; print(len(FAULTS))", "tests/diagnosis", "tests").strip()
    assert f"plants {faults} faults in two kinds of small networks" in text("docs/diagnosis.md")
    folders = "tests/checking", "tests", "benchmarks"
    planted = python("from test_planted import SEEDS; print(len(SEEDS))", *folders).strip()
    assert planted == "12" and "Of twelve random networks, one constant" in text("docs/reliability.md")


@pytest.mark.process
def test_cases_of_misuse() -> None:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--collect-only",
        "-q",
        "-p",
        "no:cacheprovider",
        "tests/misuse",
    ]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300, cwd=ROOT)
    counted = re.search(r"(\d+) tests collected", run.stdout)
    assert counted is not None and int(counted[1]) > 1000
    assert "more than a thousand cases" in text("docs/reliability.md")
