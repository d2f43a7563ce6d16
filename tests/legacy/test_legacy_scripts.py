"""Whole scripts of POT's time, one for each family of imports, run unchanged and give what today's names give."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import openvino as ov
import pytest
from old_models import conv_onnx, run_script

import builders
from openvino.tools.pot.demo import digits
from openvino.tools.pot.utils.runtime import core

pytestmark = pytest.mark.process
SCRIPTS = Path(__file__).resolve().parent / "scripts"
IMAGES = digits.load().calibration_images[:60]
LABELS = digits.load().calibration_labels[:60]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    np.savez(tmp_path / "data.npz", images=IMAGES[:, np.newaxis], labels=LABELS)
    return tmp_path / "data.npz"


def run(name: str, *arguments: str | Path, cwd: Path) -> str:
    finished = run_script(SCRIPTS / name, *arguments, cwd=cwd)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def outputs(path: Path, images: np.ndarray) -> np.ndarray:
    """What a saved model gives with today's API, at the precision that the device chooses."""
    compiled = core().compile_model(path, "CPU")
    return np.concatenate([compiled(image)[0].copy() for image in images])


def has_integer_weights(path: Path) -> bool:
    model = core().read_model(path)
    nodes = [node for node in model.get_ops() if node.get_output_size()]
    kinds = {(node.get_type_name(), node.get_element_type().get_type_name()) for node in nodes}
    return ("Constant", "i8") in kinds and any(kind == "FakeQuantize" for kind, _ in kinds)


def test_the_imports_of_2021(tmp_path: Path, data: Path) -> None:
    xml = digits.MODEL_PATH
    printed = run(
        "classification_2021.py",
        *("-m", xml, "-w", xml.with_suffix(".bin"), "-d", data, "-o", "out"),
        cwd=tmp_path,
    )
    results = json.loads((tmp_path / "out/metrics.json").read_text())
    saved = tmp_path / "out/optimized/digits_int8.xml"
    assert results["paths"][0]["model"] == "out/optimized/digits_int8.xml"
    assert has_integer_weights(saved)
    found = np.load(tmp_path / "out/outputs.npy")
    np.testing.assert_array_equal(found, outputs(saved, IMAGES[:, np.newaxis]))
    accuracy = float((found.argmax(axis=1) == LABELS).mean())
    assert results["after"] == {"accuracy@top1": pytest.approx(accuracy)}
    assert results["before"]["accuracy@top1"] > 0.9
    assert printed.splitlines()[-1] == f"{'accuracy@top1': <27s}: {results['after']['accuracy@top1']}"


def test_openvino_runtime(tmp_path: Path) -> None:
    assert run("runtime_2022.py", tmp_path, cwd=tmp_path) == ""
    samples = np.random.RandomState(0).rand(12, 1, 3, 16, 16).astype(np.float32)
    found = np.load(tmp_path / "outputs.npz")
    assert has_integer_weights(tmp_path / "small_int8.xml")
    np.testing.assert_array_equal(found["original"], outputs(tmp_path / "small.xml", samples))
    model = core().read_model(tmp_path / "small_int8.xml")
    once = builders.runner(model)
    quantized = np.concatenate([once(sample)[0] for sample in samples])
    np.testing.assert_allclose(found["quantized"], quantized, rtol=1e-5, atol=1e-6)
    assert np.abs(quantized - found["original"]).max() < 0.05 * np.abs(found["original"]).max()


def test_model_optimizer(tmp_path: Path) -> None:
    path = conv_onnx(tmp_path, ["n", 3, "h", "w"])
    printed = run("model_optimizer_2023.py", path, cwd=tmp_path)
    folder = tmp_path / "ir"
    found = np.load(folder / "outputs.npz")
    assert has_integer_weights(folder / "conv_int8.xml")
    for name in ("conv", "conv_int8"):
        np.testing.assert_array_equal(found[name], outputs(folder / f"{name}.xml", found["samples"]))
    mean, scale = np.asarray([[123.675, 116.28, 103.53], [58.395, 57.12, 57.375]], np.float32)
    images = ((found["samples"][..., ::-1] - mean) / scale).transpose(0, 1, 4, 2, 3)
    original = ov.convert_model(path)
    converted = core().read_model(folder / "conv.xml")
    for sample, image in zip(found["samples"], images, strict=True):
        (expected,) = builders.run(original, np.ascontiguousarray(image))
        np.testing.assert_allclose(builders.run(converted, sample)[0], expected, rtol=1e-4, atol=1e-4)
    word, error = printed.split()
    assert (word, float(error)) == ("error", np.abs(found["conv"] - found["conv_int8"]).max())
    assert core().read_model(folder / "conv.xml").get_friendly_name() == "conv"
    assert (folder / "half.bin").stat().st_size < (folder / "conv.bin").stat().st_size


def test_inference_engine(tmp_path: Path, data: Path) -> None:
    assert run("inference_engine_2020.py", "-m", digits.MODEL_PATH, "-i", data, cwd=tmp_path) == ""
    found = np.load(tmp_path / "outputs.npy")
    pixels = np.rint(IMAGES * 255).astype(np.float32)[:, np.newaxis]
    np.testing.assert_allclose(found, outputs(tmp_path / "int8/digits.xml", pixels), rtol=1e-4, atol=1e-3)
    assert (tmp_path / "net.blob").stat().st_size > 0


def test_offline_transformations(tmp_path: Path, data: Path) -> None:
    assert run("offline_transformations_2022.py", digits.MODEL_PATH, data, tmp_path, cwd=tmp_path) == ""
    named = tmp_path / "named.bin"
    assert named.stat().st_size < 0.6 * digits.MODEL_PATH.with_suffix(".bin").stat().st_size
    saved = tmp_path / "half_int8.xml"
    nodes = core().read_model(saved).get_ops()
    assert any(node.get_type_name() == "FakeQuantize" for node in nodes)
    found = outputs(saved, IMAGES[:, np.newaxis]).argmax(axis=1)
    assert (found == outputs(digits.MODEL_PATH, IMAGES[:, np.newaxis]).argmax(axis=1)).mean() > 0.95
