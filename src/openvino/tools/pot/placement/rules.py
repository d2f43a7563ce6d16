"""What users want other for the quantizers of some layers, written into a plan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import reduce

from openvino.tools.pot.configs.parameters import NOTHING_SAID, QuantizerParameters
from openvino.tools.pot.placement.matching import Match
from openvino.tools.pot.placement.plan import (
    ActivationQuantizer,
    Plan,
    Quantizer,
    WeightQuantizer,
    by_group,
)
from openvino.tools.pot.utils.errors import ConfigError
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)

_SHOWN = 3


def weights_by_layer(matches: Sequence[Match]) -> dict[str, QuantizerParameters]:
    """Layer -> what rules say of its weights."""
    found: dict[str, QuantizerParameters] = {}
    for match in matches:
        for name in match.layers:
            found[name] = match.rule.weights.over(found.get(name, NOTHING_SAID))
    return found


def ruled(plan: Plan, matches: Sequence[Match], tells: bool = True) -> Plan:
    """A plan with what rules say written to its quantizers, and to their reasons.

    A rule counts for a quantizer if it matches any layer that reads it, or anything that shares its range; of several
    rules the later ones count more, key by key.

    Args:
        plan: of a model.
        matches: of its rules.
        tells: whether to tell how much each rule matches, and what it can't change.

    Raises:
        ConfigError: the layers of a rule read nothing that it says anything of.
    """
    activations, heard = _said(plan.activations, matches, "activations", _reads, _of_activation)
    weights, own = _said(plan.weights, matches, "weights", _holds, _of_weights)
    for match in matches if tells else ():
        _tell(plan, match, heard[match.place], own[match.place])
    return replace(plan, activations=activations, weights=weights)


def _said(
    quantizers: Sequence[Quantizer],
    matches: Sequence[Match],
    key: str,
    meets: Callable[[Match, Quantizer], bool],
    written: Callable[[Quantizer, QuantizerParameters], Quantizer],
) -> tuple[tuple[Quantizer, ...], dict[str, list[Quantizer]]]:
    """The quantizers with what rules say under a key, and for each rule those that it counts for."""
    found: dict[Quantizer, Quantizer] = {}
    heard: dict[str, list[Quantizer]] = {match.place: [] for match in matches}
    for group in by_group(quantizers):
        own = [each for each in matches if getattr(each.rule, key).text]
        own = [each for each in own if any(meets(each, quantizer) for quantizer in group)]
        if not own:
            continue
        said = reduce(lambda before, each: getattr(each.rule, key).over(before), own, NOTHING_SAID)
        why = "; ".join(f"{each.place}: {getattr(each.rule, key).text}" for each in own)
        for quantizer in group:
            reason = f"{quantizer.reason}; {why}"
            found[quantizer] = written(replace(quantizer, said=said, reason=reason), said)
            for each in own:
                heard[each.place].append(quantizer)
    return tuple(found.get(each, each) for each in quantizers), heard


def _reads(match: Match, quantizer: ActivationQuantizer) -> bool:
    return not match.inputs.isdisjoint(quantizer.ends)


def _holds(match: Match, quantizer: WeightQuantizer) -> bool:
    return any(reader.node in match.layers for reader in quantizer.readers)


def _of_activation(quantizer: ActivationQuantizer, said: QuantizerParameters) -> ActivationQuantizer:
    """With a form that a rule gives it, nothing else may shape it."""
    form = said.given("mode", "granularity", "level_low", "range_estimator")
    whole = said.granularity == "pertensor"
    return replace(
        quantizer,
        divisible=quantizer.divisible and not form,
        per_channel=quantizer.per_channel and not whole,
    )


def _of_weights(quantizer: WeightQuantizer, said: QuantizerParameters) -> WeightQuantizer:
    return replace(quantizer, channel_axes=()) if said.granularity == "pertensor" else quantizer


def _tell(
    plan: Plan, match: Match, activations: Sequence[ActivationQuantizer], weights: Sequence[WeightQuantizer]
) -> None:
    """Log what a rule matches, and what of it comes to nothing.

    Raises:
        ConfigError: all of it does.
    """
    place, rule = match.place, match.rule
    if match.layers and not activations and not weights:
        raise ConfigError(
            f"{place}: the layers that it matches have no such quantizers: {', '.join(match.layers)}"
        )
    logger.info(
        "%s matches %d of %d layers: %d of %d activations and %d of %d weights are as it says",
        place, len(match.layers), len(plan.layers),
        len(activations), len(plan.activations), len(weights), len(plan.weights),
    )  # fmt: skip
    for key, own in (("activations", activations), ("weights", weights)):
        if getattr(rule, key).text and not own:
            logger.warning("%s.%s: the layers that it matches have no quantizers of these", place, key)
    known = {layer.node for layer in plan.layers}
    readers = {end.node for each in activations for end in each.ends}
    readers |= {reader.node for each in weights for reader in each.readers}
    if others := sorted(readers & known - set(match.layers)):
        logger.warning(
            "%s counts for %s too, as they share quantizers with what it matches", place, _few(others)
        )
    if fixed := [
        each.tensor.node for each in activations if each.symmetric and rule.activations.mode == "asymmetric"
    ]:
        logger.warning(
            "%s: the zero points of %s stay fixed, since layers that read them would run in float otherwise",
            place, _few(fixed),
        )  # fmt: skip
    whole = [each.tensor.node for each in activations if not each.per_channel]
    if whole and rule.activations.granularity == "perchannel":
        logger.warning("%s: %s takes one range for each of %s", place, plan.device, _few(whole))


def _few(names: Sequence[str]) -> str:
    """The first names, and how many others there are."""
    rest = f" and {len(names) - _SHOWN} others" if len(names) > _SHOWN else ""
    return ", ".join(map(repr, names[:_SHOWN])) + rest
