"""The program ``mo`` that scripts start: Model Optimizer's flags, and its files where it wrote them."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import numpy as np
import openvino as ov
import pytest
from old_models import conv_onnx, run_script

import builders
from openvino.tools.pot.legacy.mo import convert_model
from openvino.tools.pot.legacy.mo.command import main

IMAGE = builders.images(1, shape=(1, 3, 8, 8))[0]

STARTS_MO = """
import json, os, subprocess, sys
if sys.version_info >= (3, 11):  # before, Python always looks there
    open("argparse.py", "w").write("raise SystemExit('of the script')")
done = subprocess.run(
    ["mo", "--input_model", "conv.onnx", "--input_shape", "[1,3,8,8]", "--output_dir", "new/ir", "--progress"],
    capture_output=True, text=True, check=True,
)
code = os.system('mo -m conv.onnx -n half --data_type FP16 --input "data[1 3 8 8]"')
print(json.dumps({"printed": done.stdout, "told": done.stderr, "code": code}))
"""


def read(path: Path) -> ov.Model:
    return ov.Core().read_model(path)


@pytest.mark.process
@pytest.mark.skipif(os.name == "nt", reason="without a shell Windows finds no .bat")
def test_scripts_start_mo(tmp_path: Path) -> None:
    conv_onnx(tmp_path, ["n", 3, "h", "w"])
    (tmp_path / "script.py").write_text(STARTS_MO, encoding="utf-8")
    done = run_script("script.py", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    written = tmp_path / "new/ir/conv.xml"
    assert f"[ SUCCESS ] XML file: {written}" in found["printed"].splitlines()
    assert found["told"] == "[ WARNING ]  without effect here: --progress\n"
    assert found["code"] == 0
    (expected,) = builders.run(read(tmp_path / "conv.onnx"), IMAGE)
    np.testing.assert_allclose(builders.run(read(written), IMAGE)[0], expected, rtol=1e-5)
    assert (tmp_path / "half.bin").stat().st_size < 0.6 * written.with_suffix(".bin").stat().st_size


@pytest.mark.process
@pytest.mark.skipif(os.name == "nt", reason="programs are found otherwise on Windows")
def test_a_mo_that_exists_is_not_replaced(tmp_path: Path) -> None:
    own = tmp_path / "bin/mo"
    own.parent.mkdir()
    own.write_text("#!/bin/sh\necho its own\n", encoding="utf-8")
    own.chmod(own.stat().st_mode | stat.S_IXUSR)
    (tmp_path / "script.py").write_text('import os\nos.system("mo")\n', encoding="utf-8")
    done = run_script("script.py", cwd=tmp_path, PATH=f"{own.parent}{os.pathsep}{os.environ['PATH']}")
    assert done.stdout == "its own\n"


@pytest.mark.process
@pytest.mark.skipif(os.name == "nt", reason="scripts stand elsewhere on Windows")
def test_programs_beside_the_interpreter_are_found_where_the_environment_is_not_activated(
    tmp_path: Path,
) -> None:
    (tmp_path / "script.py").write_text('import os\nos.system("pot --version")\n', encoding="utf-8")
    done = run_script("script.py", cwd=tmp_path, PATH="/usr/bin:/bin")
    assert done.stdout.startswith("pot "), done.stderr


INSTALLS = """
import os
from openvino.tools.pot.legacy import install
install()
first = os.environ["PATH"]
install()
assert os.environ["PATH"] == first
from openvino.inference_engine import IECore
from openvino.tools import mo
print(mo.convert_model.__name__, flush=True)
os.system("mo --version")
"""


@pytest.mark.process
def test_a_notebook_gets_the_same_from_a_call(tmp_path: Path) -> None:
    (tmp_path / "cells.py").write_text(INSTALLS, encoding="utf-8")
    plain = "import sys; exec(open(sys.argv[1]).read())"
    done = run_script("cells.py", cwd=tmp_path, launcher=plain)
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["convert_model", "mo"]


def test_the_model_says_what_is_done_to_images_in_it(tmp_path: Path) -> None:
    path = conv_onnx(tmp_path, ["n", 3, "h", "w"])
    flags = ["--mean_values", "[1,2,3]", "--scale_values=data[4]", "--reverse_input_channels"]
    assert main(["--input_model", str(path), "--output_dir", str(tmp_path), "-n", "made", *flags]) == 0
    made = read(tmp_path / "made.xml")
    given = {"mean_values": "[1,2,3]", "scale_values": "data[4]", "reverse_input_channels": True}
    (expected,) = builders.run(convert_model(path, **given), IMAGE)
    np.testing.assert_allclose(builders.run(made, IMAGE)[0], expected, rtol=1e-5)
    assert made.get_friendly_name() == "made"
    said = {name: made.get_rt_info(["conversion_parameters", name]).astype(str) for name in given}
    assert said == {**given, "reverse_input_channels": "True"}


def test_a_tilde_is_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    conv_onnx(tmp_path, [1, 3, 8, 8])
    assert main(["--input_model", "~/conv.onnx", "--output_dir=~/ir"]) == 0
    assert (tmp_path / "ir/conv.xml").is_file()
    assert str(tmp_path / "ir/conv.bin") in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (("--input_model", "absent.onnx"), "model file 'absent.onnx' does not exist"),
        (
            ("--input_model", "conv.onnx", "--freeze_placeholder_with_value", "data->1"),
            "argument 'freeze_placeholder_with_value' is 'data->1', but what it did has no counterpart in OpenVINO",
        ),
        (
            ("--input_model", "conv.onnx", "--output", "con_"),
            "output 'con_' is not in the model; did you mean 'conv'?",
        ),
        ((), "there is no input_model, expected a path or a model"),
    ],
)
def test_what_can_not_be_converted_is_one_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    flags: tuple[str, ...],
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    conv_onnx(tmp_path, [1, 3, 8, 8])
    assert main(flags) == 1
    assert capsys.readouterr().err == f"[ ERROR ]  {sentence}\n"
    assert [path.name for path in tmp_path.iterdir()] == ["conv.onnx"]
