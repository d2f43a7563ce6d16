"""Run the notebooks of the examples, and keep what they show in the .ipynb beside each .py.

python scripts/notebooks.py                       # all of them
python scripts/notebooks.py image_classification  # some

Sources are edited in notebook.py. The .ipynb is made of it, with the outputs of a run in an empty folder.
"""

import os
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
LARGEST = 400_000  # bytes of an .ipynb: every version of it stays in the repository


def execute(
    source: Path, folder: Path, timeout: int = 600, replaced: Mapping[str, str] | None = None
) -> nbformat.NotebookNode:
    """Run a notebook with this Python and this tree's package, from its first cell to its last.

    Args:
        source: its .py or .ipynb.
        folder: the working directory of the run. A script beside the notebook can be imported all the same.
        timeout: seconds for a cell.
        replaced: text of one of the cells -> what runs in its place.

    Returns:
        The notebook with its outputs.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell raised an error.
    """
    notebook = jupytext.read(source)
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"  # else they are random, and each run changes the file
        cell.metadata.pop("lines_to_next_cell", None)  # of the .py, where jupytext finds it again
        for text, other in (replaced or {}).items():
            cell.source = cell.source.replace(text, other)
    places = [ROOT / "src", source.parent, *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, places))}
    environment.pop("MPLBACKEND", None)  # one that the shell asks for would hide the plots
    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute(env=environment)
    for cell in notebook.cells:
        if cell.cell_type == "code":  # seconds of steps would change the file with each run
            cell.outputs = [each for each in cell.outputs if "openvino_pot" not in each.get("metadata", {})]
    return notebook


def chosen(names: list[str]) -> list[Path]:
    """The sources in the named folders, by default all."""
    known = {source.parent.name: source for source in sorted(EXAMPLES.glob("*/notebook.py"))}
    for name in names:
        if name not in known:
            raise SystemExit(f"no notebook {name!r}, there are: {', '.join(known)}")
    return [known[name] for name in names or known]


def main(names: list[str]) -> None:
    """Run the notebooks of the named folders, by default of all, and write their .ipynb files."""
    for source in chosen(names):
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            notebook = execute(source, Path(folder))
        target, content = source.with_suffix(".ipynb"), (nbformat.writes(notebook) + "\n").encode()
        size = len(content)
        if size > LARGEST:
            raise SystemExit(
                f"{target.relative_to(ROOT)} would have {size} bytes, expected {LARGEST} at most: smaller plots help"
            )
        target.write_bytes(content)
        print(
            f"{target.relative_to(ROOT)}: {time.monotonic() - started:.0f} s, {size / 1000:.0f} kB",
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
