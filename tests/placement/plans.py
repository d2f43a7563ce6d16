"""Plans of tiny models, in a form that is short to compare."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import openvino as ov

from openvino.tools.pot.configs.ignored import IgnoredScope
from openvino.tools.pot.graph.model import SubModel
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.hardware import find_device
from openvino.tools.pot.placement.plan import Plan
from openvino.tools.pot.placement.planner import make_plan
from openvino.tools.pot.placement.scope import ignored_nodes


def plan_of(
    network: ov.Model,
    ignored: Mapping[str, Any] | None = None,
    device: str = "CPU",
    transformer: bool = False,
) -> Plan:
    """The plan of a model; what holds for every plan is checked on the way."""
    view = GraphView(network)
    scope = ignored_nodes(view, IgnoredScope.model_validate(ignored or {}), SubModel("tiny", network))
    plan = make_plan(view, find_device(device), scope, transformer)
    again = make_plan(GraphView(network.clone()), find_device(device), scope, transformer)
    assert again == plan  # deterministic
    check(view, plan)
    return plan


def check(view: GraphView, plan: Plan) -> None:
    quantized = [reader for q in (*plan.activations, *plan.weights) for reader in q.readers]
    assert len(quantized) == len(set(quantized))
    for q in (*plan.activations, *plan.weights):
        assert q.reason
        assert q.readers
        assert view.is_float(q.tensor)
        assert all(view.inputs(reader.node)[reader.port] == q.tensor for reader in q.readers)
    assert len({q.name for q in (*plan.activations, *plan.weights)}) == len(plan.activations) + len(
        plan.weights
    )
    assert all(not view.is_constant(q.tensor) for q in plan.activations)
    assert all(view.is_constant(q.tensor) for q in plan.weights)
    groups = {q.tensor for q in plan.activations}
    assert all(q.group in groups for q in plan.activations)
    assert all(not q.per_channel or q.group == q.tensor for q in plan.activations)
    _check_floats(view, plan)


def _check_floats(view: GraphView, plan: Plan) -> None:
    """Every operation on float data either reads quantized data or is listed with a reason."""
    reading = {layer.node for layer in plan.layers} | {r.node for q in plan.activations for r in q.readers}
    floats = {layer.node: layer for layer in plan.floats}
    assert len(floats) == len(plan.floats)
    assert all(layer.reason.strip() for layer in plan.floats)
    assert all(layer.type == view.type(layer.node) for layer in plan.floats)
    assert not reading & set(floats)
    own = ("Parameter", "Constant", "Result", "FakeQuantize", "Assign")
    for name in view.nodes:
        outputs = view.outputs(name)
        if view.type(name) in own or not outputs or any(view.is_constant(out) for out in outputs):
            continue
        if view.is_float(outputs[0]) and name not in reading and name not in floats:
            # Only between a quantizer and its readers may there be anything else.
            assert any(_is_carried(view, plan, source) for source in view.inputs(name)), name


def _is_carried(view: GraphView, plan: Plan, tensor: Any) -> bool:
    """Whether a tensor is the quantized form, or made of nothing else."""
    if view.type(tensor.node) == "FakeQuantize" or any(q.tensor == tensor for q in plan.activations):
        return True
    return any(_is_carried(view, plan, source) for source in view.inputs(tensor.node))


def activations(plan: Plan) -> dict[str, set[str]]:
    """Quantized tensor -> the inputs that read its quantized form."""
    return {str(q.tensor): {str(reader) for reader in q.readers} for q in plan.activations}


def weights_of(plan: Plan) -> dict[str, tuple[set[str], tuple[int, ...]]]:
    """Quantized weight -> its readers and channel axes."""
    return {str(q.tensor): ({str(r) for r in q.readers}, q.channel_axes) for q in plan.weights}


def groups(plan: Plan) -> set[frozenset[str]]:
    """Sets of tensors with one range."""
    found: dict[Any, set[str]] = {}
    for q in plan.activations:
        found.setdefault(q.group, set()).add(str(q.tensor))
    return {frozenset(group) for group in found.values()}


def layers(plan: Plan) -> set[str]:
    return {layer.node for layer in plan.layers}


def reason(plan: Plan, node: str) -> str:
    return next(layer.reason for layer in plan.floats if layer.node == node)
