"""What made a model, left in it, so that a file found years later explains itself."""

from __future__ import annotations

import json
from collections.abc import Sequence

import openvino as ov

from openvino.tools.pot.algorithms.interfaces import Configured
from openvino.tools.pot.placement.plan import Plan
from openvino.tools.pot.version import __version__

ROOT = "openvino_pot"
"""Of all records, in ``rt_info``."""


def record(model: ov.Model, plan: Plan, algorithms: Sequence[Configured], samples: int) -> None:
    """Leave version, samples and algorithms in a model: their parameters as said, and what these mean."""
    model.set_rt_info({}, [ROOT])  # what an earlier run left is of another model
    model.set_rt_info(__version__, [ROOT, "version"])
    model.set_rt_info(str(samples), [ROOT, "samples"])
    model.set_rt_info("transformer" if plan.transformer else "none", [ROOT, "model_type"])
    for position, algorithm in enumerate(algorithms):
        path = [ROOT, f"algorithm_{position}"]
        parameters = json.dumps(algorithm.config, default=str, sort_keys=True)
        model.set_rt_info(algorithm.name, [*path, "name"])
        model.set_rt_info(parameters, [*path, "parameters"])
        if algorithm.places:
            model.set_rt_info(json.dumps(algorithm.recipe.as_json(), sort_keys=True), [*path, "recipe"])
