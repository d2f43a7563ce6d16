"""A diagnosis: its figures add up, its sentence says what they say, its form is the documented one."""

from __future__ import annotations

import json
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

import builders
from openvino.tools.pot import Metric, quantize
from openvino.tools.pot.diagnosis import Diagnosis, diagnose, diagnosing, looking, remedies, timing
from openvino.tools.pot.diagnosis.fidelity import Followed
from openvino.tools.pot.diagnosis.tables import as_markdown, as_text
from openvino.tools.pot.utils.errors import DataError, EngineError, ModelError

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def found() -> Diagnosis:
    return diagnose(builders.network(), data=builders.images(16), samples=12)


def test_shares_add_up_and_every_layer_has_its_figures(found: Diagnosis) -> None:
    assert sum(layer.share for layer in found.layers) == pytest.approx(1)
    assert sorted(layer.order for layer in found.layers) == list(range(len(found.layers)))
    for layer in found.layers:
        assert layer.quantized
        assert layer.own is not None and layer.so_far is not None and layer.own > 20 < layer.so_far
        assert layer.spans and all(
            span.low <= 0 < span.high and 0 <= (span.clipped or 0) <= 1 for span in layer.spans
        )
        assert 0 <= (layer.from_weights or 0) <= 1


def test_the_whole_is_as_exact_as_the_check_says(found: Diagnosis) -> None:
    int8, report = quantize(builders.network(), builders.images(16), report=True, subset_size=12)
    assert report is not None
    assert isinstance(int8, ov.Model)
    assert found.parts.whole == pytest.approx(report.decibels, abs=4)
    assert found.parts.whole == pytest.approx(found.parts.defined, abs=3)
    assert found.calibration.samples == 12
    assert found.timing.int8_bytes < found.timing.float_bytes


def test_the_sentence_is_the_same_everywhere(found: Diagnosis) -> None:
    text, markdown = as_text(found), as_markdown(found)
    flat = " ".join(text.split())
    assert found.sentence in flat
    assert found.sentence in markdown
    assert json.loads(found.model_dump_json())["sentence"] == found.sentence
    assert max(map(len, text.splitlines())) <= 80 or "Python:" in text


def test_it_comes_back_from_json(found: Diagnosis) -> None:
    assert Diagnosis.model_validate_json(found.model_dump_json()) == found
    assert found.schema_version == 1


def test_a_given_model_is_read_from_a_file(tmp_path: Path) -> None:
    int8 = quantize(builders.network(), builders.images(16))
    ov.save_model(int8, tmp_path / "int8.xml", compress_to_fp16=False)
    given = diagnose(builders.network(), tmp_path / "int8.xml", builders.images(16), remedies=False)
    assert {layer.node for layer in given.layers if layer.quantized} == {"conv1", "conv2"}
    assert given.remedies == ()


def test_what_leaves_the_layer_that_loses_in_float_wins() -> None:
    """An INT8 model whose first layer is rounded to a quarter of its range."""
    int8 = quantize(builders.network(), builders.images(16), compress=False)
    builders.with_a_quarter_of_the_first_range(int8)
    found = diagnose(builders.network(), int8, builders.images(16))
    worst = found.layers[0]
    assert worst.node == "conv1" and worst.causes[0].name == "clipped_range"
    assert found.verdict == "worse" or found.parts.whole < 15
    assert found.remedies and found.remedies[0].won > 10
    assert found.remedies[0].title in found.sentence


def test_a_model_that_does_not_follow_is_not_said_to_follow() -> None:
    int8 = quantize(builders.network(), builders.images(16), compress=False)
    builders.with_a_quarter_of_the_first_range(int8, parts=10)
    found = diagnose(builders.network(), int8, builders.images(16), remedies=False)
    assert found.verdict == "broken" and 0 < found.parts.whole < 10
    assert found.sentence.startswith(
        f"INT8 does not follow float ({found.parts.whole:.1f} dB on 16 samples, "
    )


def test_the_sentence_says_on_how_many_samples_outputs_were_compared(found: Diagnosis) -> None:
    assert f"INT8 follows float to {found.parts.whole:.1f} dB on 12 samples (an error of " in found.sentence


