"""A script runs as under ``python SCRIPT``: arguments, paths, exit codes, tracebacks, child processes."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from old_models import RUN, run_script

from openvino.tools.pot.legacy.script import run
from openvino.tools.pot.utils.errors import ConfigError

pytestmark = pytest.mark.process

# What Python itself makes of the same script and arguments.
PLAIN = "import os, sys; os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"

WHERE = """
import json, os, sys
print(json.dumps({
    "argv": sys.argv, "file": __file__, "name": __name__, "path": sys.path[0], "cwd": os.getcwd(),
    "package": __package__, "doc": __doc__, "cached": __cached__, "loader": type(__loader__).__name__,
    "builtins": type(__builtins__).__name__, "main": vars(sys.modules["__main__"]) is globals(),
    "rest": sys.path[1:] and True,
}))
"""


def script(folder: Path, text: str, name: str = "script.py") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_script_sees_what_python_shows_it(tmp_path: Path) -> None:
    script(tmp_path, f'"""Text."""\n{WHERE}', "inner/script.py")
    (tmp_path / "link.py").symlink_to(tmp_path / "inner/script.py")
    for given in (
        "inner/script.py",
        "./inner/../inner/script.py",
        str(tmp_path / "inner/script.py"),
        "link.py",
    ):
        ours = run_script(given, "one", "--two", "-c", cwd=tmp_path)
        assert ours.returncode == 0, ours.stderr
        found = json.loads(ours.stdout)
        assert found == json.loads(
            run_script(given, "one", "--two", "-c", cwd=tmp_path, launcher=PLAIN).stdout
        )
        assert found["argv"] == [given, "one", "--two", "-c"]
        assert found["path"] == str(tmp_path / "inner")
        assert found["main"] is True


def test_modules_beside_the_script_are_found(tmp_path: Path) -> None:
    script(tmp_path, "value = 5", "inner/beside.py")
    path = script(tmp_path, "import beside; print(beside.value)", "inner/script.py")
    assert run_script(path, cwd=tmp_path).stdout == "5\n"


@pytest.mark.parametrize(
    ("text", "code", "error"),
    [
        ("", 0, ""),
        ("import sys; sys.exit()", 0, ""),
        ("import sys; sys.exit(0)", 0, ""),
        ("import sys; sys.exit(3)", 3, ""),
        ("import sys; sys.exit(True)", 1, ""),
        ("import sys; sys.exit('so it ends')", 1, "so it ends\n"),
        ("import sys; sys.exit([1, 2])", 1, "[1, 2]\n"),
        ("raise SystemExit(None)", 0, ""),
        ("import sys; sys.exit(-1)", 255, ""),
        ("import sys; sys.exit(256 + 7)", 7, ""),
        ("import os; os._exit(4)", 4, ""),
    ],
)
def test_exit_codes(tmp_path: Path, text: str, code: int, error: str) -> None:
    ours = run_script(script(tmp_path, text), cwd=tmp_path)
    plain = run_script("script.py", cwd=tmp_path, launcher=PLAIN)
    assert (ours.returncode, ours.stderr) == (code, error) == (plain.returncode, plain.stderr)


FAILURES = {
    "an error": "def f(x):\n    return 1 / x\n\nf(0)\n",
    "an error of an error": "try:\n    int('x')\nexcept ValueError as error:\n    raise KeyError('y') from error\n",
    "an error while handling another": "try:\n    [][1]\nexcept IndexError:\n    None.x\n",
    "syntax": "x = 1\nif x\n    pass\n",
    "indentation": "if True:\nx = 1\n",
    "a missing module": "import openvino.nothing_of_that_name\n",
    "an error in a library": "import json\njson.loads('{')\n",
    "a group": "raise ExceptionGroup('all', [ValueError(1)])\n"
    if sys.version_info >= (3, 11)
    else "raise OSError\n",
    "an error hook": "import sys\nsys.excepthook = lambda *_: print('mine', file=sys.stderr)\n1 / 0\n",
    "a warning": "import warnings\nwarnings.warn('careful')\n1 / 0\n",
    "an encoding": "# coding: latin-1\nprint('\u00e4')\n1 / 0\n",
}


@pytest.mark.parametrize("case", FAILURES)
def test_tracebacks_are_those_of_python(tmp_path: Path, case: str) -> None:
    script(tmp_path, FAILURES[case])
    ours, plain = (run_script("script.py", cwd=tmp_path, launcher=each) for each in (RUN, PLAIN))
    assert ours.returncode == plain.returncode == 1
    assert ours.stderr == plain.stderr
    assert ours.stdout == plain.stdout


def test_a_module_that_is_gone_shows_none_of_our_frames(tmp_path: Path) -> None:
    path = script(tmp_path, "def f():\n    from openvino.tools.mo.front import tf\n\nf()\n")
    finished = run_script(path, cwd=tmp_path)
    files = re.findall(r'File "([^"]+)"', finished.stderr)
    assert files == [str(path)] * 2
    assert finished.stderr.splitlines()[-1].startswith(
        "ModuleNotFoundError: module 'openvino.tools.mo.front'"
    )


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT to send there")
def test_an_interrupted_script(tmp_path: Path) -> None:
    body = "    open('started', 'w').close()\n    time.sleep(60)\n"
    text = f"import time\ntry:\n{body}finally:\n    print('cleaned up')\n"
    path = script(tmp_path, text)
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, str(path)],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not (tmp_path / "started").exists():
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    output, error = process.communicate(timeout=60)
    assert (process.returncode, output) == (130, "cleaned up\n")
    assert error.startswith(f'Traceback (most recent call last):\n  File "{path}", line 4, in <module>')
    assert error.endswith("KeyboardInterrupt\n")


def test_standard_output_is_the_scripts_alone(tmp_path: Path) -> None:
    text = "from openvino.runtime import Core\nimport openvino.inference_engine, openvino.tools.mo\nprint('mine')"
    finished = run_script(script(tmp_path, text), cwd=tmp_path)
    assert (finished.stdout, finished.stderr) == ("mine\n", "")


def test_threads_and_exit_handlers_end_as_ever(tmp_path: Path) -> None:
    text = """
