# PYTHON_ARGCOMPLETE_OK
"""``pot``: the way from a command line to an exit code.

Imports what a command needs once it is known, so that help and errors come at once.
"""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TextIO

from openvino.tools.pot.cli.arguments import COMMANDS, make_parser, parse
from openvino.tools.pot.utils.errors import ConfigError, PotError

DONE, FAILED, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130  # and LOST, 3, of cli/quantize.py


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``pot`` with command line arguments, by default those of the process.

    Returns:
        0 done, 1 failed while working, 2 wrong usage or configuration, 3 stored, but an output of the quantized model
        does not follow the float one, or a model that was verified departs, or a machine that was examined has a
        problem, 130 interrupted, by Ctrl-C or SIGTERM.
    """
    argv = list(sys.argv[1:] if argv is None else argv)
    _take_all_letters(sys.stdout)
    if "_ARGCOMPLETE" in os.environ:
        from openvino.tools.pot.cli.completing import complete

        complete(make_parser())
    # Asked before anything is parsed: parsing may fail.
    traceback = any(word.upper() in ("DEBUG", "--LOG-LEVEL=DEBUG") for word in argv)
    try:
        with _ending_as_by_ctrl_c():
            return _run(parse(argv), argv)
    except ConfigError as error:
        return _failed(error, WRONG_USAGE, traceback)
    except PotError as error:
        return _failed(error, FAILED, traceback)
    except BrokenPipeError:  # whoever read our output has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return INTERRUPTED
    except Exception as error:
        return _failed(error, FAILED, traceback)


def _take_all_letters(stream: TextIO | None) -> None:
    """Let a stream take names in any script: into pipes and files, Windows has Python write in an older code page."""
    if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
        as_utf8 = sys.platform == "win32" and not stream.isatty() and "PYTHONIOENCODING" not in os.environ
        stream.reconfigure(encoding="utf-8" if as_utf8 else None, errors="backslashreplace")


@contextmanager
def _ending_as_by_ctrl_c() -> Iterator[None]:
    """Let SIGTERM do what Ctrl-C does, where nobody has said what else: what was begun is cleared away."""
    ours = threading.current_thread() is threading.main_thread()
    if not ours or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _run(options: argparse.Namespace, argv: Sequence[str]) -> int:
    if options.command == "run-script":
        from openvino.tools.pot.legacy.script import run

        return run(options.script, options.arguments)
    if options.command == "plan":
        from openvino.tools.pot.cli.plan import show_plan

        return show_plan(options)
    if options.command == "adopt":
        from openvino.tools.pot.cli.adopt import adopt

        return adopt(options)
    if options.command == "diagnose":
        from openvino.tools.pot.cli.diagnose import show_diagnosis

        return show_diagnosis(options)
    if options.command == "compare":
        from openvino.tools.pot.cli.compare import show_comparison

        return show_comparison(options)
    if options.command == "frontier":
        from openvino.tools.pot.cli.frontier import show_frontier

        return show_frontier(options)
    if options.command == "probe":
        from openvino.tools.pot.cli.probe import show_probe

        return show_probe(options)
    if options.command == "verify":
        from openvino.tools.pot.cli.verify import show_verification

        return show_verification(options)
    if options.command == "doctor":
        from openvino.tools.pot.cli.doctor import show_doctor

        return show_doctor(options)
    if not options.config and not options.quantize:
        raise ConfigError(f"expected --config FILE, --quantize, or a command: {', '.join(COMMANDS)}")
    from openvino.tools.pot.cli.quantize import quantize

    options.argv = argv
    return quantize(options)


def _failed(error: BaseException, code: int, traceback: bool) -> int:
    if traceback:
        import traceback as printer

        printer.print_exception(error)
    with suppress(OSError, ValueError):  # of a full or closed standard error
        print(f"pot: error: {_sentence(error)}", file=sys.stderr)
    return code


def _sentence(error: BaseException) -> str:
    if isinstance(error, PotError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        what = (
            f"{error.filename!r} can't be read or written" if error.filename else "reading or writing failed"
        )
        return f"{what}: {error.strerror}"
    return f"{type(error).__name__}: {' '.join(str(error).split())}".removesuffix(": ")
