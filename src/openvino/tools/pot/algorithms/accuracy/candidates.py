"""Quantized models to choose from: a variant of the parameters, and the layers left in float."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Any

import openvino as ov

from openvino.tools.pot.algorithms.checking import check, checked
from openvino.tools.pot.algorithms.job import Job, edited
from openvino.tools.pot.algorithms.measuring import OPEN, Jobs
from openvino.tools.pot.algorithms.networks import Known, Networks
from openvino.tools.pot.algorithms.quantization.default import DefaultQuantization
from openvino.tools.pot.algorithms.recipe import Recipe
from openvino.tools.pot.api.engine import Engine
from openvino.tools.pot.configs.parameters import DefaultQuantizationParameters
from openvino.tools.pot.configs.validation import validate
from openvino.tools.pot.graph.edits.compress import compress_weights
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.graph.sizes import Sizes
from openvino.tools.pot.placement.avoided import NOTHING, Avoided, Stored
from openvino.tools.pot.statistics.measured import Measured
from openvino.tools.pot.statistics.witness import Witness
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
        valid = validate(DefaultQuantizationParameters, parameters, DefaultQuantization.name)
    except ConfigError:
        return None
    rounding = "least_error" if Recipe.of(valid).rounds else "nearest"
    return repr(valid.model_copy(update={"weight_rounding": rounding}))


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
        known: their statistics.
    """

    def __init__(
        self,
        model: CompressedModel,
        engine: Engine | None,
        parameters: Mapping[str, Any],
        passes: Sequence[Measured] = (),
    ) -> None:
        first = next(iter(passes), None)
        self._parameters = parameters
        self.networks = Networks.of(model, [self._algorithm(AS_GIVEN)], engine, first)
        self.known = Known(self.networks, passes)
        self._avoided: Mapping[str, Avoided] = {}
        self._sizes = OPEN if first is None or model.is_cascade else next(iter(first.values())).sizes
        self._known_layers: dict[tuple[str, frozenset[str]], frozenset[str]] = {}

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to quantize."""
        return not any(job.plan.layers for job in self.jobs(AS_GIVEN).values())

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

        if self.known.passes or not in_sizes:
            self.known.provide(self._joint(choices))
        else:
            self.known.add(self.networks.measuring.measured_in_sizes(plan(OPEN), plan)[1])

    def _joint(self, choices: Sequence[Variant]) -> Jobs:
        """The jobs of the first variant, which ask for what those of all variants do.

        A layer in float keeps quantizers from moving past what stands before it, and may give more than half precision
        holds. So what would be asked for if none moved, and if there were none, is measured too, and most sets of
        layers in float need no pass of their own.
        """
        jobs = self.jobs(choices[0])
        passing = [self.called(name, node) for name, job in jobs.items() for node in _passing(job)]
        in_half = any(job.recipe.device.half for job in jobs.values())
        sets = ((), passing, self._layers(choices[0])) if in_half else ((), passing)
        others = [self.jobs(choice, floats) for choice in choices for floats in sets]
        return {
            name: replace(
                job, requests=tuple(dict.fromkeys(each for other in others for each in other[name].requests))
            )
            for name, job in jobs.items()
        }

    def called(self, network: str, node: str) -> str:
        """How a layer is called."""
        return f"{network}/{node}" if self.networks.model.is_cascade else node

    def _by_network(self, floats: Iterable[str]) -> dict[str, dict[str, str]]:
        """Network -> the layers of it that are to stay in float, with the reason."""
        names = list(self.networks.alone)
        found: dict[str, dict[str, str]] = {name: {} for name in names}
        for called in floats:
            owners = (name for name in names if called.startswith(self.called(name, "")))
            name = max(owners, key=len)
            found[name][called.removeprefix(self.called(name, ""))] = _REASON
        return found

    def jobs(self, variant: Variant, floats: Iterable[str] = (), stored: Stored = "none") -> Jobs:
        """Where quantizers go, with layers left in float, and what must be measured for them.

        Args:
            variant: of the parameters.
            floats: layers that are to stay in float.
            stored: which of these have their weights in 8 bits.
        """
        without = {
            name: replace(self._avoided.get(name, NOTHING).and_float(own), stored=stored)
            for name, own in self._by_network(floats).items()
        }
        return self.networks.planned([self._algorithm(variant)], sizes=self._sizes, avoided=without)

    def _algorithm(self, variant: Variant) -> DefaultQuantization:
        return DefaultQuantization(_merged(self._parameters, variant))

    @property
    def is_measured(self) -> bool:
        """Whether what is known of the device was seen on it."""
        return self._algorithm(AS_GIVEN).recipe.device.measured

    def stores(self, variant: Variant, floats: Iterable[str], stored: Stored) -> bool:
        """Whether layers in float have weights that could have 8 bits, and have not anyway."""
        jobs = [job for job in self.jobs(variant, floats, stored).values() if not job.is_empty]
        return any(job.plan.kept for job in jobs if not job.recipe.stores)

    def decided(self, variant: Variant, floats: Iterable[str] = (), stored: Stored = "none") -> Jobs:
        """The same with all that stages decide, before models are edited."""
        return self.known.decided(self.jobs(variant, floats, stored))

    def made(self, variant: Variant, floats: Iterable[str] = (), stored: Stored = "none") -> Jobs:
        """The edited jobs of a quantized model; those stay as they are of which no layer is left to quantize."""
        jobs = self.decided(variant, floats, stored)
        return {name: job if job.is_empty else edited(job) for name, job in jobs.items()}

    def stored(self, jobs: Jobs) -> CompressedModel:
        """A copy of the model of edited jobs, with integers for weights, as users run it."""
        found = self.assembled(jobs).clone()
        for sub in found:
            compress_weights(sub.model)
        return found

    def assembled(self, jobs: Jobs) -> CompressedModel:
        """The model of edited jobs; the float one if no layer is left to quantize."""
        return self.networks.assembled({name: job.result for name, job in jobs.items()})

    def mend(self, device: str) -> None:
        """Find out which forms the device computes wrongly, and let all models do without them."""
        avoided = {}
        for name, job in self.made(AS_GIVEN).items():
            if self._is_watched(name, job):
                maker = self.known.maker(name, job)
                with timed("check"):
                    chosen, _ = check(job, *self._witnessed(name, device), maker, least=-inf)
                avoided[name] = chosen.decisions.network.avoided
        if avoided:
            self._avoided = avoided
            self._known_layers.clear()

    def looked_at(self, jobs: Jobs, device: str) -> CompressedModel:
        """The model of edited jobs, with what was seen of it; whether outputs are good enough, metrics say."""
        return self.networks.assembled(
            {
                name: checked(job, *self._witnessed(name, device), least=-inf)
                if self._is_watched(name, job)
                else job.result
                for name, job in jobs.items()
            }
        )

    def _is_watched(self, name: str, job: Job) -> bool:
        watches = job.recipe.parameters.self_check
        return not job.is_empty and watches and len(self.known.passes[0][name].witness) > 0

    def _witnessed(self, name: str, device: str) -> tuple[Witness, str, ov.Model]:
        """What a network is held against."""
        original = self.networks.alone[name].submodels[0].model
        return self.known.passes[0][name].witness, device, original

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


def _passing(job: Job) -> list[str]:
    """All nodes but the layers: what quantizers could move past."""
    layers = {layer.node for layer in job.plan.layers}
    return [name for name in job.decisions.network.view.nodes if name not in layers]
