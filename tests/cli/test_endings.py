"""What a run ends in: a verdict and its exit code, a table, and the command to go on with."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from commands import Finished, pot, write_images
from openvino import opset13 as op

import builders
from openvino.tools.pot.algorithms.checking.bench import Bench
from openvino.tools.pot.cli.quantize import LOST
from openvino.tools.pot.data_loaders.loaders import FileLoader
from terminals import on_terminal

PROGRAM = [sys.executable, "-m", "openvino.tools.pot"]


def network(layers: int, spread: float) -> ov.Model:
    """Products whose weights differ in size the more the larger the spread is; each layer adds to the error."""
    random = np.random.default_rng(0)
    x = builders.parameter([1, 64])
    value: Any = x
    for number in range(layers):
        sizes = np.exp(spread * random.normal(size=(64, 64)))
        weights = (random.normal(size=(64, 64)) * sizes / 8).astype(np.float32)
        product = op.matmul(value, op.constant(weights), False, True, name=f"layer_{number}")
        value = op.tanh(product) if number % 2 else op.relu(product)
    return builders.model(value, x)


GOOD, WORSE, BROKEN = (4, 1.0), (8, 1.2), (12, 1.6)
DATA = ("--data-source", "samples.npz")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    np.savez("samples.npz", x=np.random.default_rng(1).normal(size=(40, 64)).astype(np.float32))


def request_is(times: float | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let requests be so many times as fast: what is measured is others' business."""
    monkeypatch.setattr(Bench, "as_fast", lambda *_: times)
    monkeypatch.setattr(Bench, "as_fast_in_turns", lambda *_: times)


def made(capsys: pytest.CaptureFixture[str], kind: tuple[int, float], *more: str) -> Finished:
    """A network quantized as POT's performance preset does it."""
    ov.save_model(network(*kind), "net.xml", compress_to_fp16=False)
    params = {"preset": "performance", "weight_rounding": "nearest", "stat_subset_size": 40}
    configuration = {
        "model": {"model_name": "net", "model": "net.xml", "weights": "net.bin"},
        "engine": {"type": "simplified", "data_source": "samples.npz"},
        "compression": {"algorithms": [{"name": "DefaultQuantization", "params": params}]},
    }
    Path("c.json").write_text(json.dumps(configuration))
    return pot(capsys, "-c", "c.json", "-d", "--output-dir", "made", *more)


