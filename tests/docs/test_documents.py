"""What the documents say still holds: code runs, links and paths lead somewhere, parameters are complete."""

import json
import re
from pathlib import Path

import openvino as ov
import pytest
from pydantic import BaseModel

from openvino.tools.pot import __all__ as public_names
from openvino.tools.pot import __version__
from openvino.tools.pot.configs import parameters

ROOT = Path(__file__).resolve().parents[2]
POT = ROOT / "src/openvino/tools/pot"
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md"), *POT.glob("**/*.md")]
)
# Decisions are as they were when they were made, and may name files that are gone.
CURRENT = [file for file in DOCUMENTS if "decisions" not in file.parts]
PLACES = ("src", "tests", "scripts", "benchmarks", "examples")
MODULES = {file.name for place in PLACES for file in ROOT.glob(f"{place}/**/*.py")} | {
    "setup.py"
}  # of packages


def name(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def read(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def anchors(text: str) -> set[str]:
    """What GitHub calls the headings of a document."""
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.long
def test_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```python\n(.*?)^```$", read(ROOT / "README.md"), re.MULTILINE | re.DOTALL)
    namespace: dict[str, object] = {"__name__": "readme"}
    for number, block in enumerate(blocks, 1):
        exec(compile(block, f"README.md, Python block {number}", "exec"), namespace)
    assert len(blocks) >= 5
    for file in ("optimized_model", "short"):
        saved = ov.Core().read_model(tmp_path / f"optimized_model/{file}.xml")
        assert saved.has_rt_info(["openvino_pot", "version"])


@pytest.mark.parametrize("file", DOCUMENTS, ids=name)
def test_links_lead_somewhere(file: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", read(file)):
        path, _, anchor = target.partition("#")
        if not target.startswith(("http://", "https://")):
            goal = file.parent / path if path else file
            assert goal.exists(), target
            assert not anchor or anchor in anchors(read(goal)), target


@pytest.mark.parametrize("file", CURRENT, ids=name)
def test_named_files_exist(file: Path) -> None:
    for path in re.findall(r"(?<![\w./])((?:[\w.-]+/)+[\w.-]+\.(?:py|json|md))\b", read(file)):
        assert any((place / path).exists() for place in (ROOT, POT, file.parent)), path


@pytest.mark.parametrize("file", CURRENT, ids=name)
def test_named_folders_files_of_any_kind_and_modules_exist(file: Path) -> None:
    text = read(file)
    for path in re.findall(r"`((?:src|tests|docs|scripts|benchmarks|examples|\.github)/[\w./*-]*)`", text):
        assert any(ROOT.glob(path.rstrip("/"))), path
    for module in re.findall(r"`(\w+\.py)`", text):
        assert module in MODULES, module


@pytest.mark.parametrize("file", CURRENT, ids=name)
def test_named_things_are_where_the_document_says(file: Path) -> None:
    pairs = re.findall(r"`(\w+)`\s(?:in|of|\|)\s`([\w/]+\.py)`", read(file))
    for thing, path in pairs:
        place = next(place for place in (ROOT, POT) if (place / path).exists())
        assert re.search(rf"\b{thing}\b", read(place / path)), f"{thing} in {path}"


@pytest.mark.parametrize("file", DOCUMENTS, ids=name)
def test_no_paths_of_a_machine(file: Path) -> None:
    # /tmp is every machine's, and commands may use it.
    assert re.findall(r"(?<![\w.])/(?:home|root|work|Users|mnt|opt|usr)/\S*|[A-Z]:\\\S*", read(file)) == []


def fields(kind: type[BaseModel]) -> set[str]:
    return set(kind.model_fields)


def test_every_parameter_is_described_with_its_default() -> None:
    text = read(ROOT / "docs/api.md").split("## Parameters of DefaultQuantization")[1]
    first_cells = re.findall(r"^\| (`[^|]+) \|", text, re.MULTILINE)
    described = {word for cell in first_cells for word in re.findall(r"`(\w+)`", cell)}
    kinds = (
        parameters.DefaultQuantizationParameters,
        parameters.IgnoredScope,
        parameters.QuantizerParameters,
        parameters.Rule,
        parameters.RangeEstimator,
        parameters.Bound,
    )
    assert {field for kind in kinds for field in fields(kind)} <= described
    table = text.split("\n### ")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|", table, re.MULTILINE))
    for field, info in parameters.DefaultQuantizationParameters.model_fields.items():
        if info.default is None:
            assert rows[field] in ("absent", "all"), field
        elif isinstance(info.default, (bool, str, int)):
            assert rows[field].strip("`") == json.dumps(info.default), field


def test_every_public_name_is_described() -> None:
    text = read(ROOT / "docs/api.md")
    assert {each for each in public_names if f"`{each}" not in text} <= {"__version__"}


def test_the_changelog_begins_with_the_version() -> None:
    versions = re.findall(r"^## \[([^\]]+)\]", read(ROOT / "CHANGELOG.md"), re.MULTILINE)
    assert next(version for version in versions if version != "Unreleased") == __version__


def test_decisions_are_numbered_and_listed() -> None:
    folder = ROOT / "docs/decisions"
    files = sorted(file.name for file in folder.glob("0*.md"))
    assert [int(file[:4]) for file in files] == list(range(1, len(files) + 1))
    for file in files:
        assert f"({file})" in read(folder / "README.md")
        sections = re.findall(r"^## (.+)$", read(folder / file), re.MULTILINE)
        assert sections == ["Context", "Decision", "Consequences"]
