"""Quantized models to choose from: a variant of the parameters, and the layers left in float."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Any

from openvino.tools.pot.algorithms.algorithm import Algorithm
from openvino.tools.pot.algorithms.checking import Maker, check
from openvino.tools.pot.algorithms.quantization.default import DefaultQuantization
from openvino.tools.pot.algorithms.quantization.rounding import rounding_of
from openvino.tools.pot.algorithms.sequence import (
    Job,
    decide,
    finished,
    looked_at,
    measured,
    measured_in_sizes,
    planned,
)
from openvino.tools.pot.api.engine import Engine
from openvino.tools.pot.configs.parameters import DefaultQuantizationParameters
from openvino.tools.pot.configs.validation import validate
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.graph.sizes import Sizes
from openvino.tools.pot.placement.avoided import NOTHING, Avoided
from openvino.tools.pot.statistics.measured import JoinedStatistics, Statistics
from openvino.tools.pot.utils.errors import ConfigError
from openvino.tools.pot.utils.timing import timed


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
        self._avoided = NOTHING
        self._sizes: Sizes = self.passes[0].sizes if self.passes else {}
        self._known_layers: dict[tuple[str, frozenset[str]], frozenset[str]] = {}

    def measure(self, choices: Sequence[Variant], in_sizes: bool = True) -> None:
        """Measure at once what all variants ask for, unless it is known.

        Args:
            choices: the variants.
            in_sizes: whether all is planned for the sizes of samples where the model leaves them open.
        """

        def plan(sizes: Sizes) -> Job:
            self._sizes = sizes
            self._known_layers.clear()
            return self._joint(choices)

        if self.passes or not in_sizes:
            self._provide(self._joint(choices))
            return
        _, statistics = measured_in_sizes(self.model, plan({}), plan, self._engine)
        self.passes.append(statistics)
        self.passes_taken += 1

    def _joint(self, choices: Sequence[Variant]) -> Job:
        """The job of the first variant that asks for what all of them do.

        A layer in float keeps quantizers from moving past what stands before it. So what would be asked for if none
        moved is measured too, and most sets of layers in float need no pass of their own.
        """
        job = self.job(choices[0])
        jobs = [self.job(choice, floats) for choice in choices for floats in ((), self._passing(job))]
        asked = [request for each in jobs for request in each.requests]
        return replace(job, requests=tuple(dict.fromkeys(asked)))

    @staticmethod
    def _passing(job: Job) -> list[str]:
        """All nodes but the layers: what quantizers could move past."""
        assert job.context.plan is not None
        layers = {layer.node for layer in job.context.plan.layers}
        return [name for name in job.context.view.nodes if name not in layers]

    def job(self, variant: Variant, floats: Iterable[str] = (), avoided: Avoided | None = None) -> Job:
        """Where quantizers go, with layers left in float, and what must be measured for them."""
        return planned(self.model, [self._algorithm(variant, floats)], avoided or self._avoided, self._sizes)

    def decided(self, variant: Variant, floats: Iterable[str] = (), avoided: Avoided | None = None) -> Job:
        """The same with all that stages decide, before the model is edited."""
        job = self.job(variant, floats, avoided)
        self._decide(job)
        return job

    def quantized(self, variant: Variant, floats: Iterable[str] = ()) -> CompressedModel:
        """The quantized model; the float one if no layer is left to quantize."""
        return self.made(variant, floats).result

    def made(self, variant: Variant, floats: Iterable[str] = ()) -> Job:
        """The finished job of a quantized model; one that is empty if no layer is left to quantize."""
        job = self.job(variant, floats)
        if not job.is_empty:
            self._decide(job)
            self.finished(job, variant, floats)
        return job

    def finished(self, job: Job, variant: Variant, floats: Iterable[str] = ()) -> CompressedModel:
        """The quantized model of a job that is decided; the job is used up."""
        return finished(job, [self._algorithm(variant, floats)], self.passes[0].samples)

    def mend(self, device: str) -> None:
        """Find out which forms the device computes wrongly, and let all models do without them."""
        job = self.made(AS_GIVEN)
        if not self._is_watched(job):
            return

        def finish(other: Job) -> None:
            self.finished(other, AS_GIVEN)

        original = self.model.submodels[0].model
        maker = Maker(lambda avoided: self.decided(AS_GIVEN, (), avoided), finish)
        with timed("check"):
            mended, _ = check(job, self.passes[0].witness, device, original, maker, least=-inf)
        self._avoided = mended.context.avoided
        self._known_layers.clear()

    def looked_at(self, job: Job, device: str) -> CompressedModel:
        """The model of a finished job, with what was seen of it; whether outputs are good enough, metrics say."""
        if not self._is_watched(job):
            return job.result
        return looked_at(job, self.passes[0], device, self.model, least=-inf)

    def _is_watched(self, job: Job) -> bool:
        return not job.is_empty and job.sampling.self_check and len(self.passes[0].witness) > 0

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
