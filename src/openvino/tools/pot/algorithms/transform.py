"""From decisions to the edited model, and what made it left in it, so that a file found years later explains itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot.algorithms.decisions import Decisions
from openvino.tools.pot.algorithms.interfaces import Configured
from openvino.tools.pot.configs.parameters import OF_THE_MACHINE
from openvino.tools.pot.graph.digest import Digest
from openvino.tools.pot.graph.edits.bias import shift_bias
from openvino.tools.pot.graph.edits.clamp import insert_clamp
from openvino.tools.pot.graph.edits.exact_input import quantize_before_padding
from openvino.tools.pot.graph.edits.plain import give_initial_values
from openvino.tools.pot.graph.edits.quantize import insert_fake_quantize
from openvino.tools.pot.graph.edits.repeat import repeat_channels
from openvino.tools.pot.graph.edits.replace import Keep, replace_constant
from openvino.tools.pot.graph.geometry import along, linear_layer
from openvino.tools.pot.graph.half import SCALE_FACTOR
from openvino.tools.pot.graph.names import all_names, stabilise
from openvino.tools.pot.graph.tensors import InputId, TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.placement.plan import Plan
from openvino.tools.pot.version import __version__

ROOT = "openvino_pot"
"""Of all records, in ``rt_info``."""


def is_divided_apart(shape: tuple[int | None, ...], divisor: NDArray[Any]) -> bool:
    """Whether the input of a product is divided by a Multiply of its own.

    Where sizes are open, the CPU plugin (2026.4) refuses or miscomputes ranges that differ from channel to channel.

    Args:
        shape: of the input, as the device knows it.
        divisor: of its channels.
    """
    return None in shape and divisor.size > 1


def transform(decisions: Decisions, keep: Keep | None = None) -> None:
    """Carry out what the stages decided, on the network that it is about.

    Args:
        decisions: of the stages.
        keep: where new weights go, absent: into memory.
    """
    network = decisions.network
    model, view, plan = network.sub.model, network.view, network.plan
    give_initial_values(model)
    before = all_names(model)
    for _, layer, _ in network.layers_with_weights:
        if layer.node in decisions.bias_shifts:
            shift_bias(view, layer, decisions.bias_shifts[layer.node])
    _repeat(decisions)
    for changed in plan.weights:
        if any(changed in each for each in (decisions.levels, decisions.weight_scales, decisions.replaced)):
            values = decisions.moved_weights(changed)
            halves = changed in decisions.replaced and view.stored(changed.tensor).dtype == np.float16
            name = f"{changed.readers[0].node}/weights"
            replace_constant(view, changed.readers, values, name, halves, keep)
    for tensor, (low, high) in decisions.bounds.items():
        insert_clamp(view, tensor, low, high, f"{tensor.node}/bounds")
    stabilise(model, before)
    view = GraphView(model)
    for quantizer in plan.activations:
        own, divisor = decisions.activations[quantizer.tensor], decisions.divisors.get(quantizer.tensor)
        tensor = _now_read(view, quantizer.readers)
        shape = view.shape(tensor) or ()
        shaped = None if divisor is None else along(divisor, quantizer.channel_axis, len(shape))
        apart = shaped is not None and "MatMul" in quantizer.feeds and is_divided_apart(shape, shaped)
        insert_fake_quantize(view, tensor, quantizer.readers, own, quantizer.name, shaped, apart)
    for weights in (each for each in plan.weights if each in decisions.weights):
        tensor = _now_read(view, weights.readers)
        insert_fake_quantize(view, tensor, weights.readers, decisions.weights[weights], weights.name)
    quantize_before_padding(model)
    model.validate_nodes_and_infer_types()
    stabilise(model, [*before, *all_names(model)])


def _repeat(decisions: Decisions) -> None:
    """Let layers have channels more than once."""
    network = decisions.network
    for place, (channels, weights) in decisions.repeated.items():
        # Anew each time, since one layer's channels are made by another's weights, which may have changed.
        view = GraphView(network.sub.model)
        layer = linear_layer(view, place.readers[0].node)
        assert layer is not None
        repeat_channels(view, layer, channels, weights)


def _now_read(view: GraphView, readers: tuple[InputId, ...]) -> TensorId:
    """What the readers of a planned tensor read by now: behind an added bias, or a rewritten constant."""
    return view.inputs(readers[0].node)[readers[0].port]


def record(model: ov.Model, plan: Plan, algorithms: Sequence[Configured], samples: int) -> None:
    """Leave version, samples and algorithms in a model: their parameters as said, and what these mean.

    What tells of the machine alone, and changes no model, is left out.
    """
    model.set_rt_info({}, [ROOT])  # what an earlier run left is of another model
    model.set_rt_info(__version__, [ROOT, "version"])
    model.set_rt_info(str(samples), [ROOT, "samples"])
    model.set_rt_info("transformer" if plan.transformer else "none", [ROOT, "model_type"])
    for position, algorithm in enumerate(algorithms):
        path = [ROOT, f"algorithm_{position}"]
        said = {key: value for key, value in algorithm.config.items() if key not in OF_THE_MACHINE}
        parameters = json.dumps(said, default=str, sort_keys=True)
        model.set_rt_info(algorithm.name, [*path, "name"])
        model.set_rt_info(parameters, [*path, "parameters"])
        if algorithm.places and not algorithm.rewrites:
            model.set_rt_info(json.dumps(algorithm.recipe.as_json(), sort_keys=True), [*path, "recipe"])


def recorded_samples(model: ov.Model) -> int:
    """How many samples the ranges of a model come from, as it records itself; 0 where it doesn't."""
    place = [ROOT, "samples"]
    said = str(model.get_rt_info(place).astype(str)) if model.has_rt_info(place) else ""
    return int(said) if said.isdecimal() else 0


def record_origin(model: ov.Model, origin: Digest | None, figures: str) -> None:
    """Leave in a model what it was made from.

    Args:
        model: has a record of what made it.
        origin: the digest of the float network, if it is known.
        figures: the digest of the statistics; empty where there were none.
    """
    model.set_rt_info(ov.get_version(), [ROOT, "openvino"])
    if origin is not None:
        model.set_rt_info(origin.graph, [ROOT, "float_model", "graph"])
        model.set_rt_info(origin.weights, [ROOT, "float_model", "weights"])
    if figures:
        model.set_rt_info(figures, [ROOT, "statistics"])


def record_factor(model: ov.Model, factor: float) -> None:
    """Tell OpenVINO by which factor to keep tensors within half precision, unless the model names a larger one."""
    place = ["runtime_options", SCALE_FACTOR]
    if factor > 1 and not (
        model.has_rt_info(place) and float(model.get_rt_info(place).astype(float)) >= factor
    ):
        model.set_rt_info(factor, place)
