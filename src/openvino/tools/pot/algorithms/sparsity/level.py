"""How many weights of a model are zero."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import openvino as ov

from openvino.tools.pot.graph.geometry import linear_layer
from openvino.tools.pot.graph.model import CompressedModel, as_model
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.utils.errors import ModelError
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)

_TOLERANCE = 0.01


def sparsity_by_layer(model: ov.Model) -> dict[str, tuple[int, int]]:
    """Name of each linear layer with constant weights -> how many of these are zero, of how many."""
    view = GraphView(model)
    found = {}
    for name in view.nodes:
        layer = linear_layer(view, name)
        if layer is not None and view.is_constant(view.inputs(name)[layer.weights]):
            values = view.value(view.inputs(name)[layer.weights])
            found[name] = (values.size - int(np.count_nonzero(values)), values.size)
    return found


def check_model_sparsity_level(
    model: CompressedModel | ov.Model,
    sparsity_ignored_scope: Collection[str] | None,
    target_sparsity_level: float,
    strict: bool = False,
    count_ignored_nodes: bool = True,
) -> float:
    """Which share of the weights of a model is zero, as it is logged; quantized weights count as what they stand for.

    Args:
        model: in float or quantized.
        sparsity_ignored_scope: names of layers that were left as they were.
        target_sparsity_level: what was asked for, in [0, 1].
        strict: whether to raise an error where the level is another.
        count_ignored_nodes: whether the layers in the scope count.

    Raises:
        ModelError: with ``strict``, the share differs from the level by more than a hundredth; or there are no weights.
    """
    layers = {name: each for sub in as_model(model) for name, each in sparsity_by_layer(sub.model).items()}
    left = set() if count_ignored_nodes else set(sparsity_ignored_scope or ())
    counts = [each for name, each in layers.items() if name not in left]
    if not counts:
        raise ModelError("the model has no layers with constant weights, expected some")
    zeros, size = (sum(each) for each in zip(*counts, strict=True))
    logger.info("%.4f of %d weights are zero", zeros / size, size)
    if strict and abs(zeros / size - target_sparsity_level) > _TOLERANCE:
        raise ModelError(
            f"sparsity level: expected {target_sparsity_level:g}, found {zeros / size:.4f} of {size} weights zero"
        )
    return float(zeros / size)
