"""Files that can't be read, and places that can't be written."""

from __future__ import annotations

import io
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from misuses import Misuse, check, run, saved, search

import builders
from openvino.tools.pot import compress_model_weights, load_model, save_model
from openvino.tools.pot.configs.files import read_mapping
from openvino.tools.pot.data_loaders.loaders import load_arrays
from openvino.tools.pot.datasets.files import find_files
from openvino.tools.pot.graph.model_utils import add_outputs, get_node_by_name, get_nodes_by_type
from openvino.tools.pot.report import measure, overflow
from openvino.tools.pot.utils.errors import PotError
from openvino.tools.pot.utils.logger import init_logger
from openvino.tools.pot.utils.progress import track

SURROGATE, NUL, LONG = "m\ud800.xml", "m\0.xml", "m" * 300 + ".xml"
FORMATS = (".xml", ".onnx", ".tflite", ".pb", ".pdmodel")


def read(name: str, weights: Any = None) -> Any:
    return load_model({"model_name": "m", "model": name, "weights": weights} if weights else {"model": name})


def holding(name: str, content: bytes) -> Callable[[], Any]:
    """Reading a file of this content."""

    def call() -> Any:
        Path(name).write_bytes(content)
        return read(name)

    return call


def cut(name: str, left: float) -> Callable[[], Any]:
    """Reading a model one of whose files is cut."""

    def call() -> Any:
        saved()
        content = Path(name).read_bytes()
        Path(name).write_bytes(content[: int(len(content) * left)])
        return read("m.xml")

    return call


def altered_xml(old: bytes, new: bytes) -> Callable[[], Any]:
    """Reading a model whose XML is another."""

    def call() -> Any:
        content = saved().read_bytes()
        assert old in content
        Path("m.xml").write_bytes(content.replace(old, new))
        return read("m.xml")

    return call


def with_weights(make: Callable[[], Any]) -> Callable[[], Any]:
    """Reading a model with other weights."""

    def call() -> Any:
        saved()
        return read("m.xml", make())

    return call


def made(name: str, content: bytes = b"") -> str:
    Path(name).write_bytes(content)
    return name


def folder(name: str) -> str:
    Path(name).mkdir()
    return name


def fifo(name: str) -> str:
    os.mkfifo(name)
    return name


def loop(name: str) -> str:
    Path(name).symlink_to(name)
    return name


