"""Command lines and configurations that can't be right: exit code 2 and a sentence, before any work."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from misuses import IMAGES, Misuse, check, saved

from builders import logger_as_before
from openvino.tools.pot.cli.main import main
from openvino.tools.pot.utils.errors import PotError

NAN, INF, HUGE = float("nan"), float("inf"), 10**400


def pot(*arguments: Any) -> None:
    """Run the command; its sentence on standard error comes back as an error, if it is one of ours."""
    shown = io.StringIO()
    with contextlib.redirect_stderr(shown), contextlib.redirect_stdout(io.StringIO()), logger_as_before():
        code = main([str(argument) for argument in arguments])
    assert code == 2, shown.getvalue()
    sentence = shown.getvalue().strip().splitlines()[-1]
    assert sentence.startswith("pot: error: ")
    assert not list(Path().glob("results*"))
    raise PotError(sentence.removeprefix("pot: error: "))


def ready() -> None:
    """What right command lines need: a model and samples."""
    saved()
    np.save("images.npy", np.concatenate(IMAGES))


def quantizing(*flags: Any) -> Callable[[], Any]:
    """``pot -q default`` with flags, of which later ones count."""

    def call() -> None:
        ready()
        pot("-q", "default", "-m", "m.xml", "--data-source", "images.npy", *flags)

    return call


def configured(*keys: Any, value: Any) -> Callable[[], Any]:
    """``pot -c`` with a value at a place of the configuration."""

    def call() -> None:
        ready()
        config: Any = {
            "model": {"model_name": "m", "model": "m.xml", "weights": "m.bin"},
            "engine": {"type": "simplified", "data_source": "images.npy"},
            "compression": {
                "target_device": "CPU",
                "algorithms": [{"name": "DefaultQuantization", "params": {"stat_subset_size": 4}}],
            },
        }
        place = config
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] = value
        Path("c.json").write_text(json.dumps(config), encoding="utf-8")
        pot("-c", "c.json")

    return call


def of_file(content: bytes, name: str = "c.json") -> Callable[[], Any]:
    def call() -> None:
        Path(name).write_bytes(content)
        pot("-c", name)

    return call


CASES: dict[str, Misuse] = {
    "nothing": Misuse(lambda: pot(), "expected --config"),
    "a word": Misuse(lambda: pot("quantise"), "'quantise'"),
    "NUL": Misuse(lambda: pot("\0"), "'\\x00'"),
    "a lone surrogate": Misuse(lambda: pot("\udcff"), "'\\udcff'"),
    "an unknown flag": Misuse(lambda: pot("--modle", "m.xml"), "'--modle'"),
    "a flag of NUL": Misuse(lambda: pot("--\0"), "--"),
    "a flag without its value": Misuse(lambda: pot("-c"), "-c"),
    "an empty value": Misuse(lambda: pot("-c", ""), "expected --config"),
    "two commands": Misuse(lambda: pot("plan", "run-script"), "-m"),
    "plan without a model": Misuse(lambda: pot("plan"), "-m"),
    "plan of no file": Misuse(lambda: pot("plan", "-m", "no.xml"), "no.xml"),
    "plan of NUL": Misuse(lambda: pot("plan", "-m", "m\0.xml"), "m\\x00.xml"),
    "plan of a lone surrogate": Misuse(lambda: pot("plan", "-m", "m\udcff.xml"), "m\\udcff.xml"),
    "plan of a pipe": Misuse(lambda: (os.mkfifo("p.xml"), pot("plan", "-m", "p.xml")), "p.xml"),
    "plan of a folder": Misuse(lambda: (Path("f.xml").mkdir(), pot("plan", "-m", "f.xml")), "f.xml"),
    "plan for no device": Misuse(
        lambda: (ready(), pot("plan", "-m", "m.xml", "--target-device", "X")), "'X'"
    ),
    "plan in no format": Misuse(lambda: pot("plan", "-m", "m.xml", "--format", "xml"), "--format"),
    "a script of no file": Misuse(lambda: pot("run-script", "no.py"), "no.py"),
    "a script that is a folder": Misuse(lambda: (Path("s.py").mkdir(), pot("run-script", "s.py")), "s.py"),
    "a script of NUL": Misuse(lambda: pot("run-script", "s\0.py"), "s\\x00.py"),
    "a script of a lone surrogate": Misuse(lambda: pot("run-script", "s\udcff.py"), "s\\udcff.py"),
}
FLAGS: list[tuple[tuple[Any, ...], str]] = [
    (("-m", "no.xml"), "no.xml"),
    (("-m", "m\0.xml"), "m\\x00.xml"),
    (("-m", "m\udcff.xml"), "m\\udcff.xml"),
    (("-m", ""), "--model"),
    (("-m", "."), "'.'"),
    (("-w", "no.bin"), "no.bin"),
    (("-w", "w\0"), "w\\x00"),
    (("-q", "best"), "'best'"),
    (("--preset", "fast"), "'fast'"),
    (("--target-device", "CPV"), "'CPV'"),
    (("--target-device", "C\0"), "C\\x00"),
    (("--model-type", "bert"), "model_type"),
    (("--max-drop", "0.1"), "--max-drop"),
    (("--max-drop", "x"), "--max-drop"),
    (("-q", "accuracy_aware", "--max-drop", "nan"), "maximal_drop"),
    (("--engine", "best"), "'best'"),
    (("--engine", "accuracy_checker"), "--ac-config"),
    (("--ac-config", "no.yml"), "'no.yml'"),
    (("--data-source", "no"), "'no'"),
    (("--data-source", "n\0"), "n\\x00"),
    (("--data-source", "n\udcff"), "n\\udcff"),
    (("--data-source", "m.xml"), "m.xml"),
    (("--data-source", "/dev/null"), "/dev/null"),
    (("--data-source", "x" * 300), "xxxx"),
    (("--subset-size", "-1"), "stat_subset_size"),
    (("--subset-size", "1.5"), "--subset-size"),
    (("--subset-size", "nan"), "--subset-size"),
    (("--subset-size", "9" * 5000), "--subset-size"),
    (("--layout", "XYZ"), "layout"),
    (("--shape", "[1,3]"), "shape"),
    (("--shape", "big"), "shape"),
    (("--mean-values", "nan"), "mean_values"),
    (("--mean-values", "a,b,c"), "mean_values"),
    (("--mean-values", "1,2"), "mean_values"),
    (("--scale-values", "0"), "scale_values"),
    (("--scale-values", "nan"), "scale_values"),
    (("--scale-values", "inf"), "scale_values"),
    (("--scale-values", ""), "scale_values"),
    (("--color-order", "HSV"), "--color-order"),
    (("--central-fraction", "nan"), "central_fraction"),
    (("--central-fraction", "2"), "central_fraction"),
    (("--generate-data",), "--generate-data"),
    (("--output-dir", "m.xml"), "m.xml"),
    (("--output-dir", "m.xml/below"), "m.xml/below"),
    (("--output-dir", "o\0"), "o\\x00"),
    (("--output-dir", "o\ud800"), "o\\ud800"),
    (("--output-dir", "/proc/no"), "/proc/no"),
    (("--output-dir", "x" * 300), "xxxx"),
    (("-n", "n\0"), "n\\x00"),
    (("-n", "n\ud800"), "n\\ud800"),
    (("-n", "n" * 300), "nnnn"),
    (("--log-level", "LOUD"), "--log-level"),
    (("--workers", "0"), "--workers"),
    (("--workers", "many"), "--workers"),
    (("--workers", "2", "--dask", "tcp://127.0.0.1:9"), "--dask"),
    (("--dask", "nowhere at all"), "--dask"),
    (("--progress-bar", "--stream-output"), "--progress-bar"),
]
CASES |= {
    f"flags {' '.join(map(str, flags))[:40]!r}": Misuse(quantizing(*flags), part) for flags, part in FLAGS
}
CASES["a pipe as data source"] = Misuse(
    lambda: (os.mkfifo("p.npy"), quantizing("--data-source", "p.npy")()), "p.npy"
)
CASES["a list of samples that is a pipe"] = Misuse(
    lambda: (os.mkfifo("p.txt"), quantizing("--data-source", "p.txt")()), "p.txt"
)

ALGORITHM = ("compression", "algorithms", 0)
PARAMS = (*ALGORITHM, "params")
PLACES: list[tuple[tuple[Any, ...], Any]] = [
    *((("model",), value) for value in (None, 5, "m.xml", [], [1], True, NAN)),
    *((("engine",), value) for value in (None, 5, "simplified", [], [1], True, INF)),
    *((("compression",), value) for value in (None, 5, "DefaultQuantization", [], [1], {})),
    *(
        (("model", "model"), value)
        for value in (None, 5, "", [], "m\0.xml", "m\ud800.xml", "no.xml", NAN, {"a": 1})
    ),
    *((("model", "weights"), value) for value in (5, [], "w\0", "no.bin", {})),
    *((("model", "model_name"), value) for value in (5, [], {}, "n\0", "n\ud800")),
    *((("model", "cascade"), value) for value in (5, [], "m.xml", [5], [{}])),
    *((("engine", "type"), value) for value in (5, "best", [], {}, "simplified\0")),
    *(
        (("engine", "data_source"), value)
        for value in (None, 5, [], {}, "", "i\0", "i\ud800", ["no"], [5], NAN)
    ),
    *((("engine", "layout"), value) for value in (5, [], "NCHWW", "\0")),
    *(
        (("engine", "mean_values"), value)
        for value in ("x", [NAN], [INF], {"y": [1]}, [[1]], HUGE, {"x": None})
    ),
    *((("engine", "scale_values"), value) for value in (0, [0, 1, 1], [NAN], -INF, "a", {"x": 0})),
    *((("engine", "shape"), value) for value in (5, "x", [NAN], [0], [-5, 3], [1e30], [None, "x"])),
    *((("engine", "central_fraction"), value) for value in (NAN, 0, -1, 2, "half", [0.5])),
    *((("engine", "device"), value) for value in (5, "CPV", [], "C\0PU")),
    *((("engine", "stat_requests_number"), value) for value in (-1, NAN, "x", 1.5, [1])),
    *((("engine", "eval_requests_number"), value) for value in (-1, INF, "x")),
    *((("engine", "dataa_source"), value) for value in (1,)),
    *((("compression", "target_device"), value) for value in (5, "CPV", [])),
    *((("compression", "model_type"), value) for value in (5, "bert", [])),
    *((("compression", "algorithms"), value) for value in (None, 5, [], {}, "x", [5], [None], [{}], [[]])),
    *((("compression", "dump_intermediate_model"), value) for value in ("yes", 5, NAN)),
    *(((*ALGORITHM, "name"), value) for value in (None, 5, "Best", [], "\0", "\ud800")),
    *(((*ALGORITHM, "params"), value) for value in (5, "x", [1])),
    *(((*PARAMS, "stat_subset_size"), value) for value in (-1, NAN, "x", 1.5, [4])),
    *(((*PARAMS, "preset"), value) for value in (5, "fast", [])),
    *(
        ((*PARAMS, "ignored"), value)
        for value in (5, "conv1", {"scope": ["\0"]}, {"scope": ["\ud800"]}, {"scope": {}})
    ),
    *(
        ((*PARAMS, "range_estimator"), value)
        for value in (5, {"max": {"clipping_value": NAN}}, {"max": {"type": 5}})
    ),
    *(((*PARAMS, "by_model"), value) for value in (5, {"a": 5})),
]


def label(value: Any) -> str:
    return repr(value)[:50]


CASES |= {
    f"{'.'.join(map(str, keys))} is {label(value)}": Misuse(
        configured(*keys, value=value), str(keys[-1]).split("_")[0]
    )
    for keys, value in PLACES
}
FILES: dict[str, bytes] = {
    "that is empty": b"",
    "that is a list": b"[1]",
    "that is cut": b'{"model": ',
    "of bytes": bytes(range(256)),
    "nested too deep": b'{"model":' * 20_000,
    "of lists too deep": b'{"model":' + b"[" * 20_000,
    "of an unknown section": b'{"modell": {}}',
    "of no section": b"{}",
    "of a section too many": b'{"model": {}, "engine": {}, "compression": {}, "optimizer": {}}',
}
CASES |= {f"a configuration {name}": Misuse(of_file(content), "c.json") for name, content in FILES.items()}
CASES |= {
    "a configuration of YAML too deep": Misuse(of_file(b"model: " + b"[" * 1_000, "c.yaml"), "c.yaml"),
    "a configuration of YAML in a circle": Misuse(of_file(b"model: &a {b: *a}", "c.yaml"), "c.yaml"),
    "a configuration of NUL": Misuse(lambda: pot("-c", "c\0.json"), "c\\x00.json"),
    "a configuration of a lone surrogate": Misuse(lambda: pot("-c", "c\udcff.json"), "c\\udcff.json"),
    "a configuration that is a pipe": Misuse(lambda: (os.mkfifo("c.json"), pot("-c", "c.json")), "c.json"),
    "a configuration that is a folder": Misuse(lambda: pot("-c", "."), "'.'"),
}


@pytest.mark.parametrize("case", CASES)
def test_misused_command_lines_are_refused_in_a_sentence(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    check(CASES[case])


def shell(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = line.replace("pot", f"{sys.executable} -m openvino.tools.pot", 1)
    return subprocess.run(
        ["/bin/sh", "-c", command], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.process
def test_a_full_standard_output_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    saved()
    run = shell("pot plan -m m.xml >/dev/full", tmp_path)
    sentence = "pot: error: standard output can't be written: No space left on device\n"
    assert (run.returncode, run.stderr) == (1, sentence)


@pytest.mark.process
def test_a_closed_standard_output_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    saved()
    run = shell("pot plan -m m.xml >&-", tmp_path)
    assert run.returncode in (0, 1)
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("closing", ["sys.stderr.close()", "sys.stderr = sys.stdout = None"])
@pytest.mark.process
def test_scripts_without_standard_streams_quantize(closing: str, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import pathlib, sys\nsys.path[:0] = sys.argv[1:]\nimport builders\n"
        f"from openvino.tools.pot import quantize\n{closing}\n"
        "found = quantize(builders.network(), builders.images(4))\n"
        "pathlib.Path('done').write_text(found.get_friendly_name())\n",
        encoding="utf-8",
    )
    subprocess.run(
        [sys.executable, script, str(Path(__file__).parents[1])], cwd=tmp_path, check=True, timeout=60
    )
    assert (tmp_path / "done").read_text() == "tiny"
