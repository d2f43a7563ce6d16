"""A small language model with a state, trained on the sources of Python's standard library, byte by byte.

    python benchmarks/language_model.py    # train it, unless the cache has it, and say how well it predicts

It is a transformer as ``transformer.py`` describes it, written as OpenVINO operations: keys and values of what it has
read are variables, so that a request has only what comes next, one byte or several. Other benchmarks take it as an
entry. The text is that of the Python that runs this; another text, or another training, is kept under another name.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import sysconfig
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from entries import Feed, Infer
from numpy.typing import NDArray
from openvino import opset13 as ops
from transformer import EPSILON, Shape, Training, Weights, perplexity, train, windows
from workflow import CACHE

from openvino.tools.pot.report.measure import compile_single

Array = NDArray[Any]

INPUT, OUTPUT = "input_ids", "logits"
SHAPE, TRAINING = Shape(), Training()
LARGE = Shape(layers=8, width=1024, hidden=2560, heads=16)
"""Of 93 million weights, more than caches hold: to see how fast tokens are made, it need not be trained."""
HELD_OUT = 10
"""Every so many-th file is not trained on."""
CALIBRATION, EVALUATION = 128, 200
"""Windows of text for calibration, which were trained on, and for evaluation, which were not."""


def text(folder: Path | None = None) -> tuple[Array, Array]:
    """The bytes of the modules in a folder, one after the other: those to train on, and those that are held out.

    Args:
        folder: absent: that of the standard library.
    """
    files = sorted((folder or Path(sysconfig.get_paths()["stdlib"])).glob("*.py"))
    parts = [np.frombuffer(file.read_bytes(), np.uint8).astype(np.int64) for file in files]
    seen = [part for number, part in enumerate(parts) if number % HELD_OUT]
    return np.concatenate(seen), np.concatenate(parts[::HELD_OUT])


def spread(tokens: Array, count: int, length: int) -> tuple[Array, Array]:
    """Windows that are spread evenly over a text, and what follows each of their tokens."""
    return windows(tokens, np.linspace(0, len(tokens) - length - 1, count).astype(int), length)


class Builder:
    """Makes the operations of a transformer; ``model`` gives all of it.

    Args:
        shape: of the weights.
        weights: by the names of the shape.
    """

    def __init__(self, shape: Shape, weights: Weights) -> None:
        self._shape = shape
        self._weights = weights
        self._sinks: list[Any] = []
        self._tokens = ops.parameter([1, -1], np.int64, name=INPUT)
        self._tokens.output(0).set_names({INPUT})

    def model(self) -> ov.Model:
        """The model that goes on where the last request ended, until its state is reset.

        Its input ``input_ids`` is [1, length], its output ``logits`` [1, length, tokens]. The requests since the last
        reset may have ``context`` tokens together.
        """
        layers = range(self._shape.layers)
        states = [[self._state(f"{layer}.{part}") for part in ("key", "value")] for layer in layers]
        before = _size(states[0][0], 2)
        after = ops.add(before, _size(self._tokens, 1))
        places, seen = (ops.range(start, after, np.int64(1), "i64") for start in (before, np.int64(0)))
        hidden = ops.greater(seen, ops.unsqueeze(places, np.int64(1)))  # [length, all]: what comes later
        data = ops.add(self._row("embedding", self._tokens), self._row("positions", places))
        for layer in layers:
            normed = self._norm(data, f"{layer}.attention.norm")
            data = ops.add(data, self._attention(normed, f"{layer}.attention", states[layer], hidden))
            data = ops.add(data, self._gated(self._norm(data, f"{layer}.gated.norm"), f"{layer}.gated"))
        logits = self._product(self._norm(data, "norm"), "head")
        logits.output(0).set_names({OUTPUT})
        results: list[Any] = [ops.result(logits, name=OUTPUT)]
        return ov.Model(results, self._sinks, [self._tokens], "language_model")

    def _state(self, name: str) -> Any:
        """What a variable holds, [1, heads, length before, width of a head]."""
        shape = self._shape
        sizes = [1, shape.heads, -1, shape.width // shape.heads]
        empty = ops.constant(np.zeros([1, shape.heads, 0, sizes[-1]], np.float32))
        return ops.read_value(empty, name, ov.Type.f32, ov.PartialShape(sizes))

    def _constant(self, name: str) -> Any:
        return ops.constant(self._weights[name], name=f"{name}.weight")

    def _row(self, name: str, places: Any) -> Any:
        return ops.gather(self._constant(name), places, np.int64(0), name=name)

    def _product(self, data: Any, name: str) -> Any:
        return ops.matmul(data, self._constant(name), transpose_a=False, transpose_b=True, name=name)

    def _norm(self, data: Any, name: str) -> Any:
        square = ops.reduce_mean(ops.power(data, np.float32(2)), [-1], keep_dims=True)
        inverse = ops.divide(np.float32(1), ops.sqrt(ops.add(square, np.float32(EPSILON))))
        return ops.multiply(ops.multiply(data, inverse), self._constant(name), name=name)

    def _attention(self, data: Any, name: str, states: list[Any], hidden: Any) -> Any:
        heads, each = self._shape.heads, self._shape.width // self._shape.heads
        joined = ops.reshape(self._product(data, f"{name}.qkv"), [1, -1, 3, heads, each], False)
        parts = ops.split(ops.transpose(joined, [2, 0, 3, 1, 4]), np.int64(0), 3)
        query, *fresh = (ops.squeeze(part, [0]) for part in parts.outputs())
        key, value = (ops.concat(pair, 2) for pair in zip(states, fresh, strict=True))
        for state, whole in zip(states, (key, value), strict=True):
            self._sinks.append(ops.assign(whole, state.get_variable_id()))
        scores = ops.multiply(ops.matmul(query, key, False, True), np.float32(each**-0.5))
        shares = ops.softmax(ops.select(hidden, np.float32(-1e9), scores), -1)
        found = ops.transpose(ops.matmul(shares, value, False, False), [0, 2, 1, 3])
        return self._product(ops.reshape(found, [0, 0, self._shape.width], True), f"{name}.out")

    def _gated(self, data: Any, name: str) -> Any:
        gate, up = (self._product(data, f"{name}.{part}") for part in ("gate", "up"))
        return self._product(ops.multiply(ops.swish(gate), up), f"{name}.down")


def _size(data: Any, axis: int) -> Any:
    return ops.gather(ops.shape_of(data), np.int64(axis), np.int64(0))


def stateful_infer(model: Path) -> Infer:
    """A function from a feed to the model's outputs, in float32, each from an empty state."""
    request = compile_single(model).create_infer_request()

    def infer(feed: Feed) -> list[Array]:
        request.reset_state()
        request.infer(feed)
        return [tensor.data.copy() for tensor in request.output_tensors]

    return infer


