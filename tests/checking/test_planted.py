"""What a device computes wrongly is told from what quantization loses, on twelve random networks."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op
from test_check import planted

from openvino.tools.pot import quantize
from openvino.tools.pot.algorithms.checking import CheckReport
from openvino.tools.pot.algorithms.checking.check import check

CHECKED = importlib.import_module("openvino.tools.pot.algorithms.checking.check")
BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"

SEEDS = (1, 3, 4, 5, 6, 8, 9, 10, 14, 19, 21, 22)
"""The first networks of float32 that follow to 18 dB as they are, and with the wrong constant to less than 8."""


def last_quantizer(model: ov.Model) -> ov.Node:
    """The last one of an activation."""
    quantizers = [node for node in model.get_ordered_ops() if node.get_type_name() == "FakeQuantize"]
    return [node for node in quantizers if node.input_value(0).get_node().get_type_name() != "Constant"][-1]


def spoil(model: ov.Model) -> None:
    """Let the range of a quantizer be an eighth of what it should be: one wrong constant for each border."""
    node = last_quantizer(model)
    for port in node.inputs()[1:]:
        border = np.asarray(port.get_source_output().get_node().data) / 8
        port.replace_source_output(op.constant(border.astype(np.float32)).output(0))


def reported(seed: int, monkeypatch: pytest.MonkeyPatch) -> CheckReport:
    monkeypatch.syspath_prepend(BENCHMARKS)
    graph = importlib.import_module("random_graphs").random_graph(seed)
    data = importlib.import_module("fuzz").data_of(graph)
    _, report = quantize(graph.model, data, report=True)
    assert report is not None
    return report


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.long
def test_a_fault_of_the_device(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    planted(monkeypatch, spoil)
    monkeypatch.setattr(CHECKED, "check", lambda job, witness, device, *_: check(job, witness, device))
    (*_, note) = reported(seed, monkeypatch).notes
    assert "CPU computes it otherwise than it is defined" in note


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.long
def test_a_loss_of_quantization(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def lossy(job: Any, witness: Any, device: str, *_: Any) -> Any:
        spoil(job.network)
        return check(job, witness, device)

    monkeypatch.setattr(CHECKED, "check", lossy)
    report = reported(seed, monkeypatch)
    assert report.is_lost
    assert not any("otherwise than it is defined" in note for note in report.notes)
