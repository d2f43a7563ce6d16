"""An entry whose metric is agreement with the float model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from entries import Feed, Infer, openvino_infer
from numpy.typing import NDArray

Outputs = list[NDArray[Any]]
Agreement = Callable[[Sequence[Outputs], Sequence[Outputs]], float]


@dataclass(frozen=True)
class Network:
    """A float model with samples; ``agreement`` compares its outputs over them with another model's."""

    name: str
    metric: str
    model: Path
    calibration: Sequence[Feed]
    evaluation: Sequence[Feed]
    agreement: Agreement
    fp32: float | None = 1.0

    def evaluate(self, infer: Infer, limit: int | None = None) -> float:
        """Agreement with the float model, 1 at best."""
        return self.agreement(self._outputs(openvino_infer(self.model), limit), self._outputs(infer, limit))

    def fidelity(self, infer: Infer, limit: int | None = None) -> float:
        """Variance of the float model's outputs over the mean square of the differences, mean of outputs, in dB."""
        reference = openvino_infer(self.model)
        noises: list[_Noise] = []
        for feed in self.evaluation[:limit]:
            pairs = list(zip(reference(feed), infer(feed), strict=True))
            noises = noises or [_Noise() for _ in pairs]
            for noise, (expected, found) in zip(noises, pairs, strict=True):
                noise.add(expected.astype(np.float64), found)
        return float(np.mean([noise.ratio() for noise in noises]))

    def _outputs(self, infer: Infer, limit: int | None) -> list[Outputs]:
        return [infer(feed) for feed in self.evaluation[:limit]]


class _Noise:
    """Sums over the samples of one output, from which its ratio of signal to noise follows."""

    def __init__(self) -> None:
        self._count, self._sum, self._squares, self._errors = 0, np.zeros(()), 0.0, 0.0

    def add(self, expected: NDArray[np.float64], found: NDArray[Any]) -> None:
        """Take a sample."""
        self._count += 1
        self._sum = self._sum + expected
        self._squares += float((expected**2).sum())
        self._errors += float(((expected - found) ** 2).sum())

    def ratio(self) -> float:
        """In dB; the signal is what differs from the mean over the samples."""
        signal = self._squares - float((self._sum**2).sum()) / self._count
        return float(10 * np.log10(max(signal, 1e-30) / max(self._errors, 1e-30)))


def same_class(port: int = 0) -> Agreement:
    """How often an output has its largest value in the same place."""

    def agreement(references: Sequence[Outputs], found: Sequence[Outputs]) -> float:
        pairs = zip(references, found, strict=True)
        return float(np.mean([a[port].argmax() == b[port].argmax() for a, b in pairs]))

    return agreement


def same_sides(port: int, threshold: float) -> Agreement:
    """How often values of an output are on the same side of a threshold."""

    def agreement(references: Sequence[Outputs], found: Sequence[Outputs]) -> float:
        pairs = zip(references, found, strict=True)
        return float(np.mean([(a[port] > threshold) == (b[port] > threshold) for a, b in pairs]))

    return agreement


def f1_above(port: int, threshold: float) -> Agreement:
    """F1 of the values of an output above a threshold."""

    def agreement(references: Sequence[Outputs], found: Sequence[Outputs]) -> float:
        a = np.stack([outputs[port] for outputs in references]) > threshold
        b = np.stack([outputs[port] for outputs in found]) > threshold
        return float(2 * (a & b).sum() / max(a.sum() + b.sum(), 1))

    return agreement


def rank_correlation(references: Sequence[Outputs], found: Sequence[Outputs]) -> float:
    """Spearman's correlation over the samples, mean over the values of the first output."""
    a = np.stack([outputs[0].ravel() for outputs in references]).argsort(axis=0).argsort(axis=0)
    b = np.stack([outputs[0].ravel() for outputs in found]).argsort(axis=0).argsort(axis=0)
    return float(np.mean([np.corrcoef(x, y)[0, 1] for x, y in zip(a.T, b.T, strict=True)]))
