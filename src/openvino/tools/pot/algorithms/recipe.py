"""What parameters mean on a device: resolved once, so that no stage asks for either."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from openvino.tools.pot.configs.parameters import (
    DefaultQuantizationParameters,
    MinMaxParameters,
    QuantizerParameters,
    RangeEstimator,
)
from openvino.tools.pot.hardware import Device, device_as_seen
from openvino.tools.pot.placement.plan import ActivationQuantizer, WeightQuantizer
from openvino.tools.pot.utils.errors import ConfigError

Estimation = Literal["least error", "extremes", "statistics"]
"""How ranges of activations are found: by a search, as far as any sample reaches, or by POT's formulas."""


@dataclass(frozen=True)
class Recipe:
    """How a network is quantized.

    Attributes:
        parameters: as users said them.
        device: that will run the result.
        estimation: of the ranges of activations, unless rules name an estimator.
        divides: whether channels may be divided before they are rounded.
        protects: whether weights are kept from saturating sums of 16 bits, exactly where they could.
        halves: whose weight ranges are halved against that instead.
        sum_bits: of sums that ranges must be kept from overflowing; 0 where none can.
        rounds: whether weights are rounded by the error at the layer's output.
        symmetric_weights: whether weights have no zero point, unless rules say otherwise.
        stores: whether weights of layers in float have 8 bits.
        tunes: whether layers are tuned on the quantized network.
    """

    parameters: MinMaxParameters
    device: Device
    estimation: Estimation
    divides: bool
    protects: bool
    halves: Literal["first_layer", "all"] | None
    sum_bits: int
    rounds: bool
    symmetric_weights: bool
    stores: bool
    tunes: bool

    @classmethod
    def of(cls, parameters: MinMaxParameters) -> Recipe:
        """Resolve parameters.

        Raises:
            ConfigError: the target device is unknown, or has no numbers as the parameters want them.
        """
        device = device_as_seen(parameters.target_device)
        _check(parameters, device)
        integers, fix = device.integers, parameters.saturation_fix
        return cls(
            parameters,
            device,
            _estimation(parameters, device),
            divides=integers is None and not _says_form(parameters),
            protects=fix is None and device.int16_sums,
            halves=fix if integers is None and fix != "no" else None,
            sum_bits=0 if integers is None else integers.sum_bits,
            rounds=_rounding(parameters, device) == "least_error",
            symmetric_weights=_symmetric_weights(parameters, device),
            stores=_stores(parameters, device),
            tunes=_tunes(parameters, device),
        )

    def said_of(self, quantizer: ActivationQuantizer | WeightQuantizer) -> QuantizerParameters:
        """What parameters and rules say of a quantizer."""
        of_weights = isinstance(quantizer, WeightQuantizer)
        return quantizer.said.over(self.parameters.weights if of_weights else self.parameters.activations)

    def estimators_of(
        self, quantizer: ActivationQuantizer | WeightQuantizer
    ) -> tuple[RangeEstimator | None, ...]:
        """How its range is found, the more general first; what a rule says stands in place of all else."""
        own = quantizer.said.range_estimator
        general = (self.parameters.range_estimator, self.said_of(quantizer).range_estimator)
        return general if own is None else (own,)

    def estimation_of(self, quantizer: ActivationQuantizer) -> Estimation:
        """How the range of an activation is found."""
        return self.estimation if quantizer.said.range_estimator is None else "statistics"

    def has_symmetric(self, weights: WeightQuantizer) -> bool:
        """Whether weights have no zero point."""
        mode = weights.said.mode
        return self.symmetric_weights if mode is None else mode == "symmetric"

    def is_symmetric(self, quantizer: ActivationQuantizer) -> bool | None:
        """Whether the zero point of an activation is fixed; None where the data decides."""
        mode, preset = self.said_of(quantizer).mode, self.parameters.preset
        if quantizer.symmetric:
            return True
        if mode is not None:
            return mode == "symmetric"
        if preset is not None:
            return preset == "performance"
        # A free zero point costs matrix products a tenth of their speed and convolutions nothing.
        return True if quantizer.attention or "MatMul" in quantizer.feeds else None

    def common_symmetry(self, group: Iterable[ActivationQuantizer]) -> bool | None:
        """The same for quantizers of one range."""
        fixed = [self.is_symmetric(quantizer) for quantizer in group]
        return True if any(fixed) else (None if None in fixed else False)

    def as_json(self) -> dict[str, Any]:
        """What was resolved, as plain data: what a model that is found years later says of itself."""
        return {
            "device": self.device.name,
            "activation_ranges": self.estimation,
            "divided_channels": self.divides,
            "int16_sums": "protected" if self.protects else (self.halves or "as they come"),
            "sum_bits": self.sum_bits,
            "weight_rounding": "least_error" if self.rounds else "nearest",
            "symmetric_weights": self.symmetric_weights,
            "layerwise_tuning": self.tunes,
        }


