"""``pot plan``: what it says is what quantization does."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from commands import pot, write_images
from openvino import opset13 as op

import builders
from builders import ZOO
from openvino.tools.pot import compress_model_weights, load_model, save_model
from openvino.tools.pot.utils.runtime import core

NETWORKS = sorted(path.parent.name for path in ZOO.glob("*/model.xml")) if ZOO.is_dir() else []


def plan(capsys: pytest.CaptureFixture[str], model: Path, *arguments: str) -> dict[str, Any]:
    finished = pot(capsys, "plan", "-m", model, "--format", "json", *arguments)
    assert finished.code == 0, finished.err
    assert finished.err == ""
    found: dict[str, Any] = json.loads(finished.out)
    return found


def quantizers(model: ov.Model) -> set[str]:
    return {node.get_friendly_name() for node in model.get_ops() if node.get_type_name() == "FakeQuantize"}


@pytest.mark.zoo
@pytest.mark.parametrize("name", NETWORKS)
def test_the_plan_of_a_real_network_is_what_is_done(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = ZOO / name / "model.xml"
    found = plan(capsys, model)
    random = np.random.default_rng(0)
    samples = []
    for _ in range(2):
        made = {}
        for parameter in core().read_model(model).get_parameters():
            shape, dtype = parameter.get_partial_shape().to_shape(), parameter.get_element_type().to_dtype()
            made[parameter.get_friendly_name()] = random.integers(0, 2, tuple(shape)).astype(dtype)
        samples.append(made)
    # Of noise no network makes sense, and what a check would mend is not the plan's.
    params = {"weight_rounding": "nearest", "self_check": False}
    quantized = builders.quantized(str(model), builders.Items(samples), **params)
    done = quantizers(quantized.submodels[0].model)
    assert {each["name"] for each in (*found["activations"], *found["weights"])} == done
    assert {layer["node"] for layer in found["layers"]}.isdisjoint(each["node"] for each in found["float"])
    assert all(layer["quantizers"] for layer in found["layers"])
    assert all(layer["reason"] for layer in found["float"])
    compress_model_weights(quantized)
    size = Path(save_model(quantized, tmp_path, "int8")[0]["weights"]).stat().st_size
    assert found["size"]["int8_bytes"] == pytest.approx(size, rel=0.05)
    assert found["size"]["float_bytes"] == pytest.approx(model.with_suffix(".bin").stat().st_size, rel=0.02)
    assert found["cost"]["seconds_per_sample"] > 0
    assert found["cost"]["activation_bytes"] > 0


@pytest.fixture
def small(tmp_path: Path) -> Path:
    ov.save_model(builders.network(), tmp_path / "net.xml", compress_to_fp16=False)
    return tmp_path / "net.xml"


def test_inputs_layers_and_reasons(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = plan(capsys, small)
    assert found["file"] == str(small)
    assert found["inputs"] == [{"name": "x", "shape": "[1,3,8,8]", "type": "f32", "layout": "NCHW"}]
    assert [layer["node"] for layer in found["layers"]] == ["conv1", "conv2"]
    assert found["layers"][0]["quantizers"] == ["conv1/fq_input_0", "conv1/fq_weights_1"]
    assert found["activations"][0]["reason"] == "activation of Convolution 'conv1'"
    assert found["weights"][0]["granularity"] == "perchannel"
    assert found["unmatched"] == []
    assert not found["transformer"]


def test_names_that_match_nothing_come_with_the_nearest(
    small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = plan(capsys, small, "--ignored", "conv1", "cnv2", "zzzz")
    assert [layer["node"] for layer in found["layers"]] == ["conv2"]
    assert found["unmatched"] == [{"name": "cnv2", "nearest": "conv2"}, {"name": "zzzz", "nearest": ""}]
    (reason,) = [each["reason"] for each in found["float"] if each["node"] == "conv1"]
    assert reason == "named in the ignored scope as 'conv1'"


@pytest.mark.long
def test_a_network_that_comes_quantized(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Thirty residual blocks: looking for quantizers must not follow every path through them."""

    def quantized(source: ov.Output, name: str) -> ov.Output:
        low, high = op.constant(np.float32(-1)), op.constant(np.float32(1))
        return op.fake_quantize(source, low, high, low, high, 256, name=name).output(0)

    x = builders.parameter([1, 4, 8, 8])
    here = quantized(x, "fq")
    for number in range(30):
        inner = quantized(builders.conv(here, 4, f"a{number}"), f"qa{number}")
        here = quantized(op.add(here, builders.conv(inner, 4, f"b{number}")).output(0), f"qb{number}")
    ov.save_model(
        builders.model(builders.conv(here, 4, "last"), x), tmp_path / "m.xml", compress_to_fp16=False
    )
    found = plan(capsys, tmp_path / "m.xml")
    assert {tuple(layer["quantizers"]) for layer in found["layers"]} == {
        (f"{layer['node']}/fq_weights_1",) for layer in found["layers"]
    }


