"""Helpers of POT's engines that overrides import."""

from __future__ import annotations

from functools import partial
from typing import Any, NoReturn

import openvino as ov

from openvino.tools.pot.graph.names import port_name
from openvino.tools.pot.paths import offer
from openvino.tools.pot.utils.errors import EngineError


def process_accumulated_stats(accumulated_stats: Any = None, stat_names_aliases: Any = None) -> Any:
    """What was accumulated, which is nothing: statistics are measured beside an override's inferences."""
    return accumulated_stats


def collect_model_outputs(model: ov.Model) -> list[str]:
    """The names of a model's outputs."""
    return [port_name(port) for port in model.outputs]


def get_clean_name(name: str) -> str:
    """The name of a node without what Model Optimizer put behind it."""
    return name.removesuffix("/sink_port_0")


def add_tensor_names(outputs: Any, names: Any) -> None:
    """Give each of a list of outputs a further name."""
    for port, name in zip(outputs, names, strict=True):
        port.add_names({name})


def _gone(name: str, *_: Any, **__: Any) -> NoReturn:
    """Raise: names of nodes never change here, and statistics have no outputs with names."""
    raise EngineError(
        f"{name} has nothing to do here: statistics are measured beside the inferences that go through self._ie"
    )


restore_original_node_names = partial(_gone, "restore_original_node_names")
align_stat_names_with_results = partial(_gone, "align_stat_names_with_results")

offer(globals())
