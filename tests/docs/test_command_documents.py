"""What the documents say of the command: its lines run, and no flag, key or module is missing."""

from __future__ import annotations

import argparse
import importlib.util
import re
import shlex
from pathlib import Path
from typing import get_args

import numpy as np
import openvino as ov
import pytest
from PIL import Image

import builders
from openvino.tools.pot import quantize, save_model
from openvino.tools.pot.accuracy_checker.adapters import ADAPTERS
from openvino.tools.pot.accuracy_checker.postprocessing import POSTPROCESSING
from openvino.tools.pot.cli.arguments import make_parser
from openvino.tools.pot.cli.main import main
from openvino.tools.pot.configs import sections
from openvino.tools.pot.configs.files import read_mapping
from openvino.tools.pot.data_loaders.stating.reading import READERS
from openvino.tools.pot.data_loaders.stating.statement import Kind
from openvino.tools.pot.datasets.formats import CONVERTERS
from openvino.tools.pot.datasets.metrics import METRICS
from openvino.tools.pot.datasets.preprocessing import STEPS
from openvino.tools.pot.hardware.probing import probe
from openvino.tools.pot.hardware.probing.measure import measured

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs/command_line.md").read_text(encoding="utf-8")


def blocks(document: str, kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", document, re.MULTILINE | re.DOTALL)


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the documents speak of."""
    monkeypatch.chdir(tmp_path)
    for name in ("model", "resnet"):
        ov.save_model(builders.network(), f"{name}.xml", compress_to_fp16=False)
    for name in ("int8", "other"):
        save_model(quantize("model.xml", builders.images(4), self_check=False), ".", name)
    Path("images").mkdir()
    for number in range(4):
        pixels = np.random.default_rng(number).integers(0, 256, (8, 8, 3), np.uint8)
        for suffix in ("png", "jpg"):
            Image.fromarray(pixels).save(f"images/{number}.{suffix}")
    ov.save_model(builders.network(), "yolo11n_openvino_model/yolo11n.xml", compress_to_fp16=False)
    Path("yolo11n_openvino_model/metadata.yaml").write_text("{stride: 8, names: {0: a}, imgsz: [8, 8]}")
    (example,) = blocks(GUIDE, "json")
    Path("config.json").write_text(example, encoding="utf-8")
    Path("old_script.py").write_text("from openvino.runtime import Core\nCore()\n", encoding="utf-8")
    return tmp_path


@pytest.mark.long
def test_the_readme_s_commands_run(
    workplace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENVINO_POT_CACHE", str(workplace / "cache"))
    monkeypatch.setattr(
        probe, "rows_of", lambda forms, device, timed: (measured(each, device) for each in forms[:3])
    )
    (block,) = blocks((ROOT / "README.md").read_text(encoding="utf-8"), "sh")
    lines = [shlex.split(line) for line in block.splitlines()]
    codes = {" ".join(line): main(line[1:]) for line in lines if line[1] != "run-script"}
    assert len(lines) == len(codes) + 1  # the script is run in tests of its own: it takes its process over
    assert set(codes.values()) == {0}, capsys.readouterr().err
    assert len(list(workplace.rglob("results/**/*.xml"))) == 2


def test_the_example_of_a_configuration_is_right(workplace: Path) -> None:
    sections.parse_sections(read_mapping("config.json"), "config.json")


def first_cells(title: str) -> set[str]:
    """The words in code of the first column of the tables under a heading, up to the next heading of that level."""
    level = title.split()[0]
    text = GUIDE.split(f"\n{title}\n")[1]
    text = re.split(rf"\n#{{1,{len(level)}}} ", text)[0]
    cells = re.findall(r"^\| (`[^|]+) \|", text, re.MULTILINE)
    return {word for cell in cells for word in re.findall(r"`([^`]+)`", cell)}


@pytest.mark.parametrize(
    ("title", "kinds"),
    [
        ("### `model`", [sections.ModelSection]),
        (
            "### `engine`",
            [sections.SimplifiedEngine, sections.DataFreeEngine, sections.AccuracyCheckerEngine],
        ),
        ("### `compression`", [sections.CompressionSection]),
    ],
)
def test_every_key_is_described(title: str, kinds: list[type[sections.Parameters]]) -> None:
    assert {key for kind in kinds for key in kind.model_fields} == first_cells(title)


def flags(parser: argparse.ArgumentParser) -> set[str]:
    return {flag for action in parser._actions for flag in action.option_strings} - {
        "-h",
        "--help",
        "--version",
    }


def test_every_flag_is_described() -> None:
    found = {word.split()[0] for word in first_cells("## Flags")}
    assert found == flags(make_parser())


def test_every_flag_of_plan_is_described() -> None:
    commands = next(a for a in make_parser()._actions if isinstance(a, argparse._SubParsersAction))
    found = {word.split()[0] for word in first_cells("## `pot plan`")}
    assert found | {"--model", "--weights", "--log-level"} == flags(commands.choices["plan"])


def test_every_flag_of_probe_is_described() -> None:
    commands = next(a for a in make_parser()._actions if isinstance(a, argparse._SubParsersAction))
    found = {word.split()[0] for word in first_cells("## `pot probe`")}
    assert found | {"--log-level"} == flags(commands.choices["probe"])


def test_every_flag_of_doctor_and_every_trouble_is_described() -> None:
    commands = next(a for a in make_parser()._actions if isinstance(a, argparse._SubParsersAction))
    found = first_cells("## `pot doctor`")
    assert {word for word in found if word.startswith("--")} | {"--log-level"} == flags(
        commands.choices["doctor"]
    )
    sources = (
        file.read_text(encoding="utf-8") for file in (ROOT / "src/openvino/tools/pot/doctor").glob("*.py")
    )
    text = "\n".join(sources)
    named = {
        *re.findall(r'name="(\w+)",\n? *weight=', text),
        *re.findall(r'trouble="(\w+)"', text),
        "openvino",
    }
    assert len(named) > 15 and {word for word in found if word.isidentifier()} == named


@pytest.mark.parametrize("command", ["adopt", "compare", "frontier", "verify"])
def test_every_flag_of_what_takes_data_is_described(command: str) -> None:
    commands = next(a for a in make_parser()._actions if isinstance(a, argparse._SubParsersAction))
    groups = {group.title: group for group in commands.choices[command]._action_groups}
    of_data = {flag for action in groups["data"]._group_actions for flag in action.option_strings}
    found = {word.split()[0] for word in first_cells(f"## `pot {command}`")} - {"FILE", "FOLDER", "pot"}
    known = {"-m": "--model", "-w": "--weights", "-q": "--quantize"}
    own = flags(commands.choices[command]) - of_data - {"-m", "-w", "-q", "--log-level"}
    assert {known.get(flag, flag) for flag in found} == own


@pytest.mark.parametrize("table", [ADAPTERS, CONVERTERS, METRICS, POSTPROCESSING, STEPS])
def test_every_part_of_accuracy_checker_is_described(table: dict[str, object]) -> None:
    text = GUIDE.split("#### `accuracy_checker`")[1].split("\n### ")[0]
    assert {name for name in table if f"`{name}`" not in text} == set()


def test_the_table_of_families_is_that_of_the_list() -> None:
    spec = importlib.util.spec_from_file_location("families", ROOT / "scripts/families.py")
    assert spec is not None
    assert spec.loader is not None
    families = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(families)
    text = (ROOT / "docs/feeding.md").read_text(encoding="utf-8")
    written = text.partition("<!-- families: begin -->\n")[2].partition("\n<!-- families: end -->")[0]
    assert written == families.table(), "python scripts/families.py writes it anew"


def test_every_kind_of_metadata_and_every_way_to_a_size_is_described() -> None:
    text = (ROOT / "docs/feeding.md").read_text(encoding="utf-8")
    ways = text.split("## Ways to the input's size")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", ways, re.MULTILINE)) == set(get_args(Kind))
    table = text.split("## What the model says")[1].split("\n## ")[0]
    assert len(re.findall(r"^\| ", table, re.MULTILINE)) - 2 == len(READERS)