CASES: dict[str, Misuse] = {
    **{f"an empty {kind}": Misuse(holding(f"m{kind}", b""), f"m{kind}") for kind in FORMATS},
    **{f"a text as {kind}": Misuse(holding(f"m{kind}", b"no model\n"), f"m{kind}") for kind in FORMATS},
    **{
        f"bytes as {kind}": Misuse(holding(f"m{kind}", bytes(range(256)) * 9), f"m{kind}") for kind in FORMATS
    },
    **{
        f"a folder as {kind}": Misuse(lambda kind=kind: read(folder(f"m{kind}")), f"m{kind}")
        for kind in FORMATS
    },
    **{f"no {kind}": Misuse(lambda kind=kind: read(f"m{kind}"), f"m{kind}") for kind in FORMATS},
    **{
        f"{kind} that nobody writes into": Misuse(lambda kind=kind: read(fifo(f"m{kind}")), f"m{kind}")
        for kind in FORMATS
    },
    "an empty file without an ending": Misuse(holding("m", b""), "'m'"),
    "an empty folder": Misuse(lambda: read(folder("m")), "'m'"),
    "a text": Misuse(holding("m.txt", b"no model"), "m.txt"),
    "a .bin": Misuse(holding("m.bin", bytes(100)), "m.bin"),
    "a .json": Misuse(holding("m.json", b"{}"), "m.json"),
    **{f".xml cut to {left}": Misuse(cut("m.xml", left), "m.xml") for left in (0.1, 0.5, 0.9, 0.999)},
    **{f".bin cut to {left}": Misuse(cut("m.bin", left), "m.bin") for left in (0, 0.1, 0.5, 0.9, 0.999)},
    "XML in another encoding": Misuse(altered_xml(b"conv1", "größe".encode("latin-1")), "m.xml"),
    "XML in UTF-16": Misuse(holding("m.xml", '<?xml version="1.0"?><net/>'.encode("utf-16")), "m.xml"),
    "XML with NUL": Misuse(altered_xml(b'name="tiny"', b'name="ti\0ny"'), "m.xml"),
    "XML of another kind": Misuse(holding("m.xml", b"<html><body/></html>"), "m.xml"),
    "XML of no layers": Misuse(
        holding("m.xml", b'<?xml version="1.0"?><net name="a" version="11"></net>'), "m.xml"
    ),
    "XML of an old version": Misuse(altered_xml(b'version="11"', b'version="5"'), "m.xml"),
    "XML of a version that is no number": Misuse(altered_xml(b'version="11"', b'version="new"'), "m.xml"),
    "XML of unknown operations": Misuse(altered_xml(b'type="ReLU"', b'type="Nope"'), "m.xml"),
    "XML with sizes that are no numbers": Misuse(altered_xml(b"<dim>8</dim>", b"<dim>x</dim>"), "m.xml"),
    "XML with offsets beyond the file": Misuse(altered_xml(b'offset="0"', b'offset="99999999"'), "m."),
    "XML with edges to nowhere": Misuse(altered_xml(b'to-layer="2"', b'to-layer="222"'), "m.xml"),
    "no .bin": Misuse(lambda: (saved(), Path("m.bin").unlink(), read("m.xml")), "m.bin"),
    "weights of no file": Misuse(with_weights(lambda: "w.bin"), "w.bin"),
    "weights that are a folder": Misuse(with_weights(lambda: folder("w.bin")), "w.bin"),
    "weights that are empty": Misuse(with_weights(lambda: made("w.bin")), "w.bin"),
    "weights that are too few": Misuse(with_weights(lambda: made("w.bin", b"1234")), "w.bin"),
    "weights that nobody writes into": Misuse(with_weights(lambda: fifo("w.bin")), "w.bin"),
    "weights of a number": Misuse(with_weights(lambda: 5), "weights"),
    "weights of a list": Misuse(with_weights(lambda: ["m.bin"]), "weights"),
    "weights with NUL": Misuse(with_weights(lambda: "w\0.bin"), "w\\x00.bin"),
    "weights with a lone surrogate": Misuse(with_weights(lambda: "w\ud800.bin"), "w"),
    "a model with NUL in its name": Misuse(lambda: read(NUL), "m\\x00.xml"),
    "an ONNX file with NUL in its name": Misuse(lambda: read("m\0.onnx"), "m\\x00.onnx"),
    "a model with a lone surrogate in its name": Misuse(lambda: read(SURROGATE), "m\\ud800.xml"),
    "a model of too long a name": Misuse(lambda: read(LONG), "mmmm"),
    "a model that is a link to itself": Misuse(lambda: read(loop("m.xml")), "m.xml"),
    "a model below a file": Misuse(lambda: read(made("f") + "/m.xml"), "f/m.xml"),
    "a device as a model": Misuse(lambda: read("/dev/null"), "/dev/null"),
}


def stored(target: Any, name: Any = "m", what: Any = None) -> Any:
    return save_model(builders.network() if what is None else what, target, name)


