"""The networks of a model on their way, one or those of a cascade: the same code for both."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import openvino as ov

from openvino.tools.pot.algorithms.exact_input import with_exact_input
from openvino.tools.pot.algorithms.interfaces import Configured
from openvino.tools.pot.algorithms.job import Job, decided, planned, refined
from openvino.tools.pot.algorithms.measuring import OPEN, Jobs, Measuring
from openvino.tools.pot.algorithms.parameters import check_models, placing
from openvino.tools.pot.api.engine import Engine
from openvino.tools.pot.graph.digest import digest_of
from openvino.tools.pot.graph.model import CompressedModel, SubModel
from openvino.tools.pot.graph.names import input_name
from openvino.tools.pot.graph.sizes import Sizes
from openvino.tools.pot.placement.avoided import NOTHING, Avoided
from openvino.tools.pot.statistics.kept import Kept
from openvino.tools.pot.statistics.measured import (
    JoinedStatistics,
    Measured,
    MeasuredModel,
    Statistics,
    unanswered,
)
from openvino.tools.pot.utils.errors import EngineError
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)

_NONE: Mapping[str, Avoided] = MappingProxyType({})


@dataclass(frozen=True)
class Networks:
    """The networks of a model, each by itself.

    Attributes:
        model: in float.
        alone: name -> the network as a model of its own, with inputs of the sizes that it is fed in.
        measuring: the engine's samples.
    """

    model: CompressedModel
    alone: Mapping[str, CompressedModel]
    measuring: Measuring

    @classmethod
    def of(
        cls,
        model: CompressedModel,
        algorithms: Sequence[Configured],
        engine: Engine | None,
        known: Measured | None = None,
        exact: bool = True,
    ) -> Networks:
        """Take a model apart.

        Args:
            model: in float.
            algorithms: in their order.
            engine: what measures.
            known: statistics of before, which know in which sizes networks are fed.
            exact: whether samples may show that an input can be read without rounding.

        Raises:
            EngineError, ConfigError, DataError: as ``run``.
        """
        model = _with_origin(model)
        measuring = Measuring(model, engine, placing(algorithms).recipe.parameters)
        check_models(algorithms, model)
        if not model.is_cascade:
            alone = with_exact_input(model, algorithms, measuring) if exact else model
            return cls(model, {model.submodels[0].name: alone}, measuring)
        if known is not None:
            fed = {name: found.sizes for name, found in known.items()}
        else:
            fed = measuring.shapes() if any(each.needs_data for each in algorithms) else {}
        measuring.fed = fed
        return cls(model, {sub.name: _alone(sub, fed.get(sub.name, {})) for sub in model}, measuring)

    def planned(
        self,
        algorithms: Sequence[Configured],
        names: Iterable[str] | None = None,
        sizes: Sizes = OPEN,
        avoided: Mapping[str, Avoided] = _NONE,
    ) -> Jobs:
        """Where quantizers go, and what must be measured for them.

        Args:
            algorithms: in their order; each network has its own parameters of them.
            names: of the networks that are planned, absent: all.
            sizes: of samples, as far as they are known.
            avoided: network -> what its plan must do without.
        """
        return {
            name: planned(
                self.alone[name], [each.of(name) for each in algorithms], avoided.get(name, NOTHING), sizes
            )
            for name in (self.alone if names is None else names)
        }

    def refined(self, name: str, job: Job) -> Job:
        """A job with what refinements make of what its stages decided."""
        return refined(job, lambda: self.measuring.further(name, job))

    def assembled(self, results: Mapping[str, CompressedModel]) -> CompressedModel:
        """The quantized networks as one model, with inputs as the float ones have them."""
        if not self.model.is_cascade:
            (result,) = results.values()
            return result
        subs = [_as_given(results[sub.name].submodels[0], sub) for sub in self.model]
        return CompressedModel(subs, self.model.name, is_cascade=True)


class Known:
    """Statistics of the networks of a model; what they don't answer is measured.

    Args:
        networks: of the model.
        passes: of earlier runs over the same model and samples.

    Attributes:
        networks: of the model.
        passes: statistics of the networks, by their names, one for each pass.
        taken: how many passes were not known from earlier runs.
    """

    def __init__(self, networks: Networks, passes: Iterable[Measured] = ()) -> None:
        self.passes, self.taken = list(passes), 0
        self.networks, self._computed = networks, {name: Kept() for name in networks.alone}

    def add(self, found: Measured) -> None:
        """Keep what a pass found."""
        self.passes.append(found)
        self.taken += 1

    def decided(self, jobs: Jobs) -> Jobs:
        """Jobs with all that their stages decide; those with nothing to quantize stay as they are."""
        if not all(job.is_empty for job in jobs.values()):
            self.provide(jobs)
            jobs = {name: job if job.is_empty else self._decided(name, job) for name, job in jobs.items()}
        return jobs

    def _decided(self, name: str, job: Job) -> Job:
        return self.networks.refined(name, decided(job, self._of(name)))

    def provide(self, jobs: Jobs) -> None:
        """Measure at once what jobs ask for and is not known."""
        wanted = {name: self._missing(name, job) for name, job in jobs.items()}
        if self.passes:
            wanted = {name: job for name, job in wanted.items() if job.requests}
        if wanted:
            self.add(self.networks.measuring.measured(wanted))

    def maker(self, name: str, job: Job) -> Callable[[Avoided], Job]:
        """What makes further decided jobs of one network, which do without some forms."""

        def made(avoided: Avoided) -> Job:
            other = planned(self.networks.alone[name], job.algorithms, avoided, job.sizes)
            self.provide({name: other})
            return self._decided(name, other)

        return made

    def _missing(self, name: str, job: Job) -> Job:
        known = [found[name] for found in self.passes if name in found]
        return replace(job, requests=unanswered(job.requests, known))

    def _of(self, name: str) -> Statistics:
        parts = [found[name] for found in self.passes if name in found]
        return JoinedStatistics(parts, self._computed[name])


def by_name(model: CompressedModel, statistics: MeasuredModel | None) -> Measured | None:
    """Statistics of before, by the names of networks.

    Raises:
        EngineError: they are of other networks.
    """
    if statistics is None:
        return None
    names = [sub.name for sub in model]
    if isinstance(statistics, Statistics):
        found = {names[0]: statistics} if not model.is_cascade else {}
        said = "of a single network"
    else:
        found = dict(statistics) if model.is_cascade else {}
        said = f"of {', '.join(statistics)}"
    if found.keys() != set(names):
        raise EngineError(f"statistics of before are {said}, expected those of {', '.join(names)}")
    return found


def _with_origin(model: CompressedModel) -> CompressedModel:
    """The same networks, each with the digest of what it was before anything was made of it."""
    subs = [sub if sub.rewritten else replace(sub, origin=digest_of(sub.model)) for sub in model]
    return CompressedModel(subs, model.name, model.is_cascade)


def _alone(sub: SubModel, shapes: Sizes) -> CompressedModel:
    """One network of a cascade by itself, with inputs of the sizes that it is fed in."""
    network = sub.model.clone()
    if shapes:
        fed = {name: ov.PartialShape([-1 if s is None else s for s in own]) for name, own in shapes.items()}
        network.reshape(fed)
        logger.info("model %r is fed in several sizes: %s", sub.name, ", ".join(map(str, fed.values())))
    return CompressedModel([replace(sub, model=network)], sub.name)


def _as_given(result: SubModel, sub: SubModel) -> SubModel:
    """A quantized network with inputs of the sizes of the float one."""
    own = {input_name(port): port.get_partial_shape() for port in sub.model.inputs}
    if [port.get_partial_shape() for port in result.model.inputs] != list(own.values()):
        result.model.reshape(own)
    return result
