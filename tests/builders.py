"""Tiny models, and runs of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as op

Arrays = Mapping[str, NDArray[Any]]


def parameter(shape: list[int] | ov.PartialShape, name: str = "x", dtype: Any = np.float32) -> ov.Output:
    node = op.parameter(shape, dtype, name=name)
    node.output(0).set_names({name})
    return node.output(0)


def model(outputs: ov.Output | ov.Node | list[Any], *parameters: ov.Output) -> ov.Model:
    """A model of results called ``y``, ``y1``, ... over parameters."""
    outputs = outputs if isinstance(outputs, list) else [outputs]
    results = []
    for number, output in enumerate(outputs):
        name = f"y{number or ''}"
        result = op.result(output, name=name)
        result.output(0).add_names({name})
        results.append(result)
    return ov.Model(results, [p.get_node() for p in parameters], "tiny")


def weights(shape: tuple[int, ...], seed: int = 0, scale: float = 0.5) -> NDArray[np.float32]:
    return (np.random.default_rng(seed).standard_normal(shape) * scale).astype(np.float32)


def conv(
    source: ov.Output | ov.Node, channels: int, name: str, kernel: int = 3, seed: int = 0, **attributes: Any
) -> ov.Output:
    """A same-size 2D convolution whose weights depend on the seed."""
    node = source if isinstance(source, ov.Output) else source.output(0)
    values = weights((channels, node.get_partial_shape()[1].get_length(), kernel, kernel), seed)
    pad = [kernel // 2] * 2
    constant = op.constant(values, name=f"{name}/weights")
    return op.convolution(node, constant, [1, 1], pad, pad, [1, 1], name=name, **attributes).output(0)


def run(network: ov.Model, *arrays: NDArray[Any], device: str = "CPU") -> list[NDArray[Any]]:
    """The outputs for one sample, in float32 arithmetic."""
    compiled = ov.Core().compile_model(network, device, {"INFERENCE_PRECISION_HINT": "f32"})
    request = compiled.create_infer_request()
    request.infer(list(arrays))
    return [tensor.data.copy() for tensor in request.output_tensors]