CASES |= {
    "saving into a file": Misuse(lambda: stored(made("f")), "'f'"),
    "saving below a file": Misuse(lambda: stored(made("f") + "/below"), "f/below"),
    "saving with NUL": Misuse(lambda: stored("a\0b"), "a\\x00b"),
    "saving with a lone surrogate": Misuse(lambda: stored("a\ud800"), "a\\ud800"),
    "saving where nothing can be made": Misuse(lambda: stored("/proc/nope"), "/proc/nope"),
    "saving into a device": Misuse(lambda: stored("/dev/null"), "/dev/null"),
    "saving into too long a name": Misuse(lambda: stored("d" * 300), "dddd"),
    "saving into a link to itself": Misuse(lambda: stored(loop("l")), "'l'"),
    "saving into nothing": Misuse(lambda: stored(None), "save_path"),
    "saving into a number": Misuse(lambda: stored(5), "save_path"),
    "saving into a list": Misuse(lambda: stored(["out"]), "save_path"),
    "saving under a number": Misuse(lambda: stored("out", 5), "model_name"),
    "saving under a list": Misuse(lambda: stored("out", ["m"]), "model_name"),
    "saving under NUL": Misuse(lambda: stored("out", "m\0"), "m\\x00"),
    "saving under a lone surrogate": Misuse(lambda: stored("out", "m\ud800"), "m\\ud800"),
    "saving under too long a name": Misuse(lambda: stored("out", "m" * 300), "out"),
    "saving over a folder": Misuse(lambda: (Path("out/m.xml").mkdir(parents=True), stored("out")), "out"),
    "saving nothing": Misuse(lambda: save_model(None, "out"), "model"),  # type: ignore[arg-type]
    "saving a number": Misuse(lambda: save_model(5, "out"), "model"),  # type: ignore[arg-type]
    "saving a path": Misuse(lambda: save_model("m.xml", "out"), "model"),  # type: ignore[arg-type]
    "compressing nothing": Misuse(lambda: compress_model_weights(None), "model"),  # type: ignore[arg-type]
    "compressing a path": Misuse(lambda: compress_model_weights("m.xml"), "model"),  # type: ignore[arg-type]
    "a node of a number": Misuse(lambda: get_node_by_name(builders.network(), 5), "5"),  # type: ignore[arg-type]
    "a node of nothing": Misuse(lambda: get_node_by_name(builders.network(), None), "None"),  # type: ignore[arg-type]
    "a node of no such name": Misuse(lambda: get_node_by_name(builders.network(), "conv9"), "conv9"),
    "a node of NUL": Misuse(lambda: get_node_by_name(builders.network(), "\0"), "\\x00"),
    "a node of no model": Misuse(lambda: get_node_by_name(None, "conv1"), "model"),  # type: ignore[arg-type]
    "nodes of a number": Misuse(lambda: get_nodes_by_type(builders.network(), 5), "types"),  # type: ignore[arg-type]
    "nodes of no model": Misuse(lambda: get_nodes_by_type(5, ["MatMul"]), "model"),  # type: ignore[arg-type]
    "outputs of a number": Misuse(lambda: add_outputs(builders.network(), 5), "node_names"),  # type: ignore[arg-type]
    "outputs of no such name": Misuse(lambda: add_outputs(builders.network(), ["conv9"]), "conv9"),
    "outputs of numbers": Misuse(lambda: add_outputs(builders.network(), [5]), "5"),  # type: ignore[list-item]
    "outputs of no model": Misuse(lambda: add_outputs("m.xml", ["conv1"]), "model"),  # type: ignore[arg-type]
}


def kept(name: str, content: bytes) -> str:
    """A folder of a search's state with a file in it."""
    Path("state").mkdir()
    Path("state", name).write_bytes(content)
    return "state"


STATES: dict[str, Callable[[], Any]] = {
    "that is a file": lambda: made("state"),
    "below a file": lambda: made("f") + "/state",
    "with NUL": lambda: "state\0",
    "with a lone surrogate": lambda: "state\ud800",
    "of too long a name": lambda: "state" * 100,
    "where nothing can be made": lambda: "/proc/state",
    "that is a link to itself": lambda: loop("state"),
    "that is broken": lambda: kept("search.json", b"{"),
    "that is empty": lambda: kept("search.json", b""),
    "that is no mapping": lambda: kept("search.json", b"[1]"),
    "of numbers": lambda: kept("search.json", b'{"identity": 5}'),
    "of bytes": lambda: kept("search.json", bytes(range(256))),
    "nested too deep": lambda: kept("search.json", b"[" * 100_000),
    "whose facts are a folder": lambda: (Path("state/search.json").mkdir(parents=True), "state")[1],
}
CASES |= {
    f"a state_dir {name}": Misuse(lambda make=make: search(state_dir=make()), "state_dir")
    for name, make in STATES.items()
}

