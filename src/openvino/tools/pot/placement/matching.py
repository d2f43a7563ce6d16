"""Which layers of a plan rules mean: by name, by type and by place."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from openvino.tools.pot.configs.ignored import IgnoredOperation
from openvino.tools.pot.configs.parameters import BEHIND, Rule
from openvino.tools.pot.graph.model import SubModel
from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.graph.succession import firsts, lasts
from openvino.tools.pot.graph.tensors import InputId, TensorId
from openvino.tools.pot.graph.view import GraphView, walk
from openvino.tools.pot.hardware import Device
from openvino.tools.pot.placement.plan import Plan, QuantizedLayer
from openvino.tools.pot.placement.scope import matching_operation
from openvino.tools.pot.placement.selecting import Selector
from openvino.tools.pot.placement.spreading import data_ports
from openvino.tools.pot.utils.errors import ConfigError, nearest, placed
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)


@dataclass(frozen=True)
class Match:
    """What a rule means in a plan.

    Attributes:
        place: of the rule in the parameters.
        rule: itself.
        layers: in the order of the model.
        inputs: of these, at which the rule is about what they read.
    """

    place: str
    rule: Rule
    layers: tuple[str, ...]
    inputs: frozenset[InputId]


def find_matches(
    view: GraphView,
    device: Device,
    ignored: Collection[str],
    plan: Plan,
    sub: SubModel,
    rules: Sequence[Rule],
    tells: bool = True,
) -> list[Match]:
    """What rules mean in a plan.

    Args:
        view: the float model.
        device: that the plan is for.
        ignored: nodes that users want in float, which are no fault of a rule that means them.
        plan: of the model.
        sub: knows what became of the user's names.
        rules: of the user.
        tells: whether a rule without layers is an error, and what else comes to nothing is told of.

    Raises:
        ConfigError: a name is of no node, or a rule matches no layer that runs in integers; the nearest name is named.
    """
    layers = _Layers(view, device, ignored, plan, sub)
    found = [layers.match(f"rules[{position}]", rule) for position, rule in enumerate(rules)]
    for match in found if tells else ():
        said = layers.complaints(match.place, match.rule)
        if not match.layers and not layers.means_ignored(match.place, match.rule):
            raise ConfigError(f"{match.place} matches no layer that runs in integers: {said[0]}")
        for complaint in said:
            logger.warning("%s: %s", match.place, complaint)
    return found


class _Layers:
    """The layers of a plan, found by what rules call them."""

    def __init__(
        self, view: GraphView, device: Device, ignored: Collection[str], plan: Plan, sub: SubModel
    ) -> None:
        self._view, self._device, self._ignored = view, device, ignored
        self._selector = Selector(view, sub)
        self._layers: Mapping[str, QuantizedLayer] = {layer.node: layer for layer in plan.layers}
        self._floats = {layer.node: layer for layer in plan.floats}

    def match(self, place: str, rule: Rule) -> Match:
        """What a rule means."""
        nodes = self._meant(place, rule)
        inputs = {reader for node in nodes & self._layers.keys() for reader in self._layers[node].activations}
        for where in rule.places:
            inputs |= self._behind(where)
        nodes |= {reader.node for reader in inputs}
        return Match(place, rule, tuple(name for name in self._layers if name in nodes), frozenset(inputs))

    def _meant(self, place: str, rule: Rule) -> set[str]:
        """The nodes of a rule, but for those that are behind a type."""
        found = set[str]()
        for name in rule.scope:
            found |= self._named(place, name)
        for operation in rule.operations:
            found |= self._of_type(operation)
        for where in rule.places:
            found |= self._at(where)
        return found

    def means_ignored(self, place: str, rule: Rule) -> bool:
        """Whether a rule means what users want in float."""
        readers = [InputId(name, 0) for name in self._ignored if self._view.inputs(name)]
        kinds = {where.removeprefix(BEHIND).strip() for where in rule.places if where.startswith(BEHIND)}
        behind = any(not kinds.isdisjoint(self._makers(reader)) for reader in readers if kinds)
        return behind or not self._meant(place, rule).isdisjoint(self._ignored)

    def complaints(self, place: str, rule: Rule) -> list[str]:
        """Why parts of a rule mean no layer that runs in integers."""
        found = [self._why_unnamed(name, self._named(place, name)) for name in rule.scope]
        found += [self._why_not_of_type(operation) for operation in rule.operations]
        found += [self._why_not_at(where) for where in rule.places]
        return [why for why in found if why]

    def _named(self, place: str, name: str) -> set[str]:
        """The nodes that a name or a pattern means.

        Raises:
            ConfigError: there are none.
        """
        with placed(f"{place}.scope"):
            found = self._selector.select(name).nodes
        if not found:
            raise ConfigError(f"{place}.scope: {self._selector.refusal(name)}")
        return set(found)

    def _of_type(self, operation: IgnoredOperation) -> set[str]:
        return {*matching_operation(self._view, operation)}

    def _at(self, where: str) -> set[str]:
        """The layers at a place, none for those that are behind a type."""
        convolutions = {name for name in self._view.nodes if traits(self._view.type(name)).convolves}
        if where == "first convolution":
            return firsts(self._view, convolutions)
        if where == "last convolution":
            return lasts(self._view, convolutions)
        if where == "inputs":
            return firsts(self._view, self._layers)
        return lasts(self._view, self._layers) if where == "outputs" else set()

    def _behind(self, where: str) -> set[InputId]:
        """The inputs of layers that read what an operation made, past those that move data at most."""
        if not where.startswith(BEHIND):
            return set()
        kind = where.removeprefix(BEHIND).strip()
        return {reader for reader in self._readers() if kind in self._makers(reader)}

    def _readers(self) -> Iterator[InputId]:
        return (reader for layer in self._layers.values() for reader in layer.activations)

    def _makers(self, reader: InputId) -> set[str]:
        """The types of what made the values that an input reads."""

        def moved(tensor: TensorId) -> Iterable[TensorId]:
            inputs = self._view.inputs(tensor.node)
            return [
                inputs[port] for port in data_ports(self._device.transparent, self._view, tensor.node) or ()
            ]

        return {self._view.type(each.node) for each in walk([self._view.source(reader)], moved)}

    def _why_unnamed(self, name: str, nodes: set[str]) -> str:
        if nodes & self._layers.keys():
            return ""
        node = min(nodes, key=self._view.order.__getitem__)
        if node in self._floats:
            return f"{self._view.type(node)} {node!r} stays in float: {self._floats[node].reason}"
        own = "" if name == node else f", of which the first is {node!r}"
        return f"{name!r} names no layer{own}, a {self._view.type(node)}"

    def _why_not_of_type(self, operation: IgnoredOperation) -> str:
        nodes, kind = self._of_type(operation), operation.type
        if nodes & self._layers.keys():
            return ""
        if nodes:
            return self._why_unnamed(kind, nodes)
        kinds = sorted({layer.type for layer in self._layers.values()})
        said = f" with attributes {operation.attributes}" if operation.attributes and kind in kinds else ""
        return f"the model has no operation of type {kind!r}{said}{nearest(kind, kinds) if not said else ''}"

    def _why_not_at(self, where: str) -> str:
        if self._behind(where) or self._at(where) & self._layers.keys():
            return ""
        if not where.startswith(BEHIND):
            found = sorted(self._at(where), key=self._view.order.__getitem__)
            return self._why_unnamed(where, set(found)) if found else f"there is no {where}"
        kinds = sorted({kind for reader in self._readers() for kind in self._makers(reader)})
        kind = where.removeprefix(BEHIND).strip()
        return f"no layer reads what a {kind} made{nearest(kind, kinds)}"
