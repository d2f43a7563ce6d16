"""What a device asks of an operation to run it in integers, and of a layer that it never does."""

from __future__ import annotations

import openvino as ov
import pytest
from openvino import opset13 as op
from plans import activations, layers, plan_of, reason
from test_recurrent import recurrent

from builders import model, parameter, weights

SIZES = [1, 8, 6, 6]


def transposed(
    shape: list[int] | ov.PartialShape = SIZES, inputs: int = 8, outputs: int = 16, groups: int = 0
) -> ov.Model:
    """One transposed convolution with channels in all, in groups where there are any."""
    x = parameter(shape)
    if not groups:
        kernel = op.constant(weights((inputs, outputs, 2, 2)), name="w")
        return model(op.convolution_backprop_data(x, kernel, [2, 2], name="up").output(0), x)
    kernel = op.constant(weights((groups, inputs // groups, outputs // groups, 2, 2)), name="w")
    plain = {"pads_begin": [0, 0], "pads_end": [0, 0], "dilations": [1, 1]}
    return model(op.group_convolution_backprop_data(x, kernel, [2, 2], **plain, name="up").output(0), x)


@pytest.mark.parametrize("groups", [0, 2])
@pytest.mark.parametrize(("inputs", "outputs"), [(4, 16), (8, 48), (12, 16)])
def test_a_gpu_runs_transposed_convolutions_of_some_numbers_of_channels(
    inputs: int, outputs: int, groups: int
) -> None:
    plan = plan_of(transposed([1, inputs, 6, 6], inputs, outputs, groups), device="GPU")
    assert layers(plan) == {"up"}
    assert all(quantizer.symmetric for quantizer in plan.activations)


@pytest.mark.parametrize("groups", [0, 2])
@pytest.mark.parametrize(
    ("inputs", "outputs", "sentence"),
    [
        (8, 24, "output channels in multiples of 16, found 24"),
        (6, 16, "input channels in multiples of 4, found 6"),
        (6, 24, "input channels in multiples of 4, found 6"),
    ],
)
def test_others_stay_float_with_the_number_that_was_found(
    inputs: int, outputs: int, sentence: str, groups: int
) -> None:
    network = transposed([1, inputs, 6, 6], inputs, outputs, groups)
    plan = plan_of(network, device="GPU")
    assert activations(plan) == {}
    kind = "GroupConvolutionBackpropData" if groups else "ConvolutionBackpropData"
    assert reason(plan, "up") == f"GPU runs {kind} in INT8 with {sentence}"
    assert layers(plan_of(network, device="NPU")) == {"up"}
    assert layers(plan_of(network)) == (set() if groups else {"up"})


@pytest.mark.parametrize("shape", [[-1, 8, 6, 6], [1, 8, -1, -1]])
def test_sizes_must_be_fixed(shape: list[int]) -> None:
    network = transposed(ov.PartialShape(shape))
    found = str(ov.PartialShape(shape))
    assert reason(plan_of(network, device="GPU"), "up").endswith(f"in INT8 with fixed sizes, found {found}")
    assert layers(plan_of(network)) == {"up"}


def test_channels_that_the_model_leaves_open_are_none_of_these() -> None:
    x = parameter(ov.PartialShape([1, -1, 6, 6]))
    network = model(
        op.convolution_backprop_data(x, op.constant(weights((8, 16, 2, 2))), [2, 2], name="up").output(0), x
    )
    assert reason(plan_of(network, device="GPU"), "up").endswith("in multiples of 4, found any number")


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_a_gpu_runs_no_recurrent_layer_in_integers(kind: str) -> None:
    network = recurrent(kind)
    plan = plan_of(network, device="GPU")
    assert (plan.layers, plan.activations, plan.weights) == ((), (), ())
    assert reason(plan, "rnn") == f"the GPU plugin runs no {kind} in INT8"
    assert layers(plan_of(network)) == layers(plan_of(network, device="NPU")) == {"rnn"}


def test_of_transposed_convolutions_in_groups_the_cpu_says_the_same() -> None:
    assert "runs no transposed convolution in groups" in reason(plan_of(transposed(groups=2)), "up")


@pytest.mark.parametrize("device", ["GPU", "NPU"])
def test_what_is_kept_from_an_unmeasured_device_is_said_so(device: str) -> None:
    x = parameter([1, 8])
    vector = op.matmul(x, op.constant(weights((8,))), False, False, name="product")
    sentence = reason(plan_of(model(vector.output(0), x), device=device), "product")
    assert sentence.startswith("one of its operands has one axis only, which the CPU plugin")
    assert sentence.endswith(f"on the {device} not measured")
