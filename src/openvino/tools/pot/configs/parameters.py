"""Parameters of the quantization algorithms: names, types and defaults as POT had them."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from openvino.tools.pot.configs.ignored import IgnoredOperation, IgnoredScope
from openvino.tools.pot.configs.sizes import size_in_bytes
from openvino.tools.pot.configs.validation import Parameters
from openvino.tools.pot.utils.errors import nearest

Preset = Literal["performance", "mixed", "accuracy"]
OF_POT_ALONE = frozenset(
    {
        *("num_samples_for_tuning", "batch_size", "tuning_iterations", "random_seed", "optimizer", "loss"),
        "dump_intermediate_model",
    }
)
"""Parameters of POT's algorithms that mean nothing for ours: most were of layer-wise training."""

_PRESET_ALIASES = {"symmetric": "performance", "asymmetric": "accuracy"}


def none_for_zero(value: Any) -> Any:
    """A number of which zero says that there is no limit."""
    return None if value == 0 and not isinstance(value, bool) else value


class Bound(Parameters):
    """How one border of a range is found.

    Attributes:
        type: the statistic of each sample.
        outlier_prob: share of values beyond a quantile.
        aggregator: how the figures of all samples become one; for activations only.
        clipping_value: the border never lies beyond it; a lower one is at most zero, an upper one at least.
    """

    type: Literal["min", "max", "abs_max", "quantile", "abs_quantile"] | None = None
    outlier_prob: float = Field(default=1e-4, gt=0, lt=0.5)
    aggregator: (
        Literal["mean", "max", "min", "median", "mean_no_outliers", "median_no_outliers", "hl_estimator"]
        | None
    ) = None
    clipping_value: float | None = None


class RangeEstimator(Parameters):
    """How the borders of ranges are found: a preset, and single borders that differ from it."""

    preset: Literal["default", "quantile"] | None = None
    min: Bound | None = None
    max: Bound | None = None

    @model_validator(mode="after")
    def _zero_is_within(self) -> RangeEstimator:
        low, high = (bound.clipping_value if bound else None for bound in (self.min, self.max))
        if low is not None and low > 0:
            raise ValueError(f"min.clipping_value is {low}, expected zero or less")
        if high is not None and high < 0:
            raise ValueError(f"max.clipping_value is {high}, expected zero or more")
        return self


class QuantizerParameters(Parameters):
    """What the quantizers of all weights, or of all activations, look like.

    Attributes:
        bits: 8, or 16 on GNA; absent: as the device has it.
    """

    bits: Literal[8, 16] | None = None
    mode: Literal["symmetric", "asymmetric"] | None = None
    granularity: Literal["perchannel", "pertensor"] | None = None
    level_low: int | None = None
    level_high: int | None = None
    range_estimator: RangeEstimator | None = None

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

    def over(self, general: QuantizerParameters) -> QuantizerParameters:
        """The general parameters with those keys in their place that are given here."""
        return general.model_copy(update=self.given(*type(self).model_fields))

    @property
    def text(self) -> str:
        """The keys that are given, with what they are: ``mode symmetric, bits 8``."""
        return ", ".join(
            f"{key} {value}" if isinstance(value, (str, int)) else key
            for key, value in self.given(*type(self).model_fields).items()
        )


NOTHING_SAID = QuantizerParameters()

REGULAR = "re:"
BEHIND = "behind "
PLACES = ("first convolution", "last convolution", "inputs", "outputs")


