"""The weights of a network replaced by integers, one constant after the other, and what came of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from openvino.tools.pot.algorithms.weights.choosing import Choice
from openvino.tools.pot.algorithms.weights.inputs import Inputs
from openvino.tools.pot.algorithms.weights.integers import Rounded, integers_of, rounded, rows_of
from openvino.tools.pot.graph.edits.decompression import Keep, store_as_integers
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.utils.progress import track


@dataclass(frozen=True)
class Compressed:
    """What became of the weights of some layers.

    Attributes:
        weights: the name of the constant.
        layers: that read it -> their types.
        mode: as it is stored; empty where it stays as it is.
        group_size: how many weights share a scale.
        bytes_before, bytes_after: of the constant, and of all that stands for it.
        decibels: how far the weights stand out of what rounding did to them; None where it did nothing.
        output_decibels: the same of what the layer gives for the samples; None where there are none.
        why: in words.
    """

    weights: str
    layers: dict[str, str]
    mode: str
    group_size: int
    bytes_before: int
    bytes_after: int
    decibels: float | None
    output_decibels: float | None
    why: str


@dataclass(frozen=True)
class Rounding:
    """How weights are rounded, and where they go.

    Attributes:
        inputs: of layers, None where there is no data.
        nearest: whether weights get the nearest levels, whatever is known of inputs.
        keep: where the memory of new constants is; None: in the process.
    """

    inputs: Inputs | None = None
    nearest: bool = False
    keep: Keep | None = None

    def rounded(self, view: GraphView, choice: Choice) -> Rounded | None:
        """The weights of a choice; None where some are not finite."""
        weights = choice.weights
        moments = None if self.inputs is None else self.inputs.moments(weights)
        rows = rows_of(view.stored(weights.tensor), weights)
        return rounded(rows, choice.form, choice.group, moments, self.nearest)


def compress(view: GraphView, choices: Sequence[Choice], rounding: Rounding) -> list[Compressed]:
    """Store weights as was chosen; edits the model of the view in place.

    No more than one constant is worked on at a time.
    """
    return [_compressed(view, each, rounding) for each in track(choices, len(choices), "Weights")]


def _compressed(view: GraphView, choice: Choice, rounding: Rounding) -> Compressed:
    if not choice.mode:
        return _as_it_is(view, choice)
    weights = choice.weights
    found = rounding.rounded(view, choice)
    if found is None:
        return _as_it_is(view, replace(choice, mode="", group=0, why="some of its weights are not finite"))
    integers = integers_of(found, choice)
    before = _bytes(view, choice)
    for ports in _by_type(view, choice):
        store_as_integers(ports, integers, weights.tensor.node, rounding.keep)
    return Compressed(
        weights.tensor.node,
        dict(weights.layers),
        choice.mode,
        choice.group,
        before,
        integers.bytes,
        found.decibels,
        found.output_decibels,
        choice.why,
    )


def _by_type(view: GraphView, choice: Choice) -> list[list[Any]]:
    """The inputs that read the weights, those of each type of numbers together."""
    found: dict[str, list[Any]] = {}
    for reader in choice.weights.readers:
        port = view.port(reader)
        found.setdefault(port.get_element_type().get_type_name(), []).append(port)
    return list(found.values())


def _as_it_is(view: GraphView, choice: Choice) -> Compressed:
    weights, size = choice.weights, _bytes(view, choice)
    return Compressed(weights.tensor.node, dict(weights.layers), "", 0, size, size, None, None, choice.why)


def _bytes(view: GraphView, choice: Choice) -> int:
    tensor = choice.weights.tensor
    if tensor.node not in view.nodes:  # within a loop
        return 4 * choice.weights.size
    return int(view.output(tensor).get_element_type().size) * choice.weights.size
