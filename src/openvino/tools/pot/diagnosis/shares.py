"""What each layer adds to the error of the outputs: one compiled model whose rounding an input switches on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot.arithmetic.distance import squared_error
from openvino.tools.pot.diagnosis.reading import Reading
from openvino.tools.pot.engines.compiling import compiled_for
from openvino.tools.pot.engines.stream import Feed, run_stream
from openvino.tools.pot.graph.edits.switch import FLAGS, Switches
from openvino.tools.pot.graph.tensors import InputId, TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.utils.progress import track

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Shares:
    """Squared errors of all outputs together, in units of their power; means over the feeds.

    Attributes:
        alone: of each layer alone, ``[layers]``.
        whole: of all layers.
        weights, activations: of all weights alone, and of all activations alone.
    """

    alone: Doubles
    whole: float
    weights: float
    activations: float


def settings_for(layers: int) -> NDArray[np.float32]:
    """Flags of the inferences that tell layers apart, ``[layers + 4, 2 * layers]``: activations, then weights.

    None, all, weights alone, activations alone, each layer alone.
    """
    none, both = np.zeros(layers), np.ones(layers)
    groups = [(none, none), (both, both), (none, both), (both, none)]
    alone = np.eye(layers)
    rows = [*(np.concatenate(group) for group in groups), *np.concatenate([alone, alone], axis=1)]
    return np.asarray(rows, np.float32)


def shares(
    model: ov.Model, readings: Sequence[Reading], feeds: Iterable[Feed], count: int, device: str
) -> Shares:
    """What each quantized layer adds to the error.

    Args:
        model: in float.
        readings: what is done to its layers; at least one.
        feeds: few of them are enough; each is run once more than there are layers.
        count: how many there are.
        device: where it runs.
    """
    settings = settings_for(len(readings))
    compiled = compiled_for("compared", switched(model, readings), device)
    runs = ((None, {**feed, FLAGS: flags}) for feed in feeds for flags in settings)
    errors, known = np.zeros(len(settings)), 0
    exact: Sequence[NDArray[np.generic]] = ()
    results = track(run_stream(compiled, runs), count * len(settings), "Layers one by one")
    for number, (_, found) in enumerate(results):
        place = number % len(settings)
        if place == 0:
            exact, known = found, known + 1
        else:
            errors[place] += squared_error(exact, found)
    errors /= max(known, 1)
    return Shares(errors[4:], float(errors[1]), float(errors[2]), float(errors[3]))


def switched(model: ov.Model, readings: Sequence[Reading]) -> ov.Model:
    """A copy of the float model with two flags for each layer: one for its inputs, one for its weights."""
    clone = model.clone()
    switches, view = Switches(clone, 2 * len(readings)), GraphView(model)
    for number, reading in enumerate(readings):
        node = reading.pair.node
        for port, span in reading.spans.items():
            switches.activation(number, InputId(node, port), span)
        if reading.weights is not None and reading.weight_error is not None:
            rank = len(view.shape(TensorId(node)) or ())
            place = InputId(node, reading.weights[0])
            flag = len(readings) + number
            switches.weights(flag, place, reading.weight_error, reading.shift_for(rank))
    clone.validate_nodes_and_infer_types()
    return clone
