"""One network on its way: planned, decided, edited."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType

import openvino as ov

from openvino.tools.pot.algorithms.decisions import Decisions, PlannedNetwork
from openvino.tools.pot.algorithms.interfaces import Configured, Passes
from openvino.tools.pot.algorithms.parameters import placing
from openvino.tools.pot.algorithms.recipe import Recipe
from openvino.tools.pot.algorithms.transform import record, record_factor, record_origin, transform
from openvino.tools.pot.graph.edits.plain import fix_known_shapes, keep_conversions
from openvino.tools.pot.graph.edits.precision import in_float32
from openvino.tools.pot.graph.edits.unpack import unpack_unreadable_weights
from openvino.tools.pot.graph.model import CompressedModel, SubModel
from openvino.tools.pot.graph.scratch import unnamed_files
from openvino.tools.pot.graph.sizes import Sizes, with_sizes
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.placement.avoided import NOTHING, Avoided
from openvino.tools.pot.placement.constants import make_weight_plan
from openvino.tools.pot.placement.exact import counted
from openvino.tools.pot.placement.hybrid import with_kept_weights
from openvino.tools.pot.placement.integers import make_integer_plan
from openvino.tools.pot.placement.matching import find_matches
from openvino.tools.pot.placement.plan import Plan
from openvino.tools.pot.placement.planner import make_plan
from openvino.tools.pot.placement.rules import ruled, weights_by_layer
from openvino.tools.pot.placement.scope import ignored_nodes
from openvino.tools.pot.placement.transformers import why_transformer
from openvino.tools.pot.statistics.measured import Statistics
from openvino.tools.pot.statistics.requests import Request
from openvino.tools.pot.utils.errors import EngineError
from openvino.tools.pot.utils.logger import get_logger
from openvino.tools.pot.utils.memory import hand_back
from openvino.tools.pot.utils.progress import glance
from openvino.tools.pot.utils.timing import timed

logger = get_logger(__name__)


@dataclass(frozen=True)
class Frugality:
    """What is done behind the pass to need little memory.

    Attributes:
        lets_go: whether statistics are let go before the check, which measures again what it mends with, and the float
            model is not timed beside the result.
        in_files: whether weights of the result are in mapped temporary files.
    """

    lets_go: bool = False
    in_files: bool = False


FREE, THRIFTY = Frugality(), Frugality(lets_go=True, in_files=True)


@dataclass(frozen=True)
class Job:
    """Algorithms on their way through one network.

    Attributes:
        result: the model that will be edited.
        algorithms: in their order.
        decisions: of their stages about the network in it; none before there are statistics.
        requests: what they want to be measured.
        sizes: of samples, as far as the model leaves them open and they are known.
        samples: that the statistics are of.
        figures: the digest of the statistics.
        begun: when it was planned, by ``time.perf_counter``.
        frugal: what is done to need little memory.
    """

    result: CompressedModel
    algorithms: tuple[Configured, ...]
    decisions: Decisions
    requests: tuple[Request, ...]
    sizes: Sizes = field(default_factory=dict)
    samples: int = 0
    figures: str = ""
    begun: float = field(default_factory=time.perf_counter)
    frugal: Frugality = FREE

    @property
    def recipe(self) -> Recipe:
        """That of the algorithm that places quantizers."""
        return placing(self.algorithms).recipe

    @property
    def plan(self) -> Plan:
        """Where quantizers go."""
        return self.decisions.network.plan

    @property
    def network(self) -> ov.Model:
        """The model itself."""
        return self.result.submodels[0].model

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to quantize, or to change."""
        rewritten = self.algorithms[0].rewrites and self.requests
        return not (self.plan.layers or self.plan.kept or rewritten)


def planned(
    model: CompressedModel,
    algorithms: Sequence[Configured],
    avoided: Avoided = NOTHING,
    sizes: Sizes = MappingProxyType({}),
) -> Job:
    """A clone of a network, where quantizers go in it, and what must be measured for them.

    Args:
        model: of one network, in float.
        algorithms: in their order.
        avoided: what the plan must do without.
        sizes: of samples, as far as the model leaves them open and they are known.

    Raises:
        EngineError: the model is a cascade.
        ConfigError: the algorithms don't go together in this order.
    """
    if model.is_cascade:
        raise EngineError(f"this is for single models, found the cascade {model.name!r}")
    recipe, result = placing(algorithms).recipe, model.clone()
    sub = result.submodels[0]
    in_float32(sub.model)
    keep_conversions(sub.model)
    unpack_unreadable_weights(sub.model)
    if recipe.device.integers is not None:
        fix_known_shapes(sub.model)
    with timed("plan"):
        view = GraphView(sub.model, with_sizes(sub.model, sizes))
        if algorithms[0].rewrites:
            plan = make_weight_plan(view, ignored_nodes(view, recipe.parameters.ignored.of(sub.name), sub))
            network = PlannedNetwork(sub, view, plan)
        else:
            network = _placed(recipe, sub, view, avoided)
        stages = (stage for algorithm in algorithms for stage in algorithm.stages)
        requests = tuple(request for stage in stages for request in stage.requests(network))
    return Job(result, tuple(algorithms), Decisions(network), requests, sizes)


