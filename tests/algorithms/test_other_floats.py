"""Networks all in half, bfloat16 or double precision go through the algorithms as those of float32 do."""

from __future__ import annotations

from typing import Any

import numpy as np
import openvino as ov
import pytest

from builders import OTHER_FLOATS, products, runner
from openvino.tools.pot import IEEngine, compress_weights, create_pipeline, load_model, quantize
from openvino.tools.pot.utils.bfloat import packed, unpacked

UNCHECKED = {"self_check": False}  # what comes of it is judged here
QUANTIZED, BIASES = {"name": "MinMaxQuantization", "params": UNCHECKED}, {"name": "FastBiasCorrection"}
LISTS: dict[str, list[dict[str, Any]]] = {
    "biases": [QUANTIZED, {"name": "BiasCorrection"}],
    "tuning": [{"name": "DefaultQuantization", "params": {"use_layerwise_tuning": True, **UNCHECKED}}],
    "thorough": [{"name": "DefaultQuantization", "params": {"effort": "thorough", **UNCHECKED}}],
    "zeros": [{"name": "WeightSparsity", "params": {"sparsity_level": 0.1}}, QUANTIZED, BIASES],
    "splitting": [{"name": "OutlierChannelSplitting"}, QUANTIZED, BIASES],
    "bounds": [{"name": "RangeSupervision"}, QUANTIZED, BIASES],
    "ranges": [QUANTIZED, BIASES, {"name": "RangeOptimization", "params": {"maxiter": 4}}],
    "noise": [QUANTIZED, BIASES, {"name": "QuantNoiseEstimator"}],
    "noise of each": [
        QUANTIZED,
        BIASES,
        {"name": "QuantNoiseEstimator", "params": {"type": "sqnr_per_channel", "mode": "layerwise_fq_noise"}},
    ],
}
DATA = [np.random.default_rng(seed).standard_normal((1, 1, 32)).astype(np.float32) for seed in range(40)]

each_kind = pytest.mark.parametrize("kind", OTHER_FLOATS, ids=lambda kind: kind.to_string())


def answers(net: ov.Model) -> np.ndarray:
    kind = net.input(0).get_element_type()
    run, found = runner(net), []
    for sample in DATA[:8]:
        fed = packed(sample) if kind == ov.Type.bf16 else sample.astype(kind.to_dtype())
        (answer,) = run(fed)
        found.append(unpacked(answer) if kind == ov.Type.bf16 else answer.astype(np.float32))
    return np.stack(found)


def decibels(kind: ov.Type, found: ov.Model) -> float:
    before, after = answers(products(kind)), answers(found)
    return float(10 * np.log10(np.mean(before**2) / (np.mean((before - after) ** 2) + 1e-12)))


@each_kind
@pytest.mark.parametrize("entry", LISTS)
@pytest.mark.long
def test_lists(entry: str, kind: ov.Type, caplog: pytest.LogCaptureFixture) -> None:
    result = create_pipeline(LISTS[entry], IEEngine({}, DATA)).run(load_model(products(kind)))
    found = result.submodels[0].model
    assert [port.get_element_type() for port in (*found.inputs, *found.outputs)] == [kind, kind]
    assert decibels(kind, found) > 20
    assert "no outputs to compare" not in caplog.text


@pytest.mark.long
@each_kind
def test_biases_measured_on_the_quantized_network_lose_nothing(kind: ov.Type) -> None:
    plain, corrected = (
        quantize(products(kind), DATA, use_fast_bias=fast, **UNCHECKED) for fast in (True, False)
    )
    assert decibels(kind, corrected) > decibels(kind, plain) - 1


@each_kind
@pytest.mark.parametrize("mode", ["int8_asym", "int4_sym"])
def test_weights_alone_with_samples(mode: str, kind: ov.Type) -> None:
    with_data, without = (compress_weights(products(kind), mode, data) for data in (DATA, None))
    assert decibels(kind, with_data) >= decibels(kind, without) - 0.5
    kept = {
        node.get_element_type().to_string()
        for node in with_data.get_ops()
        if node.get_type_name() == "Constant"
    }
    assert bool(kept & {"u8", "i4"}) == (kind != ov.Type.f64)
