"""All other arguments of ``openvino.tools.mo.convert_model``: mapped to what OpenVINO has, or refused by name."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from old_models import conv_onnx, doubling_onnx
from openvino import Dimension, PartialShape, Type

import builders
from openvino.tools.pot.legacy.mo import InputCutInfo, arguments, convert_model
from openvino.tools.pot.legacy.mo.inputs import Input, read_inputs
from openvino.tools.pot.utils.errors import ConfigError, ModelError

IMAGE = builders.images(1, shape=(2, 3, 8, 8))[0]


def shapes(model: ov.Model) -> list[str]:
    return [str(port.get_partial_shape()) for port in model.inputs]


@pytest.mark.parametrize(
    "given",
    [
        [2, 3, 8, 8],
        (2, 3, 8, 8),
        np.asarray([2, 3, 8, 8]),
        "[2,3,8,8]",
        "(2, 3, 8, 8)",
        "2,3,8,8",
        "[2 3 8 8]",
        PartialShape([2, 3, 8, 8]),
        ov.Shape([2, 3, 8, 8]),
        [PartialShape([2, 3, 8, 8])],
        [[2, 3, 8, 8]],
        [Dimension(2), 3, Dimension(8), 8],
    ],
    ids=repr,
)
def test_one_shape_in_all_its_forms(tmp_path: Path, given: Any) -> None:
    path = conv_onnx(tmp_path, ["n", 3, "h", "w"])
    model = convert_model(path, input_shape=given)
    assert shapes(model) == ["[2,3,8,8]"]
    (expected,) = builders.run(ov.convert_model(path), IMAGE)
    np.testing.assert_allclose(builders.run(model, IMAGE)[0], expected, rtol=1e-5)


@pytest.mark.parametrize("given", ["[1,3,?,8],[2,1..4]", "(1,3,-1,8), (2,1..4)", [[1, 3, -1, 8], "[2,1..4]"]])
def test_several_shapes_with_open_dimensions(tmp_path: Path, given: Any) -> None:
    path = doubling_onnx(tmp_path, ["n", 3, "h", "w"], ["n", "c"])
    assert shapes(convert_model(path, input_shape=given)) == ["[1,3,?,8]", "[2,1..4]"]


@pytest.mark.parametrize(
    ("given", "given_shapes", "expected"),
    [
        (None, None, []),
        ("", None, []),
        ("a", None, [Input("a")]),
        ("a,b", "[1,2],[3]", [Input("a", PartialShape([1, 2])), Input("b", PartialShape([3]))]),
        ("a[1,3,2],b", None, [Input("a", PartialShape([1, 3, 2])), Input("b")]),
        (
            "a(1,?){i32}, b{f16}",
            None,
            [Input("a", PartialShape([1, -1]), Type.i32), Input("b", None, Type.f16)],
        ),
        ("0:a[4],b:0", None, [Input("a", PartialShape([4])), Input("b")]),
        (["a", "b"], None, [Input("a"), Input("b")]),
        (
            ["a[1,2]", ("b", [3, 4], np.int64)],
            None,
            [Input("a", PartialShape([1, 2])), Input("b", PartialShape([3, 4]), Type.i64)],
        ),
        (("a", PartialShape([1]), Type.f32), None, [Input("a", PartialShape([1]), Type.f32)]),
        (["a", [1, 2]], None, [Input("a", PartialShape([1, 2]))]),
        (
            (("a", (1, 2)), ("b", (3,))),
            None,
            [Input("a", PartialShape([1, 2])), Input("b", PartialShape([3]))],
        ),
        (InputCutInfo("a", [1, 2], Type.u8), None, [Input("a", PartialShape([1, 2]), Type.u8)]),
        ([InputCutInfo("a"), InputCutInfo(shape=[2])], None, [Input("a"), Input(None, PartialShape([2]))]),
        ([1, 2, 3], None, [Input(None, PartialShape([1, 2, 3]))]),
        ([[1, 2], [3]], None, [Input(None, PartialShape([1, 2])), Input(None, PartialShape([3]))]),
    ],
    ids=str,
)
def test_the_forms_of_inputs(given: Any, given_shapes: Any, expected: list[Input]) -> None:
    assert read_inputs(given, given_shapes) == expected


def test_inputs_are_shaped_and_ordered_by_name(tmp_path: Path) -> None:
    path = doubling_onnx(tmp_path, ["n", 3], ["n", 2])
    model = convert_model(input_model=path, input="b[4,2],a[5,3]")
    assert [port.get_any_name() for port in model.inputs] == ["b", "a"]
    assert shapes(model) == ["[4,2]", "[5,3]"]
    assert [port.get_any_name() for port in model.outputs] == ["a_out", "b_out"]


@pytest.mark.parametrize("output", ["features", "conv", "conv:0", ["features"], ("conv",)])
def test_the_model_is_cut_at_an_output(tmp_path: Path, output: Any) -> None:
    path = conv_onnx(tmp_path, [2, 3, 8, 8])
    model = convert_model(path, output=output)
    assert len(model.outputs) == 1
    (features,) = builders.run(model, IMAGE)
    (scores,) = builders.run(ov.convert_model(path), IMAGE)
    pooled = np.maximum(features, 0).mean(axis=(2, 3), keepdims=True)
    np.testing.assert_allclose(pooled, scores, rtol=1e-4, atol=1e-5)


def test_outputs_come_in_the_order_that_is_asked_for_and_drop_inputs_that_lead_nowhere(
    tmp_path: Path,
) -> None:
    path = doubling_onnx(tmp_path, [1, 3], [1, 2], [1, 4])
    model = convert_model(path, output="c_out,a_out")
    assert [port.get_any_name() for port in model.outputs] == ["c_out", "a_out"]
    assert [port.get_any_name() for port in model.inputs] == ["a", "c"]


def test_batch(tmp_path: Path) -> None:
    path = doubling_onnx(tmp_path, [1, 3, 8, 8], [1, 5])
    assert shapes(convert_model(path, batch=4)) == ["[4,3,8,8]", "[4,5]"]
    layouts = {"a": "nchw", "b": "?n"}
    path = doubling_onnx(tmp_path, ["n", 3, 8, 8], [2, "n"])
    assert shapes(convert_model(path, batch=4, layout=layouts)) == ["[4,3,8,8]", "[2,4]"]
    path = doubling_onnx(tmp_path, [3, 8, 8, "n"])
    model = convert_model(path, batch=4, layout="chwn->nchw")
    assert shapes(model) == ["[4,3,8,8]"]


@pytest.mark.parametrize(
    "given", [{"compress_to_fp16": True}, {"data_type": "FP16"}, {"data_type": "half"}], ids=str
)
def test_half_weights(tmp_path: Path, given: dict[str, Any]) -> None:
    path = conv_onnx(tmp_path, [2, 3, 8, 8])
    whole, half = convert_model(path), convert_model(path, **given)
    sizes = []
    for model in (whole, half):
        ov.serialize(model, tmp_path / "m.xml")
        sizes.append((tmp_path / "m.bin").stat().st_size)
    assert sizes[1] < 0.6 * sizes[0]
    kinds = {node.get_element_type() for node in half.get_ops() if node.get_type_name() == "Constant"}
    assert Type.f32 not in kinds
    np.testing.assert_allclose(builders.run(half, IMAGE)[0], builders.run(whole, IMAGE)[0], rtol=5e-3)
    assert half.input(0).get_element_type() == Type.f32


@pytest.mark.parametrize("given", [{}, {"data_type": "FP32"}, {"data_type": "float"}], ids=str)
def test_whole_weights(tmp_path: Path, given: dict[str, Any]) -> None:
    model = convert_model(conv_onnx(tmp_path, [2, 3, 8, 8]), **given)
    kinds = {node.get_element_type() for node in model.get_ops() if node.get_type_name() == "Constant"}
    assert Type.f16 not in kinds


def test_the_name_of_the_model(tmp_path: Path) -> None:
    path = doubling_onnx(tmp_path, [1, 3], name="some.net.onnx")
    assert convert_model(path).get_friendly_name() == "some.net"
    assert convert_model(str(path), model_name="mine").get_friendly_name() == "mine"


def test_arguments_that_ask_for_nothing_are_taken(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = doubling_onnx(tmp_path, [1, 3])
    plain = dict(arguments.DROPPED) | {"framework": "onnx", "silent": True, "use_new_frontend": True}
    model = convert_model(path, **plain, output_dir=tmp_path / "out", log_level="ERROR", extensions="")
    assert shapes(model) == ["[1,3]"]
    assert not (tmp_path / "out").exists()
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("name", sorted(arguments.DROPPED))
def test_arguments_without_a_counterpart_are_refused_by_name(tmp_path: Path, name: str) -> None:
    value = not arguments.DROPPED[name] if isinstance(arguments.DROPPED[name], bool) else "something"
    if name == "keep_shape_ops":
        return
    with pytest.raises(ConfigError, match=f"argument '{name}' is .* has no counterpart in OpenVINO$"):
        convert_model(doubling_onnx(tmp_path, [1, 3]), **{name: value})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"input_shpae": [1, 3]}, "there is no argument 'input_shpae'; did you mean 'input_shape'?"),
        ({"framework": "caffe"}, "framework is 'caffe', which OpenVINO no longer reads"),
        ({"framework": "onxx"}, "framework is 'onxx', expected one of onnx,"),
        ({"data_type": "INT8"}, "data_type is 'INT8', expected one of FP16, half, FP32, float"),
        ({"batch": 2, "input_shape": [1, 3]}, "batch and input_shape are both given"),
        ({"input": "a,b", "input_shape": [1, 3]}, "there are 2 inputs, but input_shape gives 1"),
        ({"input": "a->[1.0]"}, "input 'a->' is frozen to a value"),
        ({"input": "a[1,3]{f32}->[1]"}, "input 'a' is frozen to a value"),
        ({"input": InputCutInfo("a", value=[1])}, "input 'a' is frozen to a value"),
        ({"input": "a:1"}, "input 'a:1' names a port"),
        ({"input": "a[1,3]{f31}"}, "'f31' is no type"),
        ({"input": ("a", print)}, "is neither a name nor a shape nor a type"),
        ({"input_shape": "[1,x]"}, "'[1,x]' is no shape"),
        ({"output": "a_outt"}, "output 'a_outt' is not in the model; did you mean 'a_out'?"),
        ({"extensions": "nowhere/"}, "extensions has 'nowhere/', expected the file of a library"),
        ({"transform": "LowLatency"}, "transform has 'LowLatency'; did you mean 'LowLatency2'?"),
        ({"transform": "LowLatency2[depth=3]"}, "transform LowLatency2 can't be applied"),
        ({"transform": "LowLatency2[use]"}, "transform has 'use', expected key=value"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_what_can_not_be_done_is_refused(tmp_path: Path, given: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        convert_model(doubling_onnx(tmp_path, [1, 3]), **given)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_or_broken_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"model file '.*none.onnx' does not exist"):
        convert_model(tmp_path / "none.onnx")
    (tmp_path / "bad.onnx").write_bytes(b"nothing")
    with pytest.raises(ModelError, match=r"model '.*bad.onnx' can't be converted"):
        convert_model(tmp_path / "bad.onnx")
    with pytest.raises(ConfigError, match="there is no input_model"):
        convert_model()
    with pytest.raises(ModelError, match="nothing"):
        convert_model(doubling_onnx(tmp_path, [1, 3]), input="nothing[1,3]")


@pytest.mark.parametrize(
    "transform",
    ["MakeStateful[param_res_names={'a':'a_out'}]", [("MakeStateful", {"param_res_names": {"a": "a_out"}})]],
    ids=str,
)
def test_transform(tmp_path: Path, transform: Any) -> None:
    model = convert_model(doubling_onnx(tmp_path, [1, 3], [1, 2]), transform=transform)
    assert [port.get_any_name() for port in model.inputs] == ["b"]
    assert len(model.get_sinks()) == 1


def test_a_torch_module_without_an_example_is_traced_with_zeros(monkeypatch: pytest.MonkeyPatch) -> None:
    """As torch is no part of the tests, a stand-in has the two things that are asked of it."""

    class Module: ...

    torch = types.SimpleNamespace(
        nn=types.SimpleNamespace(Module=Module), zeros=lambda shape: ("zeros", shape)
    )
    given: dict[str, Any] = {}

    def convert(source: Any, **arguments: Any) -> ov.Model:
        given.update(arguments)
        return builders.network()

    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setattr(ov, "convert_model", convert)
    convert_model(Module(), input_shape=[[1, 3, 8, 8], [1, 2]])
    assert given["example_input"] == (("zeros", [1, 3, 8, 8]), ("zeros", [1, 2]))
    convert_model(Module(), input_shape=[1, 3, 8, 8], example_input="mine")
    assert given["example_input"] == "mine"
    convert_model(Module(), input_shape=[-1, 3, 8, 8])
    assert given["example_input"] is None