import atexit, threading, time
def late():
    time.sleep(0.3)
    from openvino.runtime import Core
    print("thread", Core.__name__)
atexit.register(print, "bye")
threading.Thread(target=late).start()
"""
    finished = run_script(script(tmp_path, text), cwd=tmp_path)
    assert (finished.stdout, finished.stderr, finished.returncode) == ("thread Core\nbye\n", "", 0)


def test_objects_of_the_script_can_be_pickled(tmp_path: Path) -> None:
    text = """
import pickle
class Thing:
    value = 3
def function(): return 4
things = pickle.loads(pickle.dumps([Thing(), function]))
print(things[0].value, things[1](), Thing.__module__)
"""
    finished = run_script(script(tmp_path, text), cwd=tmp_path)
    assert (finished.stdout, finished.stderr) == ("3 4 __main__\n", "")


CHILDREN = """
import multiprocessing, sys
from openvino.runtime import Core

class Task:
    def __init__(self, number): self.number = number

def work(task):
    import openvino.inference_engine
    return task.number * 2, Core.__name__, __name__, sys.argv[1], __file__

if __name__ == "__main__":
    with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool:
        for each in pool.map(work, [Task(1), Task(2)]):
            print(*each)
"""


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_child_processes(tmp_path: Path, method: str) -> None:
    path = script(tmp_path, CHILDREN)
    finished = run_script("script.py", method, cwd=tmp_path)
    assert finished.returncode == 0, finished.stderr
    name = "__main__" if method == "fork" else "__mp_main__"
    assert finished.stdout.splitlines() == [f"{value} Core {name} {method} {path}" for value in (2, 4)]


def test_what_is_no_script_is_refused(tmp_path: Path) -> None:
    script(tmp_path, "<net/>", "net.xml")
    (tmp_path / "net.bin").write_bytes(b"\0\1")
    for given, message in {
        tmp_path / "none.py": "does not exist",
        tmp_path: "is a folder, expected a Python file",
        tmp_path / "old.ipynb": "is a notebook, expected a Python file: a first cell of "
        "'from openvino.tools.pot.legacy import install; install()' does for notebooks what run-script does",
        tmp_path / "net.xml": "is no Python source",
        tmp_path / "net.bin": "is no Python source, as it holds binary data",
    }.items():
        with pytest.raises(ConfigError) as caught:
            run(given)
        assert str(caught.value).startswith(f"script {str(given)!r} {message}")
        assert "\n" not in str(caught.value)


def test_a_script_may_have_any_name(tmp_path: Path) -> None:
    for name in ("script", "script.txt"):
        assert run_script(script(tmp_path, "print(5)", name), cwd=tmp_path).stdout == "5\n"
