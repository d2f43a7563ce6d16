"""Installing the package, as a wheel or in place, adds to the installed OpenVINO and leaves it whole."""

import importlib
import importlib.metadata
import json
import os
import re
import subprocess
import sys
import textwrap
import venv
import zipfile
from email import message_from_string
from email.message import Message
from pathlib import Path

import pytest

pytestmark = pytest.mark.process
ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src"
# What importing openvino needs, and what building our package in the environment itself needs.
BUILD_TOOLS = ["hatchling", "editables", "packaging", "pathspec", "pluggy", "trove-classifiers"]
MIRRORED = ["openvino", "numpy", *BUILD_TOOLS]
MIRRORED += ["pydantic", "pydantic-core", "annotated-types", "typing-extensions", "typing-inspection"]
if sys.version_info < (3, 11):
    MIRRORED.append("tomli")
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input")
INSTALL = ("install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation")
PROBE = """
import importlib.util, json, os, sys, sysconfig
import openvino, openvino.tools.ovc
from openvino.tools.pot import version
from openvino.tools.pot.graph.nx_model import CompressedModel
if sys.version_info >= (3, 14):
    import compression.zstd
    found = os.path.samefile(os.path.dirname(compression.__path__[0]), sysconfig.get_path("stdlib"))
else:
    found = importlib.util.find_spec("compression.graph.nx_model") is not None
print(json.dumps({
    "openvino": openvino.__file__, "cpu": "CPU" in openvino.Core().available_devices,
    "pot": os.path.normpath(version.__file__), "version": version.__version__, "right compression": found,
}))
"""

ADDRESS = "https://example.org/somebody/something"
# What docs/api.md says that those need who check types: OpenVINO's own stubs tell mypy nothing, and addict has none.
MYPY = "[mypy]\n[mypy-openvino]\nfollow_imports = skip\n[mypy-addict]\nignore_missing_imports = True\n"
# What the documents leave to their readers.
READER_S = "from typing import Any\nmodel: Any = None\nsamples: Any = None"
WRONG = """from openvino.tools.pot import compress_weights, diagnose, quantize
quantize("a.xml", [], preset="mixd")
quantize("a.xml", [], target_device="TPU")
quantize("a.xml", [], effort="through")
quantize("a.xml", [], efort="thorough")
compress_weights("a.xml", "int3_sym")
diagnose("a.xml", data=[], model_type="transformers")
"""


