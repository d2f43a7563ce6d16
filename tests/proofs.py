"""Networks on which one ingredient of the quantization matters, and what is needed to see that it does.

All are small, of seeded random weights and data; what is special about each is said where it is built.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as op

from builders import Floats, labelled, model, parameter
from openvino.tools.pot import DefaultQuantization, IEEngine, Pipeline, load_model
from openvino.tools.pot.algorithms.algorithm import Algorithm
from openvino.tools.pot.algorithms.interfaces import Stage
from openvino.tools.pot.utils.runtime import core

Make = Callable[[], Algorithm]
Activation = Callable[[ov.Node], ov.Node]

CALIBRATION, HELD_OUT = 64, 32
ONES, NO_PADS = [1, 1], [0, 0]


@dataclass(frozen=True)
class Proof:
    """A float network and its data."""

    network: ov.Model
    calibration: Sequence[Floats]
    held_out: Sequence[Floats]

    def quantized(self, make: Make = DefaultQuantization) -> ov.Model:
        """The network after POT's workflow."""
        pipeline = Pipeline(IEEngine({}, labelled(self.calibration)))
        algorithm = make()  # as its stages make it, whatever a check thinks of that
        unchecked = algorithm.recipe.parameters.model_copy(update={"self_check": False})
        algorithm.recipe = replace(algorithm.recipe, parameters=unchecked)
        pipeline.add_algo(algorithm)
        return pipeline.run(load_model(self.network)).submodels[0].model

    def fidelity(self, make: Make = DefaultQuantization) -> float:
        """How close the quantized outputs are to the float ones on the held-out data, in dB."""
        return self.closeness(self.quantized(make))

    def closeness(self, quantized: ov.Model) -> float:
        """Variance of the float outputs over the mean square of the differences, in dB."""
        expected, found = outputs(self.network, self.held_out), outputs(quantized, self.held_out)
        signal = ((expected - expected.mean(axis=0)) ** 2).sum()
        return float(10 * np.log10(signal / ((found - expected) ** 2).sum()))


def outputs(network: ov.Model, samples: Sequence[Floats]) -> NDArray[np.float64]:
    """The first output for every sample, in float32 arithmetic where nothing is quantized."""
    request = core().compile_model(network, "CPU", {"INFERENCE_PRECISION_HINT": "f32"}).create_infer_request()
    return np.stack([request.infer([sample])[0].astype(np.float64) for sample in samples])


def configured(**params: Any) -> Make:
    """The algorithm with parameters."""
    return lambda: DefaultQuantization(params)


def without(kind: type[Stage]) -> Make:
    """The algorithm without its stages of one kind."""

    def make() -> Algorithm:
        algorithm = DefaultQuantization()
        kept = tuple(stage for stage in algorithm.stages if not isinstance(stage, kind))
        assert len(kept) < len(algorithm.stages)
        algorithm.stages = kept
        return algorithm

    return make


def restaged(kind: type[Stage], params: Mapping[str, Any]) -> Make:
    """The algorithm with parameters for its stages of one kind alone."""

    def make() -> Algorithm:
        algorithm, other = DefaultQuantization(), DefaultQuantization(params)
        (changed,) = (stage for stage in other.stages if isinstance(stage, kind))
        algorithm.stages = tuple(changed if isinstance(stage, kind) else stage for stage in algorithm.stages)
        return algorithm

    return make


