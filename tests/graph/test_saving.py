"""Saving: names, forms of paths, and nothing lost or left behind whatever goes wrong."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest

import builders
from openvino.tools.pot import compress_model_weights, load_model, save_model
from openvino.tools.pot.utils.errors import ModelError

IMAGES = builders.images(3)


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("given", "stem"),
    [
        ("model", "model"),
        ("v1.2.model", "v1.2.model"),
        ("mobilenet-v2-1.0-224", "mobilenet-v2-1.0-224"),
        ("public/resnet/model.v1", "model.v1"),
        ("/somewhere/else/model", "model"),
        ("folder/", "folder"),
        (None, "given"),
        ("", "given"),
    ],
)
@pytest.mark.parametrize("kind", [str, Path])
def test_names_and_paths(tmp_path: Path, given: str | None, stem: str, kind: Any) -> None:
    folder = tmp_path / "a" / "b"
    found = save_model(load_model({"model_name": "given", "model": builders.network()}), kind(folder), given)
    assert found == [{"model": f"{folder}/{stem}.xml", "weights": f"{folder}/{stem}.bin"}]
    assert files(folder) == [f"{stem}.bin", f"{stem}.xml"]
    reread = load_model({"model_name": "again", **found[0]})
    assert np.array_equal(
        builders.run(reread.submodels[0].model, IMAGES[0])[0], builders.run(builders.network(), IMAGES[0])[0]
    )


@pytest.mark.parametrize("name", ["v1.2", "public/resnet/v1.2", "/abs/v1.2"])
def test_a_name_given_while_loading_names_the_files(tmp_path: Path, name: str) -> None:
    model = load_model({"model_name": name, "model": builders.network()})
    assert model.save(tmp_path) == [{"model": f"{tmp_path}/v1.2.xml", "weights": f"{tmp_path}/v1.2.bin"}]


def test_save_on_the_model_object(tmp_path: Path) -> None:
    model = load_model(builders.network())
    assert model.save(str(tmp_path), "name") == save_model(model, tmp_path, "name")
    assert save_model(model=model, save_path=tmp_path, model_name="name") == model.save(tmp_path, "name")
    assert files(tmp_path) == ["name.bin", "name.xml"]


def test_an_openvino_model_can_be_saved(tmp_path: Path) -> None:
    save_model(builders.network(), tmp_path)
    assert files(tmp_path) == ["tiny.bin", "tiny.xml"]


@pytest.mark.parametrize("name", [{}, {"model_name": "given"}])
def test_without_a_name_files_are_called_as_the_network_is_in_its_own_file(
    tmp_path: Path, name: dict[str, str]
) -> None:
    ov.save_model(builders.network(), tmp_path / "net.v3.xml")
    assert files(tmp_path) == ["net.v3.bin", "net.v3.xml"]
    found = save_model(load_model({**name, "model": tmp_path / "net.v3.xml"}), tmp_path / "out")
    assert found[0]["model"] == f"{tmp_path}/out/tiny.xml"


@pytest.mark.parametrize("compress", [False, True])
def test_overwriting_the_mapped_source(tmp_path: Path, compress: bool) -> None:
    ov.save_model(builders.network(), tmp_path / "m.xml", compress_to_fp16=False)
    float_model = load_model({"model_name": "m", "model": tmp_path / "m.xml", "weights": tmp_path / "m.bin"})
    model = builders.quantized(float_model, builders.labelled(IMAGES))
    if compress:
        compress_model_weights(model)
    expected = builders.run(model.submodels[0].model, IMAGES[0])[0]
    before = builders.run(float_model.submodels[0].model, IMAGES[0])[0]
    save_model(model, tmp_path, "m")
    assert files(tmp_path) == ["m.bin", "m.xml"]
    assert np.array_equal(builders.run(ov.Core().read_model(tmp_path / "m.xml"), IMAGES[0])[0], expected)
    assert np.array_equal(builders.run(float_model.submodels[0].model, IMAGES[0])[0], before)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A folder with a model ``m`` in it."""
    save_model(builders.network(), tmp_path / "out", "m")
    return tmp_path / "out"


