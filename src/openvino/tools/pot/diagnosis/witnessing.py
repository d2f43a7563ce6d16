"""What the float model gives on the samples where the quantized one is held against it, output by output."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import openvino as ov

from openvino.tools.pot.algorithms.checking.running import (
    Run,
    by_number,
    names_of_parts,
    shows_watched,
    watching,
)
from openvino.tools.pot.algorithms.checking.running import outputs_of as outputs_of_request
from openvino.tools.pot.diagnosis.facts import Output
from openvino.tools.pot.diagnosis.fidelity import likenesses
from openvino.tools.pot.engines.compiling import as_defined, awaken, compiled_as_defined
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
    results, others = model.outputs, other.outputs
    if len(results) != len(others):
        raise ModelError(f"the float model has {len(results)} outputs, the quantized one {len(others)}")
    name_results(model, other)


def name_results(first: ov.Model, other: ov.Model) -> None:
    """Call as many results as those of the first model that give the same: by a name of the tensor, else by place."""
    free = list(range(len(other.outputs)))
    places: dict[int, int] = {}
    for number, port in enumerate(first.outputs):
        same = (place for place in free if port.get_names() & other.outputs[place].get_names())
        place = next(same, None)
        if place is not None:
            places[number] = place
            free.remove(place)
    for number, port in enumerate(first.outputs):
        place = places[number] if number in places else free.pop(0)
        other.outputs[place].get_node().set_friendly_name(port.get_node().get_friendly_name())


def witnessed(
    model: ov.Model,
    other: ov.Model,
    feeds: Sequence[Feed],
    device: str,
    compiled: ov.CompiledModel | None = None,
) -> Witness:
    """What the float model gives by itself for samples, where it can be compared with the quantized one.

    Args:
        model, other: the two.
        feeds: the samples.
        device: where the model runs.
        compiled: the float model in float32, which is run if it fits.
    """
    witness = Witness(watched_in([model, other]), samples=len(feeds))
    fill(witness, model, feeds, device, compiled)
    return witness


def watched_in(models: Sequence[ov.Model]) -> Watched:
    """Where models can be compared: at what sorts before results, or at results where one has nothing such."""
    view = GraphView(models[0])
    found = watched_inputs(view)
    others = [GraphView(model) for model in models[1:]]
    if all(_is_in(other, view, place) for other in others for place in found.all):
        return found
    places = tuple(InputId(node.get_friendly_name(), 0) for node in models[0].get_results())
    return Watched(places, parts=tuple(parts(view, view.source(place)) for place in places))


def _is_in(other: GraphView, view: GraphView, place: InputId) -> bool:
    known = place.node in other.nodes and other.type(place.node) == view.type(place.node)
    return known and len(other.inputs(place.node)) > place.port


def fill(
    witness: Witness,
    model: ov.Model,
    feeds: Sequence[Feed],
    device: str,
    compiled: ov.CompiledModel | None = None,
) -> None:
    """Keep what a model gives for samples where it is watched; it is compiled unless what was compiled before fits.

    Raises:
        RuntimeError: OpenVINO can't run it.
    """
    witness.feeds = [dict(feed) for feed in feeds]
    witness.fresh = [True] * len(feeds)
    if compiled is None or as_defined(model) is not model or not shows_watched(model, witness):
        compiled = compiled_as_defined(watching(model, witness, as_stored=False), device, dict(FLOAT32))
    request = compiled.create_infer_request()
    awaken(request, compiled, by_number(compiled.inputs, feeds[0]))
    stateful = bool(request.query_state())
    for feed in feeds:
        if stateful:
            request.reset_state()
        request.infer(by_number(compiled.inputs, feed))
        witness.values.append(outputs_of_request(request))


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