class Rule(Parameters):
    """What is other for the quantizers of some layers: those that any name, type or place of it says.

    Attributes:
        scope: names of layers, whole, with ``*``, ``?`` and ``[...]``, or as regular expressions behind ``re:``.
        operations: types of layers.
        places: of ``PLACES``, or ``behind`` and a type: what comes from an operation of it and was only moved since.
        weights, activations: keys that stand in place of those for all layers.
    """

    scope: list[str] = []
    operations: list[IgnoredOperation] = []
    places: list[str] = []
    weights: QuantizerParameters = QuantizerParameters()
    activations: QuantizerParameters = QuantizerParameters()

    @field_validator("scope")
    @classmethod
    def _patterns(cls, names: list[str]) -> list[str]:
        for name in names:
            if name.startswith(REGULAR):
                try:
                    re.compile(name.removeprefix(REGULAR))
                except re.error as error:
                    raise ValueError(f"{name!r} is no regular expression: {error}") from None
        return names

    @field_validator("places")
    @classmethod
    def _known_places(cls, places: list[str]) -> list[str]:
        for place in places:
            if place not in PLACES and not place.removeprefix(BEHIND).strip().isidentifier():
                known = ", ".join(map(repr, PLACES))
                raise ValueError(
                    f"expected {known} or 'behind' and a type, found {place!r}{nearest(place, PLACES)}"
                )
        return places

    @model_validator(mode="after")
    def _says_something(self) -> Rule:
        if not (self.scope or self.operations or self.places):
            raise ValueError("it names no layers, expected scope, operations or places")
        if not (self.weights.text or self.activations.text):
            raise ValueError("it changes nothing, expected keys in weights or activations")
        return self


class SampleParameters(Parameters):
    """What all algorithms have: which samples they see, and what they leave as it is.

    Attributes:
        stat_subset_size: number of samples, default all.
        stat_batch_size: samples that hooks get together in the statistics pass; figures are of each sample.
        shuffle_data, seed: whether the subset is drawn at random, and from which seed.
        ignored: nodes that stay as they are.
        by_model: of a cascade: model name to parameters that are others for it; not those that choose samples.
    """

    without_effect = OF_POT_ALONE

    stat_subset_size: int | None = Field(default=None, ge=1)
    stat_batch_size: int = Field(default=1, ge=1)
    shuffle_data: bool = False
    seed: int = Field(default=0, ge=0)
    inplace_statistics: bool = True
    ignored: IgnoredScope = IgnoredScope()
    by_model: dict[str, dict[str, Any]] = {}

    _zero_means_all = field_validator("stat_subset_size", mode="before")(none_for_zero)


class MinMaxParameters(SampleParameters):
    """Parameters of MinMaxQuantization.

    Attributes:
        preset: ``performance`` (symmetric activations), ``mixed`` or ``accuracy`` (asymmetric activations);
            absent: chosen for each tensor.
        saturation_fix: halve the weight range of the first layers, of all, or of none; absent: widen it for
            exactly those output channels whose sums could overflow int16, if the device has such sums.
        model_type: ``transformer`` leaves elementwise operations in float and fixes the zero points of attention;
            ``none`` does not; absent: ``transformer`` if the graph is one.
        rules: what is other for some layers; of several that mean the same quantizer, later ones count more.
        self_check: hold the quantized model against the float one on the first samples, and mend what departs.
        max_slowdown: share of a request's time, as users run it on the device of the engine, that may be paid for
            accuracy: layers that cost the outputs most go back to float; absent: none do. It makes the result depend on
            the machine.
        stat_cache: folder where statistics are kept, so that no pass is made twice; absent: none.
        stat_cache_size: bytes that the folder may take; what was not used the longest goes.
        max_memory: bytes of memory of its own that the process may take beyond what it has when the run begins; a
            number, or a text such as ``4GB``; absent: as many as are quick.
    """

    preset: Preset | None = None
    target_device: str = "ANY"
    saturation_fix: Literal["first_layer", "all", "no"] | None = None
    model_type: Literal["transformer", "none"] | None = None
    weights: QuantizerParameters = QuantizerParameters()
    activations: QuantizerParameters = QuantizerParameters()
    range_estimator: RangeEstimator | None = None
    rules: list[Rule] = []
    self_check: bool = True
    max_slowdown: float | None = Field(default=None, gt=0, le=1)
    stat_cache: str | None = Field(default=None, min_length=1)
    stat_cache_size: int = Field(default=4_000_000_000, ge=0)
    max_memory: int | None = Field(default=None, ge=1)

    _in_bytes = field_validator("max_memory", mode="before")(size_in_bytes)

    @field_validator("preset", mode="before")
    @classmethod
    def _preset_alias(cls, value: Any) -> Any:
        return _PRESET_ALIASES.get(value.lower(), value.lower()) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _time_is_for_models_that_are_checked(self) -> MinMaxParameters:
        if self.max_slowdown is not None and not self.self_check:
            raise ValueError(
                "max_slowdown needs self_check: true, which keeps what models are held against, found false"
            )
        return self

    @field_validator("model_type", mode="before")
    @classmethod
    def _any_case(cls, value: Any) -> Any:
        return (value.lower() or None) if isinstance(value, str) else value


