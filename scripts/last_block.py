"""MiniLM's last block and a head on it, in numpy: the forward pass, its gradients, and a step of training.

Each operation gives its result and a function that takes the gradient of that back to the gradient of its input, and
stores those of its weights in a mapping, as in ``benchmarks/transformer.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Back = Callable[[Array], Array]
Step = tuple[Array, Back]

DENSE = (
    *(f"attention.self.{name}" for name in ("query", "key", "value")),
    *("attention.output.dense", "intermediate.dense", "output.dense"),
)
NORMS = ("attention.output.LayerNorm", "output.LayerNorm")


class Classifier:
    """The last block and the head: a function of what is trained, and its gradients.

    Args:
        tensors: of the checkpoint, by name.
        own: what the names of the block's begin with.
        heads: of the attention.
        rank: of the change of each matrix.
        seed: of the first weights.
    """

    def __init__(self, tensors: Mapping[str, Array], own: str, heads: int, rank: int, seed: int = 0) -> None:
        self._own, self._heads = own, heads
        self._fixed = {f"{own}.{name}": tensors[f"{own}.{name}.weight"] for name in DENSE}
        self.trained = {
            f"{own}.{name}.bias": tensors[f"{own}.{name}.bias"].copy() for name in (*DENSE, *NORMS)
        }
        self.trained |= {f"{own}.{name}.weight": tensors[f"{own}.{name}.weight"].copy() for name in NORMS}
        generator = np.random.default_rng(seed)
        for name, (rows, columns) in ((name, each.shape) for name, each in self._fixed.items()):
            factor = generator.standard_normal((rank, columns)) * columns**-0.5
            self.trained[f"{name}.down"] = factor.astype(np.float32)
            self.trained[f"{name}.up"] = np.zeros((rows, rank), np.float32)
        size = self.trained[f"{own}.output.dense.bias"].size
        # Where training starts, the answer is that of a threshold on the cosine.
        self.trained["head.weight"] = np.repeat(np.array([0, 10], np.float32), size)
        self.trained["head.bias"] = np.array([-6.5], np.float32)
        self._gradients: dict[str, Array] = {}

    def logits(self, states: Array, mask: Array) -> Array:
        """How sure it is of each pair, ``[pairs]``; positive where the two mean the same."""
        return self._forward(states, mask)[0]

    def loss(self, states: Array, mask: Array, wanted: Array) -> tuple[float, dict[str, Array]]:
        """The mean cross entropy with wanted probabilities, and its gradients by name."""
        self._gradients = {}
        logits, back = self._forward(states, mask)
        back((1 / (1 + np.exp(-logits)) - wanted).astype(states.dtype) / wanted.size)
        return float((np.logaddexp(0, logits) - wanted * logits).mean()), self._gradients

    def _forward(self, states: Array, mask: Array) -> Step:
        hidden = np.where(mask, 0, -1e4).astype(states.dtype)[:, np.newaxis, np.newaxis]
        after, through = self._block(states, hidden)
        shares = mask.astype(states.dtype) / mask.sum(1, keepdims=True).astype(states.dtype)
        means = (shares[:, np.newaxis] @ after)[:, 0]
        logits, to_means = self._head(means)

        def back(gradient: Array) -> Array:
            return through(to_means(gradient)[:, np.newaxis] * shares[..., np.newaxis])

        return logits, back

    def _head(self, means: Array) -> Step:
        lengths = np.sqrt(np.square(means).sum(1, keepdims=True))
        directions = means / lengths
        (first, second), weights = np.split(directions, 2), self.trained["head.weight"]
        features = np.concatenate([np.abs(first - second), first * second], 1)

        def back(gradient: Array) -> Array:
            self._gradients["head.weight"] = gradient @ features
            self._gradients["head.bias"] = gradient.sum(keepdims=True)
            apart, shared = np.split(gradient[:, np.newaxis] * weights, 2, 1)
            apart *= np.sign(first - second)
            by = np.concatenate([apart + shared * second, shared * first - apart])
            return np.asarray((by - directions * (by * directions).sum(1, keepdims=True)) / lengths)

        return features @ weights + self.trained["head.bias"], back

    def _block(self, states: Array, hidden: Array) -> Step:
        mixed, from_mixed = self._attention(states, hidden)
        middle, from_middle = self._norm(mixed + states, NORMS[0])
        wide, from_wide = self._product(middle, "intermediate.dense")
        part = (1 + erf(wide * wide.dtype.type(0.5**0.5))) / 2  # of each value that GELU lets through
        narrow, from_narrow = self._product(wide * part, "output.dense")
        after, from_after = self._norm(narrow + middle, NORMS[1])

        def back(gradient: Array) -> Array:
            to_narrow = from_after(gradient)
            density = np.exp(-np.square(wide) / 2) * wide.dtype.type((2 * np.pi) ** -0.5)
            to_middle = to_narrow + from_wide(from_narrow(to_narrow) * (part + wide * density))
            to_mixed = from_middle(to_middle)
            return to_mixed + from_mixed(to_mixed)

        return after, back

    def _attention(self, states: Array, hidden: Array) -> Step:
        size = states.shape[-1]
        steps = [self._product(states, name) for name in DENSE[:3]]
        query, key, value = (self._parted(each) for each, _ in steps)
        scale = states.dtype.type((size // self._heads) ** -0.5)
        shares = query @ key.swapaxes(-1, -2) * scale + hidden
        shares = np.exp(shares - shares.max(-1, keepdims=True))
        shares /= shares.sum(-1, keepdims=True)
        result, from_result = self._product(self._joined(shares @ value), DENSE[3])

        def back(gradient: Array) -> Array:
            by = self._parted(from_result(gradient))
            of_shares = by @ value.swapaxes(-1, -2)
            of_scores = shares * (of_shares - (of_shares * shares).sum(-1, keepdims=True)) * scale
            ways = (of_scores @ key, of_scores.swapaxes(-1, -2) @ query, shares.swapaxes(-1, -2) @ by)
            backs = [step(self._joined(way)) for (_, step), way in zip(steps, ways, strict=True)]
            return np.asarray(sum(backs))

        return result, back

    def _parted(self, states: Array) -> Array:
        texts, length, _ = states.shape
        return states.reshape(texts, length, self._heads, -1).transpose(0, 2, 1, 3)

    def _joined(self, parts: Array) -> Array:
        texts, _, length, _ = parts.shape
        return parts.transpose(0, 2, 1, 3).reshape(texts, length, -1)

    def _product(self, states: Array, part: str) -> Step:
        name = f"{self._own}.{part}"
        down, up = self.trained[f"{name}.down"], self.trained[f"{name}.up"]
        weights = self._fixed[name] + up @ down

        def back(gradient: Array) -> Array:
            rows, inputs = (each.reshape(-1, each.shape[-1]) for each in (gradient, states))
            self._gradients[f"{name}.down"] = (rows @ up).T @ inputs
            self._gradients[f"{name}.up"] = rows.T @ (inputs @ down.T)
            self._gradients[f"{name}.bias"] = rows.sum(0)
            return gradient @ weights

        return states @ weights.T + self.trained[f"{name}.bias"], back

    def _norm(self, states: Array, part: str) -> Step:
        weights, bias = (self.trained[f"{self._own}.{part}.{name}"] for name in ("weight", "bias"))
        centred = states - states.mean(-1, keepdims=True)
        inverse = 1 / np.sqrt(np.square(centred).mean(-1, keepdims=True) + states.dtype.type(1e-12))
        even = centred * inverse

        def back(gradient: Array) -> Array:
            self._gradients[f"{self._own}.{part}.weight"] = (gradient * even).sum((0, 1))
            self._gradients[f"{self._own}.{part}.bias"] = gradient.sum((0, 1))
            scaled = gradient * weights
            along = (scaled * even).mean(-1, keepdims=True)
            return np.asarray(inverse * (scaled - scaled.mean(-1, keepdims=True) - even * along))

        return even * weights + bias, back


def erf(values: Array) -> Array:
    """The error function, to 1.5e-7 (Abramowitz and Stegun, 7.1.26)."""
    size = np.abs(values)
    inverse = 1 / (1 + size.dtype.type(0.3275911) * size)
    total = np.zeros_like(size)
    for factor in (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592):
        total = (total + size.dtype.type(factor)) * inverse
    return np.copysign(1 - total * np.exp(-np.square(size)), values)
