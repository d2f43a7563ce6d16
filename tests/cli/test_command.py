"""The command as a program: what it imports, prints and returns, and how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from commands import pot, write_images
from openvino import opset13 as op

import builders
from openvino.tools.pot import __version__
from openvino.tools.pot.cli import main as command
from openvino.tools.pot.cli import shared_arguments as arguments
from openvino.tools.pot.configs.accuracy import AGREEMENTS
from openvino.tools.pot.utils.errors import ConfigError, ModelError

PROGRAM = (sys.executable, "-m", "openvino.tools.pot")
COUNT = """
import sys
import openvino
before = set(sys.modules)
from openvino.tools.pot.cli.main import main
try:
    main({argv})
except SystemExit:
    pass
print(*sorted(set(sys.modules) - before), file=sys.stderr)
"""


def run(*arguments: str | Path, cwd: Path | None = None, **kwargs: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        **kwargs,
    )


@pytest.mark.parametrize("argv", [["--help"], ["--version"], ["plan", "--help"], ["--wrong"], []])
@pytest.mark.process
def test_help_and_usage_errors_import_next_to_nothing(argv: list[str]) -> None:
    found = subprocess.run(
        [sys.executable, "-c", COUNT.format(argv=argv)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    modules = found.stderr.strip().splitlines()[-1].split()
    ours = {name for name in modules if name.startswith("openvino.")}
    assert ours == {
        "openvino.tools.pot", "openvino.tools.pot.cli", "openvino.tools.pot.cli.arguments",
        "openvino.tools.pot.cli.command_arguments", "openvino.tools.pot.cli.feeding_arguments",
        "openvino.tools.pot.cli.main", "openvino.tools.pot.cli.shared_arguments",
        "openvino.tools.pot.paths", "openvino.tools.pot.utils",
        "openvino.tools.pot.utils.errors",
        "openvino.tools.pot.version",
    }  # fmt: skip
    assert not {"pydantic", "rich", "json5", "ruamel", "PIL", "addict", "argcomplete"} & set(modules)
    assert len(modules) < 30


@pytest.mark.process
def test_help_names_every_flag_of_pot() -> None:
    words = re.split(r"[\s,\[\]]+", run("--help").stdout)
    for flag in ("-c", "--config", "-q", "--quantize", "--preset", "-m", "--model", "-w", "--weights", "-n", "--name",
                 "--engine", "--ac-config", "--max-drop", "-e", "--evaluate", "--output-dir", "-d", "--direct-dump",
                 "--log-level", "--progress-bar", "--stream-output", "--keep-uncompressed-weights", "--data-source",
                 "--shape", "--data-type", "--generate-data"):  # fmt: skip
        assert flag in words, flag


@pytest.mark.process
def test_version_and_the_installed_program() -> None:
    program = Path(sys.executable).with_name("pot")
    for start in (PROGRAM, (str(program),)):
        found = subprocess.run([*start, "--version"], capture_output=True, text=True, check=True, timeout=60)
        assert found.stdout == f"pot {__version__}\n"


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.chdir(tmp_path)
    ov.save_model(builders.network(), "net.xml", compress_to_fp16=False)
    write_images(Path("images"), 40)
    return ["-q", "default", "-m", "net.xml", "--data-source", "images"]


@pytest.mark.process
def test_results_on_standard_output_and_the_rest_on_standard_error(job: list[str]) -> None:
    finished = run(*job)
    assert finished.returncode == 0
    assert Path(finished.stdout.strip()).is_file()
    assert "Statistics pass: 40 of 40" in finished.stderr


@pytest.mark.process
def test_a_reader_that_has_enough(job: list[str]) -> None:
    shell = f"{sys.executable} -m openvino.tools.pot plan -m net.xml | head -n 1"
    finished = subprocess.run(shell, shell=True, capture_output=True, text=True, check=False, timeout=60)
    assert finished.returncode == 0
    assert len(finished.stdout.splitlines()) == 1
    assert finished.stderr == ""


@pytest.mark.long
@pytest.mark.parametrize(("level", "lines"), [("ERROR", 0), ("WARNING", 0), ("INFO", 5), ("debug", 15)])
def test_log_levels(job: list[str], level: str, lines: int, capsys: pytest.CaptureFixture[str]) -> None:
    finished = pot(capsys, *job, "--log-level", level)
    assert finished.code == 0
    assert len(finished.err.splitlines()) >= lines
    if not lines:
        assert finished.err == ""


def test_a_progress_bar_in_place_of_lines(job: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    finished = pot(capsys, *job, "--progress-bar")
    assert finished.err == ""
    (log,) = Path("results").rglob("log.txt")
    assert "Statistics pass: 40 of 40" in log.read_text(encoding="utf-8")


@pytest.mark.long
def test_a_bound_on_memory(
    job: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[bool] = []
    monkeypatch.setattr("openvino.tools.pot.cli.quantize.keep_little", lambda: kept.append(True))
    finished = pot(capsys, *job, "--max-memory", "2GB")
    assert finished.code == 0 and kept == [True]
    assert "max_memory is 2,000 MB: " in finished.err
    refused = pot(capsys, *job, "--max-memory", "1MB")
    assert refused.code == 1
    assert refused.sentence.startswith("max_memory is 1 MB, expected at least ")


def fail_to_save(*_: Any, **__: Any) -> None:
    raise ModelError("model can't be written to folder 'x': no space left")


@pytest.mark.long
def test_failing_at_work(
    job: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openvino.tools.pot.cli.quantize.save_model", fail_to_save)
    finished = pot(capsys, *job, "--log-level", "ERROR")
    assert finished.code == 1
    assert finished.err == "pot: error: model can't be written to folder 'x': no space left\n"
    (log,) = Path("results").rglob("log.txt")
    assert "no space left" in log.read_text(encoding="utf-8")
    told = pot(capsys, *job, "--log-level", "DEBUG")
    assert "Traceback (most recent call last)" in told.err
    assert told.sentence == "model can't be written to folder 'x': no space left"


def test_an_error_that_nobody_foresaw(
    job: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError("of\nall things")

    monkeypatch.setattr("openvino.tools.pot.cli.quantize.compress_model_weights", broken)
    finished = pot(capsys, *job, "--log-level", "ERROR")
    assert (finished.code, finished.err) == (1, "pot: error: ZeroDivisionError: of all things\n")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(28, "No space left on device", "w.bin"), "'w.bin' can't be read or written: No space left on device"),
        (OSError(28, "No space left on device"), "reading or writing failed: No space left on device"),
        (OSError("odd"), "OSError: odd"),
        (MemoryError(), "MemoryError"),
    ],
)  # fmt: skip
def test_what_the_system_refuses_is_said_in_a_sentence(
    error: Exception,
    sentence: str,
    job: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(model: object) -> None:
        raise error

    monkeypatch.setattr("openvino.tools.pot.cli.quantize.compress_model_weights", refused)
    finished = pot(capsys, *job, "--log-level", "ERROR")
    assert (finished.code, finished.err) == (1, f"pot: error: {sentence}\n")


@pytest.mark.long
def test_a_stored_model_is_told_of_even_if_measuring_fails(
    job: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("openvino.tools.pot.cli.quantize.signal_to_noise", interrupted)
    finished = pot(capsys, *job, "-e")
    assert finished.code == command.INTERRUPTED
    assert Path(finished.out.strip()).is_file()


def test_a_wrong_configuration_that_shows_at_work_is_a_failure(
    job: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(*_: Any) -> None:
        raise ConfigError("metrics: there is none of that name")

    monkeypatch.setattr("openvino.tools.pot.cli.quantize.store_job", late)
    assert pot(capsys, *job).code == command.FAILED


@pytest.mark.long
def test_the_log_holds_results_and_the_command(job: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    finished = pot(capsys, *job, "-e")
    (log,) = Path("results").rglob("log.txt")
    text = log.read_text(encoding="utf-8")
    assert "-q default -m net.xml --data-source images -e" in text
    for line in finished.out.splitlines():
        assert line in text


@pytest.mark.long
def test_evaluation_tells_how_long_requests_take(
    job: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = r"net: a request takes (\S+) ms with the device's own settings, in float (\S+) ms: (\S+) x as fast"
    assert re.search(said, pot(capsys, *job).err) is None
    found = re.search(said, pot(capsys, *job, "-e").err)
    assert found is not None
    after, before, ratio = map(float, found.groups())
    assert ratio == pytest.approx(before / after, abs=0.06 + 0.01 * ratio)

    def refused(*_: Any) -> None:
        raise RuntimeError("no such device")

    monkeypatch.setattr("openvino.tools.pot.cli.quantize.latencies_as_users_run", refused)
    finished = pot(capsys, *job, "-e")
    assert finished.code == 0
    assert "net: a request can't be timed on CPU: no such device" in finished.err


@pytest.mark.long
def test_one_sample_tells_nothing_of_noise(job: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    finished = pot(capsys, *job[:-1], "images/000.png", "-e", "-d", "--output-dir", "o")
    assert finished.code == 0
    assert finished.out == "o/optimized/net.xml\n"
    assert "of which it takes two" in finished.err


def quantized(
    model: ov.Model, folder: Path, capsys: pytest.CaptureFixture[str], *flags: str | Path
) -> tuple[Any, ov.Model]:
    """What ``pot -q`` says and makes of a model and a folder of seven images."""
    ov.save_model(model, folder / "m.xml")
    images = write_images(folder / "images", 7)
    where = ("--data-source", images, "--output-dir", folder / "out", "-d")
    done = pot(capsys, "-q", "default", "-m", folder / "m.xml", *where, *flags)
    assert done.code == 0, done.err
    return done, ov.Core().read_model(folder / "out" / "optimized" / "m.xml")


@pytest.mark.long
def test_a_folder_of_images_for_a_model_of_fixed_batch(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    x = builders.parameter([4, 3, 8, 8])
    flat = op.reshape(builders.conv(x, 4, "c"), op.constant(np.array([4, 256])), False)
    done, made = quantized(builders.model(flat, x), tmp_path, capsys, "-e", "--scale-values", "255")
    assert made.input(0).get_shape() == [4, 3, 8, 8]
    assert float(re.findall(r"dB over noise *: (.*)", done.out)[0]) > 20
    assert done.err.count("the last one repeats 1 samples") == 1


def test_made_images_for_a_model_of_fixed_batch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    x = builders.parameter([4, 3, 8, 8])
    ov.save_model(builders.model(builders.conv(x, 4, "c"), x), tmp_path / "m.xml")
    flags = ("--engine", "data_free", "--data-source", tmp_path / "made", "--subset-size", "8")
    done = pot(capsys, "-q", "data_free", "-m", tmp_path / "m.xml", *flags, "--output-dir", tmp_path / "out")
    assert done.code == 0, done.err


def test_a_folder_of_images_for_an_image_and_its_size(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    x, about = builders.parameter([1, 3, 8, 8]), builders.parameter([1, 3], "about")
    scale = op.reshape(
        op.reduce_max(about, op.constant(np.array([1])), False), op.constant(np.array([1, 1, 1, 1])), False
    )
    done, made = quantized(
        builders.model(op.multiply(builders.conv(x, 4, "c"), scale), x, about), tmp_path, capsys
    )
    assert "input 'about' has no data: it is fed height, width and scale 1 of each image" in done.err
    assert any(node.get_type_name() == "FakeQuantize" for node in made.get_ops())


@pytest.mark.long
def test_made_images_of_an_interrupted_run_do_not_count(
    job: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("pot_dataset/.synthetic_left").mkdir(parents=True)
    write_images(Path("pot_dataset/.synthetic_left"), 3)
    for _ in range(2):
        finished = pot(
            capsys, "-q", "data_free", "-m", "net.xml", "--subset-size", "5", "-d", "--output-dir", "o"
        )
        assert finished.code == 0, finished.err
        assert "is not assured" in finished.err
        assert "Statistics pass: 5 of 5" in finished.err


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.process
def test_ctrl_c_and_sigterm_leave_nothing(job: list[str], sent: signal.Signals) -> None:
    write_images(Path("images"), 3000)
    before = {str(path) for path in Path().rglob("*")}
    process = subprocess.Popen(
        [*PROGRAM, *job, "--subset-size", "3000"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    while not Path("results").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(sent)
    out, err = process.communicate(timeout=60)
    assert process.returncode == command.INTERRUPTED, err
    assert out == ""
    assert err.strip().splitlines()[-1] == "Interrupted."
    assert "Traceback" not in err
    assert {str(path) for path in Path().rglob("*")} == before


@pytest.mark.long
def test_two_runs_in_one_second_have_folders_of_their_own(
    job: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    paths = {pot(capsys, *job, "--subset-size", "2").out for _ in range(3)}
    assert len(paths) == 3


@pytest.mark.long
def test_nothing_of_a_direct_dump_is_lost(job: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    Path("out").mkdir()
    Path("out/notes").write_text("mine", encoding="utf-8")
    for _ in range(2):
        assert pot(capsys, *job, "-d", "--output-dir", "out").code == 0
    assert Path("out/notes").read_text(encoding="utf-8") == "mine"
    assert Path("out/log.txt").read_text(encoding="utf-8").count("results go to out") == 2


@pytest.mark.process
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("pot --keep-un", {"--keep-uncompressed-weights"}),
        ("pot -q de", {"default"}),
        ("pot plan -m ", {"net.xml", "below/"}),
        ("pot plan -m net.xml --ignored conv", {"conv1", "conv2"}),
        ("pot -q default --target-device GN", {"GNA", "GNA1", "GNA2", "GNA3", "GNA3.5"}),
        ("pot -q default -m net.xml --output-dir ", {"below/"}),
        ("pot -c ", {"job.json", "below/"}),
        ("pot probe --device C", {"CPU"}),
        ("pot -q default --subset-size ", set()),
        ("pot plan -m gone.xml --ignored ", set()),
    ],
)
def test_completion(tmp_path: Path, line: str, expected: set[str]) -> None:
    pytest.importorskip("argcomplete")
    ov.save_model(builders.network(), tmp_path / "net.xml", compress_to_fp16=False)
    (tmp_path / "job.json").touch()
    (tmp_path / "below").mkdir()
    asked = {
        "_ARGCOMPLETE": "1", "_ARGCOMPLETE_IFS": "\n", "_ARGCOMPLETE_SUPPRESS_SPACE": "1",
        "_ARGCOMPLETE_STDOUT_FILENAME": str(tmp_path / "found"), "COMP_LINE": line, "COMP_POINT": str(len(line)),
    }  # fmt: skip
    assert run(env={**os.environ, **asked}, cwd=tmp_path).returncode == 0
    assert set((tmp_path / "found").read_text(encoding="utf-8").split()) == expected


@pytest.mark.process
def test_a_script_is_run(tmp_path: Path) -> None:
    script = tmp_path / "old.py"
    script.write_text(
        "import json, sys\nfrom openvino.runtime import Core\nprint(json.dumps([sys.argv, __file__]))\n"
        "assert Core().available_devices\nsys.exit(7)\n",
        encoding="utf-8",
    )
    finished = run("run-script", "old.py", "-m", "x", "--help", cwd=tmp_path)
    assert finished.returncode == 7, finished.stderr
    assert json.loads(finished.stdout) == [["old.py", "-m", "x", "--help"], str(script)]


def test_choices_of_agreement_are_those_of_the_parameters() -> None:
    assert arguments.AGREEMENTS == AGREEMENTS
