"""The two files of a model belong together, whoever is killed over them or saves at the same time."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest

import builders
from openvino.tools.pot import load_model, save_model
from openvino.tools.pot.utils import locks
from openvino.tools.pot.utils.errors import ModelError
from openvino.tools.pot.utils.runtime import core

IMAGE = builders.images(1)[0]
OLD, NEW = (builders.run(builders.network(seed), IMAGE)[0] for seed in (0, 1))
STEPS = {"os.rename", "os.mkdir", "os.remove", "os.rmdir"}


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def outputs(path: Path) -> Any:
    return builders.run(load_model(path).submodels[0].model, IMAGE)[0]


def cascade(seed: int) -> Any:
    entries = [{"name": name, "model": builders.network(seed)} for name in ("a", "b")]
    return load_model({"model_name": "c", "cascade": entries})


def killed_at(step: int, work: Callable[[], Any]) -> bool:
    """Whether a process that does the work dies when it is about to change its n-th file or folder."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    steps = 0

    def watch(event: str, arguments: Any) -> None:
        nonlocal steps
        written = (
            event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        )
        steps += event in STEPS or bool(written)
        if steps == step:
            os._exit(9)

    sys.addaudithook(watch)
    work()
    os._exit(0)


@pytest.mark.process
def test_a_kill_at_any_step_leaves_one_of_both_models_and_no_litter(tmp_path: Path) -> None:
    found, step = [], 1
    while True:
        folder = tmp_path / str(step)
        save_model(builders.network(), folder, "m")
        killed = killed_at(step, partial(save_model, builders.network(seed=1), folder, "m"))
        if (folder / "m.xml").exists():  # whoever reads it without us finds its own weights
            found.append(builders.run(core().read_model(folder / "m.xml"), IMAGE)[0])
            assert any(np.array_equal(found[-1], each) for each in (OLD, NEW)), step
        found.append(outputs(folder / "m.xml"))
        assert any(np.array_equal(found[-1], each) for each in (OLD, NEW)), step
        assert files(folder) == ["m.bin", "m.xml"], step
        if not killed:
            break
        step += 1
    assert step > 8
    assert {bool(np.array_equal(each, NEW)) for each in found} == {True, False}


@pytest.mark.process
def test_a_kill_at_any_step_leaves_the_models_of_one_cascade(tmp_path: Path) -> None:
    old, new = cascade(0), cascade(1)
    save_model(old, tmp_path)
    step = 1
    while killed_at(step, partial(save_model, new, tmp_path)):
        save_model(builders.network(), tmp_path, "other")  # brings back what is missing
        assert files(tmp_path) == ["a.bin", "a.xml", "b.bin", "b.xml", "other.bin", "other.xml"], step
        assert (tmp_path / "a.bin").read_bytes() == (tmp_path / "b.bin").read_bytes()
        for name in ("a.xml", "b.xml"):
            load_model(tmp_path / name)  # compares digests
        save_model(old, tmp_path)
        step += 1
    assert step > 12


@pytest.mark.process
def test_a_kill_at_any_step_leaves_nothing_where_nothing_was(tmp_path: Path) -> None:
    new, step = cascade(1), 1
    while killed_at(step, partial(save_model, new, tmp_path)):
        save_model(builders.network(), tmp_path, "other")
        assert len(files(tmp_path)) in (2, 6), step
        for file in tmp_path.iterdir():
            file.unlink()
        step += 1


def test_weights_of_another_model_are_an_error_that_names_both_files(tmp_path: Path) -> None:
    for seed, name in enumerate("abm"):
        save_model(builders.network(seed), tmp_path, name)
    shutil.copy(tmp_path / "b.bin", tmp_path / "a.bin")
    sentence = (
        f"weights file '{tmp_path}/a.bin' does not belong to model file '{tmp_path}/a.xml': expected the weights that "
        "were saved with it, found others, or damaged ones"
    )
    with pytest.raises(ModelError) as caught:
        load_model(tmp_path / "a.xml")
    assert str(caught.value) == sentence
    with pytest.raises(ModelError, match=r"b\.bin' does not belong to model file '.*m\.xml"):
        load_model({"model": tmp_path / "m.xml", "weights": tmp_path / "b.bin"})


