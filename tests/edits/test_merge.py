"""Constants that fusing copies for each reader."""

from __future__ import annotations

import numpy as np
import openvino as ov
from openvino import opset13 as op

from builders import images, labelled, model, parameter, quantized, run, weights
from openvino.tools.pot import compress_model_weights, load_model

KERNEL = weights((8, 3, 3, 3))


def network(*kernels: ov.Node) -> ov.Model:
    """Convolutions of an image at several sizes, each of them negated, which is fused into its weights."""
    x = parameter([1, 3, 16, 16])
    ends = []
    for number, kernel in enumerate(kernels):
        pad = [number, number]
        ends.append(op.negative(op.convolution(x, kernel, [1, 1], pad, pad, [1, 1], name=f"conv{number}")))
    return model([op.tanh(end) for end in ends], x)


def kernels_of(network: ov.Model, kind: str) -> list[ov.Node]:
    return [
        node
        for node in network.get_ordered_ops()
        if node.get_type_name() == "Constant"
        and node.get_output_element_type(0).get_type_name() == kind
        and node.get_output_size() == 1
        and list(node.get_output_shape(0)) == list(KERNEL.shape)
    ]


def test_a_shared_kernel_stays_shared_and_is_stored_once() -> None:
    shared = op.constant(KERNEL)
    source = network(shared, shared, shared)
    assert len(kernels_of(load_model(source).submodels[0].model, "f32")) == 1
    result = quantized(source, labelled(images(8, shape=(1, 3, 16, 16))))
    compress_model_weights(result)
    assert len(kernels_of(result.submodels[0].model, "i8")) == 1
    image = images(1, shape=(1, 3, 16, 16))[0]
    for before, after in zip(run(source, image), run(result.submodels[0].model, image), strict=True):
        assert np.abs(before - after).max() < 0.1


def test_kernels_that_differ_stay_apart() -> None:
    other = KERNEL.copy()
    other[-1, -1, -1, -1] += 1
    loaded = load_model(network(op.constant(KERNEL), op.constant(other))).submodels[0].model
    assert len(kernels_of(loaded, "f32")) == 2


def test_copies_that_a_model_came_with_are_left_to_it() -> None:
    x = parameter([1, 3, 16, 16])
    ends = [op.convolution(x, op.constant(KERNEL), [1, 1], [p, p], [p, p], [1, 1]) for p in (0, 1)]
    assert len(kernels_of(load_model(model(ends, x)).submodels[0].model, "f32")) == 2
