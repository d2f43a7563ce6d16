"""Installing the package, as a wheel or in place, adds to the installed OpenVINO and leaves it whole."""

import importlib
import importlib.metadata
import json
import os
import subprocess
import sys
import venv
import zipfile
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
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT)
    (built,) = folder.glob("*.whl")
    return built


def test_wheel_holds_our_files_and_no_others(wheel: Path) -> None:
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert names == source_files()
    assert all(name.startswith(("openvino/tools/pot/", "compression/")) for name in names)
    assert "openvino/tools/pot/py.typed" in names
    # With this file our old names would hide the standard library's package of Python 3.14.
    assert "compression/__init__.py" not in names


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
