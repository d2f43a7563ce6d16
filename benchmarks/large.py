"""Large networks with random weights, built here: their shapes are what time and memory depend on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import openvino as ov
from entries import Feed, chosen
from openvino import opset13 as op

_TOKENS, _VOCABULARY = 128, 30522
Samples = Callable[[np.random.Generator], Feed]


@dataclass(frozen=True)
class Large:
    """A network on disk, and what makes its samples.

    Attributes:
        name: what tables call it.
        model: its ``.xml``.
        sample: makes one.
    """

    name: str
    model: Path
    sample: Samples

    def samples(self, count: int) -> list[Feed]:
        """The same ones each time."""
        random = np.random.default_rng(0)
        return [self.sample(random) for _ in range(count)]


class Builder:
    """Layers with random weights, of a variance that keeps that of their input."""

    def __init__(self) -> None:
        self._random = np.random.default_rng(0)

    def weights(self, *shape: int, fan_in: int, gain: float = 2.0) -> ov.Node:
        """A constant that keeps the variance of what it multiplies, with gain 2 behind a ReLU."""
        values = self._random.standard_normal(shape, np.float32)
        values *= np.float32((gain / fan_in) ** 0.5)
        return op.constant(values, shared_memory=True)

    def vector(self, size: int, *shape: int, around: float = 0.0) -> ov.Node:
        """Biases or factors, shaped for broadcasting."""
        values = around + 0.1 * self._random.standard_normal(size)
        return op.constant(values.astype(np.float32).reshape(shape or (size,)))

    def convolution(
        self, x: ov.Node, inputs: int, outputs: int, kernel: int, stride: int = 1, gain: float = 2.0
    ) -> ov.Node:
        """With a bias."""
        pads = [(kernel - 1) // 2] * 2
        weights = self.weights(outputs, inputs, kernel, kernel, fan_in=inputs * kernel**2, gain=gain)
        result = op.convolution(x, weights, [stride] * 2, pads, pads, [1, 1])
        return op.add(result, self.vector(outputs, 1, outputs, 1, 1))

    def depthwise(self, x: ov.Node, channels: int, stride: int) -> ov.Node:
        """A convolution of each channel alone, with a bias."""
        weights = self.weights(channels, 1, 1, 3, 3, fan_in=9)
        result = op.group_convolution(x, weights, [stride] * 2, [1, 1], [1, 1], [1, 1])
        return op.add(result, self.vector(channels, 1, channels, 1, 1))

    def dense(self, x: ov.Node, inputs: int, outputs: int, gain: float = 1.0) -> ov.Node:
        """Fully connected, with a bias."""
        weights = self.weights(outputs, inputs, fan_in=inputs, gain=gain)
        return op.add(op.matmul(x, weights, False, True), self.vector(outputs))

    def norm(self, x: ov.Node, size: int) -> ov.Node:
        """Layer normalisation."""
        normal = op.mvn(x, np.array([-1]), True, 1e-5, "INSIDE_SQRT")
        return op.add(op.multiply(normal, self.vector(size, around=1.0)), self.vector(size))

    def attention(self, x: ov.Node, size: int, heads: int, mask: ov.Node | None) -> ov.Node:
        """Self-attention of several heads."""
        split = op.constant(np.array([0, 0, heads, size // heads], np.int64))
        query, key, value = (
            op.transpose(op.reshape(self.dense(x, size, size), split, True), op.constant([0, 2, 1, 3]))
            for _ in range(3)
        )
        scores = op.matmul(query, key, False, True)
        scores = op.multiply(scores, op.constant(np.float32((size / heads) ** -0.5)))
        if mask is not None:
            scores = op.add(scores, mask)
        found = op.transpose(
            op.matmul(op.softmax(scores, -1), value, False, False), op.constant([0, 2, 1, 3])
        )
        joined = op.reshape(found, op.constant(np.array([0, 0, size], np.int64)), True)
        return self.dense(joined, size, size)

    def block(self, x: ov.Node, size: int) -> ov.Node:
        """The two fully connected layers of a transformer."""
        return self.dense(op.gelu(self.dense(x, size, 4 * size), "erf"), 4 * size, size)


def resnet50() -> ov.Model:
    """He et al., "Deep Residual Learning", 2016; normalisation folded into the convolutions."""
    build = Builder()
    image = op.parameter([1, 3, 224, 224], np.float32, name="image")
    x = op.relu(build.convolution(image, 3, 64, 7, 2))
    x = op.max_pool(x, [2, 2], [1, 1], [1, 1], [1, 1], [3, 3]).output(0)
    inputs = 64
    for width, repeats, stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        for number in range(repeats):
            step = stride if number == 0 else 1
            inner = op.relu(build.convolution(x, inputs, width, 1))
            inner = op.relu(build.convolution(inner, width, width, 3, step))
            inner = build.convolution(inner, width, 4 * width, 1, gain=0.2)
            if number == 0:
                x = build.convolution(x, inputs, 4 * width, 1, step, gain=1.0)
            x, inputs = op.relu(op.add(x, inner)), 4 * width
    return _classifier(build, x, inputs, image, "resnet50")


def mobilenet_v2() -> ov.Model:
    """Sandler et al., "MobileNetV2", 2018, table 2; normalisation folded into the convolutions."""
    build = Builder()
    image = op.parameter([1, 3, 224, 224], np.float32, name="image")
    x, inputs = op.clamp(build.convolution(image, 3, 32, 3, 2), 0.0, 6.0), 32
    settings = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2))
    for expansion, outputs, repeats, stride in (*settings, (6, 320, 1, 1)):
        for number in range(repeats):
            inner, wide = x, inputs * expansion
            if expansion > 1:
                inner = op.clamp(build.convolution(inner, inputs, wide, 1), 0.0, 6.0)
            inner = op.clamp(build.depthwise(inner, wide, stride if number == 0 else 1), 0.0, 6.0)
            inner = build.convolution(inner, wide, outputs, 1, gain=1.0)
            x, inputs = (op.add(x, inner) if number else inner), outputs
    x = op.clamp(build.convolution(x, inputs, 1280, 1), 0.0, 6.0)
    return _classifier(build, x, 1280, image, "mobilenet_v2")


def _classifier(build: Builder, x: ov.Node, size: int, image: ov.Node, name: str) -> ov.Model:
    pooled = op.reduce_mean(x, op.constant([2, 3]), False)
    return ov.Model([op.result(build.dense(pooled, size, 1000))], [image], name)


def bert_base() -> ov.Model:
    """Devlin et al., "BERT", 2019, base; 128 tokens."""
    build, size = Builder(), 768
    ids, mask, types = (
        op.parameter([1, _TOKENS], np.int64, name=name)
        for name in ("input_ids", "attention_mask", "token_type_ids")
    )
    x = _embedded(build, ids, _VOCABULARY, size)
    x = op.add(x, _embedded(build, types, 2, size))
    x = build.norm(op.add(x, build.weights(1, _TOKENS, size, fan_in=size)), size)
    seen = op.unsqueeze(op.convert(mask, "f32"), op.constant([1, 2]))
    hidden = op.multiply(op.subtract(op.constant(np.float32(1)), seen), op.constant(np.float32(-1e4)))
    for _ in range(12):
        x = build.norm(op.add(x, build.attention(x, size, 12, hidden)), size)
        x = build.norm(op.add(x, build.block(x, size)), size)
    first = op.gather(x, op.constant(np.int64(0)), op.constant(np.int64(1)))
    return ov.Model([op.result(op.tanh(build.dense(first, size, size)))], [ids, mask, types], "bert_base")


def _embedded(build: Builder, ids: ov.Node, count: int, size: int) -> ov.Node:
    return op.gather(build.weights(count, size, fan_in=size), ids, op.constant(np.int64(0)))


def vit_small() -> ov.Model:
    """Touvron et al., "Training data-efficient image transformers", 2021, small; patches of 16 x 16."""
    build, size = Builder(), 384
    image = op.parameter([1, 3, 224, 224], np.float32, name="image")
    weights = build.weights(size, 3, 16, 16, fan_in=3 * 16**2, gain=1.0)
    patches = op.convolution(image, weights, [16, 16], [0, 0], [0, 0], [1, 1])
    patches = op.add(patches, build.vector(size, 1, size, 1, 1))
    flat = op.reshape(patches, op.constant(np.array([0, size, -1], np.int64)), True)
    tokens = op.concat([build.vector(size, 1, 1, size), op.transpose(flat, op.constant([0, 2, 1]))], 1)
    x = op.add(tokens, build.weights(1, 197, size, fan_in=size))
    for _ in range(12):
        x = op.add(x, build.attention(build.norm(x, size), size, 6, None))
        x = op.add(x, build.block(build.norm(x, size), size))
    first = op.gather(build.norm(x, size), op.constant(np.int64(0)), op.constant(np.int64(1)))
    return ov.Model([op.result(build.dense(first, size, 1000))], [image], "vit_small")


def _image(random: np.random.Generator) -> Feed:
    return {"image": random.standard_normal((1, 3, 224, 224), np.float32)}


def _sentence(random: np.random.Generator) -> Feed:
    length = random.integers(16, _TOKENS + 1)
    mask = (np.arange(_TOKENS) < length).astype(np.int64)[None]
    ids = random.integers(1000, _VOCABULARY, (1, _TOKENS)) * mask
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(mask)}


_NETWORKS: Mapping[str, tuple[Callable[[], ov.Model], Samples]] = {
    "resnet50": (resnet50, _image),
    "mobilenet_v2": (mobilenet_v2, _image),
    "bert_base": (bert_base, _sentence),
    "vit_small": (vit_small, _image),
}


NAMES = tuple(_NETWORKS)


def large(folder: Path, wanted: Sequence[str] = ()) -> Iterator[Large]:
    """The networks, or those that are wanted, saved into a folder unless they are there."""
    for name in chosen(NAMES, wanted):
        make, sample = _NETWORKS[name]
        path = folder / f"{name}.xml"
        if not path.exists():
            ov.save_model(make(), path, compress_to_fp16=False)
        yield Large(name, path, sample)
