"""A network in float and as it was decided so far, side by side in one model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import openvino as ov

from openvino.tools.pot.algorithms.decisions import Decisions, PlannedNetwork
from openvino.tools.pot.algorithms.transform import transform
from openvino.tools.pot.graph.beside import SECOND, beside
from openvino.tools.pot.graph.edits.adjust import adjustable
from openvino.tools.pot.graph.edits.emulate import emulated
from openvino.tools.pot.graph.geometry import LinearLayer
from openvino.tools.pot.graph.tensors import InputId, TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.statistics.witness import watched_inputs

_SHIFTS = "bias_shifts"


@dataclass(frozen=True)
class Rehearsal:
    """Both networks as one model, with quantizers as plain arithmetic, so that any device computes what is meant.

    Attributes:
        network: in float.
        model: has the float network's inputs and results before others.
        outputs: layer of the plan -> what it gives in the quantized network, before its bias.
        shifts: name of the input that biases of the quantized network are shifted by; empty where there is none.
    """

    network: ov.Model
    model: ov.Model
    outputs: Mapping[str, TensorId]
    shifts: str = ""

    @property
    def compared(self) -> list[tuple[TensorId, TensorId]]:
        """Tensors of both networks at which outputs can be compared, in float and quantized."""
        view, found = GraphView(self.model), []
        for place in watched_inputs(GraphView(self.network)).ordered:
            own, other = (view.source(InputId(prefix + place.node, place.port)) for prefix in ("", SECOND))
            ports = [view.output(tensor) for tensor in (own, other)]
            known = all(port.get_partial_shape().rank.is_static for port in ports)
            if known and all(port.get_element_type() == ov.Type.f32 for port in ports):
                found.append((own, other))
        return found

    @classmethod
    def of(cls, decisions: Decisions, adjusted: Iterable[LinearLayer] = ()) -> Rehearsal:
        """Carry out all that was decided so far, on a copy.

        Args:
            decisions: stay as they are.
            adjusted: layers whose biases are shifted by an input, one layer's after the other's, and not as decided.
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
        second, name = trial.sub.model, ""
        if layers:
            outputs = [(nodes[layer.node].output(0), layer.output_axis) for layer in layers]
            inputs = [*second.get_parameters(), adjustable(outputs, _SHIFTS)]
            second, name = ov.Model(second.get_results(), inputs, "second"), SECOND + _SHIFTS
        joined = beside(network.sub.model, second)
        found = {layer: TensorId(node.get_friendly_name()) for layer, node in nodes.items()}
        return cls(network.sub.model, emulated(joined, narrow=True), found, name)


def _copied(network: PlannedNetwork) -> PlannedNetwork:
    """The same about a copy of the network."""
    clone, own = network.sub.model.clone(), network.view
    view = GraphView(clone, None if own.seen is own.model else own.seen)
    return replace(network, sub=replace(network.sub, model=clone), view=view)