class FastBiasCorrectionParameters(Parameters):
    """Parameters of FastBiasCorrection and of BiasCorrection.

    Attributes:
        threshold: a layer whose largest relative change of a bias reaches it is left alone; absent:
            none is.
        apply_for_all_nodes: also correct layers that have no bias, by adding one.
    """

    without_effect = OF_POT_ALONE

    threshold: float | None = Field(default=None, gt=0)
    apply_for_all_nodes: bool = True


class DefaultQuantizationParameters(MinMaxParameters, FastBiasCorrectionParameters):
    """Parameters of DefaultQuantization: those of its stages, and which stages run.

    Attributes:
        weight_rounding: ``nearest``, or ``least_error`` at the layer's output; absent: the latter, but for
            presets on GNA.
        effort: ``thorough`` spends about twenty plain passes over the samples on what brings outputs closer to those
            of the float network on samples that are held out: layer-wise tuning or, where weights are to stay at the
            nearest levels or have zero points, biases.
        float_layers: how layers that stay in float, for whatever reason, have their weights: ``float``, or
            ``int8_weights``, unpacked before or while they multiply.
        use_fast_bias: false corrects biases on the quantized network itself, as BiasCorrection does, in one pass more;
            layer-wise tuning does so in any case.
        use_layerwise_tuning: tune weights, their scales and biases on the quantized network, layer by layer.
    """

    weight_rounding: Literal["nearest", "least_error"] | None = None
    effort: Literal["usual", "thorough"] = "usual"
    float_layers: Literal["float", "int8_weights"] = "float"
    use_fast_bias: bool = True
    use_layerwise_tuning: bool = False

    @model_validator(mode="after")
    def _only_what_is_built(self) -> DefaultQuantizationParameters:
        if self.weight_rounding == "least_error" and self.weights.mode == "asymmetric":
            raise ValueError(
                "weight_rounding: least_error needs symmetric weights, found weights.mode asymmetric"
            )
        if self.use_layerwise_tuning:
            self._check_tuning()
        return self

    def _check_tuning(self) -> None:
        """Layers are tuned by the levels of weights that have no zero point."""
        if self.weight_rounding == "nearest":
            raise ValueError(
                "use_layerwise_tuning: true moves weights, expected weight_rounding least_error, found nearest"
            )
        if self.weights.mode == "asymmetric":
            raise ValueError(
                "use_layerwise_tuning: true needs symmetric weights, found weights.mode asymmetric"
            )


class DataFreeParameters(DefaultQuantizationParameters):
    """Parameters of DataFreeQuantization: those of the base, and how images are fed that it makes up.

    Attributes:
        layout: of the model's input, as ``NCHW``.
        shape: of the input, where the model leaves it open.
        mean_values, scale_values: what is subtracted from the values of pixels, 0 to 255, and what they are divided by
            then, one for all channels or one for each.
    """

    layout: str | None = None
    shape: list[int] | None = None
    mean_values: list[float] | None = None
    scale_values: list[float] | None = None

    @property
    def of_images(self) -> dict[str, Any]:
        """What is said of images."""
        return self.given("layout", "shape", "mean_values", "scale_values")


OF_THE_MACHINE = ("stat_cache", "stat_cache_size", "max_memory")
"""Parameters that change no model, but for a bound that is kept by fewer vectors."""

OF_ALL_MODELS = (
    "by_model",
    "stat_subset_size",
    "stat_batch_size",
    *OF_THE_MACHINE,
    "shuffle_data",
    "seed",
)
"""Parameters that can't differ between the models of a cascade, since one pass measures all of them."""
