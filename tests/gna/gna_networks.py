"""Small networks that GNA can run, as ONNX, so that POT could read them too."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import openvino as ov
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from openvino.tools.pot.utils.runtime import core


class Builder:
    """Grows a network; weights are random, with output channels of different size.

    Args:
        inputs: name -> shape.
    """

    def __init__(self, **inputs: Sequence[int]) -> None:
        self.inputs = inputs
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._random = np.random.default_rng(0)

    def constant(self, values: Any, kind: Any = np.float32) -> str:
        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.asarray(values, kind), name))
        return name

    def op(self, kind: str, name: str, *inputs: str, outputs: Sequence[str] = (), **attributes: Any) -> str:
        self._nodes.append(helper.make_node(kind, inputs, outputs or [name], name=name, **attributes))
        return name

    def dense(self, name: str, source: str, size: int, outputs: int, bias: bool = True) -> str:
        weights = self._random.normal(size=(size, outputs)) / np.sqrt(size) * np.linspace(0.5, 1.5, outputs)
        if not bias:
            return self.op("MatMul", name, source, self.constant(weights))
        product = self.op("MatMul", f"{name}_mm", source, self.constant(weights))
        return self.op("Add", name, product, self.constant(self._random.normal(size=outputs) * 0.1))

    def conv(
        self, name: str, source: str, channels: int, outputs: int, taps: int, bias: bool = True, pad: int = 0
    ) -> str:
        weights = self._random.normal(size=(outputs, channels, 1, taps)) / np.sqrt(channels * taps)
        more = [self.constant(self._random.normal(size=outputs) * 0.1)] if bias else []
        shape = {"kernel_shape": [1, taps], "pads": [0, pad, 0, pad]}
        return self.op("Conv", name, source, self.constant(weights), *more, **shape)

    def reshape(self, name: str, source: str, *shape: int) -> str:
        return self.op("Reshape", name, source, self.constant(shape, np.int64))

    def model(self, **outputs: Sequence[int]) -> ov.Model:
        return core().read_model(self.onnx(outputs))

    def onnx(self, outputs: Mapping[str, Sequence[int]]) -> bytes:
        values = [
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in group.items()]
            for group in (self.inputs, outputs)
        ]
        graph = helper.make_graph(self._nodes, "network", *values, self._constants)
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 12)])
        made.ir_version = 7
        onnx.checker.check_model(made)
        return bytes(made.SerializeToString())


def dense() -> ov.Model:
    b = Builder(x=(1, 64))
    h = b.op("Relu", "relu1", b.dense("fc1", "x", 64, 32))
    h = b.op("Sigmoid", "sig2", b.dense("fc2", h, 32, 24))
    b.dense("fc3", h, 24, 10)
    return b.model(fc3=(1, 10))


def conv1d() -> ov.Model:
    b = Builder(x=(1, 8, 1, 40))
    h = b.op("Relu", "relu1", b.conv("c1", "x", 8, 16, 5))
    h = b.op("MaxPool", "pool1", h, kernel_shape=[1, 2], strides=[1, 2])
    h = b.op("Relu", "relu2", b.conv("c2", h, 16, 8, 3))
    h = b.op("MaxPool", "pool2", h, kernel_shape=[1, 2], strides=[1, 2])
    b.dense("fc", b.reshape("resh", h, 1, 64), 64, 10)
    return b.model(fc=(1, 10))


def gates() -> ov.Model:
    """An LSTM cell made by hand, with its states among inputs and outputs."""
    b = Builder(x=(1, 32), h_in=(1, 16), c_in=(1, 16))
    summed = b.op("Add", "gsum", b.dense("gx", "x", 32, 64), b.dense("gh", "h_in", 16, 64, bias=False))
    b.op("Split", "split", summed, outputs=["gi", "gf", "go", "gc"], axis=1)
    i, f, o = (b.op("Sigmoid", f"s{gate}", f"g{gate}") for gate in "ifo")
    kept = b.op("Mul", "f_c", f, "c_in")
    cell = b.op("Add", "c_new", kept, b.op("Mul", "i_c", i, b.op("Tanh", "tc", "gc")))
    hidden = b.op("Mul", "h_new", o, b.op("Tanh", "tanh_c", cell))
    b.dense("fc", hidden, 16, 10)
    return b.model(fc=(1, 10), h_new=(1, 16), c_new=(1, 16))


def stateful() -> ov.Model:
    """The same with states of its own."""
    from openvino._offline_transformations import apply_make_stateful_transformation

    model = gates()
    apply_make_stateful_transformation(model, {"h_in": "h_new", "c_in": "c_new"})
    return model


def lstm() -> ov.Model:
    b = Builder(x=(4, 1, 32), h_in=(1, 1, 16), c_in=(1, 1, 16))
    weights = [
        b.constant(b._random.normal(size=shape) * 0.2) for shape in ((1, 64, 32), (1, 64, 16), (1, 128))
    ]
    sequence = ["x", *weights, "", "h_in", "c_in"]
    b.op("LSTM", "lstm", *sequence, outputs=["Y", "Yh", "Yc"], hidden_size=16)
    b.dense("fc", b.reshape("resh", "Y", 4, 16), 16, 10)
    return b.model(fc=(4, 10), Yh=(1, 1, 16), Yc=(1, 1, 16))


def residual() -> ov.Model:
    b = Builder(x=(1, 32))
    h = b.op("Relu", "relu1", b.dense("fc1", "x", 32, 32))
    a = b.op("Add", "add_res", b.dense("fc2", h, 32, 32), h)
    s = b.op("Sub", "sub_res", b.op("Tanh", "tanh3", b.dense("fc3", a, 32, 32)), a)
    m = b.op("Mul", "mul_res", b.op("Sigmoid", "sig4", b.dense("fc4", s, 32, 32)), s)
    b.dense("fc5", m, 32, 10)
    return b.model(fc5=(1, 10))


def residual_conv() -> ov.Model:
    b = Builder(x=(1, 8, 1, 32))
    h = b.op("Relu", "relu1", b.conv("c1", "x", 8, 8, 3, pad=1))
    a = b.op("Add", "add_res", b.conv("c2", h, 8, 8, 3, pad=1), h)
    s = b.op("Sub", "sub_res", b.op("Tanh", "tanh3", b.conv("c3", a, 8, 8, 1, bias=False)), a)
    m = b.op("Mul", "mul_res", b.op("Sigmoid", "sig4", b.conv("c4", s, 8, 8, 1)), s)
    b.conv("c5", m, 8, 4, 1)
    return b.model(c5=(1, 4, 1, 32))


def functions() -> ov.Model:
    b, n = Builder(x=(1, 24)), 24
    h = "x"
    for name, kind, more in (
        ("relu", "Relu", ()),
        ("prelu", "PRelu", (np.linspace(0.1, 0.4, n),)),
        ("clip", "Clip", (-1.0, 1.5)),
        ("abs", "Abs", ()),
        ("sign", "Sign", ()),
        ("softsign", "Softsign", ()),
        ("tanh", "Tanh", ()),
        ("exp", "Exp", ()),
        ("sigmoid", "Sigmoid", ()),
    ):
        h = b.op(kind, name, b.dense(f"fc_{name}", h, n, n), *map(b.constant, more))
    positive = b.op("Abs", "abs_l", b.dense("fc_log", h, n, n))
    h = b.op("Log", "log", b.op("Add", "one", positive, b.constant(np.ones(n))))
    h = b.op("Pow", "pow2", b.dense("fc_pow2", h, n, n), b.constant(2.0))
    b.dense("fc_out", h, n, 10)
    return b.model(fc_out=(1, 10))


def branches() -> ov.Model:
    """Two inputs and outputs, an input of two layers, and much moving of data."""
    b = Builder(x=(1, 32), z=(1, 24))
    a = b.op("Relu", "relu_a", b.dense("fa", "x", 32, 16))
    product = b.op("Mul", "mul_az", b.dense("fb", "x", 32, 24, bias=False), b.dense("fz", "z", 24, 24))
    h = b.op("Sigmoid", "sig", b.dense("fcat", b.op("Concat", "cat", a, product, axis=1), 40, 32))
    h = b.op("Add", "bare_add", h, b.constant(np.linspace(-2, 2, 32)[None]))
    b.op("Split", "split", h, outputs=["s0", "s1"], axis=1)
    turned = b.op("Transpose", "trans", b.reshape("resh", "s0", 1, 4, 4), perm=[0, 2, 1])
    b.dense("fy0", b.reshape("resh2", turned, 1, 16), 16, 8)
    b.op("Tanh", "tanh_y1", b.dense("fy1", "s1", 16, 8))
    return b.model(fy0=(1, 8), tanh_y1=(1, 8))


NETWORKS: dict[str, Callable[[], ov.Model]] = {
    "dense": dense,
    "conv1d": conv1d,
    "gates": gates,
    "stateful": stateful,
    "lstm": lstm,
    "residual": residual,
    "residual_conv": residual_conv,
    "functions": functions,
    "branches": branches,
}


def feeds(model: ov.Model, count: int = 40, seed: int = 0) -> list[dict[str, NDArray[np.float32]]]:
    """Random data for all inputs; those that are states lie between -1 and 1."""
    random = np.random.default_rng(seed)
    return [
        {
            port.get_any_name(): np.clip(
                random.normal(size=port.get_shape()), *((-1, 1) if "_in" in port.get_any_name() else (-4, 4))
            ).astype(np.float32)
            for port in model.inputs
        }
        for _ in range(count)
    ]
