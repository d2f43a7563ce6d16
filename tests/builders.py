"""Tiny models, and runs of them."""

from __future__ import annotations

import ctypes
import logging
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as op

from openvino.tools.pot import DataLoader, IEEngine, Metric, create_pipeline, load_model
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.utils import terminal
from openvino.tools.pot.utils.logger import get_logger
from openvino.tools.pot.utils.runtime import core

Arrays = Mapping[str, NDArray[Any]]
Floats = NDArray[np.float32]

# Real models, beside the repository; tests that are marked `zoo` need them.
ZOO = Path(__file__).resolve().parents[2] / "shared" / "zoo"


def logger_as_at_first() -> None:
    """Let logging be as it is where nobody has set anything about it."""
    logger = get_logger()
    for handler in logger.handlers:
        handler.close()
    logger.handlers.clear()
    logger.setLevel(logging.NOTSET)
    logging.getLogger().setLevel(logging.WARNING)  # converting by OpenVINO itself sets another
    logger.propagate, terminal.draws_bars = True, True


@contextmanager
def logger_as_before() -> Iterator[None]:
    """Undo what is set about logging meanwhile."""
    logger = get_logger()
    kept = logger.handlers[:], logger.level, logger.propagate, terminal.draws_bars
    try:
        yield
    finally:
        for handler in logger.handlers:
            if handler not in kept[0]:
                handler.close()
        logger.handlers[:], logger.level, logger.propagate, terminal.draws_bars = kept


class _Stack(ctypes.Structure):
    """``stack_t`` of Linux."""

    _fields_ = (("start", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t))


def signals_on_the_stack_of_the_process() -> None:
    """Forget the stack that a Core of another test may have left for signals when it went."""
    if sys.platform == "linux":
        ctypes.CDLL(None).sigaltstack(ctypes.byref(_Stack(None, 2, 0)), None)


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
    return runner(network, device)(*arrays)


def runner(network: ov.Model, device: str = "CPU") -> Callable[..., list[NDArray[Any]]]:
    """What ``run`` gives for each of several samples, with one compilation, which takes longer than many runs."""
    compiled = core().compile_model(network, device, {"INFERENCE_PRECISION_HINT": "f32"})

    def once(*arrays: NDArray[Any]) -> list[NDArray[Any]]:
        request = compiled.create_infer_request()
        request.infer(list(arrays))
        return [tensor.data.copy() for tensor in request.output_tensors]

    return once


def network(seed: int = 0) -> ov.Model:
    """Two convolutions with biases over an image ``x`` of shape 1x3x8x8."""
    x = parameter([1, 3, 8, 8])
    hidden = op.relu(op.add(conv(x, 4, "conv1", seed=seed), bias(4, "bias1"), name="add1"), name="relu1")
    return model(op.add(conv(hidden, 5, "conv2", seed=seed + 1), bias(5, "bias2"), name="add2"), x)


OTHER_FLOATS = (ov.Type.f16, ov.Type.bf16, ov.Type.f64)


def products(kind: ov.Type) -> ov.Model:
    """Two products with biases of rows ``x`` of 32, all of one type."""
    source = hidden = parameter([1, 1, 32], dtype=kind)
    for seed in range(2):
        matrix = op.constant(weights((32, 32), seed, 0.2), kind, name=f"w{seed}")
        product = op.matmul(hidden, matrix, False, True, name=f"layer{seed}")
        added = op.constant(weights((1, 32), seed + 7), kind)
        hidden = op.add(op.relu(product) if seed else product, added, name=f"out{seed}").output(0)
    return model(hidden, source)


def with_computed_weights() -> ov.Model:
    """Of images ``x`` of 1x3x8x8 a convolution whose weights are computed, behind one whose weights are constant."""
    x = parameter([1, 3, 8, 8])
    hidden = op.relu(conv(x, 4, "conv")).output(0)
    means = op.reduce_mean(hidden, op.constant([2, 3]), False)
    made = op.matmul(means, op.constant(weights((4, 80), 3)), False, False, name="made")
    kernel = op.reshape(made, op.constant([20, 4, 1, 1]), False)
    return model(op.convolution(hidden, kernel, [1, 1], [0, 0], [0, 0], [1, 1], name="computed").output(0), x)