def run(*command: str | Path, cwd: Path | None = None, **environment: str) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    finished = subprocess.run(
        command, cwd=cwd, env=clean | environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


def source_files() -> set[str]:
    return {
        str(file.relative_to(SOURCE))
        for file in SOURCE.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }


class Environment:
    """A fresh environment in which links stand for the files of the packages named above.

    Its folders are real, so whatever pip does to it cannot reach the environment of the tests.
    """

    def __init__(self, folder: Path) -> None:
        venv.create(folder, with_pip=False, symlinks=True)
        self.python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        purelib = run(self.python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))")
        self.packages = Path(purelib.strip())
        for name in MIRRORED:
            for file in importlib.metadata.files(name) or ():
                if ".." not in file.parts and "__pycache__" not in file.parts:
                    link = self.packages / file
                    link.parent.mkdir(parents=True, exist_ok=True)
                    link.symlink_to(file.locate())

    def pip(self, *arguments: str | Path) -> None:
        run(*PIP, "--python", self.python, *arguments)

    def probe(self, cwd: Path, **environment: str) -> dict[str, object]:
        found: dict[str, object] = json.loads(run(self.python, "-c", PROBE, cwd=cwd, **environment))
        return found

    def openvino_files(self) -> set[Path]:
        files = (*self.packages.glob("openvino/**/*"), *self.packages.glob("openvino-*/**/*"))
        return {file for file in files if "__pycache__" not in file.parts}


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return Environment(tmp_path / "environment")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an archive of the sources, and the wheel that was made of that."""
    folder = tmp_path_factory.mktemp("built")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, POT_REPOSITORY=ADDRESS)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (found,) = built.glob("*.whl")
    return found


def test_the_index_would_take_both_files(built: Path, wheel: Path) -> None:
    run(sys.executable, "-m", "twine", "check", "--strict", *built.iterdir())
    run(sys.executable, "-m", "check_wheel_contents", "--config", ROOT / "pyproject.toml", wheel)


def metadata_of(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return message_from_string(archive.read(name).decode())


def test_the_index_gets_addresses_and_links_of_the_repository_that_releases(wheel: Path) -> None:
    found = metadata_of(wheel)
    tag = f"v{importlib.metadata.version('openvino-pot')}"
    urls = dict(line.split(", ") for line in found.get_all("Project-URL", []))
    assert urls["Source"] == ADDRESS and set(urls) == {"Source", "Documentation", "Changelog", "Issues"}
    text = found.get_payload()
    assert isinstance(text, str)
    paths = re.findall(rf"\]\({ADDRESS}/(?:blob|raw)/{tag}/([^)#]+)(?:#[^)]*)?\)", text)
    assert len(paths) > 20 and [path for path in paths if not (ROOT / path).exists()] == []
    assert re.findall(r"\]\((?!https?://|#)[^)]*\)", text) == []
    assert re.search(rf"^!\[[^]]+\]\({ADDRESS}/raw/{tag}/docs/images/", text, re.MULTILINE)


def test_without_an_address_nothing_leads_nowhere() -> None:
    spec = importlib.util.spec_from_file_location("metadata_hook", ROOT / "scripts/metadata_hook.py")
    assert spec is not None and spec.loader is not None
    hook = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hook)
    text = "See [the API](docs/api.md#quantize), [below](#more) and [it](https://example.org/x).\n![A](docs/a.png)\nEnd\n"
    assert (
        hook.readme(text, "", "v1") == "See the API, [below](#more) and [it](https://example.org/x).\nEnd\n"
    )
    assert hook.urls("", "v1") == {}


def code_in(document: Path) -> str:
    """The Python of a document in the order in which it stands there, fenced or indented."""
    text = document.read_text(encoding="utf-8")
    fenced = r"^```python\n(?P<fenced>.*?)^```$"
    indented = r"\n\n(?P<indented>    (?:from|import) openvino.*?)(?=\n\n\S|\Z)"
    found = re.finditer(f"{fenced}|{indented}", text, re.MULTILINE | re.DOTALL)
    return "\n".join(textwrap.dedent(match["fenced"] or match["indented"]) for match in found)


def test_code_of_the_documents_has_types_for_those_who_have_the_wheel(
    environment: Environment, wheel: Path, tmp_path: Path
) -> None:
    environment.pip(*INSTALL, wheel)
    documents = {file: code_in(file) for file in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))}
    files = []
    for document, code in documents.items():
        if code:
            files.append(tmp_path / f"of_{document.stem.lower()}.py")
            files[-1].write_text(f"{READER_S}\n{code}\n", encoding="utf-8")
    assert len(files) >= 4
    (tmp_path / "mypy.ini").write_text(MYPY, encoding="utf-8")
    strict = ("--strict", "--python-executable", environment.python, "--config-file", "mypy.ini")
    assert "Success" in run(sys.executable, "-m", "mypy", *strict, *files, cwd=tmp_path)
    wrong = tmp_path / "wrong.py"
    wrong.write_text(WRONG, encoding="utf-8")
    told = subprocess.run(
        [sys.executable, "-m", "mypy", *strict, wrong],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [int(line) for line in re.findall(r"^wrong\.py:(\d+): error", told.stdout, re.MULTILINE)]
    assert set(lines) == set(range(2, WRONG.count("\n") + 1)), told.stdout


def test_wheel_holds_our_files_and_no_others(wheel: Path) -> None:
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert names == source_files()
    assert all(name.startswith(("openvino/tools/pot/", "compression/")) for name in names)
    assert "openvino/tools/pot/py.typed" in names
    # With this file our old names would hide the standard library's package of Python 3.14.
    assert "compression/__init__.py" not in names


def test_programs_of_the_wheel_can_be_run(wheel: Path) -> None:
    program = zipfile.ZipFile(wheel).getinfo("openvino/tools/pot/legacy/bin/mo")
    assert program.external_attr >> 16 & 0o111 == 0o111


def test_wheel_beside_openvino(environment: Environment, wheel: Path, tmp_path: Path) -> None:
    before = environment.openvino_files()
    environment.pip(*INSTALL, wheel)
    found = environment.probe(tmp_path)
    assert found == {
        "openvino": str(environment.packages / "openvino/__init__.py"),
        "pot": str(environment.packages / "openvino/tools/pot/version.py"),
        "version": importlib.metadata.version("openvino-pot"),
        "cpu": True,
        "right compression": True,
    }
    environment.pip("uninstall", "--yes", "--quiet", "openvino-pot")
    assert environment.openvino_files() == before
    assert not (environment.packages / "compression").exists()
    run(environment.python, "-c", "import openvino.tools.ovc; openvino.Core()")


def test_in_place_beside_openvino(environment: Environment, tmp_path: Path) -> None:
    before = environment.openvino_files()
    environment.pip(*INSTALL, "--editable", ROOT)
    # Neither the working directory nor PYTHONPATH, both ahead of the installed openvino, may hide it.
    for found in (
        environment.probe(tmp_path),
        environment.probe(SOURCE),
        environment.probe(tmp_path, PYTHONPATH=str(SOURCE)),
    ):
        assert found == {
            "openvino": str(environment.packages / "openvino/__init__.py"),
            "pot": str(SOURCE / "openvino/tools/pot/version.py"),
            "version": importlib.metadata.version("openvino-pot"),
            "cpu": True,
            "right compression": True,
        }
    environment.pip("uninstall", "--yes", "--quiet", "openvino-pot")
    assert environment.openvino_files() == before
    run(environment.python, "-c", "import openvino.tools.ovc; openvino.Core()", cwd=tmp_path)
