"""Type-check our packages strictly, against OpenVINO's real types.

OpenVINO's wheel does not say that it has types, and each of its stubs begins with "# type: ignore",
which makes mypy take the stub for empty. So mypy is given a copy of the stubs without that line, made
once for each OpenVINO version, and searches it ahead of our source: the copy then is openvino, rather
than our own folder of that name, which has no __init__.py.

With file arguments, those files are checked instead of our packages.
"""

import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src"
EXAMPLES = ROOT / "examples"
OURS = ("src/openvino/tools/pot", "src/compression", "examples/common")
SCRIPTS = tuple(str(file.relative_to(ROOT)) for file in sorted(EXAMPLES.glob("*/quantize.py")))


def copy_types(folder: Path) -> None:
    """Copy the installed openvino's stubs and Python files, less what hides them from mypy."""
    spec = importlib.util.find_spec("openvino")
    if spec is None or spec.origin is None:
        raise SystemExit("typecheck: openvino is not installed")
    installed = Path(spec.origin).parent
    for file in [*installed.rglob("*.py"), *installed.rglob("*.pyi")]:
        name = file.relative_to(installed)
        if name.parts[:2] != ("tools", "pot"):  # ours, if it is installed as a wheel
            copy = folder / "openvino" / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            text = file.read_text(encoding="utf-8").removeprefix("# type: ignore\n")
            copy.write_text(text, encoding="utf-8")


def types_of_openvino() -> Path:
    """The copy for the installed OpenVINO, made if it is not there yet."""
    copy = ROOT / ".typecheck" / importlib.metadata.version("openvino")
    if not copy.is_dir():
        copy.parent.mkdir(exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=copy.parent))
        copy_types(fresh)
        try:
            fresh.rename(copy)
        except OSError:  # another run was faster
            shutil.rmtree(fresh)
    return copy


def main(files: list[str]) -> int:
    """Run mypy and return its exit code."""
    types = types_of_openvino()
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        f"--cache-dir={types}-cache",
        *(files or (*OURS, *SCRIPTS)),
    ]
    env = os.environ | {"MYPYPATH": os.pathsep.join(map(str, (types, SOURCE, EXAMPLES)))}
    return subprocess.run(command, cwd=ROOT, env=env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
