"""Parameters of the algorithms that make a float model of a float one."""

from __future__ import annotations

from pydantic import Field, field_validator

from openvino.tools.pot.configs.parameters import OF_POT_ALONE, FastBiasCorrectionParameters, SampleParameters


class RewritingParameters(SampleParameters):
    """What these algorithms have in common: no device and no form of quantizers means anything to them."""

    without_effect = OF_POT_ALONE | {"target_device", "model_type", "preset"}


class MagnitudeSparsityParameters(RewritingParameters):
    """Parameters of MagnitudeSparsity.

    Attributes:
        sparsity_level: share of the weights, over all layers that are not ignored, that become zero.
        normed_threshold: whether magnitudes are compared as shares of the norm of their layer's weights.
    """

    sparsity_level: float = Field(ge=0, lt=1)
    normed_threshold: bool = True


class WeightSparsityParameters(MagnitudeSparsityParameters, FastBiasCorrectionParameters):
    """Parameters of WeightSparsity: zeros, and what makes up for them.

    Attributes:
        use_layerwise_tuning: whether weights become zero by what the output of their layer loses, and the others are
            fitted to keep it; if not, magnitudes decide, and biases alone make up for them.
    """

    without_effect = RewritingParameters.without_effect

    use_fast_bias: bool = True
    use_layerwise_tuning: bool = True

    @field_validator("use_fast_bias")
    @classmethod
    def _corrects_in_closed_form(cls, value: bool) -> bool:
        if not value:
            raise ValueError("use_fast_bias: false is not supported, expected true")
        return value


class OutlierChannelSplittingParameters(RewritingParameters):
    """Parameters of OutlierChannelSplitting.

    Attributes:
        weights_expansion_ratio: how many input channels more a layer has at most, as a share of those it has, rounded
            up.
    """

    weights_expansion_ratio: float = Field(default=0.01, ge=0, le=1)
