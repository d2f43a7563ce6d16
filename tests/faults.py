"""Faults of a device, planted where quantized models are compiled to be checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

from openvino.tools.pot.algorithms.checking import running
from openvino.tools.pot.diagnosis import looking


def planted(monkeypatch: pytest.MonkeyPatch, fault: Callable[[ov.Model], Any]) -> None:
    """Let the device compute quantized models otherwise than they are defined."""
    compile_model = running._compiled

    def compiled(model: ov.Model, device: str, settings: Any) -> Any:
        wrong = model.clone()
        fault(wrong)
        return compile_model(wrong, device, settings)

    monkeypatch.setattr(running, "_compiled", compiled)


def planted_in_diagnoses(monkeypatch: pytest.MonkeyPatch, fault: Callable[[ov.Model], Any]) -> None:
    """The same where a diagnosis compiles models, to time them and to see what they give."""
    planted(monkeypatch, fault)
    compile_timed = looking.timed

    def timed(model: ov.Model, device: str) -> Any:
        wrong = model.clone()
        fault(wrong)
        return compile_timed(wrong, device)

    monkeypatch.setattr(looking, "timed", timed)


def scaled(layer: str) -> Callable[[ov.Model], Any]:
    """A fault: what a quantized layer gives is ten times as large as it should be."""

    def fault(model: ov.Model) -> None:
        nodes = [node for node in model.get_ops() if node.get_friendly_name() == layer]
        for node in (
            node for node in nodes if node.input_value(0).get_node().get_type_name() == "FakeQuantize"
        ):
            readers = node.output(0).get_target_inputs()
            other = op.multiply(node, op.constant(np.float32(10)))
            for reader in readers:
                reader.replace_source_output(other.output(0))

    return fault
