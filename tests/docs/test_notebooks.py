"""The notebooks of the examples run, show what they say, and are the same in both of their files."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import jupytext
import openvino as ov
import pytest
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
SOURCES = sorted(EXAMPLES.glob("*/notebook.py"))
# The line with the figure that counts, the least of the float model, and the most that INT8 may lose.
FIGURES = {
    "face_detection": ("recall", 1.0, 0.05),
    "image_classification": ("accuracy", 0.99, 0.01),
    "text_classification": ("accuracy", 0.75, 0.05),  # of 40 pairs
    "text_similarity": ("Spearman", 0.49, 0.01),
}


def name(source: Path) -> str:
    return source.parent.name


# How much calibration data it takes is tried out for one number alone, on less data, and few requests are timed. Below
# twenty texts quantizing was measured to take half as long again.
QUICK = {
    "face_detection": {
        "count=20, seed=0": "count=2, seed=0",
        "count=15, seed=1": "count=2, seed=1",
        "counts = [1, 3, 10, 20]": "counts = [2]",
        "quantized_with(20)": "quantized_with(2)",
        "repeats=50": "repeats=3",
    },
    "image_classification": {
        "Images(data.evaluation_images, data.evaluation_labels)": (
            "Images(data.evaluation_images[:300], data.evaluation_labels[:300])"
        ),
        "counts = [5, 10, 30, 100, 300]": "counts = [30]",
        "quantized_with(300)": "quantized_with(60)",
    },
    "text_classification": {
        "spread(300)": "spread(24)",
        '"stat_subset_size": 300': '"stat_subset_size": 24',
        "spread(400)": "spread(40)",
        "(0, 100, 200, 300)": "(0, 10, 20, 30)",
        "repeats=30": "repeats=5",
    },
    "text_similarity": {
        "counts = [5, 30, 100, 300]": "counts = [24]",
        "quantized_with(300)": "quantized_with(24)",
        "load_tokenizer()": "load_tokenizer(64)",
        "heads=12": "heads=12, length=64",
        "repeats=30": "repeats=5",
    },
}

each_notebook = pytest.mark.parametrize("source", SOURCES, ids=name)


def runner() -> ModuleType:
    spec = importlib.util.spec_from_file_location("notebooks", ROOT / "scripts/notebooks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def committed(source: Path) -> NotebookNode:
    return jupytext.read(source.with_suffix(".ipynb"))


def code(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def printed(notebook: NotebookNode) -> str:
    outputs = [output for cell in code(notebook) for output in cell.outputs]
    return "".join(output.text for output in outputs if output.output_type == "stream")


def kinds(cell: NotebookNode) -> set[str]:
    """What a cell shows: text, plots, errors."""
    shown = set()
    for output in cell.outputs:
        shown |= {output.name} if output.output_type == "stream" else set(output.get("data", ["error"]))
    return shown - {"text/plain"}  # what stands in for a plot where there is no screen


def percentages_as_parts(figure: str) -> float:
    return float(figure.removesuffix("%")) / (100 if figure.endswith("%") else 1)


def test_all_are_checked() -> None:
    assert set(FIGURES) == set(QUICK) == {name(source) for source in SOURCES}


def test_a_notebook_that_is_not_there_is_named() -> None:
    with pytest.raises(
        SystemExit, match="no notebook 'text', there are: face_detection, image_classification, "
    ):
        runner().main(["text"])


def test_a_notebook_that_is_too_large_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = runner()
    folder = tmp_path / "examples/a"
    folder.mkdir(parents=True)
    (folder / "notebook.py").touch()
    (folder / "notebook.ipynb").write_text("old", encoding="utf-8")
    monkeypatch.setattr(script, "ROOT", tmp_path)
    monkeypatch.setattr(script, "EXAMPLES", tmp_path / "examples")
    monkeypatch.setattr(script, "LARGEST", 10)
    monkeypatch.setattr(script, "execute", lambda source, folder: jupytext.reads("1 + 1", fmt="py:percent"))
    with pytest.raises(SystemExit, match="bytes, expected 10 at most"):
        script.main([])
    assert (folder / "notebook.ipynb").read_text(encoding="utf-8") == "old"


@each_notebook
@pytest.mark.process
def test_runs_and_keeps_its_figure(source: Path, tmp_path: Path) -> None:
    replaced = QUICK[name(source)]
    for whole in replaced:
        assert [whole in cell.source for cell in code(committed(source))].count(True) == 1
    try:
        notebook = runner().execute(source.with_suffix(".ipynb"), tmp_path, replaced=replaced)
    except CellExecutionError as error:
        missing = re.search(r"package \S+ can't be downloaded.*", error.evalue)
        if missing:
            pytest.skip(missing[0])
        raise
    text = printed(notebook)
    metric, least, loss = FIGURES[name(source)]
    found = re.search(rf"^{metric}: float ([\d.]+%?), INT8 ([\d.]+%?)$", text, re.MULTILINE)
    assert found, text
    before, after = map(percentages_as_parts, found.groups())
    assert before >= least
    assert after >= before - loss
    saved = re.findall(r"^Saved (\S+)$", text, re.MULTILINE)
    assert saved
    for file in saved:
        assert file.startswith(f"results/{name(source)}/")
        types = [node.get_type_name() for node in ov.Core().read_model(tmp_path / file).get_ops()]
        assert "FakeQuantize" in types
    assert [path.name for path in tmp_path.iterdir()] == ["results"]
    for fresh, kept in zip(code(notebook), code(committed(source)), strict=True):
        assert kinds(fresh) == kinds(kept), fresh.source


@each_notebook
def test_both_files_have_the_same_cells(source: Path) -> None:
    script, notebook = jupytext.read(source), committed(source)
    pairs = [[(cell.cell_type, cell.source) for cell in each.cells] for each in (script, notebook)]
    assert pairs[0] == pairs[1]
    for each in (script, notebook):
        assert each.metadata.jupytext.formats == "ipynb,py:percent"


@each_notebook
def test_the_committed_outputs_are_complete(source: Path) -> None:
    cells = code(committed(source))
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    for cell in cells:
        expected = {"stdout"} if re.search(r"\bprint\(", cell.source) else set()
        expected |= {"image/png"} if "plt.show()" in cell.source else set()
        assert kinds(cell) == expected, cell.source


@each_notebook
def test_the_committed_file_is_small_and_of_no_machine(source: Path) -> None:
    file = source.with_suffix(".ipynb")
    assert file.stat().st_size <= runner().LARGEST
    text = re.sub(r'"image/png": "[^"]*"', "", file.read_text(encoding="utf-8"))
    assert re.findall(r"(?<![\w.])/(?:tmp|home|root|work|Users|mnt|opt|usr)/\S*|[A-Z]:\\\S*", text) == []


@each_notebook
def test_is_described_with_its_command(source: Path) -> None:
    notebook = source.with_suffix(".ipynb").relative_to(ROOT).as_posix()
    assert f"jupyter lab {notebook}" in (source.parent / "README.md").read_text(encoding="utf-8")
    assert f"({name(source)}/notebook.ipynb)" in (EXAMPLES / "README.md").read_text(encoding="utf-8")