@pytest.mark.long
@pytest.mark.parametrize(
    ("kind", "times", "verdict", "code"),
    [
        (GOOD, 2.0, "good", 0),
        (GOOD, None, "good", 0),
        (GOOD, 1.0, "no gain", 0),
        (WORSE, 2.0, "worse", 0),
        (BROKEN, 2.0, "broken", LOST),
    ],
)
def test_each_verdict_has_its_exit_code_its_table_and_a_command_that_runs(
    kind: tuple[int, float],
    times: float | None,
    verdict: str,
    code: int,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patched:
        request_is(times, patched)
        finished = made(capsys, kind)
    assert (finished.code, finished.out) == (code, "made/optimized/net.xml\n"), finished.err
    table = finished.err.split(f"what came of it: {verdict}\n\n")[1]
    assert table.startswith(f"net\n{verdict.upper()}   INT8 follows float to ")
    assert ("request, float in f32" in table, "not timed" in table) == (times is not None, times is None)
    assert "stored   made/optimized/net.xml" in table
    (line,) = [line for line in table.splitlines() if line.startswith("next ")]
    program, command, *arguments = shlex.split(line.removeprefix("next"))
    assert (program, command) == ("pot", "compare" if verdict == "good" else "diagnose")
    if verdict in ("good", "broken"):
        further = ["--no-remedies"] if command == "diagnose" else []
        found = pot(capsys, command, *arguments, *further, "--format", "json")
        assert found.code == 0, found.err
        if verdict == "broken":
            assert json.loads(found.out)["verdict"] == "broken", "both say the same"


@pytest.mark.long
def test_what_is_lost_can_be_accepted_and_is_still_called_so(capsys: pytest.CaptureFixture[str]) -> None:
    finished = made(capsys, BROKEN, "--accept-loss", "--format", "json", "--log-level", "ERROR")
    assert finished.code == 0
    found = json.loads(finished.out)
    assert (
        found["verdict"]
        == found["models"][0]["verdict"]
        == found["models"][0]["check"]["verdict"]
        == "broken"
    )
    assert found["models"][0]["next"].startswith("pot diagnose -m net.xml -q made/optimized/net.xml ")


@pytest.mark.long
def test_an_output_that_is_lost_on_all_samples_is_no_success(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ov.save_model(network(*GOOD), "net.xml", compress_to_fp16=False)
    job = ("-q", "default", "-m", "net.xml", *DATA, "-e", "-d", "--output-dir", "made")
    for noise, code, verdict in ((-1.37, LOST, "broken"), (12.0, 0, "worse")):
        monkeypatch.setattr(
            "openvino.tools.pot.cli.quantize.signal_to_noise", lambda *_, noise=noise: {"y": noise}
        )
        finished = pot(capsys, *job)
        assert finished.code == code
        assert f"what came of it: {verdict}\n" in finished.err
        assert f"y, dB over noise           : {noise}" in finished.out


@pytest.mark.long
def test_times_of_an_evaluation_count_more_than_those_of_the_check(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    request_is(3.0, monkeypatch)
    ov.save_model(network(*GOOD), "net.xml", compress_to_fp16=False)
    monkeypatch.setattr("openvino.tools.pot.cli.quantize.latencies_as_users_run", lambda *_: [0.002, 0.0019])
    job = ("-q", "default", "-m", "net.xml", *DATA, "-d", "--output-dir", "made", "--format", "json")
    assert json.loads(pot(capsys, *job).out)["verdict"] == "good"
    finished = pot(capsys, *job, "-e")
    found = json.loads(finished.out)["models"][0]
    assert (found["verdict"], found["float_seconds"], found["int8_seconds"]) == ("no gain", 0.002, 0.0019)
    assert "f32" not in finished.err.split("what came of it")[1]


@pytest.mark.long
def test_weights_alone_end_in_what_there_is_to_say(capsys: pytest.CaptureFixture[str]) -> None:
    ov.save_model(network(*GOOD), "net.xml", compress_to_fp16=False)
    job = ("-q", "weights", "-m", "net.xml", "-d", "--output-dir", "made")
    table = pot(capsys, *job).err.split("what came of it: unknown\n\n")[1]
    assert "UNKNOWN   not checked: weights alone were compressed" in table and "layers" not in table
    assert "next     pot verify made/optimized/net.xml -m net.xml" in table and "x smaller" in table
    with_data = pot(capsys, *job, *DATA, "-e")
    assert "what came of it: good\n" in with_data.err and with_data.code == 0


@pytest.mark.long
def test_weights_that_the_cpu_does_not_compile_are_no_success(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    x = builders.parameter([1, 64, 7, 7])
    part = op.split(builders.conv(x, 64, "first"), op.constant(1), 2).output(1)
    second = op.variadic_split(part, op.constant(1), op.constant([8, 24])).output(1)
    moved = op.reshape(builders.conv(second, 64, "second", kernel=1), op.constant([1, 64, 49]), False)
    ov.save_model(builders.model(moved.output(0), x), "net.xml", compress_to_fp16=False)
    job = ("-q", "weights", "-m", "net.xml", "--mode", "int8_sym", "-d", "--output-dir", "made")
    assert pot(capsys, *job).code == 0, "such weights stay in float"
    monkeypatch.setattr("openvino.tools.pot.placement.weights._is_not_compiled", lambda *_: False)
    finished = pot(capsys, *job, "--format", "json")
    assert (finished.code, json.loads(finished.out)["verdict"]) == (LOST, "broken")
    assert "the CPU does not compile it: Default output not supported" in finished.err


@pytest.mark.long
def test_each_network_of_a_cascade_has_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("one", "two"):
        ov.save_model(network(*GOOD), f"{name}.xml", compress_to_fp16=False)
    cascade = [{"name": name, "model": f"{name}.xml", "weights": f"{name}.bin"} for name in ("one", "two")]
    configuration = {
        "model": {"model_name": "both", "cascade": cascade},
        "engine": {"type": "simplified", "data_source": {"one": "samples.npz", "two": "samples.npz"}},
        "compression": {"algorithms": [{"name": "DefaultQuantization", "params": {"stat_subset_size": 40}}]},
    }
    Path("c.json").write_text(json.dumps(configuration))
    finished = pot(capsys, "-c", "c.json", "-d", "--output-dir", "made")
    assert finished.code == 0, finished.err
    for name in ("one", "two"):
        assert f"\n{name}\n" in finished.err
        assert f"next     pot verify made/optimized/{name}.xml -m {name}.xml" in finished.err


@pytest.mark.long
def test_how_samples_are_fed_is_the_head_of_the_table(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FileLoader, "feeding", "fed as they are", raising=False)
    finished = made(capsys, GOOD, "--format", "json")
    assert "\nnet: fed as they are\n" in finished.err
    assert json.loads(finished.out)["models"][0]["fed"] == "fed as they are"


def test_flags_that_a_shell_would_take_apart_are_quoted(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    request_is(1.0, monkeypatch)
    ov.save_model(builders.network(), "my net.xml", compress_to_fp16=False)
    write_images(Path("my images"), 8)
    flags = ["--mean-values", "[127,127,127]", "--scale-values", "127", "--subset-size", "8", "--static"]
    job = ["-q", "default", "-m", "my net.xml", "--data-source", "my images", *flags]
    finished = pot(capsys, *job, "-d", "--output-dir", "out put", "--format", "json")
    (found,) = json.loads(finished.out)["models"]
    words = shlex.split(found["next"])
    assert words[:6] == ["pot", "diagnose", "-m", "my net.xml", "-q", "out put/optimized/my net.xml"]
    assert {"--static", "[127,127,127]", "my images"} <= set(words)
    assert pot(capsys, *words[1:], "--no-remedies").code == 0


@pytest.mark.long
def test_weights_that_are_not_beside_the_model_are_those_of_the_next_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Those beside it are others, against which the result would seem broken."""
    ov.save_model(builders.network(seed=3), "net.xml", compress_to_fp16=False)
    Path("net.bin").rename("other.bin")
    ov.save_model(builders.network(), "net.xml", compress_to_fp16=False)
    write_images(Path("images"), 8)
    flags = ["-m", "net.xml", "-w", "other.bin", "--format", "json"]
    finished = pot(capsys, "-q", "default", *flags, "--data-source", "images", "-d", "--output-dir", "out")
    (found,) = json.loads(finished.out)["models"]
    words = shlex.split(found["next"])
    assert words[1:6] == ["diagnose", "-m", "net.xml", "-w", "other.bin"]
    seen = pot(capsys, *words[1:], "--no-remedies", "--format", "json")
    assert (seen.code, json.loads(seen.out)["verdict"] != "broken") == (0, True)
    (alone,) = json.loads(pot(capsys, "-q", "weights", *flags, "--output-dir", "small").out)["models"]
    assert alone["next"] == ""
    same = pot(
        capsys, "-q", "weights", "-m", "net.xml", "-w", "net.bin", "--format", "json", "--output-dir", "own"
    )
    assert json.loads(same.out)["models"][0]["next"].startswith("pot verify ")


@pytest.mark.long
def test_the_page_of_a_diagnosis_stands_in_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("jinja2")
    finished = made(capsys, GOOD, "--report", "page.html", "--format", "json")
    assert json.loads(finished.out)["report"] == "page.html" and Path("page.html").is_file()
    assert "report   page.html" in finished.err


@pytest.mark.process
@pytest.mark.long
def test_on_a_terminal_the_table_is_the_result_and_steps_are_seen(tmp_path: Path) -> None:
    pytest.importorskip("pty")
    ov.save_model(network(*GOOD), "net.xml", compress_to_fp16=False)
    job = [*PROGRAM, "-q", "default", "-m", "net.xml", *DATA, "-d", "--output-dir", "made"]
    seen = on_terminal(job, tmp_path)
    assert seen.code == 0, seen.text
    assert "4/4  storing" in seen.text and "INFO" not in seen.text
    assert "\nstored   made/optimized/net.xml\n" in seen.text and "x smaller" in seen.text
    assert "INFO: net: INT8 follows float" in Path("made/log.txt").read_text(), "the file has all lines"
    lines = on_terminal([*job, "--stream-output"], tmp_path)
    assert "INFO: 1/4 statistics" in lines.text and "━" not in lines.text
    piped = on_terminal(job, tmp_path, out=False)
    assert piped.out == "made/optimized/net.xml\n" and "4/4  storing" in piped.text


@pytest.mark.long
def test_a_network_that_comes_quantized_is_no_success(capsys: pytest.CaptureFixture[str]) -> None:
    assert made(capsys, GOOD).code == 0
    again = ("-q", "default", "-m", "made/optimized/net.xml", *DATA, "-d", "--output-dir", "again")
    finished = pot(capsys, *again, "--format", "json")
    found = json.loads(finished.out)
    assert (finished.code, found["verdict"]) == (0, "no gain")
    assert found["models"][0]["next"] == "pot plan -m made/optimized/net.xml"
    assert "NO GAIN   the model comes quantized: no quantizer is added\n" in pot(capsys, *again).err


@pytest.mark.long
def test_a_single_sample_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert made(capsys, GOOD).code == 0
    np.savez("one.npz", x=np.ones((1, 64), np.float32))
    err = pot(capsys, "-q", "default", "-m", "net.xml", "--data-source", "one.npz", "--accept-loss").err
    assert "statistics come from 1 sample, expected at least 30" in err
    assert "1 samples" not in err
