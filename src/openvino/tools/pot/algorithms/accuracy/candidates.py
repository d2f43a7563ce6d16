"""Quantized models to choose from: a variant of the parameters, and the layers left in float."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Any

from openvino.tools.pot.algorithms.checking import Maker, check, looked_at
from openvino.tools.pot.algorithms.job import Job, decided, edited, missing
from openvino.tools.pot.algorithms.measuring import OPEN, Jobs, Measured
from openvino.tools.pot.algorithms.networks import Networks
from openvino.tools.pot.algorithms.quantization.default import DefaultQuantization
from openvino.tools.pot.algorithms.recipe import Recipe
from openvino.tools.pot.api.engine import Engine
from openvino.tools.pot.configs.parameters import DefaultQuantizationParameters
from openvino.tools.pot.configs.validation import validate
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.graph.sizes import Sizes
from openvino.tools.pot.placement.avoided import NOTHING, Avoided
from openvino.tools.pot.statistics.measured import JoinedStatistics, Statistics
from openvino.tools.pot.utils.errors import ConfigError
from openvino.tools.pot.utils.timing import timed

_REASON = "the metrics ask for it"
"""Of layers in float."""


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
    rounding = "least_error" if Recipe.of(checked).rounds else "nearest"
    return repr(checked.model_copy(update={"weight_rounding": rounding}))


class Candidates:
    """Makes quantized models of one float model; all share the statistics of one pass, as far as they can.

    Layers are called as in the model; in a cascade ``network/layer``.

    Args:
        model: in float.
        engine: what measures.
        parameters: of the base algorithm.
        passes: statistics of earlier runs over the same model and samples.

    Attributes:
        networks: of the model.
        passes: statistics of the networks, by their names, one for each pass.
        passes_taken: how many passes were not known from earlier runs.
    """

    def __init__(
        self,
        model: CompressedModel,
        engine: Engine | None,
        parameters: Mapping[str, Any],
        passes: Iterable[Measured] = (),
    ) -> None:
        self.passes = list(passes)
        self.passes_taken = 0
        self._parameters = parameters
        known = self.passes[0] if self.passes else None
        self.networks = Networks.of(model, [self._algorithm(AS_GIVEN)], engine, known)
        self._avoided: Mapping[str, Avoided] = {}
        single = known is not None and not model.is_cascade
        self._sizes: Sizes = next(iter(known.values())).sizes if known and single else OPEN
        self._known_layers: dict[tuple[str, frozenset[str]], frozenset[str]] = {}

    @property
    def model(self) -> CompressedModel:
        """In float."""
        return self.networks.model

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to quantize."""
        return all(job.is_empty for job in self.jobs(AS_GIVEN).values())

    def measure(self, choices: Sequence[Variant], in_sizes: bool = True) -> None:
        """Measure at once what all variants ask for, unless it is known.

        Args:
            choices: the variants.
            in_sizes: whether all is planned for the sizes of samples where the model leaves them open.
        """

        def plan(sizes: Sizes) -> Jobs:
            self._sizes = sizes
            self._known_layers.clear()
            return self._joint(choices)

        if self.passes or not in_sizes:
            self._provide(self._joint(choices))
            return
        self._keep(self.networks.measured_in_sizes(plan(OPEN), plan)[1])

    def _keep(self, found: Measured) -> None:
        self.passes.append(found)
        self.passes_taken += 1

    def _joint(self, choices: Sequence[Variant]) -> Jobs:
        """The jobs of the first variant, which ask for what those of all variants do.

        A layer in float keeps quantizers from moving past what stands before it. So what would be asked for if none
        moved is measured too, and most sets of layers in float need no pass of their own.
        """
        jobs = self.jobs(choices[0])
        passing = [self.called(name, node) for name, job in jobs.items() for node in _passing(job)]
        others = [self.jobs(choice, floats) for choice in choices for floats in ((), passing)]
        return {
            name: replace(
                job, requests=tuple(dict.fromkeys(each for other in others for each in other[name].requests))
            )
            for name, job in jobs.items()
        }

    def called(self, network: str, node: str) -> str:
        """How a layer is called."""
        return f"{network}/{node}" if self.model.is_cascade else node

    def _by_network(self, floats: Iterable[str]) -> dict[str, dict[str, str]]:
        """Network -> the layers of it that are to stay in float, with the reason."""
        found: dict[str, dict[str, str]] = {name: {} for name in self.networks.alone}
        for called in floats:
            name, node = self._place(called)
            found[name][node] = _REASON
        return found

    def _place(self, called: str) -> tuple[str, str]:
        """The network and the node of a layer."""
        names = list(self.networks.alone)
        if not self.model.is_cascade:
            return names[0], called
        name = max((name for name in names if called.startswith(f"{name}/")), key=len)
        return name, called.removeprefix(f"{name}/")

    def jobs(
        self,
        variant: Variant,
        floats: Iterable[str] = (),
        avoided: Mapping[str, Avoided] | None = None,
        names: Sequence[str] | None = None,
    ) -> Jobs:
        """Where quantizers go, with layers left in float, and what must be measured for them.

        Args:
            variant: of the parameters.
            floats: the layers.
            avoided: network -> what its plan must do without; absent: what the device was found to miscompute.
            names: of the networks; absent: all.
        """
        known = self._avoided if avoided is None else avoided
        without = {
            name: known.get(name, NOTHING).and_float(own) for name, own in self._by_network(floats).items()
        }
        return self.networks.planned([self._algorithm(variant)], names, self._sizes, without)

    def decided(self, variant: Variant, floats: Iterable[str] = ()) -> Jobs:
        """The same with all that stages decide, before models are edited."""
        return self._decided(self.jobs(variant, floats))

    def quantized(self, variant: Variant, floats: Iterable[str] = ()) -> CompressedModel:
        """The quantized model; the float one if no layer is left to quantize."""
        return self.assembled(self.made(variant, floats))

    def made(self, variant: Variant, floats: Iterable[str] = ()) -> Jobs:
        """The edited jobs of a quantized model; those stay as they are of which no layer is left to quantize."""
        return self.edited(self.decided(variant, floats))

    def edited(self, jobs: Jobs) -> Jobs:
        """Decided jobs, carried out; they are used up."""
        samples = next(iter(self.passes[0].values())).samples if self.passes else 0
        return {name: job if job.is_empty else edited(job, samples) for name, job in jobs.items()}

    def assembled(self, jobs: Jobs) -> CompressedModel:
        """The model of edited jobs."""
        return self.networks.assembled({name: job.result for name, job in jobs.items()})

    def mend(self, device: str) -> None:
        """Find out which forms the device computes wrongly, and let all models do without them."""
        avoided = {
            name: self._mended(name, job, device).decisions.network.avoided
            for name, job in self.made(AS_GIVEN).items()
            if self._is_watched(name, job)
        }
        if avoided:
            self._avoided = avoided
            self._known_layers.clear()

    def _mended(self, name: str, job: Job, device: str) -> Job:
        """A job without what the device computes wrongly."""

        def again(avoided: Avoided) -> Job:
            return self._decided(self.jobs(AS_GIVEN, (), {name: avoided}, [name]))[name]

        maker = Maker(again, lambda other: self.edited({name: other})[name])
        original = self.networks.alone[name].submodels[0].model
        with timed("check"):
            return check(job, self.passes[0][name].witness, device, original, maker, least=-inf)[0]

    def looked_at(self, jobs: Jobs, device: str) -> CompressedModel:
        """The model of edited jobs, with what was seen of it; whether outputs are good enough, metrics say."""
        return self.networks.assembled(
            {
                name: looked_at(job, self.passes[0][name], device, self.networks.alone[name], least=-inf)
                if self._is_watched(name, job)
                else job.result
                for name, job in jobs.items()
            }
        )

    def _is_watched(self, name: str, job: Job) -> bool:
        watches = job.recipe.parameters.self_check
        return not job.is_empty and watches and len(self.passes[0][name].witness) > 0

    def _decided(self, jobs: Jobs) -> Jobs:
        if all(job.is_empty for job in jobs.values()):
            return jobs
        self._provide(jobs)
        return {name: job if job.is_empty else decided(job, self._known(name)) for name, job in jobs.items()}

    def _known(self, name: str) -> Statistics:
        return JoinedStatistics([found[name] for found in self.passes if name in found])

    def floats(self, variant: Variant, floats: Iterable[str] = ()) -> tuple[str, ...]:
        """The layers that are in float if some are asked to be: others may not be worth quantizing without them."""
        return tuple(sorted(self._layers(variant) - self._layers(variant, floats)))

    def _layers(self, variant: Variant, floats: Iterable[str] = ()) -> frozenset[str]:
        key = variant.name, frozenset(floats)
        if key not in self._known_layers:
            jobs = self.jobs(variant, floats)
            self._known_layers[key] = frozenset(
                self.called(name, layer.node) for name, job in jobs.items() for layer in job.plan.layers
            )
        return self._known_layers[key]

    def _provide(self, jobs: Jobs) -> None:
        unknown = {
            name: missing(job, self._known(name) if self.passes else None) for name, job in jobs.items()
        }
        wanted = {name: job for name, job in unknown.items() if job.requests}
        if wanted or not self.passes:
            self._keep(self.networks.measured(wanted or unknown))

    def _algorithm(self, variant: Variant) -> DefaultQuantization:
        return DefaultQuantization(_merged(self._parameters, variant))


def _passing(job: Job) -> list[str]:
    """All nodes but the layers: what quantizers could move past."""
    layers = {layer.node for layer in job.plan.layers}
    return [name for name in job.decisions.network.view.nodes if name not in layers]
