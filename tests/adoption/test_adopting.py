"""``pot adopt``: folders that other tools open, in INT8."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openvino as ov
import pytest
from exported import (
    OF_MODEL_API,
    WORDS,
    classifier,
    of_anomalib,
    of_geti,
    of_optimum,
    of_ultralytics,
    onnx_of_ultralytics,
    save,
)

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cli"))
from commands import pot, write_images

pytestmark = pytest.mark.long


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_images(tmp_path / "images", 12)


def quantizers(network: str | Path) -> int:
    kinds = [node.get_type_name() for node in ov.Core().read_model(network).get_ops()]
    return kinds.count("FakeQuantize")


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize(
    ("made", "network", "target"),
    [
        (of_ultralytics, "yolo11n", "export_int8_openvino_model"),
        (of_geti, "deployment/Classification task/model/model", "export_openvino_model_int8"),
        (of_anomalib, "model", "export_openvino_model_int8"),
    ],
)
def test_all_files_are_there_and_the_network_alone_is_another_one(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    made: Callable[[Path], Path],
    network: str,
    target: str,
) -> None:
    export = made(tmp_path / "export_openvino_model")
    before = files(export)
    finished = pot(capsys, "adopt", "export_openvino_model", "--data-source", "images", "--accept-loss")
    assert finished.code == 0, finished.err
    assert files(export) == before
    found = files(tmp_path / target)
    assert set(found) == set(before)
    assert {name for name in before if found[name] != before[name]} == {f"{network}.xml", f"{network}.bin"}
    assert quantizers(tmp_path / target / f"{network}.xml") > 0
    assert len(found[f"{network}.bin"]) < len(before[f"{network}.bin"])
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted({"export_openvino_model", "images", target})


def test_the_images_of_an_export_are_fed_as_its_maker_says(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    save(classifier(OF_MODEL_API), tmp_path / "otx", "exported_model")
    for made, said in (
        (
            of_ultralytics(tmp_path / "yolo"),
            "fed as RGB, 0 to 1, letterboxed to [1,3,8,8] (from metadata.yaml",
        ),
        (
            of_anomalib(tmp_path / "a1"),
            "fed as RGB, 0 to 1, stretched to [1,3,8,8], every 4th with an anomaly pasted in (from metadata.json",
        ),
        (
            of_anomalib(tmp_path / "a2", thresholds=False),
            "fed as RGB, 0 to 1, stretched to [1,3,8,8], every 4th with an anomaly pasted in (from outputs of",
        ),
        (tmp_path / "otx", "fed as RGB, -2.12 to 2.64, stretched to [1,3,8,8] (from"),
    ):
        finished = pot(capsys, "adopt", made.name, "--data-source", "images", "--accept-loss")
        assert said in finished.err, finished.err


def test_names_and_records_of_the_network_are_kept(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    save(classifier(OF_MODEL_API), tmp_path / "otx", "exported_model")
    finished = pot(
        capsys, "adopt", "otx", "--data-source", "images", "--output-dir", "small", "--format", "json"
    )
    facts = json.loads(finished.out)
    assert (facts["family"], facts["folder"], facts["model"]) == (
        "Model API",
        "small",
        "small/exported_model.xml",
    )
    assert facts["check"]["decibels"] > 20
    old, new = (ov.Core().read_model(f"{name}/exported_model.xml") for name in ("otx", "small"))
    assert [port.get_names() for port in (*new.inputs, *new.outputs)] == [
        port.get_names() for port in (*old.inputs, *old.outputs)
    ]
    for key, value in OF_MODEL_API.items():
        assert new.get_rt_info(["model_info", key]).astype(str) == value


def test_model_api_opens_what_was_adopted_and_finds_the_same_class(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    models = pytest.importorskip("model_api.models", reason="needs openvino-model-api")
    save(classifier(OF_MODEL_API), tmp_path / "otx", "exported_model")
    assert pot(capsys, "adopt", "otx", "--data-source", "images", "--accept-loss").code == 0
    image = np.random.default_rng(5).integers(0, 256, (20, 30, 3), np.uint8)
    before, after = (
        models.Model.create_model(str(tmp_path / name / "exported_model.xml"))(image)
        for name in ("otx", "otx_int8")
    )
    assert before.top_labels[0].name == after.top_labels[0].name


def test_an_onnx_file_of_ultralytics_becomes_the_folder_that_its_loader_wants(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    onnx_of_ultralytics(tmp_path / "yolo.onnx")
    finished = pot(capsys, "adopt", "yolo.onnx", "--data-source", "images", "--accept-loss")
    assert finished.code == 0, finished.err
    assert set(files(tmp_path / "yolo_int8_openvino_model")) == {"yolo.xml", "yolo.bin", "metadata.yaml"}
    assert "images" not in files(tmp_path / "yolo_int8_openvino_model")


@pytest.mark.parametrize("tokens", [-1, 12])
def test_a_text_encoder_of_optimum_is_fed_with_lines_of_a_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, tokens: int
) -> None:
    of_optimum(tmp_path / "bert", tokens)
    random = np.random.default_rng(0)
    lines = [" ".join(random.choice(WORDS[4:], random.integers(2, 9))) for _ in range(30)]
    (tmp_path / "texts.txt").write_text("\n".join(lines))
    finished = pot(capsys, "adopt", "bert", "--data-source", "texts.txt", "--format", "json")
    assert finished.code == 0, finished.err
    assert json.loads(finished.out)["check"]["decibels"] > 20
    assert set(files(tmp_path / "bert_int8")) == set(files(tmp_path / "bert"))


def test_of_a_network_that_generates_weights_are_made_smaller_without_data(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    of_optimum(tmp_path / "llama", architectures=["LlamaForCausalLM"])
    finished = pot(capsys, "adopt", "llama")
    assert finished.code == 0, finished.err
    assert quantizers(tmp_path / "llama_int8" / "openvino_model.xml") == 0
    sizes = [(tmp_path / name / "openvino_model.bin").stat().st_size for name in ("llama", "llama_int8")]
    assert sizes[1] < 0.5 * sizes[0]
    refused = pot(capsys, "adopt", "llama", "-q", "default", "--output-dir", "other")
    assert (refused.code, (tmp_path / "other").exists()) == (2, False)
    assert "expected -q weights, found default" in refused.sentence


def test_what_fails_leaves_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_ultralytics(tmp_path / "export")
    there = sorted(tmp_path.rglob("*"))
    refused = pot(capsys, "adopt", "export")
    assert (refused.code, refused.sentence) == (
        2,
        "--quantize needs data: --data-source, --ac-config, or --engine data_free to do without",
    )
    monkeypatch.setattr("openvino.tools.pot.adoption.writing.save_model", _full)
    failed = pot(capsys, "adopt", "export", "--data-source", "images", "--output-dir", "a/b")
    assert (failed.code, failed.sentence) == (
        1,
        "folder 'a/b' can't be written: [Errno 28] No space left on device",
    )
    assert sorted(tmp_path.rglob("*")) == there


def test_a_folder_that_nobody_may_write_into_becomes_one_that_its_owner_may(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = of_geti(tmp_path / "export")
    for each in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
        each.chmod(0o555)
    assert pot(capsys, "adopt", str(folder), "--data-source", "images", "--output-dir", "int8").code == 0
    inside = [path for path in Path("int8").rglob("*") if path.is_dir()]
    assert inside
    assert all(path.stat().st_mode & 0o700 == 0o700 for path in (Path("int8"), *inside))
    for each in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
        each.chmod(0o755)


def _full(*_: object) -> None:
    raise OSError(28, "No space left on device")
