"""Networks with branches: where sizes are open, OpenVINO's CPU (2026.4) computes their first inference wrongly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import openvino as ov


def has_branches(model: ov.Model) -> bool:
    """Whether there is an ``If`` outside bodies."""
    return any(node.get_type_name() == "If" for node in model.get_ops())


def awaken(request: ov.InferRequest, compiled: ov.CompiledModel, feed: Mapping[Any, Any]) -> None:
    """Infer once for nothing, where the first result of a compiled model is not to be used.

    Args:
        request: of the compiled model, before its first inference; its state changes.
        compiled: on one stream, since each stream has a first inference.
        feed: the first, or another of its sizes.
    """
    if any(port.get_partial_shape().is_dynamic for port in compiled.inputs):
        nodes = compiled.get_runtime_model().get_ops()
        if any(node.get_rt_info()["layerType"].astype(str) == "If" for node in nodes):
            request.infer(dict(feed))