def _placed(recipe: Recipe, sub: SubModel, view: GraphView, avoided: Avoided) -> PlannedNetwork:
    """Where quantizers go, less the ignored scope; with anything avoided, all was said of the plan before."""
    parameters, device = recipe.parameters, recipe.device
    ignored = {**ignored_nodes(view, parameters.ignored.of(sub.name), sub), **avoided.floats}
    find = partial(find_matches, view, device, ignored, sub=sub, rules=parameters.rules, tells=not avoided)
    if device.integers is None:
        transformer = _is_transformer(parameters.model_type, sub, view, tells=not avoided)
        plan = make_plan(view, device, ignored, transformer, {**avoided.divided, **counted(view)})
        matches = find(plan)
    else:
        make = partial(
            make_integer_plan, view, device, ignored, parameters.preset or "mixed", parameters.weights
        )
        plan = make()
        if matches := find(plan):
            plan = make(weights_by_layer(matches))
    plan = ruled(plan, matches, tells=not avoided)
    if recipe.stores:
        plan = with_kept_weights(view, device, plan)
    elif avoided.stored != "none":
        plan = with_kept_weights(view, device, plan, avoided.floats, avoided.stored == "convolutions")
    for layer in plan.floats:
        if layer.costly and not avoided:
            logger.info("%s %r stays in float: %s", layer.type, layer.node, layer.reason)
    return PlannedNetwork(sub, view, plan, avoided)


def _is_transformer(said: str | None, sub: SubModel, view: GraphView, tells: bool) -> bool:
    """What the parameters say, and where they are silent, what the graph looks like."""
    if said is not None:
        return said == "transformer"
    found = why_transformer(view)
    if found and tells:
        logger.info(
            "model %r is a transformer: %s (model_type: none treats it as any other model)", sub.name, found
        )
    return bool(found)


def decided(job: Job, statistics: Statistics) -> Job:
    """The same with what all stages decide, one after the other; nothing is edited."""
    decisions = job.decisions
    stages = [stage for algorithm in job.algorithms for stage in algorithm.stages]
    for stage in glance(stages, len(stages)):
        with timed(type(stage).__name__):
            decisions = stage.decide(decisions, statistics)
        if job.recipe.parameters.max_memory is not None:
            hand_back()
    return replace(job, decisions=decisions, samples=statistics.samples, figures=statistics.digest)


def refined(job: Job, passes: Callable[[], Passes]) -> Job:
    """The same with what refinements make of it, if there are any.

    Args:
        job: with all that stages decided.
        passes: over the samples.
    """
    decisions = job.decisions
    refinements = [refinement for algorithm in job.algorithms for refinement in algorithm.refinements]
    if refinements and job.network.get_sinks():
        logger.warning(
            "model %r keeps a state and can't be run beside the float one: %s",
            job.result.name,
            ", ".join(refinement.otherwise for refinement in refinements),
        )
        return job
    for refinement in refinements:
        with timed(type(refinement).__name__):
            decisions = refinement.refine(decisions, passes())
    return replace(job, decisions=decisions)


def edited(job: Job) -> Job:
    """The same with all that was decided carried out on its model, which says of itself what made it; it is used up."""
    with timed("transform"), unnamed_files() if job.frugal.in_files else nullcontext() as keep:
        transform(job.decisions, keep)
    sub = job.result.submodels[0]
    record(job.network, job.plan, (*sub.rewritten, *job.algorithms), job.samples)
    record_origin(job.network, sub.origin, job.figures)
    record_factor(job.network, job.decisions.scale_factor)
    sub.decided = job.decisions.histories()
    sub.rewritten += tuple(each for each in job.algorithms if each.rewrites)
    return replace(job, decisions=replace(job.decisions, levels={})) if job.frugal.lets_go else job
