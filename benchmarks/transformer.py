"""A small decoder transformer in numpy: its forward pass, its gradients, and its training.

The parts are those of today's language models: RMS norms in front of attention and of a gated layer, no biases. Each
operation gives its result and a function that takes the gradient of that back to the gradient of its input, and adds
those of its weights to a mapping, so that the backward pass is the same functions in the opposite order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Weights = dict[str, Array]
Back = Callable[[Array], Array]
Step = tuple[Array, Back]

EPSILON = 1e-5


@dataclass(frozen=True)
class Shape:
    """The sizes of a transformer.

    Attributes:
        layers: how many, each of attention and a gated layer.
        width: of what goes from layer to layer; each row of weights that has it is so long.
        hidden: of the gated layer.
        heads: of attention; they divide the width.
        context: the most tokens that it sees.
        tokens: how many different ones there are.
    """

    layers: int = 4
    width: int = 256
    hidden: int = 640
    heads: int = 4
    context: int = 128
    tokens: int = 256

    def names(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """The names and shapes of all weights; matrices are [outputs, inputs]."""
        yield "embedding", (self.tokens, self.width)
        yield "positions", (self.context, self.width)
        for layer in map(str, range(self.layers)):
            yield f"{layer}.attention.norm", (self.width,)
            yield f"{layer}.attention.qkv", (3 * self.width, self.width)
            yield f"{layer}.attention.out", (self.width, self.width)
            yield f"{layer}.gated.norm", (self.width,)
            yield f"{layer}.gated.gate", (self.hidden, self.width)
            yield f"{layer}.gated.up", (self.hidden, self.width)
            yield f"{layer}.gated.down", (self.width, self.hidden)
        yield "norm", (self.width,)
        yield "head", (self.tokens, self.width)


def initial(shape: Shape, seed: int = 0, dtype: Any = np.float32) -> Weights:
    """Random weights; those that add to what goes from layer to layer are smaller, the more layers there are."""
    generator = np.random.default_rng(seed)
    weights: Weights = {}
    for name, size in shape.names():
        if len(size) == 1:
            weights[name] = np.ones(size, dtype)
            continue
        adds = name.endswith((".out", ".down"))
        deviation = size[1] ** -0.5 * ((2 * shape.layers) ** -0.5 if adds else 1)
        scale = 0.1 if name in ("embedding", "positions") else deviation
        weights[name] = (generator.standard_normal(size) * scale).astype(dtype)
    return weights


class Transformer:
    """The function of some weights, and its gradients.

    Args:
        shape: of the weights.
        weights: by the names of the shape, float32 or float64.
    """

    def __init__(self, shape: Shape, weights: Weights) -> None:
        self.shape = shape
        self.weights = weights
        self._gradients: Weights = {}

    def logits(self, tokens: Array) -> Array:
        """The logits of the next token, [samples, length, tokens], of tokens [samples, length]."""
        return self._forward(tokens)[0]

    def loss(self, tokens: Array, following: Array) -> tuple[float, Weights]:
        """The mean of the negative logarithms of what follows (nats), and its gradients by name."""
        logits, backs = self._forward(tokens)
        logits -= logits.max(-1, keepdims=True)
        logits -= np.log(np.exp(logits).sum(-1, keepdims=True))
        chosen = np.take_along_axis(logits, following[..., None], -1)
        gradient = np.exp(logits)
        np.put_along_axis(gradient, following[..., None], np.exp(chosen) - 1, -1)
        gradient /= following.size
        self._gradients = {}
        for back in reversed(backs):
            gradient = back(gradient)
        return -float(chosen.mean()), self._gradients

    def _forward(self, tokens: Array) -> tuple[Array, list[Back]]:
        data, back = self._embedded(tokens)
        backs = [back]
        parts = (("attention", self._attention), ("gated", self._gated))
        for layer in range(self.shape.layers):
            for part, function in parts:
                name = f"{layer}.{part}"
                step = self._in_turn(data, self._norm, f"{name}.norm", function, name)
                data, back = self._added(data, step)
                backs.append(back)
        logits, back = self._in_turn(data, self._norm, "norm", self._product, "head")
        return logits, [*backs, back]

    def _in_turn(self, data: Array, first: Any, its: str, second: Any, others: str) -> Step:
        data, back = first(data, its)
        result, later = second(data, others)
        return result, lambda gradient: back(later(gradient))

    @staticmethod
    def _added(data: Array, step: Step) -> Step:
        result, back = step
        return data + result, lambda gradient: gradient + back(gradient)

    def _embedded(self, tokens: Array) -> Step:
        length = tokens.shape[1]
        data = self.weights["embedding"][tokens] + self.weights["positions"][:length]

        def back(gradient: Array) -> Array:
            for name, places, by in (
                ("embedding", tokens.ravel(), gradient.reshape(-1, self.shape.width)),
                ("positions", np.arange(length), gradient.sum(0)),
            ):
                total = np.zeros_like(self.weights[name])
                np.add.at(total, places, by)
                self._gradients[name] = total
            return gradient

        return data, back

    def _norm(self, data: Array, name: str) -> Step:
        inverse = 1 / np.sqrt(np.square(data).mean(-1, keepdims=True) + EPSILON)
        normed = data * inverse

        def back(gradient: Array) -> Array:
            self._gradients[name] = (gradient * normed).sum((0, 1))
            scaled = gradient * self.weights[name]
            along = (scaled * normed).mean(-1, keepdims=True)
            return np.asarray(inverse * (scaled - normed * along))

        return normed * self.weights[name], back

    def _product(self, data: Array, name: str) -> Step:
        weights = self.weights[name]

        def back(gradient: Array) -> Array:
            rows = gradient.reshape(-1, gradient.shape[-1])
            self._gradients[name] = rows.T @ data.reshape(-1, data.shape[-1])
            return gradient @ weights

        return data @ weights.T, back

    def _attention(self, data: Array, name: str) -> Step:
        shape, (samples, length, width) = self.shape, data.shape
        each = width // shape.heads
        scale = data.dtype.type(each**-0.5)
        joined, to_data = self._product(data, f"{name}.qkv")
        parts = joined.reshape(samples, length, 3, shape.heads, each).transpose(2, 0, 3, 1, 4)
        query, key, value = (np.ascontiguousarray(part) for part in parts)
        scores = query @ key.swapaxes(-1, -2) * scale
        scores[..., np.triu(np.ones((length, length), bool), 1)] = -1e9
        scores -= scores.max(-1, keepdims=True)
        shares = np.exp(scores, out=scores)
        shares /= shares.sum(-1, keepdims=True)
        found = (shares @ value).transpose(0, 2, 1, 3).reshape(data.shape)
        result, to_found = self._product(found, f"{name}.out")

        def back(gradient: Array) -> Array:
            by = to_found(gradient).reshape(samples, length, shape.heads, each).transpose(0, 2, 1, 3)
            of_shares = by @ value.swapaxes(-1, -2)
            of_scores = shares * (of_shares - (of_shares * shares).sum(-1, keepdims=True)) * scale
            ways = (of_scores @ key, of_scores.swapaxes(-1, -2) @ query, shares.swapaxes(-1, -2) @ by)
            return to_data(np.stack(ways).transpose(1, 3, 0, 2, 4).reshape(joined.shape))

        return result, back

    def _gated(self, data: Array, name: str) -> Step:
        gate, from_gate = self._product(data, f"{name}.gate")
        up, from_up = self._product(data, f"{name}.up")
        opened = 1 / (1 + np.exp(-gate))
        swish = gate * opened
        result, from_down = self._product(swish * up, f"{name}.down")

        def back(gradient: Array) -> Array:
            by = from_down(gradient)
            return from_up(by * swish) + from_gate(by * up * (opened + swish * (1 - opened)))

        return result, back


@dataclass(frozen=True)
class Training:
    """How a transformer is trained, by Adam (Kingma and Ba, arXiv:1412.6980, algorithm 1).

    Attributes:
        steps: how many.
        batch: windows of text in each.
        rate: the highest step size, reached after a tenth of the steps, from which it falls to zero in a line.
        decays: of the means of gradients and of their squares.
        seed: of the first weights and of which windows are seen.
    """

    steps: int = 600
    batch: int = 16
    rate: float = 2e-3
    decays: tuple[float, float] = (0.9, 0.95)
    seed: int = 0

    def rate_at(self, step: int) -> float:
        """The step size of a step, which count from zero."""
        part = (step + 1) / self.steps
        return self.rate * min(part / 0.1, (1 - part) / 0.9)


def train(
    shape: Shape, text: Array, how: Training, tell: Callable[[int, float], None] | None = None
) -> Weights:
    """Weights that predict a text.

    Args:
        shape: of the transformer.
        text: tokens, one after the other.
        how: see ``Training``.
        tell: called with the number and the loss of each step.
    """
    model = Transformer(shape, initial(shape, how.seed))
    generator = np.random.default_rng(how.seed)
    moments = {name: (np.zeros_like(each), np.zeros_like(each)) for name, each in model.weights.items()}
    for step in range(how.steps):
        starts = generator.integers(0, len(text) - shape.context - 1, how.batch)
        loss, gradients = model.loss(*windows(text, starts, shape.context))
        norm = np.sqrt(sum(float(np.square(each).sum()) for each in gradients.values()))
        for name, gradient in gradients.items():
            _adam(model.weights[name], gradient / max(1.0, norm), moments[name], how, step)
        if tell is not None:
            tell(step, loss)
    return model.weights


def windows(text: Array, starts: Sequence[int] | Array, length: int) -> tuple[Array, Array]:
    """Pieces of a text that begin at some places, and the same one token further, both [pieces, length]."""
    places = np.asarray(starts)[:, None] + np.arange(length)
    return text[places], text[places + 1]


def _adam(weights: Array, gradient: Array, moments: tuple[Array, Array], how: Training, step: int) -> None:
    """Change weights in place, and the means of their gradients and squares of these."""
    unbiased = []
    for mean, decay, each in zip(moments, how.decays, (gradient, np.square(gradient)), strict=True):
        mean += np.float32(1 - decay) * (each - mean)
        unbiased.append(mean / np.float32(1 - decay ** (step + 1)))
    weights -= np.float32(how.rate_at(step)) * unbiased[0] / (np.sqrt(unbiased[1]) + np.float32(1e-8))


def perplexity(logits: Sequence[Array], following: Sequence[Array] | Array) -> float:
    """The exponential of the mean negative logarithm (nats) of what follows, over all places.

    Args:
        logits: of each piece of text, [length, tokens].
        following: the tokens that do follow, [length] each.
    """
    found = []
    for each, tokens in zip(logits, following, strict=True):
        shifted = each.astype(np.float64) - each.max(-1, keepdims=True)
        chosen = np.take_along_axis(shifted, tokens[:, None], -1)[:, 0]
        found.append(np.log(np.exp(shifted).sum(-1)) - chosen)
    return float(np.exp(np.mean(found)))