def detector(seed: int) -> Proof:
    """A detector of a grid of priors, decoded inside the graph to the corners of boxes in pixels.

    Offsets are a small part of a prior, and priors lie all over an image of 320 pixels.
    """
    random = np.random.default_rng(seed)
    x = parameter([1, 3, 16, 16])
    features = op.relu(_conv(x, random.normal(size=(16, 3, 3, 3)) / 5, "backbone", pad=1))
    head = _conv(features, random.normal(size=(4, 16, 3, 3)) / 12, "head", pad=1)
    columns = op.reshape(head, np.array([1, 4, -1]), False)
    offsets = op.transpose(columns, np.array([0, 2, 1]), name="offsets")
    across, down = np.meshgrid(*[np.arange(16) * 20 + 10] * 2)
    centres = np.stack([across, down], axis=-1).reshape(1, -1, 2).astype(np.float32)
    sizes = random.choice([16.0, 32.0, 64.0], size=centres.shape).astype(np.float32)
    moves, growths = op.split(offsets, np.int64(2), 2).outputs()
    moved = op.multiply(moves, 0.1 * sizes, name="moved")
    centre = op.add(moved, centres, name="centre")
    growth = op.exp(op.multiply(growths, np.float32(0.2), name="growth"), name="grown")
    size = op.multiply(growth, sizes, name="size")
    half = op.multiply(size, np.float32(0.5), name="half")
    corners = [op.subtract(centre, half, name="low"), op.add(centre, half, name="high")]
    boxes = op.concat(corners, 2, name="boxes")
    return Proof(model(boxes, x), *_split(random.normal(size=(_COUNT, 1, 3, 16, 16))))


def outlier_before_matmul(seed: int) -> Proof:
    """Tokens with one channel 50 times wider than the rest, which the weights make up for."""
    random = np.random.default_rng(seed)
    width = _outlier(48, random)
    x = parameter([1, 24, 48])
    layer = op.matmul(x, _floats(random.normal(size=(48, 32)) / width[:, None]), False, False)
    return Proof(model(layer, x), *_split(random.normal(size=(_COUNT, 1, 24, 48)) * width))


def outlier_before_convolution(seed: int) -> Proof:
    """An image with one channel 50 times wider than the rest, which the weights make up for."""
    random = np.random.default_rng(seed)
    width = _outlier(16, random)
    x = parameter([1, 16, 12, 12])
    layer = _conv(x, random.normal(size=(24, 16, 3, 3)) / width[:, None, None], "conv", pad=1)
    data = random.normal(size=(_COUNT, 1, 16, 12, 12)) * width[:, None, None]
    return Proof(model(layer, x), *_split(data))


def imbalanced_pair(activation: Activation, seed: int) -> Proof:
    """Two convolutions; what the first makes differs in width by up to 100, and the second makes up for it."""
    random = np.random.default_rng(seed)
    width = random.permutation(np.geomspace(1, 100, 16))
    x = parameter([1, 8, 12, 12])
    first = _conv(x, random.normal(size=(16, 8, 1, 1)) * width[:, None, None, None], "first")
    second = _conv(activation(first), random.normal(size=(24, 16, 1, 1)) / width[:, None, None], "second")
    return Proof(model(second, x), *_split(random.normal(size=(_COUNT, 1, 8, 12, 12))))


def small_weights(seed: int) -> Proof:
    """Inputs of positive mean, and weights of which nine in ten are positive and round to zero.

    They are below half a level of the largest weight of their output channel, so that outputs lose a part of
    their mean.
    """
    random = np.random.default_rng(seed)
    shape = (16, 24, 3, 3)
    large = random.choice([-1, 1], shape) * random.uniform(0.3, 1, shape)
    weights = np.where(random.random(shape) < 0.1, large, random.uniform(0.15, 0.4, shape) / 127)
    weights[:, 0, 0, 0] = 1.0
    x = parameter([1, 24, 10, 10])
    return Proof(model(_conv(x, weights, "conv"), x), *_split(random.random((_COUNT, 1, 24, 10, 10))))


def small_inputs(seed: int) -> Proof:
    """Inputs of which nine in ten are positive and below half a level, and positive weights."""
    random = np.random.default_rng(seed)
    shape = (_COUNT, 1, 16, 10, 10)
    small = random.uniform(0.2, 0.4, shape) / 255
    data = np.where(random.random(shape) < 0.1, random.uniform(0.2, 1, shape), small)
    x = parameter([1, 16, 10, 10])
    layer = _conv(x, random.uniform(0.4, 1, (16, 16, 3, 3)), "conv")
    return Proof(model(layer, x), *_split(data))


