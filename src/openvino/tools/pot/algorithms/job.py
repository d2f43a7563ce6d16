"""Algorithms on their way through one model."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import openvino as ov

from openvino.tools.pot.algorithms.context import Context, Stage
from openvino.tools.pot.configs.parameters import MinMaxParameters
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.graph.sizes import Sizes
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.placement.plan import Plan
from openvino.tools.pot.statistics.requests import Request


@dataclass(frozen=True)
class Job:
    """Algorithms on their way through one model.

    Attributes:
        result: the model that will be edited.
        context: what the stages share.
        stages: of all algorithms.
        requests: what they want to be measured.
        sampling: the parameters that choose samples.
        sizes: of samples, as far as the model leaves them open and they are known.
        begun: when it was planned, by ``time.perf_counter``.
    """

    result: CompressedModel
    context: Context
    stages: tuple[Stage, ...]
    requests: tuple[Request, ...]
    sampling: MinMaxParameters
    sizes: Sizes = field(default_factory=dict)
    begun: float = field(default_factory=time.perf_counter)

    @property
    def plan(self) -> Plan:
        """Where quantizers go."""
        assert self.context.plan is not None
        return self.context.plan

    @property
    def network(self) -> ov.Model:
        """The model itself."""
        return self.result.submodels[0].model

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to quantize."""
        return self.context.plan is None or not self.context.plan.layers

    @property
    def adds_quantizers(self) -> bool:
        """Whether there is a tensor to quantize that isn't yet."""
        plan = self.context.plan
        return plan is not None and bool(plan.activations or plan.weights)

    @property
    def divided(self) -> tuple[TensorId, ...]:
        """Tensors whose channels have ranges of their own, once that is decided."""
        outcome = self.context.outcome
        return tuple(
            quantizer.tensor
            for quantizer in self.plan.activations
            if outcome.activations[quantizer.tensor].low.size > 1
            or (quantizer.tensor in outcome.divisors and outcome.divisors[quantizer.tensor].size > 1)
        )