def test_an_int8_model_that_the_device_refuses_is_one_sentence_that_names_an_endless_range(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    int8 = quantize(builders.network(), builders.images(16), compress=False)
    with np.errstate(divide="ignore"):
        builders.with_a_quarter_of_the_first_range(int8, parts=0)
    real = looking.timed

    def timed(model: ov.Model, device: str) -> ov.CompiledModel:
        if any(node.get_type_name() == "FakeQuantize" for node in model.get_ops()):
            raise RuntimeError(
                "could not append a post-op"
            )  # as the CPU says it where it fuses the quantizer
        return real(model, device)

    monkeypatch.setattr(looking, "timed", timed)
    said = r"the INT8 model can't be compiled for device 'CPU': could not .*; the range of '.+' has no end"
    with pytest.raises(ModelError, match=said):
        diagnose(builders.network(), int8, builders.images(16), remedies=False)


def test_a_model_that_records_few_samples_is_told_so_and_made_anew() -> None:
    int8 = quantize(builders.network(), builders.images(2), compress=False)
    builders.with_a_quarter_of_the_first_range(int8)
    found = diagnose(builders.network(), int8, builders.images(16))
    (cause,) = (each for each in found.causes if each.name == "few_samples")
    assert cause.evidence == "as the model records, its ranges come from 2 samples"
    assert any(remedy.title == "quantizing it anew with these samples" for remedy in found.remedies)
    assert "conv1" in found.sentence  # which loses more


@pytest.fixture
def equal_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """All models take as long, whatever else the machine does, so that no remedy saves time."""
    monkeypatch.setattr(remedies, "request_seconds", lambda compiled, *_: [1e-3] * len(compiled))


def test_what_helps_a_few_samples_alone_is_told_where_a_cause_speaks_for_it(
    monkeypatch: pytest.MonkeyPatch, equal_times: None
) -> None:
    monkeypatch.setattr(Followed, "better_on", lambda *_: 0.0)
    monkeypatch.setattr(diagnosing, "_SECONDS", 600.0)  # the first trial is none of these
    int8 = quantize(builders.network(), builders.images(16), compress=False)
    builders.with_a_quarter_of_the_first_range(int8)
    found = diagnose(builders.network(), int8, builders.images(16))
    told = [remedy for remedy in found.remedies if not remedies.saves(remedy)]
    assert told and all(remedy.helps for remedy in told)


def test_what_makes_most_samples_worse_is_not_told(
    monkeypatch: pytest.MonkeyPatch, equal_times: None
) -> None:
    monkeypatch.setattr(Followed, "closer_than", lambda *_: -0.1)
    int8 = quantize(builders.network(), builders.images(16), compress=False)
    builders.with_a_quarter_of_the_first_range(int8)
    found = diagnose(builders.network(), int8, builders.images(16))
    assert all(remedies.saves(remedy) or not remedy.helps for remedy in found.remedies)


def test_a_layer_whose_ordinary_error_is_blown_up_is_said_to_be_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real, seconds = (
        timing.seconds_of,
        cycle((1e-4, 1e-6)),
    )  # in float and in INT8, whatever else the machine does

    def seconds_of(compiled: ov.CompiledModel, *arguments: Any) -> dict[str, float]:
        return dict.fromkeys(real(compiled, *arguments), next(seconds))

    monkeypatch.setattr(timing, "seconds_of", seconds_of)
    x = builders.parameter([1, 3, 8, 8])
    first = op.relu(builders.conv(x, 4, "first"))
    scaled = op.multiply(builders.conv(first, 4, "large"), np.float32(30))
    both = op.relu(op.add(scaled, builders.conv(first, 4, "small", seed=1)))
    found = diagnose(
        builders.model([builders.conv(both, 4, "last")], x),
        data=builders.images(16),
        remedies=False,
        ignored={"scope": ["first", "last"]},
    )
    large = max(found.layers, key=lambda layer: layer.share)
    assert large.share > 0.9 and [cause.name for cause in large.causes] == ["sensitive"]
    assert "of that at the outputs" in large.causes[0].evidence


def test_wrong_input_is_one_sentence() -> None:
    with pytest.raises(DataError, match="needs data"):
        diagnose(builders.network())
    with pytest.raises(DataError, match="empty"):
        diagnose(builders.network(), data=[])
    x = builders.parameter([1, 3, 8, 8])
    other = builders.model([builders.conv(x, 2, "a"), builders.conv(x, 2, "b")], x)
    with pytest.raises(ModelError, match="has 1 outputs, the quantized one 2"):
        diagnose(builders.network(), other, builders.images(2))
    assert EngineError is not None


def test_samples_are_not_kept(found: Diagnosis) -> None:
    low, high, mean = found.calibration.inputs["x"]
    values = np.stack(builders.images(16)[:12])
    assert (low, high, mean) == pytest.approx((values.min(), values.max(), values.mean()), abs=1e-5)


def test_a_notebook_shows_the_page(found: Diagnosis) -> None:
    pytest.importorskip("jinja2")
    shown = found._repr_html_()
    assert shown.startswith("<iframe srcdoc=") and "conv1" in shown and "<script" not in shown


class Mean(Metric):
    """The mean of all outputs over that of the annotations."""

    def __init__(self) -> None:
        super().__init__()
        self.reset()

    value = property(lambda self: {"mean": self._found[-1:]})  # type: ignore[assignment]
    avg_value = property(lambda self: {"mean": float(np.mean(self._found))})  # type: ignore[assignment]

    def update(self, output: list[Any], target: list[Any]) -> None:
        self._found.append(float(np.mean(output[0])) / target[0])

    def reset(self) -> None:
        self._found: list[float] = []

    def get_attributes(self) -> dict[str, dict[str, Any]]:
        return {"mean": {"direction": "higher-better", "type": "mean"}}


def test_a_metric_is_measured_of_both_models() -> None:
    data = [(image, 2.0) for image in builders.images(12)]
    found = diagnose(builders.network(), data=data, metric=Mean(), remedies=False)
    assert found.metric is not None
    name, before, after = found.metric
    compiled = ov.Core().compile_model(builders.network(), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    expected = np.mean([compiled(image)[0].mean() / 2 for image in builders.images(12)])
    assert name == "mean" and before == pytest.approx(expected, rel=1e-3)
    assert after == pytest.approx(before, abs=0.05) and after != before
    assert f"mean {after:.4g} where float has {before:.4g}" in found.sentence


def test_reasons_of_the_plan_stand_at_layers() -> None:
    found = diagnose(
        builders.network(), data=builders.images(8), ignored={"scope": ["conv1"]}, remedies=False
    )
    layers = {layer.node: layer for layer in found.layers}
    assert "ignored" in layers["conv1"].reason
    assert layers["conv2"].reason and layers["conv2"].decided


@pytest.mark.parametrize("given", [True, False])
@pytest.mark.parametrize("kind", builders.OTHER_FLOATS, ids=lambda kind: kind.to_string())
def test_a_network_of_another_precision(kind: ov.Type, given: bool) -> None:
    network = builders.products(kind)
    data = [each[:, 0, :4].reshape(1, 1, 32) for each in builders.images(32)]
    int8 = quantize(network, data) if given else None
    found = diagnose(network, int8, data, remedies=not given)
    assert {layer.node for layer in found.layers} == {"layer0", "layer1"}
    assert all(layer.quantized and layer.own is not None for layer in found.layers)
    assert found.parts.whole > 20


def test_a_convolution_whose_weights_are_computed() -> None:
    found = diagnose(builders.with_computed_weights(), data=builders.images(32))
    quantized = {layer.node: layer.quantized for layer in found.layers}
    assert quantized["conv"] and not quantized["computed"]


def test_a_network_without_layers() -> None:
    x = builders.parameter([1, 8])
    network = builders.model(op.relu(op.add(x, op.constant(builders.weights((1, 8))))).output(0), x)
    found = diagnose(network, data=[np.float32(np.random.default_rng(0).random((1, 8)))] * 4)
    assert found.layers == () and "0 of 0 layers" in found.sentence
    assert "errors at layers are not known: no layer is in both models" in " ".join(found.notes)
