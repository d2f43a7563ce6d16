"""Parameters of the search for parameters: what may change, and how long and for what is searched."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from openvino.tools.pot.configs.accuracy import NamedMetric
from openvino.tools.pot.configs.parameters import MinMaxParameters, none_for_zero
from openvino.tools.pot.configs.validation import Parameters


class TunableQuantizationParameters(MinMaxParameters):
    """Parameters of TunableQuantization: those of MinMaxQuantization, and which of them a search may change.

    Attributes:
        tuning_scope: ``layer``: which layers stay in float; ``mode``: zero points of activations; ``granularity`` of
            weights; ``range_estimator``; ``bits``, of which devices leave no choice.
        estimator_tuning_scope: what of the estimator: ``preset`` (or ``type``, which means the same), ``aggregator``,
            ``outlier_prob``.
        outlier_prob_choices: shares of outliers to choose from.
    """

    tuning_scope: list[Literal["bits", "mode", "granularity", "layer", "range_estimator"]] = []
    estimator_tuning_scope: list[Literal["preset", "aggregator", "type", "outlier_prob"]] = []
    outlier_prob_choices: list[float] = []

    @field_validator("outlier_prob_choices")
    @classmethod
    def _are_shares(cls, value: list[float]) -> list[float]:
        wrong = next((each for each in value if not 0 < each < 0.5), None)
        if wrong is not None:
            raise ValueError(f"expected shares between 0 and 0.5, found {wrong}")
        return value

    @model_validator(mode="after")
    def _estimators_go_together(self) -> TunableQuantizationParameters:
        if "range_estimator" in self.tuning_scope and not self.estimator_tuning_scope:
            raise ValueError("estimator_tuning_scope is empty, expected what of range_estimator is tuned")
        if "outlier_prob" in self.estimator_tuning_scope and not self.outlier_prob_choices:
            raise ValueError("outlier_prob_choices is empty, expected the shares to choose from")
        return self


class TpeParameters(Parameters):
    """Parameters of the optimizer Tpe.

    Attributes:
        max_trials: models that are made and evaluated at most, those of an earlier run that goes on included.
        max_minutes: after which no further one is begun, 0 or absent: no limit.
        stop_on_target: end as soon as ``accuracy_loss`` and ``latency_reduce`` are reached.
        eval_subset_size: samples that models are evaluated on, from the first one; absent: all.
        trials_load_method: ``cold_start`` begins anew, ``warm_start`` goes on with what an earlier run found, ``eval``
            makes the best model of that.
        accuracy_loss: what may be lost of a metric, in per cent of the float model's.
        latency_reduce: how many times as fast as the float model the target is.
        accuracy_weight, latency_weight: of both in what is minimised; with a weight of zero latencies are not measured.
        metrics: those that count; absent: all that the engine's metric gives.
        seed: of what is tried.
        state_dir: folder that keeps what was found; the command has one beside its results.
    """

    without_effect = frozenset(
        {
            *("benchmark", "expected_quantization_ratio", "quantization_ratio_weight", "anneal", "debug"),
            *("keep_uncompressed_weights", "exec_log_dir"),
        }
    )

    max_trials: int = Field(ge=1)
    max_minutes: float | None = Field(default=None, gt=0)
    stop_on_target: bool = False
    eval_subset_size: int | None = Field(default=None, ge=1)
    trials_load_method: Literal["cold_start", "warm_start", "fine_tune", "eval"] = "cold_start"
    accuracy_loss: float = Field(default=1.0, ge=0)
    latency_reduce: float = Field(default=1.0, gt=0)
    accuracy_weight: float = Field(default=1.0, ge=0)
    latency_weight: float = Field(default=1.0, ge=0)
    metrics: list[NamedMetric] | None = None
    seed: int = Field(default=0, ge=0)
    state_dir: str | None = None

    _zero_means_any = field_validator("max_minutes", "eval_subset_size", mode="before")(none_for_zero)

    @field_validator("trials_load_method")
    @classmethod
    def _only_what_is_built(cls, value: str) -> str:
        if value == "fine_tune":
            raise ValueError(
                "fine_tune is not supported, expected warm_start, which goes on with what was found"
            )
        return value

    @property
    def times(self) -> bool:
        """Whether latencies count."""
        return self.latency_weight > 0 or self.stop_on_target


class OptimizerSection(Parameters):
    """The search for parameters.

    Attributes:
        params: which the optimizer itself checks.
    """

    name: Literal["Tpe"]
    params: dict[str, Any] = {}
