"""Inputs whose channels have steps of their own, as normalized pixels have, counted in these steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot.algorithms.interfaces import Configured
from openvino.tools.pot.algorithms.measuring import Measuring
from openvino.tools.pot.algorithms.parameters import placing
from openvino.tools.pot.algorithms.recipe import Recipe
from openvino.tools.pot.arithmetic.lattice import Lattice, lattice_of
from openvino.tools.pot.graph.edits.exact_input import MARK, count_in_steps
from openvino.tools.pot.graph.model import CompressedModel, SubModel
from openvino.tools.pot.graph.sizes import sizes_of, with_sizes
from openvino.tools.pot.graph.tensors import InputId, TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.placement.exact import first_convolution, is_worth_counting
from openvino.tools.pot.placement.planner import make_plan
from openvino.tools.pot.utils.errors import reason
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)

_LOOKED, _ROOM = 16, 16_000_000
"""Samples that are looked at until all levels were seen, and bytes of these, of which one is looked at in any case."""

_FIRST = 1 << 16
"""Values of a channel that steps are found in, which all others are held against."""

_WIDENED = 1.25
"""How many times as large the noise of weights may become: what offsets come to shares a scale with them."""

_CORRECTING = "DefaultQuantization"
"""It corrects biases: rounded, the weights that carry offsets would shift outputs where nothing does."""


def with_exact_input(
    model: CompressedModel, algorithms: Sequence[Configured], measuring: Measuring
) -> CompressedModel:
    """A float model that gives the same, whose first convolution reads integers from 0 to 255; or the model itself.

    Args:
        model: of one network, in float.
        algorithms: that will be applied.
        measuring: has the samples.
    """
    (sub,), recipe = model.submodels, placing(algorithms).recipe
    if any(each.rewrites for each in algorithms) or not _may(recipe, algorithms):
        return model
    try:
        found = _found(sub, recipe, measuring)
    except Exception as error:  # of the user's samples, of which the pass itself says what is wrong
        logger.debug("the input is not looked at: %s", reason(error))
        return model
    if found is None:
        return model
    layer, lattice = found
    network = sub.model.clone()
    count_in_steps(GraphView(network), layer, lattice.offsets, lattice.steps)
    if layer not in {each.node for each in make_plan(GraphView(network), recipe.device, {}).layers}:
        return model
    logger.info(
        "model %r: channels of its input have steps of their own: counted in these, %r reads it without rounding",
        model.name,
        layer,
    )
    return CompressedModel([replace(sub, model=network)], model.name)


def _may(recipe: Recipe, algorithms: Sequence[Configured]) -> bool:
    """Whether nothing that is said of quantizers stands against it."""
    corrects = placing(algorithms).name == _CORRECTING
    return corrects and recipe.divides and recipe.estimation == "least error" and not recipe.parameters.rules


def _found(sub: SubModel, recipe: Recipe, measuring: Measuring) -> tuple[str, Lattice] | None:
    """The convolution whose input can be counted, and in which steps."""
    view = GraphView(sub.model)
    place = first_convolution(view)
    if place is None or any(name.endswith(MARK) for name in view.nodes) or _is_ignored(sub, recipe, place[1]):
        return None
    (source, layer), found = place, None
    part = _part(sub.model, source)
    for number, feed in enumerate(measuring.first(_LOOKED, _ROOM)):
        if number == 0:
            seen = GraphView(sub.model, with_sizes(sub.model, sizes_of(feed)))
            if not is_worth_counting(seen, recipe.device, source, layer):
                return None
        values = _computed(part, feed)
        found = lattice_of(values[:, :_FIRST]) if found is None else found
        found = None if found is None else found.over(values)
        if found is None:
            return None
        if found.is_whole:
            break
    if found is None or not found.is_whole or found.is_one or not _is_light(view, layer, found):
        return None
    return layer, found


def _is_ignored(sub: SubModel, recipe: Recipe, layer: str) -> bool:
    scope = recipe.parameters.ignored.of(sub.name)
    named = any(layer in sub.bearers(name) for name in scope.scope)
    return scope.skip_model or named or any(each.type == "Convolution" for each in scope.operations)


def _is_light(view: GraphView, layer: str, lattice: Lattice) -> bool:
    """Whether what offsets come to leaves other weights nearly all of their levels."""
    weights = view.value(view.source(InputId(layer, 1))).astype(np.float64)
    offsets, steps = (np.array(own).reshape(1, -1, 1, 1) for own in (lattice.offsets, lattice.steps))
    carried = np.abs((weights * offsets).sum(axis=1)).max(axis=(1, 2)) / lattice.highest[0]
    largest = np.abs(weights * steps).max(axis=(1, 2, 3))
    return bool(np.square(np.maximum(carried, largest)).sum() <= _WIDENED * np.square(largest).sum())


def _part(model: ov.Model, source: TensorId) -> ov.Model:
    """A copy of what computes a tensor behind the input."""
    clone = model.clone()
    (node,) = (each for each in clone.get_ops() if each.get_friendly_name() == source.node)
    return ov.Model([node.output(source.port)], clone.get_parameters())


def _computed(part: ov.Model, feed: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
    """Its values, ``[channels, values]``."""
    (fed,), kind = feed.values(), part.inputs[0].get_element_type().to_dtype()
    result = ov.Tensor(ov.Type.f32, ov.Shape([]))
    part.evaluate([result], [ov.Tensor(np.ascontiguousarray(fed, kind))])
    return np.array(result.data.swapaxes(0, 1).reshape(result.shape[1], -1))