class Failing:
    """Stands for ``Path.replace`` and fails at the n-th of its calls."""

    def __init__(self, at: int, error: BaseException) -> None:
        self.at, self.error, self.real = at, error, Path.replace

    def __get__(self, path: Any, _: Any) -> Any:
        def replace(target: Path) -> Path:
            self.at -= 1
            if self.at == 0:
                raise self.error
            return self.real(path, target)

        return replace


@pytest.mark.parametrize("at", [1, 2, 3, 4])
@pytest.mark.parametrize("error", [OSError("no more"), KeyboardInterrupt()])
def test_a_failed_move_leaves_both_old_files(
    old: Path, monkeypatch: pytest.MonkeyPatch, at: int, error: BaseException
) -> None:
    before = contents(old)
    monkeypatch.setattr(Path, "replace", Failing(at, error))
    with pytest.raises(ModelError if isinstance(error, OSError) else KeyboardInterrupt):
        save_model(builders.network(seed=1), old, "m")
    assert contents(old) == before


@pytest.mark.parametrize("at", [1, 2])
@pytest.mark.parametrize("error", [OSError("no more"), KeyboardInterrupt()])
def test_a_failed_move_leaves_no_new_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int, error: BaseException
) -> None:
    monkeypatch.setattr(Path, "replace", Failing(at, error))
    with pytest.raises(ModelError if isinstance(error, OSError) else KeyboardInterrupt):
        save_model(builders.network(), tmp_path / "new" / "folder", "m")
    assert files(tmp_path) == []


@pytest.mark.parametrize("at", range(1, 9))
def test_a_cascade_is_replaced_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    def cascade(seed: int) -> Any:
        entries = [{"name": name, "model": builders.network(seed)} for name in ("a", "b")]
        return load_model({"model_name": "c", "cascade": entries})

    save_model(cascade(0), tmp_path)
    before = contents(tmp_path)
    monkeypatch.setattr(Path, "replace", Failing(at, OSError("no more")))
    with pytest.raises(ModelError):
        save_model(cascade(1), tmp_path)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("error", [RuntimeError("broken"), KeyboardInterrupt()])
def test_a_failed_write_leaves_everything_as_it_was(
    old: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def fails(_: Any, path: Path, **__: Any) -> None:
        path.write_text("half a mod")
        raise error

    monkeypatch.setattr(ov, "save_model", fails)
    before = contents(old)
    kind = ModelError if isinstance(error, RuntimeError) else KeyboardInterrupt
    with pytest.raises(kind):
        save_model(builders.network(seed=1), old, "m")
    assert contents(old) == before
    with pytest.raises(kind):
        save_model(builders.network(seed=1), old / "new" / "er", "m")
    assert contents(old) == before


@pytest.mark.process
def test_a_full_disk(old: Path) -> None:
    """With a limit on the size of files in its place, in a process of its own."""
    resource = pytest.importorskip("resource")
    before = contents(old)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))
            save_model(builders.network(seed=1), old, "m")
        except ModelError:
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert contents(old) == before


def test_a_path_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ModelError) as caught:
        save_model(builders.network(), tmp_path / "file" / "out")
    assert str(caught.value).startswith(f"model can't be written to folder '{tmp_path}/file/out': ")
    assert "\n" not in str(caught.value)
    assert files(tmp_path) == ["file"]


def test_a_folder_in_the_place_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "m.xml").mkdir()
    with pytest.raises(ModelError):
        save_model(builders.network(), tmp_path, "m")
    assert files(tmp_path) == ["m.xml"]


def test_models_that_would_share_files_are_refused(tmp_path: Path) -> None:
    entries = [
        {"name": name, "model": builders.network(seed)} for seed, name in enumerate(("a/x", "b/x", "a_x"))
    ]
    with pytest.raises(ModelError, match="models of 'c' would share files: a_x, b_x, a_x"):
        save_model(load_model({"model_name": "c", "cascade": entries}), tmp_path)
    assert files(tmp_path) == []
