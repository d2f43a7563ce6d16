"""What Windows and macOS have otherwise, played here: locks by files, names of files, code pages, no home."""

from __future__ import annotations

import errno
import io
import os
import sys
import tempfile
from pathlib import Path

import openvino as ov
import pytest

import builders
from openvino.tools.pot import load_model, save_model
from openvino.tools.pot.cli import main as command
from openvino.tools.pot.cli.output import writing_out
from openvino.tools.pot.hardware.kept import cache_folder
from openvino.tools.pot.utils import locks
from openvino.tools.pot.utils.errors import PotError
from openvino.tools.pot.utils.folders import move_in, working_folder

LOCK = ".saving.lock"


@pytest.fixture
def no_locks_of_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "fcntl", None)


@pytest.mark.usefixtures("no_locks_of_folders")
def test_without_locks_of_folders_a_file_holds_one(tmp_path: Path) -> None:
    release = locks.take(tmp_path)
    assert release is not None and (tmp_path / LOCK).exists()
    assert locks.take(tmp_path) is None
    release()
    assert not any(tmp_path.iterdir())
    with working_folder(tmp_path) as work:
        (work / "a.txt").write_text("new")
        move_in(work, ["a.txt"])
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.usefixtures("no_locks_of_folders")
def test_where_a_lock_goes_when_it_is_closed_that_of_the_next_one_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "_ENDS_WITH_US", 1 << 24)
    open_file = os.open

    def as_windows(path: Path, flags: int, mode: int = 0o777) -> int:
        return open_file(path, flags & ~(1 << 24), mode)

    monkeypatch.setattr(locks.os, "open", as_windows)
    release = locks.take(tmp_path)
    assert release is not None
    (tmp_path / LOCK).unlink()  # as closing does there
    (tmp_path / LOCK).touch()  # somebody else's, at once
    release()
    assert (tmp_path / LOCK).exists()


@pytest.mark.usefixtures("no_locks_of_folders")
def test_a_lock_that_is_about_to_go_is_waited_for_and_a_folder_that_can_t_be_written_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, flags: int) -> int:
        raise PermissionError(errno.EACCES, "Access is denied", str(path))

    (tmp_path / "held").mkdir()
    (tmp_path / "held" / LOCK).touch()
    monkeypatch.setattr(locks, "_ENDS_WITH_US", 1 << 24)
    monkeypatch.setattr(locks.os, "open", refuse)
    with pytest.raises(PermissionError):
        locks.take(tmp_path)
    assert locks.take(tmp_path / "held") is None


@pytest.mark.parametrize(("platform", "stem"), [("win32", "a_b_c"), ("linux", "a:b?c")])
def test_names_of_files_are_those_that_the_system_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str, stem: str
) -> None:
    model = load_model(builders.network())
    monkeypatch.setattr("openvino.tools.pot.graph.model.sys.platform", platform)
    (saved,) = save_model(model, tmp_path, "a:b?c")
    monkeypatch.undo()
    assert Path(saved["model"]).stem == stem
    ov.Core().read_model(saved["model"])


def of_code_page(errors: str = "strict") -> tuple[io.BytesIO, io.TextIOWrapper]:
    written = io.BytesIO()
    return written, io.TextIOWrapper(written, encoding="cp1252", errors=errors)


def test_a_name_in_another_script_can_be_printed_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONIOENCODING", raising=False)
    written, stream = of_code_page()
    command._take_all_letters(stream)
    print("ネット", file=stream, flush=True)
    assert written.getvalue().strip() == rb"\u30cd\u30c3\u30c8"
    monkeypatch.setattr(command.sys, "platform", "win32")
    written, stream = of_code_page()
    command._take_all_letters(stream)
    print("ネット", file=stream, flush=True)
    assert written.getvalue().decode().strip() == "ネット"
    written, stream = of_code_page("surrogateescape")  # bytes of a path come out as they were
    command._take_all_letters(stream)
    assert stream.errors == "surrogateescape" and stream.encoding == "cp1252"


@pytest.mark.parametrize(
    ("platform", "number", "expected"),
    [
        ("win32", errno.EINVAL, BrokenPipeError),
        ("linux", errno.EINVAL, PotError),
        ("win32", errno.ENOSPC, PotError),
    ],
)
def test_a_pipe_that_nobody_reads_is_one_on_windows_too(
    monkeypatch: pytest.MonkeyPatch, platform: str, number: int, expected: type[Exception]
) -> None:
    monkeypatch.setattr("openvino.tools.pot.cli.output.sys.platform", platform)
    with pytest.raises(expected), writing_out():
        raise OSError(number, os.strerror(number))


def test_who_has_no_home_keeps_things_among_temporary_files(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENVINO_POT_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)

    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", no_home)
    assert cache_folder() == Path(tempfile.gettempdir(), "openvino-pot")


@pytest.mark.skipif(sys.platform == "win32", reason="it is played here")
def test_the_cache_of_windows_is_where_it_keeps_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENVINO_POT_CACHE", raising=False)
    monkeypatch.setenv("LOCALAPPDATA", "/local")
    monkeypatch.setattr("openvino.tools.pot.hardware.kept.sys.platform", "win32")
    assert cache_folder() == Path("/local/openvino-pot")
