"""The package has the types that it says, of OpenVINO's real ones, not of an empty or untyped openvino."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.process
SCRIPT = Path(__file__).resolve().parents[1] / "scripts/typecheck.py"


def test_the_package_has_the_types_that_it_says() -> None:
    run = subprocess.run([sys.executable, SCRIPT], capture_output=True, text=True, check=False, timeout=300)
    assert run.returncode == 0, run.stdout + run.stderr


def typecheck(folder: Path, source: str) -> subprocess.CompletedProcess[str]:
    file = folder / "calls_openvino.py"
    file.write_text(source)
    return subprocess.run(
        [sys.executable, SCRIPT, file], capture_output=True, text=True, check=False, timeout=300
    )


def test_right_calls_pass(tmp_path: Path) -> None:
    run = typecheck(
        tmp_path,
        "import openvino as ov\n"
        "from openvino.tools.pot.version import __version__\n"
        'compiled: ov.CompiledModel = ov.Core().compile_model("model.xml", device_name="CPU")\n'
        "version: str = __version__\n",
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_wrong_calls_are_reported(tmp_path: Path) -> None:
    run = typecheck(
        tmp_path,
        "import openvino as ov\n"
        "from openvino.tools.pot.version import __version__\n"
        "ov.Core().compile_model(3.5, nonsense=object(), device_name=7)\n"
        "version: int = __version__\n",
    )
    assert run.returncode == 1, run.stdout + run.stderr
    for complaint in ('"nonsense"', 'type "float"', 'type "int"', 'type "str", variable has type "int"'):
        assert complaint in run.stdout