LOGS: dict[str, tuple[Callable[[], Any], str]] = {
    "level loud": (lambda: init_logger("loud"), "log level is 'loud'"),
    "level 17": (lambda: init_logger(17), "log level is 17"),
    "level of nothing": (lambda: init_logger(None), "log level is None"),  # type: ignore[arg-type]
    "level of a list": (lambda: init_logger(["INFO"]), "log level is ['INFO']"),  # type: ignore[arg-type]
    "file that is a folder": (lambda: init_logger(file_name=folder("log")), "log file 'log'"),
    "file in no folder": (lambda: init_logger(file_name="no/log.txt"), "log file 'no/log.txt'"),
    "file below a file": (lambda: init_logger(file_name=made("f") + "/log"), "log file 'f/log'"),
    "file with NUL": (lambda: init_logger(file_name="l\0g"), "log file 'l\\x00g'"),
    "file with a lone surrogate": (lambda: init_logger(file_name="l\ud800g"), "log file 'l\\ud800g'"),
    "file of too long a name": (lambda: init_logger(file_name="l" * 300), "log file 'llll"),
    "file of a list": (lambda: init_logger(file_name=["log"]), "log file ['log']"),  # type: ignore[arg-type]
    "file of a number": (lambda: init_logger(file_name=5.5), "log file 5.5"),  # type: ignore[arg-type]
    "stream of a number": (lambda: init_logger(stream=5), "stream is 5"),  # type: ignore[arg-type]
    "stream of a text": (lambda: init_logger(stream="log.txt"), "stream is 'log.txt'"),  # type: ignore[arg-type]
}
CASES |= {f"a log {name}": Misuse(call, part) for name, (call, part) in LOGS.items()}

SOURCES: dict[str, tuple[Callable[[], Any], str]] = {
    "of no file": (lambda: "no.png", "'no.png'"),
    "that is empty": (lambda: folder("images"), "'images'"),
    "that nobody writes into": (lambda: fifo("data.npy"), "data.npy"),
    "that is a list nobody writes into": (lambda: fifo("list.txt"), "list.txt"),
    "that is a pipe of a folder": (lambda: (folder("images"), fifo("images/a.npy"))[0], "'images'"),
    "with NUL": (lambda: "i\0", "i\\x00"),
    "with NUL in a pattern": (lambda: "i\0*", "i\\x00*"),
    "with a lone surrogate": (lambda: "i\ud800", "i\\ud800"),
    "that is a link to itself": (lambda: loop("l"), "'l'"),
    "of too long a name": (lambda: "i" * 300, "iiii"),
    "that is a list of NUL": (lambda: made("list.txt", b"a\0b\n"), "list.txt"),
    "that is a list of no text": (lambda: made("list.txt", b"\xff\xfe\xff\n"), "list.txt"),
    "that is an empty list": (lambda: made("list.txt"), "list.txt"),
    "that is a text": (lambda: made("notes.md", b"hello"), "notes.md"),
    "that is a device": (lambda: "/dev/null", "/dev/null"),
}
CASES |= {
    f"a data source {name}": Misuse(lambda make=make: find_files([make()], "data_source"), part)
    for name, (make, part) in SOURCES.items()
}
ARRAYS: dict[str, bytes] = {
    "empty": b"",
    "a text": b"hello",
    "cut": b"\x93NUMPY\1\0v\0{'d'",
    "a zip": b"PK\3\4",
}
CASES |= {
    f"an array file that is {name}, {kind}": Misuse(
        lambda kind=kind, content=content: load_arrays(Path(made(f"a{kind}", content))), f"a{kind}"
    )
    for name, content in ARRAYS.items()
    for kind in (".npy", ".npz")
}
CONFIGS: dict[str, tuple[str, bytes]] = {
    "empty": ("c.json", b""),
    "empty YAML": ("c.yaml", b""),
    "a list": ("c.json", b"[1]"),
    "cut": ("c.json", b'{"model": {'),
    "cut YAML": ("c.yml", b"model: {"),
    "of bytes": ("c.json", bytes(range(256))),
    "of YAML's bytes": ("c.yaml", bytes(range(256))),
    "nested too deep": ("c.json", b'{"a":' * 20_000 + b"1" + b"}" * 20_000),
    "a list nested too deep": ("c.json", b"[" * 20_000),
    "YAML nested too deep": ("c.yaml", b"[" * 1_000),
    "YAML of an alias to itself": ("c.yaml", b"&a [*a]"),
    "YAML of a mapping of itself": ("c.yaml", b"model: &a {b: *a}"),
    "YAML of a tag": ("c.yaml", b"!!python/object:os.system {}"),
    "UTF-16": ("c.json", '{"model": {}}'.encode("utf-16")),
    "a key twice": ("c.json", b'{"model": {}, "model": {}}'),
}
CASES |= {
    f"a configuration that is {name}": Misuse(lambda file=file: read_mapping(made(*file)), file[0])
    for name, file in CONFIGS.items()
}
CASES |= {
    "a configuration that nobody writes": Misuse(lambda: read_mapping(fifo("c.json")), "c.json"),
    "a configuration with NUL": Misuse(lambda: read_mapping("c\0.json"), "c\\x00.json"),
    "a configuration with a lone surrogate": Misuse(lambda: read_mapping("c\ud800.json"), "c\\ud800.json"),
    "a configuration that is a folder": Misuse(lambda: read_mapping(folder("c.json")), "c.json"),
}

