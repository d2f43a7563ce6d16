"""Which layers cost the outputs most, on the witnessed samples."""

from __future__ import annotations

import numpy as np
import openvino as ov

from openvino.tools.pot.algorithms.checking.running import by_number, outputs_of
from openvino.tools.pot.algorithms.job import Job
from openvino.tools.pot.algorithms.switched import switched
from openvino.tools.pot.arithmetic.distance import likeness
from openvino.tools.pot.engines.compiling import awaken, compiled_as_defined
from openvino.tools.pot.graph.edits.emulate import emulated
from openvino.tools.pot.graph.edits.switch import FLAGS
from openvino.tools.pot.graph.parts import parts, values_in
from openvino.tools.pot.statistics.witness import Witness
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
    request, view = compiled.create_infer_request(), job.decisions.network.view
    joined = [parts(view, view.inputs(node.get_friendly_name())[0]) for node in view.model.get_results()]
    errors = np.zeros(len(names))
    settings = np.eye(len(names) + 1, len(names), -1, np.float32)  # first all in float, then one by one not
    awaken(request, compiled, by_number(compiled.inputs, {**witness.feeds[0], FLAGS: settings[0]}))
    for feed in witness.feeds[:_SAMPLES]:
        results = (_outputs(request, {**feed, FLAGS: flags}) for flags in settings)
        exact = next(results)
        for number, found in enumerate(results):
            figures = [
                likeness([values_in(before, part)], [values_in(after, part)])
                for before, after, kinds in zip(exact, found, joined, strict=True)
                for part in kinds
            ]
            errors[number] += max((figure.error for figure in figures if figure.tells), default=0.0)
    return [names[number] for number in np.argsort(-errors, kind="stable")]


def _outputs(request: ov.InferRequest, feed: dict[str, np.ndarray]) -> list[np.ndarray]:
    request.reset_state()
    request.infer(by_number(request.model_inputs, feed))
    return outputs_of(request)
