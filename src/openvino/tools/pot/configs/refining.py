"""Parameters of algorithms that look at the quantized network."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator

from openvino.tools.pot.configs.validation import Parameters


class RangeOptimizationParameters(Parameters):
    """Parameters of RangeOptimization.

    Attributes:
        maxiter: how many sets of ranges are tried; of a list, as many as its numbers sum up to.
        optimization_subset_size: samples that each is tried on.
        lower_boxsize, upper_boxsize: how much narrower and wider a range may become, as a share of it.
        optimization_scope: names of the nodes whose results are quantized with these ranges; absent: all.
    """

    without_effect = frozenset(
        {
            *("opt_backend", "optimizer_name", "metric_name", "error_function", "stochastic", "zero_boxsize"),
            *("result_filename", "dump_model_prefix"),
        }
    )

    maxiter: int = Field(default=100, ge=2)
    optimization_subset_size: int = Field(default=20, ge=2)
    lower_boxsize: float = Field(default=0.2, ge=0, lt=1)
    upper_boxsize: float = Field(default=0.2, ge=0)
    optimization_scope: list[str] = []
    activation_ranges_to_set: Any = None
    grid_search_space: Any = None

    @field_validator("maxiter", mode="before")
    @classmethod
    def _sum_of_stages(cls, value: Any) -> Any:
        numbers = isinstance(value, list) and value and all(isinstance(each, int) for each in value)
        return sum(value) if numbers else value

    @field_validator("activation_ranges_to_set", "grid_search_space")
    @classmethod
    def _only_what_is_built(cls, value: Any) -> Any:
        if value is not None:
            raise ValueError("it is not supported, expected none: ranges follow from the error of outputs")
        return value


class QuantNoiseEstimatorParameters(Parameters):
    """Parameters of QuantNoiseEstimator.

    Attributes:
        mode: ``full_fq_noise`` compares layers of the quantized network, ``layerwise_fq_noise`` layers that alone are
            quantized.
        type: mean of the signal's power over that of the noise of each sample, or of each sample and channel; the same
            with powers averaged over samples before; or mean of that of each element.
        results_dump_filename: the table of layers that is written.
    """

    without_effect = frozenset({"eps"})

    mode: Literal["full_fq_noise", "layerwise_fq_noise"] = "full_fq_noise"
    type: Literal[
        "sqnr", "sqnr_per_channel", "sqnr_sample_mean", "sqnr_sample_per_channel", "sqnr_eltwise_mean"
    ] = "sqnr"
    results_dump_filename: str | None = None

    @field_validator("type", mode="before")
    @classmethod
    def _misspelt_by_pot(cls, value: Any) -> Any:
        return "sqnr_sample_mean" if value == "snqr_sample_mean" else value