def test_truncated_weights_are_an_error_that_names_them(tmp_path: Path) -> None:
    save_model(builders.network(), tmp_path, "m")
    os.truncate(tmp_path / "m.bin", 100)
    with pytest.raises(ModelError, match=r"weights file .*m\.bin"):
        load_model(tmp_path / "m.xml")


def test_moved_and_renamed_pairs_load(tmp_path: Path) -> None:
    save_model(builders.network(), tmp_path, "m")
    (tmp_path / "m.xml").rename(tmp_path / "n.xml")
    (tmp_path / "m.bin").rename(tmp_path / "n.bin")
    assert np.array_equal(outputs(tmp_path / "n.xml"), OLD)


def test_a_pair_that_openvino_writes_of_a_saved_model_loads(tmp_path: Path) -> None:
    """The digest comes along with what else the model remembers, though the weights become others."""
    save_model(builders.network(), tmp_path, "m")
    ov.save_model(core().read_model(tmp_path / "m.xml"), tmp_path / "half.xml")
    assert (tmp_path / "half.bin").stat().st_size < (tmp_path / "m.bin").stat().st_size
    assert "weights_sha256" in (tmp_path / "half.xml").read_text(encoding="utf-8")
    again = load_model(tmp_path / "half.xml")
    save_model(again, tmp_path, "again")
    load_model(tmp_path / "again.xml")
    shutil.copy(tmp_path / "m.bin", tmp_path / "again.bin")
    with pytest.raises(ModelError, match="does not belong"):
        load_model(tmp_path / "again.xml")


def test_saving_leaves_the_model_as_it_is(tmp_path: Path) -> None:
    model = builders.network()
    model.set_rt_info("there", ["openvino_pot", "key"])
    save_model(model, tmp_path, "m")
    assert not model.has_rt_info(["openvino_pot", "weights_sha256"])
    saved = core().read_model(tmp_path / "m.xml")
    assert saved.get_rt_info(["openvino_pot", "key"]).astype(str) == "there"
    assert len(saved.get_rt_info(["openvino_pot", "weights_sha256"]).astype(str)) == 64


SAVES = """
import sys
sys.path.insert(0, {tests!r})
import builders
from openvino.tools.pot import save_model
from openvino.tools.pot.utils import locks
if {plain}:
    locks.fcntl = None
models = [builders.network(seed) for seed in {seeds}]
print("ready", flush=True)
sys.stdin.readline()
for _ in range(15):
    for model in models:
        save_model(model, {folder!r}, "m")
"""


@pytest.mark.parametrize("plain", [False, True], ids=["locks", "lock files"])
@pytest.mark.process
def test_two_processes_that_save_under_one_name(tmp_path: Path, plain: bool) -> None:
    tests = str(Path(builders.__file__).parent)
    known = [builders.run(builders.network(seed), IMAGE)[0] for seed in range(4)]
    saving = []
    for seeds in ([0, 1], [2, 3]):
        script = SAVES.format(tests=tests, seeds=seeds, folder=str(tmp_path), plain=plain)
        command = [sys.executable, "-c", script]
        saving.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
    for process in saving:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in saving:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    while any(process.poll() is None for process in saving):
        if plain:
            time.sleep(0.01)  # readers have no lock then
        elif (tmp_path / "m.xml").exists():
            found = outputs(tmp_path / "m.xml")
            assert any(np.array_equal(found, each) for each in known)
    assert [process.wait() for process in saving] == [0, 0]
    assert any(np.array_equal(outputs(tmp_path / "m.xml"), each) for each in known)
    assert files(tmp_path) == ["m.bin", "m.xml"]


def test_a_folder_that_stays_locked_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "_PATIENCE", 0.1)
    with locks.locked(tmp_path), pytest.raises(ModelError, match="another process holds it"):
        save_model(builders.network(), tmp_path, "m")


def test_models_of_a_folder_that_can_only_be_read(tmp_path: Path) -> None:
    save_model(builders.network(), tmp_path, "m")
    tmp_path.chmod(0o555)
    try:
        assert np.array_equal(outputs(tmp_path / "m.xml"), OLD)
    finally:
        tmp_path.chmod(0o755)
