"""What a device asks of a whole model."""

from __future__ import annotations

import logging

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

import builders
from builders import images, model, network, parameter, weights
from openvino.tools.pot import quantize
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.hardware import find_device
from openvino.tools.pot.placement.preflight import refusals


def sentences(source: ov.Model, device: str = "NPU") -> list[str]:
    return [refusal.sentence for refusal in refusals(GraphView(source), find_device(device))]


def pooled(
    rank: int, kernel: list[int], strides: list[int] | None = None, pad: int = 0, average: bool = False
) -> ov.Model:
    x = parameter([1, 4] + [8] * (rank - 2))
    steps, none, begin = strides or [1] * len(kernel), [0] * len(kernel), [pad] + [0] * (len(kernel) - 1)
    if average:
        return model(op.avg_pool(x, steps, begin, none, kernel, True, name="pool").output(0), x)
    dilations = [1] * len(kernel)
    return model(op.max_pool(x, steps, dilations, begin, none, kernel, name="pool").output(0), x)


def with_weights(kernel: ov.Node) -> ov.Model:
    x = parameter([1, 3, 8, 8])
    return model(op.convolution(x, kernel, [1, 1], [0, 0], [0, 0], [1, 1], name="conv").output(0), x)


def rounded(low: list[float], high: list[float], levels: int = 256) -> ov.Node:
    borders = [op.constant(np.float32(each).reshape(-1, 1, 1, 1)) for each in (low, high)]
    return op.fake_quantize(op.constant(weights((4, 3, 3, 3))), *borders, *borders, levels)


def integers(dtype: str, zero: int | None) -> ov.Node:
    values = op.convert(op.constant(np.ones((4, 3, 3, 3), dtype)), "f32")
    moved = (
        values if zero is None else op.subtract(values, op.convert(op.constant(np.array(zero, dtype)), "f32"))
    )
    return op.multiply(moved, op.constant(np.float32(0.1)))


def test_a_model_of_fixed_sizes_is_taken() -> None:
    assert sentences(network()) == []


@pytest.mark.parametrize("device", ["CPU", "GPU"])
def test_other_devices_ask_for_nothing(device: str) -> None:
    open_sizes = network()
    open_sizes.reshape(ov.PartialShape([-1, 3, -1, -1]))
    assert sentences(open_sizes, device) == []
    assert sentences(with_weights(rounded([-1], [3])), device) == []


def test_open_sizes() -> None:
    source = network()
    source.reshape(ov.PartialShape([-1, 3, 8, 8]))
    assert sentences(source) == ["input 'x' has shape [?,3,8,8], expected fixed sizes, as NPU runs no others"]


@pytest.mark.parametrize("average", [False, True])
def test_windows_over_volumes(average: bool) -> None:
    kind = "AvgPool" if average else "MaxPool"
    said = [f"{kind} 'pool' works on 5 axes, expected 4 at most, which is what NPU runs"]
    assert sentences(pooled(5, [2, 2, 2], average=average)) == said
    assert sentences(pooled(5, [1, 2, 2], [2, 2, 2], average=average)) == said
    assert sentences(pooled(5, [1, 2, 2], average=average)) == []
    assert sentences(pooled(4, [2, 2], average=average)) == []
    assert sentences(pooled(3, [2], average=average)) == []


def test_padding_before_the_first_position_counts() -> None:
    assert len(sentences(pooled(5, [2, 2, 2], pad=1))) == 1


def test_convolutions_over_volumes_are_taken_apart_by_the_compiler() -> None:
    x = parameter([1, 3, 8, 8, 8])
    ones, none = [1, 1, 1], [0, 0, 0]
    kernel = op.constant(weights((4, 3, 3, 3, 3)))
    assert sentences(model(op.convolution(x, kernel, ones, none, none, ones).output(0), x)) == []


@pytest.mark.parametrize(
    ("kernel", "aside"),
    [
        (rounded([-1], [1], 255), False),
        (rounded([-128], [127]), False),
        (rounded([-1, -2, -3, -4], [1, 2, 3, 4], 255), False),
        (rounded([-1], [3]), True),
        (rounded([0], [1]), True),
        (rounded([-1, -2, -3, -1], [1, 2, 3, 4], 255), True),
        (integers("int8", None), False),
        (integers("int8", 0), False),
        (integers("int8", 3), True),
        (integers("uint8", 128), False),
        (integers("uint8", 120), True),
    ],
)  # fmt: skip
def test_weights_with_zero_points(kernel: ov.Node, aside: bool) -> None:
    said = (
        "weights of Convolution 'conv' come with zero points, expected symmetric ones, as NPU takes no others"
    )
    assert sentences(with_weights(kernel)) == [said] * aside


@pytest.mark.long
@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("preset", ["accuracy", "mixed", "performance"])
def test_models_that_we_make(preset: str, compress: bool) -> None:
    made = quantize(network(), images(4), target_device="NPU", preset=preset, compress=compress)
    assert len(sentences(made)) == (preset == "accuracy")


@pytest.mark.long
@pytest.mark.parametrize(
    ("shape", "params", "sentence"),
    [
        ([-1, 3, 8, 8], {}, "input 'x' has shape [?,3,8,8], expected fixed sizes, as NPU runs no others"),
        ([1, 3, 8, 8], {"preset": "accuracy"}, "preset accuracy gives weights zero points, expected symmetric ones"),
        ([1, 3, 8, 8], {"weights": {"mode": "asymmetric"}}, "weights.mode asymmetric gives weights zero points"),
        ([1, 3, 8, 8], {"preset": "accuracy", "weights": {"mode": "symmetric"}}, ""),
        ([1, 3, 8, 8], {}, ""),
    ],
)  # fmt: skip
def test_python_code_is_told_and_goes_on(
    shape: list[int], params: dict[str, object], sentence: str, caplog: pytest.LogCaptureFixture
) -> None:
    source = network()
    source.reshape(ov.PartialShape(shape))
    with caplog.at_level(logging.WARNING):
        made = quantize(source, images(4), target_device="NPU", **params)
    assert builders.run(made, images(1)[0])
    told = [record.message for record in caplog.records if "NPU" in record.message]
    assert len(told) == (sentence != "")
    assert all(sentence in each for each in told)
