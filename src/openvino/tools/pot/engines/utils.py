"""Helpers of POT's engines that overrides import."""

from __future__ import annotations

from typing import Any

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


def restore_original_node_names(*_: Any, **__: Any) -> None:
    """Raise: names of nodes never change here."""
    raise _gone("restore_original_node_names")


def align_stat_names_with_results(*_: Any, **__: Any) -> None:
    """Raise: statistics have no outputs with names."""
    raise _gone("align_stat_names_with_results")


def add_tensor_names(outputs: Any, names: Any) -> None:
    """Give each of a list of outputs a further name."""
    for port, name in zip(outputs, names, strict=True):
        port.add_names({name})


def _gone(name: str) -> EngineError:
    return EngineError(
        f"{name} has nothing to do here: statistics are measured beside the inferences that go through self._ie"
    )


offer(globals())
