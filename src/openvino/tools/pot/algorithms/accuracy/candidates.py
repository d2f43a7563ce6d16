"""Quantized models to choose from: a variant of the parameters, and the layers left in float."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from openvino.tools.pot.algorithms.algorithm import Algorithm
from openvino.tools.pot.algorithms.quantization.default import DefaultQuantization
from openvino.tools.pot.algorithms.quantization.rounding import rounding_of
from openvino.tools.pot.algorithms.sequence import Job, decide, finished, measured, planned
from openvino.tools.pot.api.engine import Engine
from openvino.tools.pot.config.parameters import DefaultQuantizationParameters
from openvino.tools.pot.config.validation import validate
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.statistics.layout import JoinedStatistics, Statistics
from openvino.tools.pot.utils.errors import ConfigError


@dataclass(frozen=True)
class Variant:
    """Parameters that differ from the user's.

    Attributes:
        name: in reports.
        changes: parameter -> value.
    """

    name: str
    changes: Mapping[str, Any]


AS_GIVEN = Variant("as given", {})
_MIXED = Variant("mixed preset", {"preset": "mixed"})
_NEAREST = Variant("nearest rounding", {"weight_rounding": "nearest"})
_LEAST = Variant("rounding by least error", {"weight_rounding": "least_error"})
_FREE = tuple(
    Variant(f"{preset or 'no'} preset, {words}", {"preset": preset, **changes})
    for preset in (None, "performance", "mixed")
    for words, changes in (
        ("default ranges", {"range_estimator": None}),
        ("quantiles", {"range_estimator": {"preset": "quantile"}}),
        ("rounding by least error", {"weight_rounding": "least_error"}),
        ("biases of biased layers alone", {"apply_for_all_nodes": False}),
    )
)


def variants(parameters: Mapping[str, Any], mixed: bool, tune: bool) -> tuple[Variant, ...]:
    """What is worth an evaluation before any layer goes back to float; the user's own choice comes first.

    Args:
        parameters: of the base algorithm.
        mixed: ``convert_to_mixed_preset``.
        tune: ``tune_hyperparams``: what the parameters say may be set aside.
    """
    preset = parameters.get("preset")
    found = [AS_GIVEN]
    if mixed and preset in (None, "performance", "symmetric"):
        found.append(_MIXED)
    found.append(_LEAST if parameters.get("weight_rounding") else _NEAREST)
    if not any(parameters.get(key) for key in ("preset", "range_estimator", "weight_rounding")):
        found.append(_MIXED)
    if tune:
        found.extend(_FREE)
    different: dict[str, Variant] = {}
    for variant in found:
        meaning = _meaning(_merged(parameters, variant))
        if meaning is not None:
            different.setdefault(meaning, variant)
    return tuple(different.values())


def _merged(parameters: Mapping[str, Any], variant: Variant) -> dict[str, Any]:
    merged = {**parameters, **variant.changes}
    return {key: value for key, value in merged.items() if value is not None}


def _meaning(parameters: Mapping[str, Any]) -> str | None:
    """A text that is the same for parameters that mean the same; None where they don't fit together."""
    try:
        checked = validate(DefaultQuantizationParameters, parameters, DefaultQuantization.name)
    except ConfigError:
        return None
    return repr(checked.model_copy(update={"weight_rounding": rounding_of(checked)}))


class Candidates:
    """Makes quantized models of one float model; all share the statistics of one pass, as far as they can.

    Args:
        model: in float.
        engine: what measures.
        parameters: of the base algorithm.
        passes: statistics of earlier runs over the same model and samples.

    Attributes:
        passes: statistics, one for each pass.
        passes_taken: how many passes were not known from earlier runs.
    """

    def __init__(
        self,
        model: CompressedModel,
        engine: Engine | None,
        parameters: Mapping[str, Any],
        passes: Iterable[Statistics] = (),
    ) -> None:
        self.model, self._engine, self._parameters = model, engine, parameters
        self.passes = list(passes)
        self.passes_taken = 0
        self._known_layers: dict[tuple[str, frozenset[str]], frozenset[str]] = {}

    def measure(self, choices: Sequence[Variant]) -> None:
        """Measure at once what all variants ask for, unless it is known.

        A layer in float keeps quantizers from moving past what stands before it. So what would be asked for if none
        moved is measured too, and most sets of layers in float need no pass of their own.
        """
        job = self.job(choices[0])
        jobs = [self.job(choice, floats) for choice in choices for floats in ((), self._passing(job))]
        asked = [request for each in jobs for request in each.requests]
        self._provide(replace(job, requests=tuple(dict.fromkeys(asked))))

    @staticmethod
    def _passing(job: Job) -> list[str]:
        """All nodes but the layers: what quantizers could move past."""
        assert job.context.plan is not None
        layers = {layer.node for layer in job.context.plan.layers}
        return [name for name in job.context.view.nodes if name not in layers]

    def job(self, variant: Variant, floats: Iterable[str] = ()) -> Job:
        """Where quantizers go, with layers left in float, and what must be measured for them."""
        return planned(self.model, [self._algorithm(variant, floats)])

    def decided(self, variant: Variant, floats: Iterable[str] = ()) -> Job:
        """The same with all that stages decide, before the model is edited."""
        job = self.job(variant, floats)
        self._decide(job)
        return job

    def quantized(self, variant: Variant, floats: Iterable[str] = ()) -> CompressedModel:
        """The quantized model; the float one if no layer is left to quantize."""
        job = self.job(variant, floats)
        if job.is_empty:
            return job.result
        self._decide(job)
        return self.finished(job, variant, floats)

    def finished(self, job: Job, variant: Variant, floats: Iterable[str] = ()) -> CompressedModel:
        """The quantized model of a job that is decided; the job is used up."""
        return finished(job, [self._algorithm(variant, floats)], self.passes[0].samples)

    def _decide(self, job: Job) -> None:
        self._provide(job)
        decide(job, JoinedStatistics(self.passes))

    def floats(self, variant: Variant, floats: Iterable[str] = ()) -> tuple[str, ...]:
        """The layers that are in float if some are asked to be: others may not be worth quantizing without them."""
        return tuple(sorted(self._layers(variant) - self._layers(variant, floats)))

    def _layers(self, variant: Variant, floats: Iterable[str] = ()) -> frozenset[str]:
        key = variant.name, frozenset(floats)
        if key not in self._known_layers:
            plan = self.job(variant, floats).context.plan
            assert plan is not None
            self._known_layers[key] = frozenset(layer.node for layer in plan.layers)
        return self._known_layers[key]

    def _provide(self, job: Job) -> None:
        known = JoinedStatistics(self.passes) if self.passes else None
        missing = [request for request in job.requests if known is None or not known.answers(request)]
        if missing or known is None:
            missing_job = replace(job, requests=tuple(missing))
            self.passes.append(measured(self.model, missing_job, self._engine, first=known is None))
            self.passes_taken += 1

    def _algorithm(self, variant: Variant, floats: Iterable[str]) -> Algorithm:
        merged = _merged(self._parameters, variant)
        ignored = dict(merged.get("ignored") or {})
        ignored["scope"] = [*ignored.get("scope", []), *sorted(floats)]
        return DefaultQuantization({**merged, "ignored": ignored}, self._engine)
