"""Placement as the first stage: no statistics, only the plan."""

from __future__ import annotations

from openvino.tools.pot.algorithms.algorithm import Context
from openvino.tools.pot.config.parameters import MinMaxParameters
from openvino.tools.pot.hardware import find_device
from openvino.tools.pot.placement.planner import make_plan
from openvino.tools.pot.placement.scope import ignored_nodes
from openvino.tools.pot.placement.transformers import why_transformer
from openvino.tools.pot.statistics.layout import Request, Statistics
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)


class PlanStage:
    """Places the quantizers of a model for a device, less the ignored scope.

    Args:
        parameters: of the algorithm.

    Raises:
        ConfigError: the target device is unknown or not supported.
    """

    def __init__(self, parameters: MinMaxParameters) -> None:
        self._parameters = parameters
        self._device = find_device(parameters.target_device)

    def requests(self, context: Context) -> list[Request]:
        """Make the plan; nothing needs to be measured for it."""
        scope = self._parameters.ignored.of(context.sub.name)
        ignored = ignored_nodes(context.view, scope, context.sub.renamed)
        context.plan = make_plan(context.view, self._device, ignored, self._is_transformer(context))
        for layer in context.plan.floats:
            if layer.costly:
                logger.info("%s %r stays in float: %s", layer.type, layer.node, layer.reason)
        return []

    def _is_transformer(self, context: Context) -> bool:
        """What the parameters say, and where they are silent, what the graph looks like."""
        if self._parameters.model_type is not None:
            return self._parameters.model_type == "transformer"
        found = why_transformer(context.view)
        if found:
            logger.info(
                "model %r is a transformer: %s (model_type: none treats it as any other model)",
                context.sub.name, found,
            )  # fmt: skip
        return bool(found)

    def decide(self, context: Context, statistics: Statistics) -> None:
        """Nothing: the plan stands."""
