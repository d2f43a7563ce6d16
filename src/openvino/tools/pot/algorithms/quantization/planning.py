"""Placement as the first stage: no statistics, only the plan."""

from __future__ import annotations

from collections.abc import Mapping

from openvino.tools.pot.algorithms.context import Context
from openvino.tools.pot.configs.parameters import MinMaxParameters, QuantizerParameters
from openvino.tools.pot.hardware import Device, find_device
from openvino.tools.pot.placement.integers import make_integer_plan
from openvino.tools.pot.placement.plan import Plan
from openvino.tools.pot.placement.planner import make_plan
from openvino.tools.pot.placement.scope import ignored_nodes
from openvino.tools.pot.placement.transformers import why_transformer
from openvino.tools.pot.statistics.measured import Statistics
from openvino.tools.pot.statistics.requests import Request
from openvino.tools.pot.utils.errors import ConfigError
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)


class PlanStage:
    """Places the quantizers of a model for a device, less the ignored scope.

    Args:
        parameters: of the algorithm.

    Raises:
        ConfigError: the target device is unknown, or can't do what the parameters say.
    """

    def __init__(self, parameters: MinMaxParameters) -> None:
        self._parameters = parameters
        self._device = find_device(parameters.target_device)
        _check(parameters, self._device)

    def requests(self, context: Context) -> list[Request]:
        """Make the plan; nothing needs to be measured for it."""
        scope = self._parameters.ignored.of(context.sub.name)
        ignored = {
            **ignored_nodes(context.view, scope, context.sub),
            **context.avoided.floats,
        }
        context.plan = self._plan(context, ignored)
        for layer in context.plan.floats:
            if layer.costly and not context.avoided:  # else it was said before
                logger.info("%s %r stays in float: %s", layer.type, layer.node, layer.reason)
        return []

    def _plan(self, context: Context, ignored: dict[str, str]) -> Plan:
        if self._device.integers is None:
            transformer, undivided = self._is_transformer(context), context.avoided.divided
            return make_plan(context.view, self._device, ignored, transformer, undivided)
        return make_integer_plan(
            context.view,
            self._device,
            ignored,
            self._parameters.preset or "mixed",
            self._parameters.weights.bits,
            self._parameters.weights.granularity == "perchannel",
        )

    def _is_transformer(self, context: Context) -> bool:
        """What the parameters say, and where they are silent, what the graph looks like."""
        if self._parameters.model_type is not None:
            return self._parameters.model_type == "transformer"
        found = why_transformer(context.view)
        if found and not context.avoided:
            logger.info(
                "model %r is a transformer: %s (model_type: none treats it as any other model)",
                context.sub.name, found,
            )  # fmt: skip
        return bool(found)

    def decide(self, context: Context, statistics: Statistics) -> None:
        """Nothing: the plan stands."""


def _check(parameters: MinMaxParameters, device: Device) -> None:
    """Raise an error for parameters of quantizers that the device has no numbers for."""
    quantizers = {"weights": parameters.weights, "activations": parameters.activations}
    if device.integers is not None:
        _check_integers(parameters, quantizers, device.name, device.integers.bits)
        return
    for key, own in quantizers.items():
        if own.bits not in (None, 8):
            raise ConfigError(
                f"{key}.bits: {own.bits} bits are not supported on {device.name}, expected 8: it runs 8-bit "
                "operations"
            )


def _check_integers(
    parameters: MinMaxParameters, quantizers: Mapping[str, QuantizerParameters], device: str, bits: int
) -> None:
    """The same for a device that computes in integers throughout."""
    for key, own in quantizers.items():
        if own.mode == "asymmetric":
            raise ConfigError(f"{key}.mode: {device} has no zero points, expected symmetric")
        if own.level_low is not None:
            raise ConfigError(f"{key}.level_low: {device} fixes the levels, expected bits")
    if parameters.activations.bits not in (None, bits):
        raise ConfigError(
            f"activations.bits: found {parameters.activations.bits}, expected {bits}, which {device} has"
        )
    if parameters.model_type == "transformer":
        raise ConfigError(f"model_type: {device} runs no transformers")