def _says_estimators(parameters: MinMaxParameters) -> bool:
    """Whether the parameters name an estimator, which means POT's formulas."""
    return parameters.range_estimator is not None or parameters.activations.range_estimator is not None


def _says_form(parameters: MinMaxParameters) -> bool:
    """Whether the parameters say how the quantizers of activations look, so that nothing else may shape them."""
    said = parameters.activations
    form = (said.mode, said.granularity, said.level_low)
    return _says_estimators(parameters) or any(word is not None for word in form)


def _estimation(parameters: MinMaxParameters, device: Device) -> Estimation:
    """POT's formulas where the parameters name an estimator, else least error.

    Of 16 bits there is nothing to win by clipping, so that ranges are the extremes over all data, unless a preset
    is named: that means POT's formulas there.
    """
    if _says_estimators(parameters):
        return "statistics"
    if device.integers is None:
        return "least error"
    return "extremes" if parameters.preset is None else "statistics"


def _rounding(parameters: MinMaxParameters, device: Device) -> Literal["nearest", "least_error"]:
    """What is said, or meant by saying nothing."""
    if not isinstance(parameters, DefaultQuantizationParameters):
        return "nearest"
    is_pots = device.integers is not None and parameters.preset is not None
    return parameters.weight_rounding or ("nearest" if is_pots else "least_error")


def _stores(parameters: MinMaxParameters, device: Device) -> bool:
    stores = isinstance(parameters, DefaultQuantizationParameters) and parameters.float_layers != "float"
    if stores and device.integers is not None:
        raise ConfigError(f"float_layers: {device.name} runs no layer in float, expected float")
    return stores


def _tunes(parameters: MinMaxParameters, device: Device) -> bool:
    """Whether it is said, or part of the effort; weights that are to be at the nearest levels stay there."""
    if not isinstance(parameters, DefaultQuantizationParameters):
        return False
    thorough = parameters.effort == "thorough" and _rounding(parameters, device) == "least_error"
    return parameters.use_layerwise_tuning or (thorough and _symmetric_weights(parameters, device))


def _symmetric_weights(parameters: MinMaxParameters, device: Device) -> bool:
    if parameters.weights.mode is not None:
        return parameters.weights.mode == "symmetric"
    return parameters.preset != "accuracy" or not device.asymmetric_weights


def sections_of(parameters: MinMaxParameters) -> Iterator[tuple[str, QuantizerParameters]]:
    """All that is said of quantizers, for all layers and by rules, with the keys that lead there."""
    yield "weights", parameters.weights
    yield "activations", parameters.activations
    for position, rule in enumerate(parameters.rules):
        yield f"rules[{position}].weights", rule.weights
        yield f"rules[{position}].activations", rule.activations


def _check(parameters: MinMaxParameters, device: Device) -> None:
    """Raise an error for parameters of quantizers that the device has no numbers for."""
    for key, own in sections_of(parameters):
        if device.integers is None:
            if own.bits not in (None, 8):
                raise ConfigError(
                    f"{key}.bits: {own.bits} bits are not supported on {device.name}, expected 8: it runs 8-bit "
                    "operations"
                )
            continue
        if own.mode == "asymmetric":
            raise ConfigError(f"{key}.mode: {device.name} has no zero points, expected symmetric")
        if own.level_low is not None:
            raise ConfigError(f"{key}.level_low: {device.name} fixes the levels, expected bits")
        if key.endswith("activations") and own.bits not in (None, device.integers.bits):
            raise ConfigError(
                f"{key}.bits: found {own.bits}, expected {device.integers.bits}, which {device.name} has"
            )
    if device.integers is not None and parameters.max_slowdown is not None:
        raise ConfigError(
            f"max_slowdown: no {device.name} is left that requests could be timed on, leave it out"
        )
    if device.integers is not None and parameters.model_type == "transformer":
        raise ConfigError(f"model_type: {device.name} runs no transformers")
