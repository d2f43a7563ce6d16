"""How much each layer adds to the error at the outputs, from one compiled model.

Rounding can be switched on layer by layer by an input of that model, so that no layer needs a compilation or an
evaluation of its own: a few samples go through it once with all layers quantized, and once for each layer with that
one alone. Errors of single layers are nearly independent, so that they add up to the whole; what is gone with a single
layer in float says the same in principle, but as the small difference of two large errors it takes many more samples.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.algorithms.accuracy.clock import Clock
from openvino.tools.pot.algorithms.decisions import Decisions
from openvino.tools.pot.algorithms.switched import switched
from openvino.tools.pot.engines import probes
from openvino.tools.pot.engines.ie_engine import IEEngine
from openvino.tools.pot.engines.probes import Fed
from openvino.tools.pot.graph.edits.switch import FLAGS
from openvino.tools.pot.utils.progress import track


@dataclass(frozen=True)
class Shares:
    """What layers add to the error of a network.

    Attributes:
        by_layer: the squared error at the outputs with a layer alone quantized over that with all layers, mean over
            the feeds.
        whole: that with all layers, in units of the outputs' power, mean over the feeds.
    """

    by_layer: Mapping[str, float]
    whole: float


def error_shares(decisions: Decisions, engine: IEEngine, feeds: Fed, count: int, clock: Clock) -> Shares:
    """What each layer adds to the squared error at the outputs.

    Args:
        decisions: all that are made about the float model.
        engine: what runs models.
        feeds: of the network, as ``probes.fed`` gives them.
        count: how many there are, as far as that is known.
        clock: OutOfTimeError is raised when it is over.
    """
    layers = decisions.network.plan.layers
    settings = np.zeros((len(layers) + 2, len(layers)), np.float32)
    settings[1] = 1.0
    settings[2:] = np.eye(len(layers))
    shares, whole, known = np.zeros(len(layers)), 0.0, 0
    exact: Sequence[NDArray[np.generic]] = ()
    errors = np.zeros(len(settings))
    outputs = probes.run_settings(engine, switched(decisions), feeds, FLAGS, settings)
    for number, current in enumerate(track(outputs, count * len(settings), "Sensitivity")):
        clock.check()
        setting = number % len(settings)
        if setting == 0:
            exact = current
        else:
            errors[setting] = _distance(exact, current)
        if setting == len(settings) - 1:
            known += 1
            whole += errors[1]
            if errors[1] > 0:
                shares += errors[2:] / errors[1]
    known = max(known, 1)
    by_layer = {layer.node: float(share) for layer, share in zip(layers, shares / known, strict=True)}
    return Shares(by_layer, float(whole / known))


def _distance(exact: Sequence[NDArray[np.generic]], other: Sequence[NDArray[np.generic]]) -> float:
    """The squared error of all outputs together, each in units of its own power; of integers, the share that differ.

    What is not finite in the float model says nothing. What is finite there alone is as wrong as the largest value is
    large.
    """
    total = 0.0
    for plain, changed in zip(exact, other, strict=True):
        if plain.shape != changed.shape or plain.size == 0:
            continue
        if not np.issubdtype(plain.dtype, np.floating):
            total += float(np.mean(plain != changed))
            continue
        known = np.isfinite(plain)
        reference = np.asarray(plain, np.float64)[known]
        largest = np.abs(reference).max(initial=0.0)
        errors = np.nan_to_num(
            np.abs(np.asarray(changed, np.float64)[known] - reference), nan=largest, posinf=largest
        )
        total += float(np.sum(errors**2)) / (float(np.sum(reference**2)) or 1.0)
    return total


def most_telling(
    before: Mapping[str, Sequence[float]],
    after: Mapping[str, Sequence[float]],
    size: int,
    count: int,
    ratio: float = 1.0,
) -> list[int]:
    """The samples on which layers are compared: half of them changed most, half spread evenly over all.

    Args:
        before, after: metric name -> value for each sample, of the float and of the quantized model; samples are
            spread evenly if they are not known.
        size: the number of all samples.
        count: how many to choose.
        ratio: share of the samples, from the first on, of which the changes are compared.
    """
    count = min(count, size)
    changes = [
        np.abs(np.array(before[name]) - np.array(after[name]))
        for name in before
        if name in after and len(before[name]) == len(after[name]) == size
    ]
    worst: list[int] = []
    if changes:
        change = np.max([own / (own.max() or 1.0) for own in changes], axis=0)
        compared = change[: max(1, round(ratio * size))]
        largest = np.argsort(-compared, kind="stable")[: (count + 1) // 2]
        worst = [int(index) for index in largest if compared[index] > 0]
    rest = np.setdiff1d(np.arange(size), worst)
    spread = rest[np.linspace(0, len(rest) - 1, count - len(worst)).round().astype(int)]
    return sorted([*worst, *spread.tolist()])