@pytest.mark.process
def test_a_reader_of_the_table_that_has_enough(small: Path) -> None:
    shell = f"{sys.executable} -m openvino.tools.pot plan -m {small} | true; echo ${{PIPESTATUS[0]}}"
    finished = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=True, timeout=60)
    assert (finished.stdout, finished.stderr) == ("0\n", "")


def test_a_model_that_takes_no_zeros(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    x, sizes = builders.parameter([1, 3, 8, 8]), builders.parameter([2], "sizes", np.int64)
    reshaped = op.reshape(builders.conv(x, 4, "conv"), sizes, False)
    ov.save_model(builders.model(reshaped, x, sizes), tmp_path / "m.xml", compress_to_fp16=False)
    found = plan(capsys, tmp_path / "m.xml")
    assert found["cost"]["seconds_per_sample"] is None
    assert len(found["layers"]) == 1


def test_constants_are_no_suggestions(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert plan(capsys, small, "--ignored", "conv1/weight")["unmatched"][0]["nearest"] != "conv1/weights"
    finished = pot(capsys, "plan", "-m", small, "--ignored", "conv1/weights")
    assert "'conv1/weights' is a Constant, which stays in float anyway" in finished.err
    assert (
        "'relu1' is a Relu, which stays in float anyway"
        in pot(capsys, "plan", "-m", small, "--ignored", "relu1").err
    )
    assert pot(capsys, "plan", "-m", small, "--ignored", "conv1").err == ""


def test_the_table_holds_the_same(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    finished = pot(capsys, "plan", "-m", small, "--ignored", "cnv2", "conv1", "--all")
    assert finished.code == 0
    assert finished.err == ""
    for part in ("1 layers in integers", "ignored: the model has no node 'cnv2', the nearest name is 'conv2'",
                 "activation of Convolution 'conv2'", "named in the ignored scope as 'conv1'",
                 "times smaller", "ms a sample", "NCHW"):  # fmt: skip
        assert part in finished.out, part


def test_the_live_bytes_of_a_chain(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two tensors of one operation live at a time: what goes in and what comes out."""
    x = builders.parameter([1, 4, 10])
    wide = op.concat([x, x, x], 1)
    ov.save_model(builders.model(op.reduce_max(wide, np.array([1])), x), tmp_path / "m.xml")
    assert plan(capsys, tmp_path / "m.xml")["cost"]["activation_bytes"] == 4 * (120 + 40)


def test_dynamic_inputs_have_no_estimate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    x = builders.parameter(ov.PartialShape([-1, 3, 8, 8]))
    ov.save_model(builders.model(builders.conv(x, 4, "conv"), x), tmp_path / "m.xml")
    assert plan(capsys, tmp_path / "m.xml")["cost"] == {"seconds_per_sample": None, "activation_bytes": None}
    assert "unknown (dynamic shapes)" in pot(capsys, "plan", "-m", tmp_path / "m.xml").out


@pytest.mark.parametrize("kind", builders.OTHER_FLOATS, ids=lambda kind: kind.to_string())
def test_a_network_of_another_precision(
    kind: ov.Type, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ov.save_model(builders.products(kind), tmp_path / "m.xml", compress_to_fp16=False)
    found = plan(capsys, tmp_path / "m.xml")
    assert [layer["node"] for layer in found["layers"]] == ["layer0", "layer1"]
    assert found["size"]["float_bytes"] == 2 * (32 * 32 + 32) * kind.size


def test_what_was_not_measured_is_said(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = "not measured: no GPU was at hand"
    assert plan(capsys, small)["measured"] is True
    assert plan(capsys, small, "--target-device", "GPU")["measured"] is False
    assert line in pot(capsys, "plan", "-m", small, "--target-device", "gpu").out
    assert "not measured" not in pot(capsys, "plan", "-m", small).out


@pytest.mark.parametrize(
    ("shape", "expected"),
    [("[1,3,8,8]", "[1,3,8,8]"), ("x[2,3,8,-1]", "[2,3,8,?]"), ("x [1, 3, 16, 16]", "[1,3,16,16]")],
)
def test_a_shape_fixes_sizes(
    shape: str, expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = plan(capsys, open_network(tmp_path), "--shape", shape)
    assert found["inputs"][0]["shape"] == expected
    assert (found["cost"]["activation_bytes"] is None) == ("?" in expected)


def test_shapes_of_several_inputs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = (builders.parameter(ov.PartialShape([-1, 8]), name) for name in ("a", "b"))
    product = op.matmul(op.add(first, second), op.constant(builders.weights((8, 4))), False, False)
    ov.save_model(builders.model(product.output(0), first, second), tmp_path / "m.xml")
    found = plan(capsys, tmp_path / "m.xml", "--shape", "a[1,8], b[1,8]", "--target-device", "NPU")
    assert [each["shape"] for each in found["inputs"]] == ["[1,8]", "[1,8]"]


@pytest.mark.parametrize(
    ("shape", "sentence"),
    [
        ("[1,4,8,8]", "--shape: input 'x' has shape [?,3,?,?], found [1,4,8,8]"),
        ("[1,0]", "--shape: expected a list of sizes such as [1, 3, 224, 224], or a mapping of input name to that, "
                  "found '[1,0]'"),
        ("y[1,3,8,8]", "--shape: the model has no input 'y'"),
    ],
)  # fmt: skip
def test_wrong_shapes(shape: str, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    finished = pot(capsys, "plan", "-m", open_network(tmp_path), "--shape", shape)
    assert (finished.code, finished.sentence) == (2, sentence)


def open_network(folder: Path) -> Path:
    network = builders.network()
    network.reshape(ov.PartialShape([-1, 3, -1, -1]))
    ov.save_model(network, folder / "open.xml", compress_to_fp16=False)
    return folder / "open.xml"


@pytest.mark.long
def test_an_onnx_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    onnx = pytest.importorskip("onnx")
    helper, tensor = onnx.helper, onnx.TensorProto.FLOAT
    kernel = onnx.numpy_helper.from_array(builders.weights((4, 3, 3, 3)), "w")
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "w"], ["y"], name="conv")], "g",
        [helper.make_tensor_value_info("x", tensor, [1, 3, 8, 8])],
        [helper.make_tensor_value_info("y", tensor, [1, 4, 6, 6])], [kernel],
    )  # fmt: skip
    monkeypatch.chdir(tmp_path)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), "net.onnx")
    assert len(plan(capsys, Path("net.onnx"))["layers"]) == 1
    images = write_images(Path("images"))
    finished = pot(
        capsys, "-q", "default", "-m", "net.onnx", "--data-source", images, "-d", "--output-dir", "o"
    )
    assert finished.code == 0, finished.err
    assert finished.out == "o/optimized/net.xml\n"
    assert len(load_model("o/optimized/net.xml").submodels) == 1
