"""A network in float and as it was decided so far, side by side in one model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import openvino as ov
from openvino import opset13 as op

from openvino.tools.pot.algorithms.decisions import Decisions, PlannedNetwork
from openvino.tools.pot.algorithms.interfaces import Passes
from openvino.tools.pot.algorithms.transform import transform
from openvino.tools.pot.graph.beside import SECOND, beside
from openvino.tools.pot.graph.edits.adjust import adjustable
from openvino.tools.pot.graph.edits.emulate import emulated
from openvino.tools.pot.graph.edits.scalable import scalable
from openvino.tools.pot.graph.geometry import LinearLayer
from openvino.tools.pot.graph.sizes import with_sizes
from openvino.tools.pot.graph.tensors import InputId, TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.placement.exact import counted
from openvino.tools.pot.placement.plan import ActivationQuantizer
from openvino.tools.pot.statistics.measured import Statistics
from openvino.tools.pot.statistics.reducers import Departure
from openvino.tools.pot.statistics.requests import Request
from openvino.tools.pot.statistics.steered import SteeredLayout, Steering
from openvino.tools.pot.statistics.witness import watched_inputs
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)

_SHIFTS, _FACTORS = "bias_shifts", "range_factors"


@dataclass(frozen=True)
class Rehearsal:
    """Both networks as one model, with quantizers as plain arithmetic, so that any device computes what is meant.

    Attributes:
        network: in float.
        model: has the float network's inputs and results before others.
        outputs: layer of the plan -> what it gives in the quantized network, before its bias.
        shifts: name of the input that biases of the quantized network are shifted by; empty where there is none.
        factors: the same of the one that ranges of its activations are multiplied with.
    """

    network: ov.Model
    model: ov.Model
    outputs: Mapping[str, TensorId]
    shifts: str = ""
    factors: str = ""

    @property
    def departures(self) -> list[Request]:
        """What asks how far outputs of the quantized network are from those of the float one."""
        return [Request(other, Departure(own), "mean") for own, other in self.compared]

    def measured(
        self, passes: Passes, requests: Iterable[Request], steering: Steering, units: Sequence[int]
    ) -> Statistics:
        """What requests find on samples by their numbers, in this order; sizes may depend on data that is rounded."""
        seen = with_sizes(self.model, passes.sizes)
        return passes.measure(SteeredLayout(self.network, self.model, requests, steering, seen), units)

    @property
    def compared(self) -> list[tuple[TensorId, TensorId]]:
        """Tensors of both networks at which outputs can be compared, in float and quantized."""
        view, found = GraphView(self.model), []
        for place in watched_inputs(GraphView(self.network)).ordered:
            own, other = (view.source(InputId(prefix + place.node, place.port)) for prefix in ("", SECOND))
            ports = [view.output(tensor) for tensor in (own, other)]
            known = all(port.get_partial_shape().rank.is_static for port in ports)
            if known and all(port.get_element_type().is_real() for port in ports):
                found.append((own, other))
        return found

    @classmethod
    def of(
        cls,
        decisions: Decisions,
        adjusted: Iterable[LinearLayer] = (),
        scaled: Sequence[Sequence[ActivationQuantizer]] = (),
        alone: bool = False,
    ) -> Rehearsal:
        """Carry out all that was decided so far, on a copy.

        Args:
            decisions: stay as they are.
            adjusted: layers whose biases are shifted by an input, one layer's after the other's, and not as decided.
            scaled: groups of quantizers whose ranges are multiplied with a factor of another input each.
            alone: whether each quantizer reads the float network, so that nothing comes from layers before.
        """
        network, layers = decisions.network, tuple(adjusted)
        kept = {
            node: shift
            for node, shift in decisions.bias_shifts.items()
            if all(node != x.node for x in layers)
        }
        trial = _copied(network)
        nodes = {layer.node: trial.view.nodes[layer.node] for layer in network.plan.layers}
        transform(replace(decisions, network=trial, bias_shifts=kept))
        second, inputs = trial.sub.model, list[Any]()
        if layers:
            outputs = [(nodes[layer.node].output(0), layer.output_axis) for layer in layers]
            inputs.append(adjustable(outputs, _SHIFTS))
        if scaled:
            inputs.append(
                scalable([[_quantizer(trial, each) for each in group] for group in scaled], _FACTORS)
            )
        results: list[Any] = [*second.get_results(), *(_kept(nodes.values()) if alone else ())]
        second = ov.Model(results, [*second.get_parameters(), *inputs], "second")
        places = _places(trial, network) if alone else {}
        joined = beside(network.sub.model, second)
        view = GraphView(joined)
        for quantizer, port in places.items():
            port.replace_source_output(view.output(quantizer.tensor))
        names = (SECOND + _SHIFTS if layers else "", SECOND + _FACTORS if scaled else "")
        found = {layer: TensorId(node.get_friendly_name()) for layer, node in nodes.items()}
        return cls(network.sub.model, emulated(joined, narrow=True), found, *names)


def is_one_of_each(name: str, inferences: int, samples: int, otherwise: str) -> bool:
    """Whether a model made one inference of each sample; told of where it did not, with what becomes of it."""
    if inferences != samples:
        said = "model %r makes %d inferences of %d samples, expected one of each: %s"
        logger.warning(said, name, inferences, samples, otherwise)
    return inferences == samples


def _copied(network: PlannedNetwork) -> PlannedNetwork:
    """The same about a copy of the network."""
    clone, own = network.sub.model.clone(), network.view
    view = GraphView(clone, None if own.seen is own.model else own.seen)
    return replace(network, sub=replace(network.sub, model=clone), view=view)


def _quantizer(network: PlannedNetwork, planned: ActivationQuantizer) -> ov.Node:
    """The FakeQuantize that a planned quantizer has become."""
    node: ov.Node = network.view.port(planned.readers[0]).get_source_output().get_node()
    return node


def _kept(layers: Iterable[ov.Node]) -> Iterator[ov.Node]:
    """Results of what reads layers: no result of the network follows from these where quantizers read another one."""
    readers = [reader.get_node() for node in layers for reader in node.output(0).get_target_inputs()]
    return (op.result(node.output(0)) for node in readers if node.get_type_name() != "Result")


def _places(trial: PlannedNetwork, network: PlannedNetwork) -> dict[ActivationQuantizer, ov.Input]:
    """Where quantizers of a copy read what the network has, too; with nothing before it, a counted input stays."""
    exact = counted(network.view)
    return {each: _place(trial, each) for each in network.plan.activations if each.tensor not in exact}


def _place(network: PlannedNetwork, planned: ActivationQuantizer) -> ov.Input:
    """Where a quantizer reads its tensor, with what divides it, if that is a node of its own."""
    node = _quantizer(network, planned)
    before: ov.Node = node.input_value(0).get_node()
    divides = before.get_type_name() == "Multiply" and before.get_friendly_name() not in network.view.nodes
    return (before if divides else node).input(0)
