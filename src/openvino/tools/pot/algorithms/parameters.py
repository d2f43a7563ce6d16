"""Whether algorithms go together, and their parameters with a model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from openvino.tools.pot.algorithms.interfaces import Configured
from openvino.tools.pot.algorithms.recipe import Recipe
from openvino.tools.pot.configs.ignored import IgnoredScope
from openvino.tools.pot.graph.model import CompressedModel, SubModel
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.placement.preflight import Refusal, refusals
from openvino.tools.pot.placement.scope import matching_operation, without_effect
from openvino.tools.pot.placement.selecting import Selector
from openvino.tools.pot.utils.errors import ConfigError, nearest, placed
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)


def placing(algorithms: Sequence[Configured]) -> Configured:
    """The algorithm of a list that places quantizers and chooses samples: the first, and no other.

    Raises:
        ConfigError: the algorithms don't go together in this order.
    """
    names = [algorithm.name for algorithm in algorithms]
    placed = [number for number, algorithm in enumerate(algorithms) if algorithm.places]
    if not placed:
        where = "behind" if all(algorithm.prepares for algorithm in algorithms) else "before"
        raise ConfigError(f"algorithms {names} place no quantizers: put MinMaxQuantization {where} them")
    first = algorithms[placed[0]]
    if len(placed) > 1:
        raise ConfigError(f"{first.name} and {names[placed[1]]} both place quantizers, expected one of them")
    for number, algorithm in enumerate(algorithms):
        if number < placed[0] and not algorithm.prepares:
            raise ConfigError(f"{algorithm.name} stands before {first.name}: put {first.name} before it")
        if algorithm.prepares:
            _check_preparation(algorithm, first, behind=number > placed[0])
    return first


def _check_preparation(algorithm: Configured, first: Configured, behind: bool) -> None:
    """Make sure that what stands before the algorithm that places quantizers has something to prepare for it.

    Raises:
        ConfigError: it does not.
    """
    if behind:
        raise ConfigError(f"{algorithm.name} stands behind {first.name}: put it before")
    if {*map(type, algorithm.stages)} & {*map(type, first.stages)}:
        raise ConfigError(f"{first.name} does the work of {algorithm.name} itself, expected one of them")
    if not first.recipe.divides:
        raise ConfigError(
            f"{algorithm.name} gives channels ranges of their own, found params of {first.name} that say how ranges of "
            f"activations look, or a device that has no such ranges ({first.recipe.device.name})"
        )


def check_models(algorithms: Sequence[Configured], model: CompressedModel) -> None:
    """Make sure that parameters by model are of models that there are, and tell of what comes to nothing.

    That is names that change nothing, and what the device will refuse.

    Raises:
        ConfigError: a model is unknown, or it is none of a cascade.
    """
    for algorithm in algorithms:
        by_model = algorithm.config.get("by_model") or {}
        check_names("by_model", by_model, model)
        if by_model and not model.is_cascade:
            raise ConfigError(f"by_model is for cascades, found the single model {model.name!r}")
        if algorithm.places:
            check_names("ignored", algorithm.recipe.parameters.ignored.by_model, model)
            for sub in model:
                own = algorithm.of(sub.name).recipe
                check_names(f"by_model.{sub.name}.ignored", own.parameters.ignored.by_model, model)
                if algorithm.rewrites:
                    continue
                _tell_of_names(sub, own)
                for refusal in device_refusals(sub, own):
                    logger.warning("model %r: %s", sub.name, refusal.sentence)


def device_refusals(sub: SubModel, recipe: Recipe) -> list[Refusal]:
    """Why the device of a recipe would not take a model, quantized by it."""
    found = list(refusals(GraphView(sub.model), recipe.device))
    said = _asymmetric_weights(recipe) if recipe.device.requires.symmetric_weights else ""
    if said:
        found.append(
            Refusal(
                f"{said} gives weights zero points, expected symmetric ones, as {recipe.device.name} takes no others",
                "say --preset performance or mixed" if said.startswith("preset") else "say symmetric",
            )
        )
    return found


def _asymmetric_weights(recipe: Recipe) -> str:
    """What gives weights zero points, an empty string where nothing does."""
    for position, rule in enumerate(recipe.parameters.rules):
        if rule.weights.mode == "asymmetric":
            return f"rules[{position}].weights.mode asymmetric"
    if recipe.symmetric_weights:
        return ""
    return "weights.mode asymmetric" if recipe.parameters.weights.mode else "preset accuracy"


def check_names(key: str, by_model: Iterable[str], model: CompressedModel) -> None:
    """Make sure that names are of networks of a model.

    Raises:
        ConfigError: one is of none.
    """
    names = [sub.name for sub in model]
    for name in by_model:
        if name not in names:
            raise ConfigError(
                f"{key}: expected one of {', '.join(names)}, found {name!r}{nearest(name, names)}"
            )


def _tell_of_names(sub: SubModel, recipe: Recipe) -> None:
    ignored = recipe.parameters.ignored.of(sub.name)
    if not ignored.scope and not ignored.operations:
        return
    view = GraphView(sub.model)
    matched = tell_of_scope(view, ignored, sub)
    for name, kind in without_effect(view, recipe.device, matched, sub).items():
        logger.warning("ignored.scope: %r is a %s, which stays in float anyway", name, kind)


def tell_of_scope(view: GraphView, ignored: IgnoredScope, sub: SubModel) -> list[str]:
    """Log what patterns, places and types of a scope match; returns its names that match.

    Raises:
        ConfigError: an entry can't be read.
    """
    with placed("ignored.scope"):
        selector = Selector(view, sub)
        found = [selector.select(each) for each in ignored.scope]
    for each in found:
        if not each.by_name and each.nodes:
            logger.info("ignored.scope: %s", each.line)
    for operation in ignored.operations:
        nodes = matching_operation(view, operation)
        if nodes:
            logger.info("ignored.operations: %d are of type %s", len(nodes), operation.type)
    return [each.said for each in found if each.by_name]
