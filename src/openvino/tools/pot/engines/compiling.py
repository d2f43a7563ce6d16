"""Compiling models so that they compute what they say."""

from __future__ import annotations

from typing import Any

import openvino as ov

from openvino.tools.pot.graph.edits.emulate import emulated
from openvino.tools.pot.graph.edits.shared import separated
from openvino.tools.pot.graph.edits.unpack import unpacked_weights
from openvino.tools.pot.utils.runtime import core


def compiled_as_defined(model: Any, device: str, settings: dict[str, Any]) -> ov.CompiledModel:
    """Compile a model, with plain forms in place of what OpenVINO's CPU gets wrong; the model stays as it is.

    Args:
        model: an ``openvino.Model``; a path, or what else Core takes, is compiled as it is.
        device: OpenVINO's name of it.
        settings: of the compilation.

    Raises:
        RuntimeError: OpenVINO can't compile it.
    """
    plain = separated(unpacked_weights(emulated(model))) if isinstance(model, ov.Model) else model
    return core().compile_model(plain, device, settings)
