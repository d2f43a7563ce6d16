"""The networks of a model on their way, one or those of a cascade: the same code for both."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import openvino as ov

from openvino.tools.pot.algorithms.interfaces import Configured
from openvino.tools.pot.algorithms.job import Job, planned
from openvino.tools.pot.algorithms.measuring import OPEN, Jobs, Measured, Measuring
from openvino.tools.pot.algorithms.parameters import check_models, placing
from openvino.tools.pot.api.engine import Engine
from openvino.tools.pot.graph.model import CompressedModel, SubModel
from openvino.tools.pot.graph.names import input_name
from openvino.tools.pot.graph.sizes import Sizes
from openvino.tools.pot.placement.avoided import NOTHING, Avoided
from openvino.tools.pot.statistics.measured import Statistics
from openvino.tools.pot.utils.errors import EngineError
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)

MeasuredModel = Statistics | Measured
"""Statistics of a model; of a cascade by the names of its networks."""

_NONE: Mapping[str, Avoided] = MappingProxyType({})


@dataclass(frozen=True)
class Networks:
    """The networks of a model, each by itself.

    Attributes:
        model: in float.
        alone: name -> the network as a model of its own, with inputs of the sizes that it is fed in.
        measuring: the engine's samples.
        shapes: name -> the sizes in which it is fed, where these are others than it has.
    """

    model: CompressedModel
    alone: Mapping[str, CompressedModel]
    measuring: Measuring
    shapes: Mapping[str, Sizes]

    @classmethod
    def of(
        cls,
        model: CompressedModel,
        algorithms: Sequence[Configured],
        engine: Engine | None,
        known: Measured | None = None,
    ) -> Networks:
        """Take a model apart.

        Args:
            model: in float.
            algorithms: in their order.
            engine: what measures.
            known: statistics of before, which know in which sizes networks are fed.

        Raises:
            EngineError, ConfigError, DataError: as ``run``.
        """
        measuring = Measuring(model, engine, placing(algorithms).recipe.parameters)
        check_models(algorithms, model)
        if not model.is_cascade:
            return cls(model, {model.submodels[0].name: model}, measuring, {})
        shapes = measuring.shapes() if known is None else {n: found.sizes for n, found in known.items()}
        alone = {sub.name: _alone(sub, shapes.get(sub.name, {})) for sub in model}
        return cls(model, alone, measuring, shapes)

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

    def measured(self, jobs: Jobs) -> Measured:
        """What jobs ask for, from one pass over the samples; it knows in which sizes networks of a cascade were fed."""
        return self._with_shapes(self.measuring.measured(jobs))

    def measured_in_sizes(self, jobs: Jobs, plan: Callable[[Sizes], Jobs]) -> tuple[Jobs, Measured]:
        """The same of jobs planned for the sizes of samples, as ``Measuring.measured_in_sizes``."""
        sized, found = self.measuring.measured_in_sizes(jobs, plan)
        return sized, self._with_shapes(found)

    def _with_shapes(self, found: Measured) -> Measured:
        for name in self.shapes.keys() & found.keys():
            found[name].sizes = self.shapes[name]
        return found

    def measured_again(self, name: str, job: Job) -> Statistics:
        """What a job of one network asks for."""
        return self.measured({name: job})[name]

    def assembled(self, results: Mapping[str, CompressedModel]) -> CompressedModel:
        """The quantized networks as one model, with inputs as the float ones have them."""
        if not self.model.is_cascade:
            (result,) = results.values()
            return result
        subs = [_as_given(results[sub.name].submodels[0], sub) for sub in self.model]
        return CompressedModel(subs, self.model.name, is_cascade=True)


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
