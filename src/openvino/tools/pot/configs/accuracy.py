"""Parameters of AccuracyAwareQuantization, beside those of the algorithm that it is based on."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import Field, field_validator, model_validator

from openvino.tools.pot.configs.parameters import DefaultQuantizationParameters, none_for_zero
from openvino.tools.pot.configs.validation import Parameters

Agreement = Literal["auto", "boxes", "text", "classes", "masks", "correlation", "fidelity"]
AGREEMENTS: tuple[Agreement, ...] = get_args(Agreement)


class NamedMetric(Parameters):
    """A metric that counts, by name.

    Attributes:
        baseline_value: of the float model, if it is known; absent: measured.
    """

    name: str
    baseline_value: float | None = None


class AccuracyAwareParameters(Parameters):
    """Parameters of AccuracyAwareQuantization itself; those of the base algorithm stand beside them.

    Attributes:
        maximal_drop: what may be lost of a metric, in its unit or as a share of the float model's
            (``drop_type``); negative: the quantized model must be better.
        max_iter_num: the most layers that may go back to float, 0 or absent: any number.
        ranking_subset_size: samples on which layers are compared, those that change most.
        metric_subset_ratio: share of the samples that these are chosen from.
        metrics: those that count; absent: all that the engine's metric gives.
        use_prev_if_drop_increase: undo a step that makes the drop larger.
        base_algorithm: what quantizes.
        annotation_free: take what the float model predicts for annotations, where it is surer than
            ``annotation_conf_threshold``.
        agreement: what is compared with the float model in place of a metric, for samples without annotations:
            ``boxes``, ``text``, ``classes``, ``masks``, ``correlation``, ``fidelity``, or ``auto``: what the form of
            the outputs shows; absent: nothing, there is a metric.
        tune_hyperparams: try presets, range estimators and bias correction before any layer goes back to float,
            even in place of what the parameters say.
        convert_to_mixed_preset: try the mixed preset before, in place of the performance preset.
        keep_int8_weights: whether layers that go back to float keep weights of 8 bits, if metrics stay within what may
            be lost; absent: convolutions alone, where that is known to cost no time, if metrics lose nothing by it.
        time_budget: seconds after which the best model so far is returned; absent: no limit.
        state_dir: folder that keeps what was found, so that an interrupted run can go on.
    """

    maximal_drop: float = 0.01
    drop_type: Literal["absolute", "relative"] = "absolute"
    max_iter_num: int | None = Field(default=None, ge=1)
    ranking_subset_size: int = Field(default=300, ge=1)
    metric_subset_ratio: float = Field(default=0.5, gt=0, le=1)
    metrics: list[NamedMetric] | None = None
    use_prev_if_drop_increase: bool = True
    base_algorithm: Literal["DefaultQuantization"] = "DefaultQuantization"
    annotation_free: bool = False
    annotation_conf_threshold: float = Field(default=0.6, gt=0, lt=1)
    agreement: Agreement | None = None
    tune_hyperparams: bool = False
    convert_to_mixed_preset: bool = False
    keep_int8_weights: bool | None = None
    time_budget: float | None = Field(default=None, gt=0)
    state_dir: str | None = None

    _zero_means_any = field_validator("max_iter_num", mode="before")(none_for_zero)

    @model_validator(mode="after")
    def _one_way_without_annotations(self) -> AccuracyAwareParameters:
        if self.agreement is not None and self.annotation_free:
            raise ValueError("agreement and annotation_free exclude each other, found both")
        return self


class SearchParameters(AccuracyAwareParameters, DefaultQuantizationParameters):
    """All that an entry of AccuracyAwareQuantization may hold: its own parameters and those of the base algorithm."""

    @model_validator(mode="after")
    def _layers_are_chosen_by_the_metric(self) -> SearchParameters:
        if self.max_slowdown is not None:
            raise ValueError(
                "max_slowdown is for DefaultQuantization: accuracy control chooses layers by the metric, leave it out"
            )
        return self
