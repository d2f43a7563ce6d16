"""Names of inputs and outputs: those of layers, as the Inference Engine had them, but any other name is taken too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import openvino as ov

from openvino.tools.pot.utils.errors import nearest

Value = TypeVar("Value")
_RESULT = "/sink_port_0"


class Place(NamedTuple):
    """An input or output of a network: its position in the model, its name, and other names that it goes by."""

    position: int
    name: str
    others: frozenset[str]


class Named(dict[str, Value]):
    """A dict in the order of its keys, as the Inference Engine's maps were, that takes other names for them too."""

    def __init__(self, values: Mapping[str, Value], others: Mapping[str, str]) -> None:
        super().__init__(sorted(values.items()))
        self._others = others

    def __missing__(self, key: str) -> Value:
        name = self._others.get(key)
        if name is None or name not in self.keys():
            raise KeyError(f"there is no {key!r} among {list(self)}{nearest(str(key), self)}")
        return self[name]

    def __contains__(self, key: object) -> bool:
        return super().__contains__(key) or (
            isinstance(key, str) and super().__contains__(self._others.get(key))
        )

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a name, or the default."""
        try:
            return self[key]
        except KeyError:
            return default


def named(places: list[Place], values: list[Value]) -> Named[Value]:
    """Values by the names of their places."""
    others = {other: place.name for place in places for other in place.others}
    return Named({place.name: value for place, value in zip(places, values, strict=True)}, others)


def input_places(ports: Sequence[ov.Output | ov.ConstOutput]) -> list[Place]:
    """The inputs of a model."""
    return [
        Place(position, port.get_node().get_friendly_name(), frozenset(port.get_names()))
        for position, port in enumerate(ports)
    ]


def output_places(model: ov.Model) -> list[Place]:
    """The outputs of a model: what several of them give is one."""
    places: dict[str, Place] = {}
    for position, port in enumerate(model.outputs):
        name = tensor_name(port.get_node().input_value(0))
        result = port.get_node().get_friendly_name()
        others = frozenset({*port.get_names(), result, result.removesuffix(_RESULT)})
        if name in places:
            others, position = others | places[name].others, places[name].position
        places[name] = Place(position, name, others)
    return list(places.values())


def compiled_output_places(ports: Sequence[ov.ConstOutput]) -> list[Place]:
    """The outputs of a compiled model, whose layers are not at hand, by the names of ``name_results``."""
    return [
        place._replace(name=place.name.removesuffix(_RESULT), others=place.others | {place.name})
        for place in input_places(ports)
    ]


def tensor_name(output: ov.Output) -> str:
    """What the Inference Engine called a tensor: its layer, and the port where that has several."""
    node = output.get_node()
    name: str = node.get_friendly_name()
    return name if node.get_output_size() == 1 else f"{name}.{output.get_index()}"


def name_results(model: ov.Model) -> None:
    """Name the results after their layers, so that an exported model still knows them."""
    for result in model.get_results():
        result.set_friendly_name(tensor_name(result.input_value(0)) + _RESULT)