def bias(channels: int, name: str, seed: int = 7) -> ov.Node:
    constant: ov.Node = op.constant(weights((1, channels, 1, 1), seed), name=name)
    return constant


def images(count: int = 4, seed: int = 0, shape: tuple[int, ...] = (1, 3, 8, 8)) -> list[NDArray[np.float32]]:
    return list(np.random.default_rng(seed).standard_normal((count, *shape)).astype(np.float32))


class Items(DataLoader):
    """A loader of the items that it is given."""

    def __init__(self, items: Sequence[Any]) -> None:
        super().__init__()
        self.items = items

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> Any:
        return self.items[index]


def labelled(arrays: Iterable[NDArray[Any]]) -> Items:
    """A loader of ``(array, index)``."""
    return Items([(array, number) for number, array in enumerate(arrays)])


class Cascade(IEEngine):
    """Two networks of the same data, the second one perhaps twice for every other sample."""

    twice = False

    def _predict(self, stats_layout: Any, sampler: Any, *more: Any) -> None:
        compiled = [self._ie.compile_model(each["model"], "CPU") for each in self._model.models]
        first, second = (each.create_infer_request() for each in compiled)
        for number, batch in enumerate(sampler):
            _, (image,), _ = self._process_batch(batch)
            first.infer([image])
            for _ in range(1 + (self.twice and number % 2)):
                second.infer([image])


class TopOne(Metric):
    """Share of right answers, with a value for each sample."""

    kind = "accuracy"

    def __init__(self) -> None:
        self.hits: list[float] = []
        super().__init__()

    @property
    def value(self) -> dict[str, list[float]]:
        return {"top1": self.hits[-1:]}

    @property
    def avg_value(self) -> dict[str, float]:
        return {"top1": float(np.mean(self.hits))}

    def update(self, output: list[Any], target: list[Any]) -> None:
        self.hits.append(float(output[0].argmax() == target[0]))

    def reset(self) -> None:
        self.hits = []

    def get_attributes(self) -> dict[str, dict[str, Any]]:
        return {"top1": {"direction": "higher-better", "type": self.kind}}


def decibels(network: ov.Model, found: ov.Model, data: Iterable[Any]) -> float:
    """How well a model follows another one, as a user would find it, without any code of ours."""
    compiled = [
        core().compile_model(each, "CPU", {"INFERENCE_PRECISION_HINT": "f32"}) for each in (network, found)
    ]
    samples = list(data)
    exact, values = (np.concatenate([each(x)[0].reshape(-1) for x in samples]) for each in compiled)
    return float(10 * np.log10(np.var(exact) / np.mean((exact - values) ** 2)))


def quantized(
    source: Any, loader: Any, engine: Mapping[str, Any] | None = None, checked: bool = False, **params: Any
) -> CompressedModel:
    """What DefaultQuantization makes of a model, or of anything that ``load_model`` takes; checked only if wanted."""
    params = params if checked else {"self_check": False, **params}
    algorithms = [{"name": "DefaultQuantization", "params": params}]
    return create_pipeline(algorithms, IEEngine(engine, loader)).run(load_model(source))


def with_a_quarter_of_the_first_range(int8: ov.Model, parts: int = 4) -> ov.Model:
    """The model itself, whose quantizer of the input cuts off what lies beyond a part of its range."""
    quantizers = [node for node in int8.get_ordered_ops() if node.get_type_name() == "FakeQuantize"]
    first = next(q for q in quantizers if q.input_value(0).get_node().get_type_name() == "Parameter")
    for port in range(1, 5):
        border = first.input_value(port).get_node()
        first.input(port).replace_source_output(op.constant(border.data / parts).output(0))
    int8.validate_nodes_and_infer_types()
    return int8


def stored(source: CompressedModel | ov.Model) -> tuple[bytes, bytes]:
    """The .xml and the .bin of a model as ``openvino.serialize`` writes them."""
    network = source if isinstance(source, ov.Model) else source.submodels[0].model
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder, "m.xml"), Path(folder, "m.bin")
        ov.serialize(network, files[0], files[1])
        return files[0].read_bytes(), files[1].read_bytes()
