"""Which layers cost the outputs most, on the witnessed samples."""

from __future__ import annotations

import numpy as np
import openvino as ov

from openvino.tools.pot.algorithms.job import Job
from openvino.tools.pot.algorithms.switched import switched
from openvino.tools.pot.arithmetic.distance import likeness
from openvino.tools.pot.engines.compiling import awaken, compiled_as_defined
from openvino.tools.pot.graph.edits.emulate import emulated
from openvino.tools.pot.graph.edits.switch import FLAGS
from openvino.tools.pot.graph.names import input_name
from openvino.tools.pot.graph.parts import Part, parts, values_in
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.statistics.witness import Witness
from openvino.tools.pot.utils.bfloat import values_of
from openvino.tools.pot.utils.runtime import FLOAT32

_SAMPLES = 2


def worst_layers(job: Job, witness: Witness) -> list[str]:
    """Layers by how large the error of the outputs is with that one alone in INT8, the worst first.

    Args:
        job: decided, of a model that is not edited yet.
        witness: inferences of the float model.
    """
    names = [layer.node for layer in job.plan.layers]
    compiled = compiled_as_defined(emulated(switched(job.decisions), narrow=True), "CPU", dict(FLOAT32))
    request = compiled.create_infer_request()
    joined = _parts(job.decisions.network.view)
    errors = np.zeros(len(names))
    none = {FLAGS: np.zeros(len(names), np.float32)}
    awaken(request, compiled, _numbered(request, {**witness.feeds[0], **none}))
    for feed in witness.feeds[:_SAMPLES]:
        exact = _outputs(request, {**feed, **none})
        for number, flags in enumerate(np.eye(len(names), dtype=np.float32)):
            found = _outputs(request, {**feed, FLAGS: flags})
            figures = [
                likeness([values_in(before, part)], [values_in(after, part)])
                for before, after, kinds in zip(exact, found, joined, strict=True)
                for part in kinds
            ]
            errors[number] += max((figure.error for figure in figures if figure.tells), default=0.0)
    return [names[number] for number in np.argsort(-errors, kind="stable")]


def _parts(view: GraphView) -> list[tuple[Part, ...]]:
    """What is joined in each output."""
    return [parts(view, view.inputs(node.get_friendly_name())[0]) for node in view.model.get_results()]


def _outputs(request: ov.InferRequest, feed: dict[str, np.ndarray]) -> list[np.ndarray]:
    request.reset_state()
    request.infer(_numbered(request, feed))
    return [np.array(values_of(tensor)) for tensor in request.output_tensors]


def _numbered(request: ov.InferRequest, feed: dict[str, np.ndarray]) -> dict[int, np.ndarray]:
    return {number: feed[input_name(port)] for number, port in enumerate(request.model_inputs)}
