"""Forms asked about in processes of their own, so that one that crashes or hangs ends none but its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Timer
from time import monotonic

from openvino.tools.pot.hardware.probing.forms import Form
from openvino.tools.pot.hardware.rows import Row

_PATIENCE = 60.0
"""Seconds that a form may take, with the start of a process."""


def rows_of(forms: Sequence[Form], device: str, timed: bool) -> Iterator[Row]:
    """A row for each form, in their order.

    Args:
        forms: what is asked.
        device: OpenVINO's name of it.
        timed: whether requests are timed.
    """
    left = list(forms)
    while left:
        with _process(device, timed) as child:
            while left:
                row = _asked(child, left.pop(0))
                yield row
                if row.ran in ("crashes", "hangs"):
                    break


def _asked(child: subprocess.Popen[str], form: Form) -> Row:
    assert child.stdin is not None and child.stdout is not None
    timer = Timer(_PATIENCE, child.kill)
    begin = monotonic()
    timer.start()
    try:
        child.stdin.write(f"{form.name}\n")
        child.stdin.flush()
        line = child.stdout.readline()
    except OSError:  # it is gone, which Windows calls an invalid argument
        line = ""
    finally:
        timer.cancel()
    if line:
        return Row.model_validate_json(line)
    if monotonic() - begin >= _PATIENCE:
        return Row(form=form.name, ran="hangs", note=f"no answer within {_PATIENCE:.0f} s")
    return Row(form=form.name, ran="crashes", note=f"the process ended with {child.wait()}")


@contextmanager
def _process(device: str, timed: bool) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "openvino.tools.pot.hardware.probing.child", device]
    child = subprocess.Popen(
        [*command, *(["timed"] if timed else [])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
    )
    try:
        yield child
    finally:
        child.kill()
        child.communicate()
