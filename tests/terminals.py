"""Processes whose standard streams are a terminal, as far as is asked for."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SHOWN, HIDDEN = "\x1b[?25h", "\x1b[?25l"
"""What shows the cursor, and what hides it."""


@dataclass(frozen=True)
class Seen:
    """What a process left.

    Attributes:
        code: its exit code.
        screen: all that went to the terminal, as it went.
        out, err: what went to pipes; empty for streams that were the terminal.
    """

    code: int
    screen: str
    out: str
    err: str

    @property
    def text(self) -> str:
        """What the terminal shows in the end, without colours."""
        lines, row = [""], 0
        for part in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", self.screen):
            if part == "\n":
                row += 1
                lines += [""] * (row == len(lines))
            elif part.startswith("\x1b") and part.endswith("A"):
                row -= int(part[2:-1])
            elif part == "\x1b[2K":
                lines[row] = ""
            elif part != "\r" and not part.startswith("\x1b"):
                lines[row] += part
        return "\n".join(lines)


def on_terminal(
    command: Sequence[str], folder: Path, out: bool = True, err: bool = True, timeout: float = 120
) -> Seen:
    """Run a command with a terminal of 120 columns for standard output and error, or pipes in place of one of them."""
    import pty

    leader, follower = pty.openpty()
    process = subprocess.Popen(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=follower if out else subprocess.PIPE,
        stderr=follower if err else subprocess.PIPE,
        env={**os.environ, "COLUMNS": "120", "TERM": "xterm-256color"},
    )
    os.close(follower)
    screen = _read(leader)
    written = process.communicate(timeout=timeout)
    os.close(leader)
    piped = [(text or b"").decode() for text in written]
    return Seen(process.returncode, screen.decode(), *piped)


def _read(leader: int) -> bytes:
    """All that comes until nobody has the terminal any more."""
    content = b""
    while True:
        try:
            found = os.read(leader, 65536)
        except OSError:  # as Linux ends it
            return content
        if not found:
            return content
        content += found


def python(script: str) -> list[str]:
    """The command that runs a script."""
    return [sys.executable, "-c", script]
