"""Where quantizers go in a network, by its recipe."""

from __future__ import annotations

from openvino.tools.pot.algorithms.decisions import PlannedNetwork
from openvino.tools.pot.algorithms.recipe import Recipe
from openvino.tools.pot.graph.model import SubModel
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.placement.avoided import Avoided
from openvino.tools.pot.placement.integers import make_integer_plan
from openvino.tools.pot.placement.plan import Plan
from openvino.tools.pot.placement.planner import make_plan
from openvino.tools.pot.placement.scope import ignored_nodes
from openvino.tools.pot.placement.transformers import why_transformer
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)


def place(recipe: Recipe, sub: SubModel, view: GraphView, avoided: Avoided) -> PlannedNetwork:
    """Place the quantizers of a network for a device, less the ignored scope.

    Args:
        recipe: how it is quantized.
        sub: the network.
        view: of it.
        avoided: what the plan must do without; where there is anything, all was said of the plan before.
    """
    scope = recipe.parameters.ignored.of(sub.name)
    ignored = {**ignored_nodes(view, scope, sub), **avoided.floats}
    plan = _plan(recipe, sub, view, ignored, avoided)
    for layer in plan.floats:
        if layer.costly and not avoided:
            logger.info("%s %r stays in float: %s", layer.type, layer.node, layer.reason)
    return PlannedNetwork(sub, view, plan, avoided)


def _plan(recipe: Recipe, sub: SubModel, view: GraphView, ignored: dict[str, str], avoided: Avoided) -> Plan:
    parameters, device = recipe.parameters, recipe.device
    if device.integers is None:
        transformer = _is_transformer(recipe, sub, view, tells=not avoided)
        return make_plan(view, device, ignored, transformer, avoided.divided)
    return make_integer_plan(
        view,
        device,
        ignored,
        parameters.preset or "mixed",
        parameters.weights.bits,
        parameters.weights.granularity == "perchannel",
    )


def _is_transformer(recipe: Recipe, sub: SubModel, view: GraphView, tells: bool) -> bool:
    """What the parameters say, and where they are silent, what the graph looks like."""
    if recipe.parameters.model_type is not None:
        return recipe.parameters.model_type == "transformer"
    found = why_transformer(view)
    if found and tells:
        logger.info(
            "model %r is a transformer: %s (model_type: none treats it as any other model)", sub.name, found
        )
    return bool(found)