def loud_samples(seed: int) -> Proof:
    """One sample in five is six times as loud as the others."""
    random = np.random.default_rng(seed)
    loudness = np.where(np.arange(_COUNT) % 5 == 4, 6.0, 1.0).reshape(-1, 1, 1, 1, 1)
    x = parameter([1, 8, 12, 12])
    layer = _conv(x, random.normal(size=(16, 8, 3, 3)), "conv")
    return Proof(model(layer, x), *_split(random.normal(size=(_COUNT, 1, 8, 12, 12)) * loudness))


def heavy_tails(seed: int) -> Proof:
    """Values of Laplace's distribution, most of them far from the largest of a sample."""
    random = np.random.default_rng(seed)
    x = parameter([1, 8, 12, 12])
    layer = _conv(x, random.normal(size=(16, 8, 3, 3)), "conv")
    return Proof(model(layer, x), *_split(random.laplace(size=(_COUNT, 1, 8, 12, 12))))


def correlated_inputs(seed: int) -> Proof:
    """Channels that follow two signals, and weights whose largest leaves the others few levels."""
    random = np.random.default_rng(seed)
    signals = random.uniform(-1, 1, (_COUNT, 1, 2, 8, 8))
    mixing = random.normal(size=(64, 2))
    data = np.einsum("cs,nbshw->nbchw", mixing / np.abs(mixing).sum(axis=1, keepdims=True), signals)
    x = parameter([1, 64, 8, 8])
    layer = _conv(x, _spread_weights(random, 64, 64), "conv")
    return Proof(model(layer, x), *_split(data + 0.002 * random.normal(size=data.shape)))


PADDING = 18


def padded(seed: int) -> Proof:
    """Images that are plain from column ``PADDING`` on, all alike, and two layers that see one pixel at a time."""
    random = np.random.default_rng(seed)
    x = parameter([1, 8, 12, 24])
    first = op.relu(_conv(x, random.normal(size=(16, 8, 1, 1)) / 2, "first"))
    second = _conv(first, random.normal(size=(16, 16, 1, 1)) / 3, "second")
    data = random.normal(size=(_COUNT, 1, 8, 12, 24))
    data[..., PADDING:] = random.uniform(-1, 1, (8, 1, 1))
    return Proof(model(second, x), *_split(data))


def large_neighbours(seed: int) -> Proof:
    """Two neighbouring weights are the largest of their output channel, in one channel of sixteen.

    In the others the largest weight stands beside a small one.
    """
    random = np.random.default_rng(seed)
    weights = _spread_weights(random, 16, 32)
    weights[0] = random.uniform(-0.2, 0.2, weights[0].shape)
    weights[0, 6:8] = 1
    x = parameter([1, 32, 12, 12])
    return Proof(model(_conv(x, weights, "conv"), x), *_split(random.random((_COUNT, 1, 32, 12, 12))))


_COUNT = CALIBRATION + HELD_OUT


def _split(data: NDArray[Any]) -> tuple[list[Floats], list[Floats]]:
    values = _floats(data)
    return list(values[:CALIBRATION]), list(values[CALIBRATION:])


def _floats(values: NDArray[Any]) -> Floats:
    return np.asarray(values, np.float32)


def _conv(source: ov.Node | ov.Output, weights: NDArray[Any], name: str, pad: int = 0) -> ov.Node:
    layer: ov.Node = op.convolution(source, _floats(weights), ONES, [pad] * 2, [pad] * 2, ONES, name=name)
    return layer


def _outlier(channels: int, random: np.random.Generator) -> NDArray[np.float64]:
    width = np.ones(channels)
    width[random.integers(channels)] = 50
    return width


def _spread_weights(random: np.random.Generator, outputs: int, inputs: int) -> NDArray[np.float64]:
    """Weights around 0.05, with one of 1 in each output channel, in turn at all inputs."""
    weights = 0.05 * random.normal(size=(outputs, inputs, 1, 1))
    weights[np.arange(outputs), random.permutation(np.arange(outputs) % inputs)] = 1
    return weights
