"""DefaultQuantization with one of its ingredients switched off at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workflow import Make

from openvino.tools.pot import DefaultQuantization
from openvino.tools.pot.algorithms.algorithm import Algorithm
from openvino.tools.pot.algorithms.interfaces import Stage
from openvino.tools.pot.algorithms.quantization.alignment import AlignmentStage
from openvino.tools.pot.algorithms.quantization.biases import BiasStage
from openvino.tools.pot.algorithms.quantization.migration import MigrationStage
from openvino.tools.pot.algorithms.quantization.ranges import RangeStage


def configured(**changes: Any) -> Make:
    """The algorithm with other parameters; they act on all stages that read them."""

    def make(params: Mapping[str, Any]) -> Algorithm:
        return DefaultQuantization({**params, **changes})

    return make


def without(kind: type[Stage]) -> Make:
    """The algorithm without its stages of one kind."""

    def make(params: Mapping[str, Any]) -> Algorithm:
        algorithm = DefaultQuantization(params)
        kept = tuple(stage for stage in algorithm.stages if not isinstance(stage, kind))
        if len(kept) == len(algorithm.stages):
            raise ValueError(f"{algorithm.name} has no {kind.__name__} to switch off")
        algorithm.stages = kept
        return algorithm

    return make


def restaged(kind: type[Stage], **changes: Any) -> Make:
    """The algorithm with other parameters for its stages of one kind; the others keep theirs."""

    def make(params: Mapping[str, Any]) -> Algorithm:
        algorithm, changed = DefaultQuantization(params), configured(**changes)(params)
        found = [stage for stage in changed.stages if isinstance(stage, kind)]
        if not found or not any(isinstance(stage, kind) for stage in algorithm.stages):
            raise ValueError(f"{algorithm.name} has no {kind.__name__} to change")
        algorithm.stages = tuple(found[0] if isinstance(stage, kind) else stage for stage in algorithm.stages)
        return algorithm

    return make


COMPLETE = "complete"
VARIANTS: Mapping[str, Make] = {
    COMPLETE: DefaultQuantization,
    "no migration": without(MigrationStage),
    "no alignment": without(AlignmentStage),
    # For the stage of ranges alone: said for all, a range estimator switches migration off as well.
    "POT's ranges": restaged(RangeStage, activations={"range_estimator": {"preset": "default"}}),
    "overflow allowed": configured(saturation_fix="no"),
    "first layer halved": configured(saturation_fix="first_layer"),
    "nearest rounding": configured(weight_rounding="nearest"),
    "no bias correction": without(BiasStage),
    "POT's formulas": configured(
        preset="performance",
        range_estimator={"preset": "default"},
        weight_rounding="nearest",
        saturation_fix="first_layer",
        threshold=2.0,
    ),
}
"""What an ablation calls it -> how the algorithm is made; docs/benchmarks.md describes each."""
