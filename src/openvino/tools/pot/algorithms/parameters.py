"""Whether algorithms go together, and their parameters with a model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from openvino.tools.pot.algorithms.interfaces import Configured
from openvino.tools.pot.algorithms.recipe import Recipe
from openvino.tools.pot.graph.model import CompressedModel, SubModel
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.placement.preflight import Refusal, refusals
from openvino.tools.pot.placement.scope import without_effect
from openvino.tools.pot.utils.errors import ConfigError, nearest
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)


def placing(algorithms: Sequence[Configured]) -> Configured:
    """The algorithm of a list that places quantizers and chooses samples, the first.

    Raises:
        ConfigError: the algorithms don't go together in this order.
    """
    names = [algorithm.name for algorithm in algorithms]
    if not any(algorithm.places for algorithm in algorithms):
        raise ConfigError(f"algorithms {names} place no quantizers: put MinMaxQuantization before them")
    if not algorithms[0].places:
        raise ConfigError(f"{algorithms[0].name} stands first: put MinMaxQuantization before it")
    return algorithms[0]


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
                _tell_of_names(sub, own)
                for refusal in device_refusals(sub, own):
                    logger.warning("model %r: %s", sub.name, refusal.sentence)


def device_refusals(sub: SubModel, recipe: Recipe) -> list[Refusal]:
    """Why the device of a recipe would not take a model, quantized by it."""
    found = list(refusals(GraphView(sub.model), recipe.device))
    if recipe.device.requires.symmetric_weights and not recipe.symmetric_weights:
        said = "weights.mode asymmetric" if recipe.parameters.weights.mode else "preset accuracy"
        found.append(
            Refusal(
                f"{said} gives weights zero points, expected symmetric ones, as {recipe.device.name} takes no others",
                "say --preset performance or mixed" if said.startswith("preset") else "say symmetric",
            )
        )
    return found


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
    scope = recipe.parameters.ignored.of(sub.name).scope
    if not scope:
        return
    view = GraphView(sub.model)
    matched = [name for name in scope if name in view.nodes or name in sub.renamed]
    for name, kind in without_effect(view, recipe.device, matched, sub).items():
        logger.warning("ignored.scope: %r is a %s, which stays in float anyway", name, kind)
