"""Runs a script as ``python SCRIPT`` does, in this process, with the modules at hand that OpenVINO dropped."""

from __future__ import annotations

import builtins
import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType, TracebackType
from typing import Any

from openvino.tools.pot.legacy import finder, install
from openvino.tools.pot.utils.errors import ConfigError, reason

# Child processes that are not forks are told through this variable which script they belong to.
_VARIABLE = "OPENVINO_POT_SCRIPT"
_HERE = "openvino.tools.pot.legacy"
_WORKER = f"{_HERE}.worker"
_SUFFIXES = ("", ".py", ".pyw")
_INTERRUPTED = 130  # what shells report of a process that Ctrl-C ended


def run(script: str | Path, arguments: Sequence[str] = ()) -> int:
    """Run a Python script unchanged, as the main program of this process.

    From here on the process is the script's: ``__main__``, ``sys.argv`` and ``sys.path[0]`` stay as the script had
    them, as do the old modules, which its threads and exit handlers may still need.

    Args:
        script: its path; ``sys.argv[0]`` shows it as given.
        arguments: ``sys.argv[1:]`` of the script.

    Returns:
        The exit code that Python would give: that of ``sys.exit``, 1 after an error, whose traceback is on standard
        error as Python prints it, 130 after Ctrl-C.

    Raises:
        ConfigError: there is no such file, or it is no Python source.
    """
    source, file = _read(Path(script)), _whole(os.fspath(script))
    main = _become_main(file, [os.fspath(script), *map(str, arguments)])
    try:
        exec(_compiled(source, file), vars(main))
    except SystemExit as stop:
        return _exit_code(stop.code)
    except BaseException as error:
        return _report(error)
    return 0


def define_in_child(namespace: dict[str, Any]) -> None:
    """Define in ``namespace`` what the parent process's script defines, as ``multiprocessing`` does for scripts."""
    file = os.environ[_VARIABLE]
    finder.install()
    namespace |= {
        "__file__": file,
        "__cached__": None,
        "__doc__": None,
        "__loader__": SourceFileLoader(namespace["__name__"], file),
    }
    exec(_compiled(_read(Path(file)), file), namespace)


def _read(path: Path) -> bytes:
    if path.suffix.lower() == ".ipynb":
        raise ConfigError(
            f"script {str(path)!r} is a notebook, expected a Python file: a first cell of "
            f"'from {_HERE} import install; install()' does for notebooks what run-script does"
        )
    if path.is_dir():
        raise ConfigError(f"script {str(path)!r} is a folder, expected a Python file")
    if not path.exists():
        raise ConfigError(f"script {str(path)!r} does not exist")
    try:
        source = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"script {str(path)!r} can't be read: {reason(error)}") from error
    if b"\0" in source:
        raise ConfigError(f"script {str(path)!r} is no Python source, as it holds binary data")
    if path.suffix.lower() not in _SUFFIXES:
        try:
            _compiled(source, path.name)
        except SyntaxError as error:
            raise ConfigError(f"script {str(path)!r} is no Python source: {error}") from error
    return source


def _compiled(source: bytes, file: str) -> CodeType:
    return compile(source, file, "exec", dont_inherit=True)


def _whole(given: str) -> str:
    """The path of the script as ``__file__`` and tracebacks show it: nothing that was given is left out."""
    return given if Path(given).is_absolute() else f"{Path.cwd()}{os.sep}{given}"


def _become_main(file: str, argv: list[str]) -> ModuleType:
    """Set the process up as Python does for a script; returns the new module ``__main__``."""
    main = ModuleType("__main__")
    main.__file__ = file
    main.__package__ = None
    main.__loader__ = SourceFileLoader("__main__", file)
    # Python has None here. A name is what a child process that is no fork runs in place of the script; without it
    # the child would run the script alone, without the old modules.
    main.__spec__ = ModuleSpec(_WORKER, None)
    vars(main).update(__builtins__=builtins, __cached__=None)
    os.environ[_VARIABLE] = file
    sys.modules["__main__"] = main
    sys.argv = argv
    folder = str(Path(file).resolve().parent)
    if sys.flags.isolated or getattr(sys.flags, "safe_path", False):
        sys.path.insert(0, folder)
    else:
        sys.path[:1] = [folder]  # in place of the folder of whatever started us
    install()
    return main


def _exit_code(code: object) -> int:
    if code is None:
        return 0
    if isinstance(code, int):
        return int(code)
    print(code, file=sys.stderr)
    return 1


def _report(error: BaseException) -> int:
    """Print an error that nothing caught, as Python does, and give the exit code."""
    trace = _without_ours(error.__traceback__)
    sys.excepthook(type(error), error.with_traceback(trace), trace)
    return _INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1


def _without_ours(trace: TracebackType | None) -> TracebackType | None:
    """The traceback less the frames of running the script, and of looking for a module in vain."""
    steps = []
    while trace is not None:
        steps.append(trace)
        trace = trace.tb_next
    first = None
    for step in reversed(steps):
        if step.tb_frame.f_code.co_filename not in (__file__, finder.__file__):
            step.tb_next = first
            first = step
    return first