CASES |= {
    "compiling nothing": Misuse(lambda: measure.compile_single(None), "model"),  # type: ignore[arg-type]
    "compiling a path of no file": Misuse(lambda: measure.compile_single("no.xml"), "no.xml"),
    "compiling NUL": Misuse(lambda: measure.compile_single("m\0.xml"), "m\\x00.xml"),
    "compiling for no device": Misuse(
        lambda: measure.compile_single(builders.network(), "ABACUS"), "'ABACUS'"
    ),
    "layers of a model that is not compiled": Misuse(
        lambda: measure.heavy_layers(builders.network()),  # type: ignore[arg-type]
        "model",
    ),
    "times of a number": Misuse(lambda: measure.latencies([5], [5]), "model"),  # type: ignore[list-item]
    "times without feeds": Misuse(lambda: measure.latencies([], []), "feeds"),
    "overflows of a path": Misuse(lambda: overflow.overflows("m.xml", []), "model"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("case", CASES)
def test_misused_files_are_refused_in_a_sentence(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    check(CASES[case])


@pytest.mark.parametrize("left", [0, 0.5, 0.999])
def test_a_cut_bin_is_named_as_the_bin(left: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PotError, match=r"^weights file 'm\.bin' .*bytes"):
        cut("m.bin", left)()


def test_a_log_level_that_is_none_stays_a_value_error() -> None:
    with pytest.raises(ValueError, match="log level is 'loud'"):
        init_logger("loud")


@pytest.mark.parametrize("kind", ["none", "closed"])
def test_work_goes_on_without_standard_streams(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = None
    if kind == "closed":
        stream = io.StringIO()
        stream.close()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(logging, "raiseExceptions", True)
    init_logger("INFO")
    assert list(track([1, 2], 2, "Work")) == [1, 2]
    assert run(stat_subset_size=2).submodels


def test_a_closed_terminal_gets_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(io.StringIO):
        def isatty(self) -> bool:
            raise ValueError("I/O operation on closed file")

    monkeypatch.setattr(sys, "stderr", Broken())
    assert list(track(range(3), 3, "Work")) == [0, 1, 2]
