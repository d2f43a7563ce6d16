"""Types of what functions take by keyword, for editors and type checkers: choices of words, parameters by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

PresetName = Literal["performance", "mixed", "accuracy", "symmetric", "asymmetric"]
TargetDevice = Literal["ANY", "CPU", "CPU_SPR", "GPU", "NPU", "VPU", "GNA", "GNA1", "GNA2", "GNA3", "GNA3.5"]
ModelType = Literal["transformer", "none"]
Ignored = Mapping[str, Any] | Sequence[str] | str


class FurtherOptions(TypedDict, total=False):
    """Parameters of DefaultQuantization beside those that ``quantize`` has as arguments of its own."""

    threshold: float | None
    apply_for_all_nodes: bool
    stat_batch_size: int
    shuffle_data: bool
    seed: int
    inplace_statistics: bool
    by_model: Mapping[str, Mapping[str, Any]]
    saturation_fix: Literal["first_layer", "all", "no"] | None
    weights: Mapping[str, Any]
    activations: Mapping[str, Any]
    range_estimator: Mapping[str, Any] | None
    rules: Sequence[Mapping[str, Any]]
    self_check: bool
    max_slowdown: float | None
    stat_cache: str | None
    stat_cache_size: int
    max_memory: int | str | None
    weight_rounding: Literal["nearest", "least_error"] | None
    effort: Literal["usual", "thorough"]
    float_layers: Literal["float", "int8_weights"]
    use_fast_bias: bool
    use_layerwise_tuning: bool


class Options(FurtherOptions, total=False):
    """All parameters of DefaultQuantization."""

    preset: PresetName | None
    target_device: TargetDevice
    model_type: ModelType | None
    ignored: Mapping[str, Any]
    stat_subset_size: int | None
