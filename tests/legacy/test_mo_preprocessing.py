"""Means, scales, reversed channels and layouts of ``openvino.tools.mo.convert_model``, against numpy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from old_models import doubling_onnx

import builders
from openvino.tools.pot.legacy.mo import LayoutMap, convert_model
from openvino.tools.pot.utils.errors import ConfigError

MEAN = np.asarray([10, 20, 30], np.float32)
SCALE = np.asarray([2, 4, 8], np.float32)
IMAGE = (np.arange(48).reshape(1, 3, 4, 4) * 3.5).astype(np.float32)


def channels(values: np.ndarray) -> np.ndarray:
    return values.reshape(1, 3, 1, 1)


@pytest.fixture
def image_model(tmp_path: Path) -> Path:
    return doubling_onnx(tmp_path, [1, 3, 4, 4])


NORMALIZED = 2 * (IMAGE - channels(MEAN)) / channels(SCALE)


@pytest.mark.parametrize(
    ("mean", "scale"),
    [
        ([10, 20, 30], [2, 4, 8]),
        ((10, 20, 30), (2, 4, 8)),
        (MEAN, SCALE),
        ([[10, 20, 30]], [[2, 4, 8]]),
        ({"a": [10, 20, 30]}, {"a": SCALE}),
        ("(10,20,30)", "[2,4,8]"),
        ("10,20,30", "2,4,8"),
        ("a(10,20,30)", "a[2, 4, 8]"),
        ("[10,20,30]", {"a": "2,4,8"}),
    ],
    ids=str,
)
def test_means_and_scales_in_all_their_forms(image_model: Path, mean: Any, scale: Any) -> None:
    model = convert_model(image_model, mean_values=mean, scale_values=scale)
    np.testing.assert_allclose(builders.run(model, IMAGE)[0], NORMALIZED, rtol=1e-6)


@pytest.mark.parametrize("scale", [255, 255.0, "255", [255]])
def test_one_scale_for_all(tmp_path: Path, scale: Any) -> None:
    path = doubling_onnx(tmp_path, [1, 3, 4, 4], [1, 5])
    model = convert_model(path, scale=scale, mean_values={"a": [10, 20, 30]})
    vector = np.arange(5, dtype=np.float32).reshape(1, 5)
    image, numbers = builders.run(model, IMAGE, vector)
    np.testing.assert_allclose(image, 2 * (IMAGE - channels(MEAN)) / 255, rtol=1e-6)
    np.testing.assert_allclose(numbers, 2 * vector / 255, rtol=1e-6)


def test_channels_are_reversed_before_means_and_scales(image_model: Path) -> None:
    model = convert_model(
        image_model, reverse_input_channels=True, mean_values=[10, 20, 30], scale_values=[2, 4, 8]
    )
    expected = 2 * (IMAGE[:, ::-1] - channels(MEAN)) / channels(SCALE)
    np.testing.assert_allclose(builders.run(model, IMAGE)[0], expected, rtol=1e-6)


def test_only_inputs_of_three_channels_are_reversed(tmp_path: Path) -> None:
    path = doubling_onnx(tmp_path, [1, 5], [1, 3, 4, 4])
    model = convert_model(path, reverse_input_channels=True)
    vector = np.arange(5, dtype=np.float32).reshape(1, 5)
    numbers, image = builders.run(model, vector, IMAGE)
    np.testing.assert_array_equal(numbers, 2 * vector)
    np.testing.assert_array_equal(image, 2 * IMAGE[:, ::-1])


def test_channels_last(tmp_path: Path) -> None:
    path = doubling_onnx(tmp_path, [1, 4, 4, 3])
    model = convert_model(path, mean_values=MEAN, reverse_input_channels=True)
    image = IMAGE.transpose(0, 2, 3, 1)
    np.testing.assert_allclose(builders.run(model, image)[0], 2 * (image[..., ::-1] - MEAN), rtol=1e-6)


@pytest.mark.parametrize(
    "arguments",
    [
        {"layout": "nchw->nhwc"},
        {"layout": "a(nchw->nhwc)"},
        {"layout": "a([n,c,h,w]->[n,h,w,c])"},
        {"layout": {"a": "nchw->nhwc"}},
        {"layout": LayoutMap("nchw", "nhwc")},
        {"layout": {"a": LayoutMap(ov.Layout("NCHW"), ov.Layout("NHWC"))}},
        {"source_layout": "nchw", "target_layout": "nhwc"},
        {"source_layout": "a(nchw)", "target_layout": {"a": ov.Layout("NHWC")}},
    ],
    ids=str,
)
def test_layouts_in_all_their_forms(image_model: Path, arguments: dict[str, Any]) -> None:
    model = convert_model(image_model, **arguments, mean_values=[10, 20, 30], reverse_input_channels=True)
    assert list(model.input(0).shape) == [1, 4, 4, 3]
    expected = 2 * (IMAGE[:, ::-1] - channels(MEAN))
    (found,) = builders.run(model, np.ascontiguousarray(IMAGE.transpose(0, 2, 3, 1)))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_the_layout_of_an_output(image_model: Path) -> None:
    model = convert_model(image_model, layout="a(nchw),a_out(nchw->nhwc)")
    np.testing.assert_array_equal(builders.run(model, IMAGE)[0], 2 * IMAGE.transpose(0, 2, 3, 1))
    assert model.get_parameters()[0].layout == ov.Layout("NCHW")


def test_lists_go_to_the_inputs_in_their_order(tmp_path: Path) -> None:
    path = doubling_onnx(tmp_path, [1, 3, 4, 4], [1, 3, 2, 2])
    model = convert_model(path, mean_values="(10,20,30),[1]", layout=["nchw", "nchw->nhwc"])
    second = np.arange(12, dtype=np.float32).reshape(1, 2, 2, 3)
    image, numbers = builders.run(model, IMAGE, second)
    np.testing.assert_allclose(image, 2 * (IMAGE - channels(MEAN)), rtol=1e-6)
    np.testing.assert_allclose(numbers, 2 * (second.transpose(0, 3, 1, 2) - 1), rtol=1e-6)


def test_a_guessed_layout_leaves_no_trace(image_model: Path) -> None:
    model = convert_model(image_model, mean_values=[10, 20, 30])
    assert model.get_parameters()[0].layout.empty


def test_means_stay_exact_beside_half_weights(image_model: Path) -> None:
    mean = [123.675, 116.28, 103.53]
    model = convert_model(image_model, mean_values=mean, compress_to_fp16=True)
    expected = 2 * (IMAGE - channels(np.asarray(mean, np.float32)))
    np.testing.assert_allclose(builders.run(model, IMAGE)[0], expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("shape", "arguments", "message"),
    [
        ([1, 3, 4, 3], {"mean_values": [1, 2, 3]}, "input 'a' is [1,3,4,3], of which no axis can be told"),
        ([1, 8], {"reverse_input_channels": True}, "finds no input with three channels among 'a' [1,8]"),
        ([1, 3, 4, 4], {"mean_values": [1, 2, 3], "scale_values": [1, 2]}, "has [2, 3] means and scales"),
        ([1, 3, 4, 4], {"mean_values": {"A": [1, 2, 3]}}, "mean_values names 'A', which the model has not"),
        ([1, 3, 4, 4], {"mean_values": "(1,2),(3,4)"}, "mean_values has 2 entries without a name"),
        ([1, 3, 4, 4], {"mean_values": "(1,x,3)"}, "mean_values has '1,x,3', expected numbers"),
        ([1, 3, 4, 4], {"scale_values": "a(1,2,3"}, "scale_values is 'a(1,2,3', in which"),
        ([1, 3, 4, 4], {"scale": 2, "scale_values": [1, 2, 3]}, "scale and scale_values are both given"),
        ([1, 3, 4, 4], {"layout": "n*c,h"}, "layout has 'n*c,h', expected a layout"),
        (
            [1, 3, 4, 4],
            {"layout": "nchw", "source_layout": "nchw"},
            "layout and source_layout are both given",
        ),
        ([1, 3, 4, 4], {"source_layout": "nchw->nhwc"}, "expected a layout without an arrow"),
        ([1, 3, 4, 4], {"target_layout": "nhwc"}, "target_layout has 'a layout', source_layout has not"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_what_does_not_fit_is_refused(
    tmp_path: Path, shape: list[int | str], arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        convert_model(doubling_onnx(tmp_path, shape), **arguments)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
