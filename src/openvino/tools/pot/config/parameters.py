"""Parameters of the quantization algorithms: names, types and defaults as POT had them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from openvino.tools.pot.config.validation import Parameters

Preset = Literal["performance", "mixed", "accuracy"]
_PRESET_ALIASES = {"symmetric": "performance", "asymmetric": "accuracy"}


class IgnoredOperation(Parameters):
    """Operations of one type, narrowed by attribute values."""

    type: str
    attributes: dict[str, Any] = {}


class IgnoredScope(Parameters):
    """What stays in float: nodes by name, operations by type, or all."""

    scope: list[str] = []
    operations: list[IgnoredOperation] = []
    skip_model: bool = False


class Bound(Parameters):
    """How one border of a range is found.

    Attributes:
        type: the statistic of each sample.
        outlier_prob: share of values beyond a quantile.
        aggregator: how the figures of all samples become one; for activations only.
        clipping_value: the border never lies beyond it.
    """

    type: Literal["min", "max", "abs_max", "quantile", "abs_quantile"] | None = None
    outlier_prob: float = Field(default=1e-4, gt=0, lt=0.5)
    aggregator: (
        Literal["mean", "max", "min", "median", "mean_no_outliers", "median_no_outliers", "hl_estimator"]
        | None
    ) = None
    clipping_value: float | None = None

    @field_validator("outlier_prob", "clipping_value", mode="before")
    @classmethod
    def _whole_numbers_are_fine(cls, value: Any) -> Any:
        return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


class RangeEstimator(Parameters):
    """How the borders of ranges are found: a preset, and single borders that differ from it."""

    preset: Literal["default", "quantile"] | None = None
    min: Bound | None = None
    max: Bound | None = None


class QuantizerParameters(Parameters):
    """What the quantizers of all weights, or of all activations, look like."""

    bits: int = 8
    mode: Literal["symmetric", "asymmetric"] | None = None
    granularity: Literal["perchannel", "pertensor"] | None = None
    level_low: int | None = None
    level_high: int | None = None
    range_estimator: RangeEstimator | None = None

    @field_validator("bits")
    @classmethod
    def _only_eight(cls, bits: int) -> int:
        if bits != 8:
            raise ValueError(f"{bits} bits are not supported, expected 8: devices run 8-bit operations")
        return bits

    @model_validator(mode="after")
    def _levels_fit(self) -> QuantizerParameters:
        low, high = self.level_low, self.level_high
        if (low is None) != (high is None):
            raise ValueError("level_low and level_high go together, found only one of them")
        if low is not None and high is not None:
            if not low < high or not low <= 0 <= high:
                raise ValueError(f"level_low {low} and level_high {high} must lie on both sides of zero")
            if high - low + 1 not in (255, 256):
                raise ValueError(
                    f"level_low {low} to level_high {high} are {high - low + 1} levels, expected 255 or 256"
                )
        return self


class MinMaxParameters(Parameters):
    """Parameters of MinMaxQuantization.

    Attributes:
        preset: ``performance`` (symmetric activations), ``mixed`` or ``accuracy`` (asymmetric activations);
            absent: chosen for each tensor.
        stat_subset_size: number of samples, default all.
        stat_batch_size: samples for each inference of the statistics pass.
        shuffle_data, seed: whether the subset is drawn at random, and from which seed.
        saturation_fix: halve the weight range of the first layers, of all, or of none; absent: widen it for
            exactly those output channels whose sums could overflow int16, if the device has such sums.
        model_type: ``transformer`` leaves elementwise operations in float and fixes the zero points of attention;
            ``none`` does not; absent: ``transformer`` if the graph is one.
    """

    preset: Preset | None = None
    target_device: str = "ANY"
    stat_subset_size: int | None = Field(default=None, ge=1)
    stat_batch_size: int = Field(default=1, ge=1)
    shuffle_data: bool = False
    seed: int = 0
    inplace_statistics: bool = True
    saturation_fix: Literal["first_layer", "all", "no"] | None = None
    model_type: Literal["transformer", "none"] | None = None
    ignored: IgnoredScope = IgnoredScope()
    weights: QuantizerParameters = QuantizerParameters()
    activations: QuantizerParameters = QuantizerParameters()
    range_estimator: RangeEstimator | None = None

    @field_validator("preset", mode="before")
    @classmethod
    def _preset_alias(cls, value: Any) -> Any:
        return _PRESET_ALIASES.get(value, value) if isinstance(value, str) else value

    @field_validator("model_type", mode="before")
    @classmethod
    def _any_case(cls, value: Any) -> Any:
        return (value.lower() or None) if isinstance(value, str) else value

    @field_validator("stat_subset_size", mode="before")
    @classmethod
    def _zero_means_all(cls, value: Any) -> Any:
        return None if value == 0 and not isinstance(value, bool) else value


class FastBiasCorrectionParameters(Parameters):
    """Parameters of FastBiasCorrection.

    Attributes:
        threshold: a layer whose largest relative change of a bias reaches it is left alone; absent:
            none is.
        apply_for_all_nodes: also correct layers that have no bias, by adding one.
    """

    threshold: float | None = Field(default=None, gt=0)
    apply_for_all_nodes: bool = True

    @field_validator("threshold", mode="before")
    @classmethod
    def _whole_numbers_are_fine(cls, value: Any) -> Any:
        return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


class DefaultQuantizationParameters(MinMaxParameters, FastBiasCorrectionParameters):
    """Parameters of DefaultQuantization: those of its stages, and which stages run.

    Attributes:
        weight_rounding: ``nearest``, or ``least_error`` at the layer's output; absent: the latter, unless a
            preset is named.
    """

    weight_rounding: Literal["nearest", "least_error"] | None = None
    use_fast_bias: bool = True
    use_layerwise_tuning: bool = False

    @model_validator(mode="after")
    def _rounding_fits(self) -> DefaultQuantizationParameters:
        if self.weight_rounding == "least_error" and self.weights.mode == "asymmetric":
            raise ValueError(
                "weight_rounding: least_error needs symmetric weights, found weights.mode asymmetric"
            )
        return self

    @model_validator(mode="after")
    def _only_what_is_built(self) -> DefaultQuantizationParameters:
        if not self.use_fast_bias:
            raise ValueError("use_fast_bias: false (BiasCorrection) is not supported yet, expected true")
        if self.use_layerwise_tuning:
            raise ValueError("use_layerwise_tuning: true is not supported, expected false")
        return self
