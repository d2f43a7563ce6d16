"""What the float model gives on the samples where the quantized one is held against it, output by output."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import openvino as ov

from openvino.tools.pot.algorithms.checking.running import Run, by_number, names_of_parts, watching
from openvino.tools.pot.algorithms.checking.running import outputs_of as outputs_of_request
from openvino.tools.pot.diagnosis.facts import Output
from openvino.tools.pot.diagnosis.fidelity import likenesses
from openvino.tools.pot.engines.compiling import compiled_as_defined
from openvino.tools.pot.engines.stream import Feed
from openvino.tools.pot.graph.parts import parts
from openvino.tools.pot.graph.tensors import InputId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.statistics.witness import Watched, Witness, watched_inputs
from openvino.tools.pot.utils.errors import ModelError
from openvino.tools.pot.utils.runtime import FLOAT32


def with_results_of(model: ov.Model, other: ov.Model) -> None:
    """Give the results of a model the names of another's: those of the same tensor names, else at the same place.

    Raises:
        ModelError: they are not as many.
    """
    results, others = model.get_results(), other.get_results()
    if len(results) != len(others):
        raise ModelError(f"the float model has {len(results)} outputs, the quantized one {len(others)}")
    by_name = {name: node for node in results for name in node.input_value(0).get_names()}
    for number, node in enumerate(others):
        names = [by_name[name] for name in sorted(node.input_value(0).get_names()) if name in by_name]
        node.set_friendly_name((names[0] if names else results[number]).get_friendly_name())


def witnessed(model: ov.Model, other: ov.Model, feeds: Sequence[Feed], device: str) -> Witness:
    """What the float model gives by itself for samples, where it can be compared with the quantized one."""
    watched = watched_inputs(GraphView(model))
    known = GraphView(other).nodes
    if not all(place.node in known for place in watched.all):
        view = GraphView(model)
        results = tuple(InputId(node.get_friendly_name(), 0) for node in model.get_results())
        watched = Watched(results, (), tuple(parts(view, view.source(place)) for place in results))
    witness = Witness(watched, samples=len(feeds), feeds=[dict(feed) for feed in feeds])
    plain = compiled_as_defined(watching(model, witness, as_stored=False), device, dict(FLOAT32))
    request = plain.create_infer_request()
    for feed in witness.feeds:
        request.reset_state()
        request.infer(by_number(plain.inputs, feed))
        witness.values.append(outputs_of_request(request))
        witness.fresh.append(True)
    return witness


def outputs_of(model: ov.Model, witness: Witness, found: Run) -> tuple[Output, ...]:
    """How each output follows."""
    if found.failure:
        raise ModelError(f"the quantized model can't be run: {found.failure}")
    names = names_of_parts(model, witness.watched)
    return tuple(
        Output(name=name, fidelity=_known(figure.decibels), equal=_known(figure.equal))
        for name, figure in zip(names, likenesses(witness, found), strict=True)
    )


def _known(value: float) -> float | None:
    if np.isnan(value):
        return None
    return float(np.clip(value, -300, 300))
