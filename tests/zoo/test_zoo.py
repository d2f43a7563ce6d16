"""Real networks with real data, through the documented workflow: accuracy, size, and what the CPU runs in INT8."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openvino as ov
import pytest
from zoo_runs import BARS, FIDELITY_SAMPLES, Result, digests, zoo

from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView


def test_every_entry_has_its_bar() -> None:
    assert sorted(BARS) == sorted(zoo().names())


def test_metric(result: Result) -> None:
    count = result.bar.evaluation
    before = result.entry.evaluate(result.infer(result.entry.model), count)
    after = result.entry.evaluate(result.infer(result.paths["model"]), count)
    assert after >= before - result.bar.drop


def test_fidelity(result: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zoo(), "openvino_infer", result.infer)  # what it runs the float model with
    infer = result.infer(result.paths["model"])
    assert result.entry.fidelity(infer, FIDELITY_SAMPLES) >= result.bar.fidelity


def test_size(result: Result) -> None:
    before = result.entry.model.with_suffix(".bin").stat().st_size
    assert Path(result.paths["weights"]).stat().st_size <= result.bar.size * before


def test_layers_run_in_int8(result: Result) -> None:
    kinds, others = ("Convolution", "Deconvolution", "FullyConnected"), []
    found = 0
    for node in result.compiled(result.paths["model"]).get_runtime_model().get_ordered_ops():
        info = node.get_rt_info()
        if (kind := info["layerType"].astype(str)) in kinds:
            found += 1
            if info["runtimePrecision"].astype(str) not in ("u8", "i8"):
                others.append(kind)
    assert found > 5
    assert others in ([], ["FullyConnected"])  # a last product may be too small to matter


def test_compression_changes_nothing_beyond_rounding(result: Result) -> None:
    before = GraphView(result.uncompressed)
    after = GraphView(ov.Core().read_model(result.paths["model"]))
    for name in before.nodes:
        tensor = TensorId(name)
        if before.type(name) == "FakeQuantize" and before.is_constant(tensor):
            largest = np.abs(before.value(tensor)).max()
            np.testing.assert_allclose(
                after.value(tensor), before.value(tensor), 0, 1e-6 * largest, err_msg=name
            )
    first, second = zoo().openvino_infer(result.uncompressed), result.infer(result.paths["model"])
    feeds = [result.entry.evaluation[i] for i in range(2)]
    for one, other in ((a, b) for feed in feeds for a, b in zip(first(feed), second(feed), strict=True)):
        noise, signal = float(((one - other) ** 2).sum()), float(((one - one.mean()) ** 2).sum())
        assert noise <= 0.01 * signal, "less than 20 dB"


def test_the_source_is_as_it_was(result: Result) -> None:
    assert digests(result.entry.model) == result.source