@dataclass(frozen=True)
class LanguageEntry:
    """The language model with its text, as an entry; but the lower its metric is, the better.

    Attributes:
        folder: where what is trained is kept.
        shape, training: see there; without steps its weights are random.
        source: modules to read; absent: the standard library's.
        pieces: windows of text that it is judged on.
        name: what tables call it.
    """

    folder: Path = CACHE
    shape: Shape = SHAPE
    training: Training = TRAINING
    source: Path | None = None
    pieces: int = EVALUATION
    name: str = "language_model"

    metric = "perplexity per byte"
    fp32 = None

    @cached_property
    def model(self) -> Path:
        """The float model's ``.xml``, trained now if the folder does not have it."""
        told = repr((self.shape, self.training, HELD_OUT)).encode()
        digest = hashlib.sha256(told + self._text[0].tobytes()).hexdigest()[:12]
        path = self.folder / f"language_model_{digest}" / "language_model.xml"
        if not path.exists():
            weights = train(self.shape, self._text[0], self.training, _tell)
            fresh = path.parent.with_name(f"{path.parent.name}.{os.getpid()}")
            ov.save_model(Builder(self.shape, weights).model(), fresh / path.name, compress_to_fp16=False)
            fresh.rename(path.parent)  # whole, or not at all
        return path

    @cached_property
    def calibration(self) -> list[Feed]:
        """Windows of what it was trained on."""
        return _feeds(spread(self._text[0], CALIBRATION, self.shape.context)[0])

    @cached_property
    def evaluation(self) -> list[Feed]:
        """Windows of what it has not seen."""
        return _feeds(self._held_out[0])

    def evaluate(self, infer: Infer, limit: int | None = None) -> float:
        """The perplexity: the exponential of the mean negative logarithm of the next byte's probability."""
        return perplexity([infer(feed)[0][0] for feed in self.evaluation[:limit]], self._held_out[1][:limit])

    def fidelity(self, infer: Infer, limit: int | None = None) -> float:
        """Variance of the float model's logits over the mean square of the differences, in dB."""
        float_infer = stateful_infer(self.model)
        pairs = [[each(feed)[0][0] for each in (float_infer, infer)] for feed in self.evaluation[:limit]]
        wanted, found = (np.concatenate(each).astype(np.float64) for each in zip(*pairs, strict=True))
        signal, noise = (np.square(wanted - other).sum() for other in (wanted.mean(0), found))
        return float(10 * np.log10(signal / max(noise, 1e-30)))

    @cached_property
    def _text(self) -> tuple[Array, Array]:
        return text(self.source)

    @cached_property
    def _held_out(self) -> tuple[Array, Array]:
        return spread(self._text[1], self.pieces, self.shape.context)


def large(folder: Path = CACHE) -> LanguageEntry:
    """The large one, whose weights are random."""
    return LanguageEntry(folder, LARGE, Training(steps=0), pieces=4, name="language_model_large")


def _feeds(pieces: Array) -> list[Feed]:
    return [{INPUT: piece[None]} for piece in pieces]


def _tell(step: int, loss: float) -> None:
    if step % 50 == 0:
        print(f"step {step}: {loss:.3f} nats per byte", file=sys.stderr)


def main() -> int:
    """Train and evaluate; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder where it is kept")
    entry = LanguageEntry(parser.parse_args().cache)
    found = entry.evaluate(stateful_infer(entry.model))
    weights = sum(int(np.prod(size)) for _, size in entry.shape.names())
    print(f"{entry.model}: {weights} weights, {entry.metric} {found:.3f} on text that it has not seen")
    return 0


if __name__ == "__main__":
    sys.exit(main())
