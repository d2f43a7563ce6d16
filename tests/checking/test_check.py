"""Every quantized model is held against the float one: what departs is mended, or told of in a sentence."""

from __future__ import annotations

import importlib
import json
import logging
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

import builders
from builders import decibels
from faults import planted, scaled
from openvino.tools.pot import IEEngine, create_pipeline, load_model, quantize
from openvino.tools.pot.algorithms.checking import CheckReport, running
from openvino.tools.pot.algorithms.quantization import inputs
from openvino.tools.pot.placement import faults as faults_of_plugins
from openvino.tools.pot.statistics.witness import Witness
from openvino.tools.pot.utils.runtime import IN_ONE_THREAD, core

RANDOM = np.random.default_rng(0)
Floats = np.ndarray[Any, np.dtype[np.float32]]


def samples(*shape: int, count: int = 40, seed: int = 0) -> list[Floats]:
    random = np.random.default_rng(seed)
    return [random.standard_normal(shape).astype(np.float32) for _ in range(count)]


def weights(*shape: int, seed: int = 1) -> ov.Node:
    values = np.random.default_rng(seed).standard_normal(shape) / np.sqrt(shape[0])
    return op.constant(values.astype(np.float32))


def dense(layers: int = 3, batch: int = 1) -> ov.Model:
    x = op.parameter([batch, 1, 64], np.float32, name="x")
    value: Any = x
    for number in range(layers):
        value = op.relu(op.matmul(value, weights(64, 64, seed=number), False, False, name=f"layer_{number}"))
    return ov.Model([op.result(value)], [x], "dense")


def checked(network: ov.Model, data: Any, **params: Any) -> tuple[ov.Model, CheckReport]:
    model, report = quantize(network, data, report=True, **params)
    assert report is not None
    return model, report


@pytest.mark.long
def test_a_model_that_follows_says_so_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    data = samples(1, 1, 64)
    with caplog.at_level(logging.INFO):
        model, report = checked(dense(), data)
    assert report.samples == 8 and not report.is_lost and not report.notes
    assert report.decibels == pytest.approx(decibels(dense(), model, data[:8]), abs=2)
    assert report.int8_layers == report.layers == 3
    assert report.as_fast is None  # too short to be timed
    assert report.line == (
        f"INT8 follows float to {report.decibels:.1f} dB on 8 samples (an error of "
        f"{100 * 10 ** (-report.decibels / 20):.2g} %); 3 of 3 layers run in 8 bits"
    )
    assert f"dense: {report.line}" in [record.message for record in caplog.records]
    stored = json.loads(model.get_rt_info(["openvino_pot", "check"]).astype(str))
    assert stored["decibels"] == report.decibels
    assert not {"seconds", "as_fast"} & stored.keys()  # the same model is the same file


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (1, "1 sample, .* on the same:"),
        (2, "2 samples, .* on the same:"),
        (29, "29 samples, .* on 8 of them:"),
    ],
)
def test_a_check_on_the_few_samples_that_gave_ranges_says_that_it_tells_little(count: int, said: str) -> None:
    model, report = checked(dense(), samples(1, 1, 64, count=count))
    (warning,) = report.cautions
    assert report.as_dict()["warnings"] == [warning]
    assert re.fullmatch(f"ranges come from {said} others may be followed far less", warning)
    assert f"warning: {warning}" in " ".join(report.table().split())
    assert "warnings" not in json.loads(model.get_rt_info(["openvino_pot", "check"]).astype(str))


def test_thirty_samples_are_no_few() -> None:
    assert checked(dense(), samples(1, 1, 64, count=30))[1].cautions == ()


@pytest.mark.long
def test_how_many_times_as_fast_it_is() -> None:
    x = op.parameter([1, 32, 48, 48], np.float32, name="x")
    value: Any = x
    for number in range(3):
        kernels = weights(32, 32, 3, 3, seed=number)
        value = op.relu(op.convolution(value, kernels, [1, 1], [1, 1], [1, 1], [1, 1]))
    _, report = checked(ov.Model([op.result(value)], [x], "wide"), samples(1, 32, 48, 48, count=12))
    assert report.as_fast is not None and 0.01 < report.as_fast < 100  # whatever else the machine does
    assert f"3 of 3 layers run in 8 bits; {report.as_fast:.1f} x as fast as float32" in report.line


def test_it_can_be_switched_off() -> None:
    model, report = quantize(dense(), samples(1, 1, 64), report=True, self_check=False)
    assert report is None
    assert not model.has_rt_info(["openvino_pot", "check"])


@pytest.mark.long
def test_what_was_seen_of_another_model_goes() -> None:
    data = samples(1, 1, 64)
    model, _ = checked(dense(), data)
    again = quantize(model, data, self_check=False)
    assert model.has_rt_info(["openvino_pot", "check"]) and not again.has_rt_info(["openvino_pot", "check"])


def test_a_pipeline_leaves_it_on_the_model() -> None:
    engine = IEEngine({"device": "CPU"}, builders.labelled(samples(1, 1, 64)))
    found = create_pipeline([{"name": "DefaultQuantization", "params": {}}], engine).run(load_model(dense()))
    assert found.check.samples == 8
    assert load_model(dense()).check is None


@pytest.mark.parametrize("number", range(4))
@pytest.mark.long
def test_a_fault_of_the_device_is_found_and_left_in_float(
    number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted(monkeypatch, scaled(f"layer_{number}"))
    model, report = checked(dense(4), samples(1, 1, 64))
    assert report.notes == (f"'layer_{number}' stays in float: CPU computes it wrongly in INT8",)
    assert not report.is_lost and report.int8_layers == 3
    assert report.decibels > 25
    quantizers = [
        node.get_friendly_name() for node in model.get_ops() if node.get_type_name() == "FakeQuantize"
    ]
    assert quantizers and not [name for name in quantizers if name.startswith(f"layer_{number}/")]


def test_a_fault_in_one_thread_is_found_and_left_in_float(monkeypatch: pytest.MonkeyPatch) -> None:
    """As of a product right behind another, which placement knows."""
    monkeypatch.setattr(faults_of_plugins, "_FUSED", 0)
    gains = op.constant(np.random.default_rng(0).random((1, 32)).astype(np.float32))
    x = op.parameter([1, 64], np.float32, name="x")
    first = op.multiply(op.relu(op.matmul(x, weights(64, 32), False, False)), gains)
    network = ov.Model([op.result(op.matmul(first, weights(32, 8), False, False, name="second"))], [x], "two")
    model, report = checked(network, samples(1, 64))
    assert report.notes == ("'second' stays in float: CPU computes it wrongly in INT8",)
    alone = core().compile_model(model, "CPU", IN_ONE_THREAD)
    errors = [alone(each)[0] - builders.run(network, each)[0] for each in samples(1, 64)[:4]]
    assert np.abs(errors).max() < 0.3


def test_a_network_that_does_not_run_in_one_thread_is_judged_in_several() -> None:
    """The CPU (2026.4) fuses products of one column, and refuses what comes of it."""
    x = op.parameter([1, 200], np.float32, name="x")
    value: Any = op.relu(op.matmul(x, weights(200, 128), False, False))
    for width in (1, 1):
        value = op.tanh(op.matmul(value, weights(value.shape[1], width), False, False))
    network = ov.Model([op.result(value)], [x], "narrow")
    with pytest.raises(RuntimeError):
        core().compile_model(network, "CPU", IN_ONE_THREAD)
    _, report = checked(network, samples(1, 200))
    assert report.int8_layers == 1 and report.notes == () and not report.is_lost


@pytest.mark.long
def test_a_device_that_compiles_nothing_quantized_leaves_all_in_float(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(model: ov.Model) -> None:
        if any(node.get_type_name() == "FakeQuantize" for node in model.get_ops()):
            raise RuntimeError("no quantizers here")

    planted(monkeypatch, refuse)
    model, report = checked(dense(2), samples(1, 1, 64))
    assert not report.is_lost
    assert [note.split(":")[1] for note in report.notes] == [" CPU runs no model with it in INT8"] * 2
    assert not [node for node in model.get_ops() if node.get_type_name() == "FakeQuantize"]


def fragile() -> ov.Model:
    """Twelve layers, before the last of which one channel is a thousand times as large as what is read."""
    x = op.parameter([1, 1, 64], np.float32, name="x")
    value: Any = x
    for number in range(11):
        value = op.relu(op.matmul(value, weights(64, 64, seed=number), False, False, name=f"layer_{number}"))
    large = np.zeros((1, 64), np.float32)
    large[0, 0] = 3e4
    reads = np.asarray(weights(64, 64, seed=50).data).copy()
    reads[0] = 0
    last = op.matmul(op.add(value, op.constant(large)), op.constant(reads), False, False, name="last")
    return ov.Model([op.result(last)], [x], "fragile")


@pytest.mark.long
def test_what_rounding_loses_at_one_layer_is_won_back(caplog: pytest.LogCaptureFixture) -> None:
    data = samples(1, 1, 64)
    _, plain = checked(dense(), data)
    assert not plain.notes
    model, report = checked(fragile(), data, preset="performance", weight_rounding="nearest")
    assert report.notes == ("'last' stays in float: rounding it costs the outputs too much",)
    assert report.decibels > 10 and not report.is_lost
    assert decibels(fragile(), model, data) > 10


@pytest.mark.long
@pytest.mark.parametrize("harm", [True, False])
def test_rows_that_repeat_count_once_where_that_follows_better(
    monkeypatch: pytest.MonkeyPatch, harm: bool
) -> None:
    def counted(rows: Floats, samples: int) -> Floats:
        counts = np.ones((samples, len(rows) // samples))
        counts[:, 0] = 1e6 if harm else 1  # as if nothing but one position mattered
        return counts.reshape(-1)

    check = importlib.import_module("openvino.tools.pot.algorithms.checking.check")
    monkeypatch.setattr(check, "WORSE", 100.0)
    monkeypatch.setattr(check, "explained", lambda job: 60.0)
    monkeypatch.setattr(inputs, "repetitions", counted)
    x = builders.parameter([1, 3, 16, 16])
    hidden = op.relu(builders.conv(op.relu(builders.conv(x, 24, "one")), 24, "two", seed=1))
    network = builders.model(builders.conv(hidden, 8, "three", seed=2), x)
    data = samples(1, 3, 16, 16)
    _, report = checked(network, data, preset="performance")
    if harm:
        (note,) = report.notes
        said = re.fullmatch(
            r"rows that repeat within a sample count once: counted as often as they are there, as of borders, the "
            r"outputs follow to ([\d.]+) dB",
            note,
        )
        assert said is not None and report.decibels > float(said[1]) + 1
    else:
        assert not report.notes


def lost() -> ov.Model:
    """A network of which 8 bits leave nothing, at any of its layers."""
    x = op.parameter([1, 1, 64], np.float32, name="x")
    value: Any = x
    for number in range(4):
        large = np.zeros((1, 64), np.float32)
        large[0, 0] = 1e5
        reads = np.asarray(weights(64, 64, seed=number).data).copy()
        reads[0] = 0
        shifted = op.add(value, op.constant(large))
        value = op.matmul(shifted, op.constant(reads), False, False, name=f"layer_{number}")
    return ov.Model([op.result(value)], [x], "lost")


@pytest.mark.long
def test_what_can_not_be_won_back_is_told_of(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        _, report = checked(lost(), samples(1, 1, 64), preset="performance", weight_rounding="nearest")
    assert report.is_lost and report.decibels < 10
    assert "quantization loses it, most of all at" in report.line
    assert [record.levelname for record in caplog.records if "quantization loses it" in record.message] == [
        "WARNING"
    ]


@pytest.mark.long
def test_padding_of_texts_counts_for_nothing() -> None:
    ids = op.parameter([1, 12], np.int64, name="input_ids")
    mask = op.parameter([1, 12], np.int64, name="attention_mask")
    table = RANDOM.standard_normal((30, 64)).astype(np.float32)
    value = op.gather(op.constant(table), ids, op.constant(np.int64(0)))
    seen = op.unsqueeze(op.convert(mask, "f32"), op.constant(np.array([2])))
    # at padded places there is noise of the last bits, made large
    noise = op.multiply(
        op.subtract(op.constant(np.float32(1)), seen),
        op.sin(op.multiply(value, op.constant(np.float32(1e4)))),
    )
    out = op.matmul(op.add(op.multiply(value, seen), noise), weights(64, 64), False, False, name="out")
    network = ov.Model([op.result(out)], [ids, mask], "text")
    random = np.random.default_rng(0)
    data = [
        {
            "input_ids": random.integers(0, 30, (1, 12)),
            "attention_mask": (np.arange(12) < 4).astype(np.int64)[None],
        }
        for _ in range(40)
    ]
    assert checked(network, data)[1].decibels > 25


@pytest.mark.parametrize("shape", [[-1, 3, 16, 16], [-1, 3, -1, -1]])
@pytest.mark.long
def test_dynamic_networks_follow_as_static_ones_do(shape: list[int]) -> None:
    def network(sizes: list[int]) -> ov.Model:
        kernels = [
            op.constant(np.random.default_rng(seed).standard_normal(size).astype(np.float32) / 5)
            for seed, size in ((3, (16, 3, 3, 3)), (4, (16, 16, 1, 1)), (5, (16, 1, 1, 3, 3)))
        ]
        ones, none = [1, 1], [0, 0]
        x = op.parameter(ov.PartialShape(sizes), np.float32, name="x")
        value = op.relu(op.convolution(x, kernels[0], ones, ones, ones, ones))
        squeezed = op.reduce_mean(value, op.constant(np.array([2, 3])), True)
        gate = op.sigmoid(op.convolution(squeezed, kernels[1], ones, none, none, ones))
        value = op.group_convolution(op.multiply(value, gate), kernels[2], ones, ones, ones, ones)
        return ov.Model([op.result(value)], [x], "gates")

    data = samples(1, 3, 16, 16)
    static = decibels(network([1, 3, 16, 16]), quantize(network([1, 3, 16, 16]), data), data[:6])
    assert decibels(network(shape), quantize(network(shape), data), data[:6]) > static - 1.5


def test_values_that_are_not_finite_inside_are_left_out(caplog: pytest.LogCaptureFixture) -> None:
    x = op.parameter([1, 8, 32], np.float32, name="x")
    rooted = op.sqrt(
        op.subtract(op.reduce_max(x, op.constant(np.array([2])), True), op.constant(np.float32(1.2)))
    )
    bad = op.multiply(x, rooted)  # NaN in rows without a large value
    product = op.matmul(bad, weights(32, 32), False, False, name="product")
    network = ov.Model(
        [op.result(op.select(op.is_nan(product), op.constant(np.float32(0)), product))], [x], "roots"
    )
    data = samples(1, 8, 32)
    with caplog.at_level(logging.WARNING):
        model = quantize(network, data, self_check=False)
    assert any("computes NaN or infinite values inside" in record.message for record in caplog.records)
    constants = [node.data for node in model.get_ops() if node.get_type_name() == "Constant"]
    assert all(np.all(np.isfinite(each)) for each in constants if each.dtype.kind == "f")


def test_inputs_may_hold_missing_values_where_outputs_are_finite(caplog: pytest.LogCaptureFixture) -> None:
    x = op.parameter([1, 64], np.float32, name="x")
    filled = op.select(op.is_nan(x), op.constant(np.float32(0.5)), x)
    network = ov.Model([op.result(op.matmul(filled, weights(64, 64), False, False))], [x], "table")
    data = [
        np.where(RANDOM.random((1, 64)) < 0.1, np.nan, each).astype(np.float32) for each in samples(1, 64)
    ]
    with caplog.at_level(logging.WARNING):
        model = quantize(network, data)
    assert decibels(network, model, data[:6]) > 30
    said = [record.message for record in caplog.records if "fed as they are" in record.message]
    assert said == [
        "sample 0: input 'x' holds NaN or infinite values beside others: they are fed as they are"
    ]


def in_own_precision(fault: Callable[[ov.Model], Any], spoils: bool) -> Callable[[ov.Model, str, Any], Any]:
    """A device that computes what is quantized wrongly, or all models, unless it is asked for float32."""
    compile_model = running._compiled

    def compiled(model: ov.Model, device: str, settings: Any) -> Any:
        wrong = model.clone()
        quantized = any(node.get_type_name() == "FakeQuantize" for node in model.get_ops())
        if not settings and (quantized or spoils):
            fault(wrong)
        return compile_model(wrong, device, settings)

    return compiled


def scaled_always(layer: str) -> Callable[[ov.Model], Any]:
    def fault(model: ov.Model) -> None:
        node = next(node for node in model.get_ops() if node.get_friendly_name() == layer)
        readers = node.output(0).get_target_inputs()
        other = op.multiply(node, op.constant(np.float32(10)))
        for reader in readers:
            reader.replace_source_output(other.output(0))

    return fault


@pytest.mark.long
def test_what_the_device_spoils_in_its_own_precision_only_is_mended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_compiled", in_own_precision(scaled("layer_1"), spoils=False))
    _, report = checked(dense(4), samples(1, 1, 64))
    assert report.notes == ("'layer_1' stays in float: CPU computes it wrongly in INT8",)


@pytest.mark.long
def test_a_device_whose_own_precision_spoils_the_float_model_is_told_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(running, "_compiled", in_own_precision(scaled_always("layer_1"), spoils=True))
    _, report = checked(dense(4), samples(1, 1, 64))
    assert report.is_lost
    assert any("in float32 it follows to" in note for note in report.notes)


@pytest.mark.long
def test_layers_behind_a_choice_that_come_in_another_order_are_told_of() -> None:
    x = op.parameter([1, 64], np.float32, name="x")
    scores = op.matmul(x, weights(64, 64), False, False, name="scores")
    places = op.topk(scores, op.constant(np.int64(64)), 1, "max", "value").output(1)
    table = op.constant(np.random.default_rng(0).standard_normal((64, 32)).astype(np.float32))
    head = op.matmul(op.gather(table, places, op.constant(np.int64(0))), weights(32, 32), False, False)
    _, report = checked(ov.Model([op.result(head)], [x], "two stages"), samples(1, 64))
    assert not report.is_lost and report.decibels > 25
    assert "is of layers behind what chooses or sorts" in report.line


@pytest.mark.long
def test_a_float_model_that_runs_in_float32_only_is_judged_by_that(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(model: ov.Model) -> None:
        raise RuntimeError("not in half precision")

    monkeypatch.setattr(running, "_compiled", in_own_precision(refuse, spoils=True))
    _, report = checked(dense(4), samples(1, 1, 64))
    assert report.notes == ("CPU can't run the float model itself unless INFERENCE_PRECISION_HINT is f32",)
    assert not report.is_lost and report.decibels > 25 and report.int8_layers == 4


@pytest.mark.long
def test_outputs_that_never_vary_tell_nothing() -> None:
    _, report = checked(dense(), [np.zeros((1, 1, 64), np.float32)] * 30)
    assert "no output varies on these samples, which tells nothing of the model" in report.notes


def test_outputs_that_are_the_same_for_all_samples_tell_nothing() -> None:
    """As of pixels that are so far off that the last layer is saturated; its values differ from one another."""
    x = op.parameter([1, 1, 64], np.float32, name="x")
    matrix = np.abs(weights(64, 64).data) * np.sign(np.arange(64) - 31.5)
    product = op.matmul(x, op.constant(matrix.astype(np.float32)), False, False)
    network = ov.Model([op.result(op.clamp(product, -1.0, 1.0))], [x], "saturated")
    _, report = checked(network, [np.abs(each) * 255 for each in samples(1, 1, 64)])
    assert report.verdict == "unknown"
    assert "no output varies on these samples, which tells nothing of the model" in report.notes


@pytest.mark.long
def test_samples_as_tensors_of_openvino_and_presets_in_any_case() -> None:
    data = samples(1, 1, 64)
    plain, _ = checked(dense(), data, preset="performance")
    other, _ = checked(dense(), [ov.Tensor(each) for each in data], preset="PERFORMANCE")
    assert builders.stored(plain)[1] == builders.stored(other)[1]


def test_nothing_to_quantize_is_a_report_too() -> None:
    x = op.parameter([1, 64], np.float32, name="x")
    _, report = checked(ov.Model([op.result(op.relu(x))], [x], "empty"), samples(1, 64))
    assert report.line == "not checked: the model has nothing to quantize"
    assert not report.is_lost


def detector() -> ov.Model:
    """Boxes of hundreds of pixels and scores below one, in one tensor; of the scores 8 bits leave nothing."""
    x = op.parameter([1, 64], np.float32, name="x")
    boxes = op.multiply(
        op.matmul(x, weights(64, 40), False, False, name="boxes"), op.constant(np.float32(300))
    )
    large = np.zeros((1, 64), np.float32)
    large[0, 0] = 1e6
    reads = np.asarray(weights(64, 80).data).copy()
    reads[0] = 0
    scores = op.matmul(op.add(x, op.constant(large)), op.constant(reads), False, False, name="scores")
    joined = op.concat([boxes, op.sigmoid(scores)], 1)
    joined.output(0).set_names({"found"})
    return ov.Model([op.result(joined)], [x], "detector")


@pytest.mark.long
def test_scores_beside_boxes_are_judged_by_themselves() -> None:
    data = samples(1, 64)
    model, report = checked(detector(), data, preset="performance", weight_rounding="nearest")
    assert [output.name for output in report.outputs] == ["found[:, 0:40]", "found[:, 40:120]"]
    assert report.notes == ("'scores' stays in float: rounding it costs the outputs too much",)
    assert decibels(detector(), model, data) > 30 and report.decibels > 30


@pytest.mark.long
def test_what_the_device_computes_otherwise_while_it_is_measured_is_put_right(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    note = Witness.note_values
    monkeypatch.setattr(
        Witness, "note_values", lambda self, values: note(self, [value + 1 for value in values])
    )
    data = samples(1, 1, 64)
    model, report = checked(dense(), data)
    assert report.decibels == pytest.approx(decibels(dense(), model, data[:8]), abs=2)
    assert len(report.notes) == 1 and "while it is measured" in report.notes[0]


@pytest.mark.long
def test_a_model_of_chance_says_so() -> None:
    x = op.parameter([1, 64], np.float32, name="x")
    shape, low, high = np.array([1, 64]), np.float32(-1), np.float32(1)
    noise = op.random_uniform(shape, low, high, "f32", 0, 0)
    value = op.matmul(op.add(x, noise), weights(64, 64), False, False)
    _, report = checked(ov.Model([op.result(value)], [x], "chance"), samples(1, 64))
    assert "the float model gives other values for the same samples each time" in report.notes


@pytest.mark.long
@pytest.mark.parametrize("kept", [1.0, 0.0], ids=["ones for tokens", "added to scores"])
def test_only_masks_of_ones_and_zeros_hide_tokens(kept: float) -> None:
    x = op.parameter([1, 24, 32], np.float32, name="x")
    mask = op.parameter([1, 24], np.float32, name="attention_mask")
    hidden = op.multiply(op.subtract(mask, op.constant(np.float32(1))), op.constant(np.float32(1e4)))
    added = op.unsqueeze(hidden if kept else mask, op.constant(np.array(1)))
    rows = op.matmul(x, weights(32, 32), False, False)
    scores = op.matmul(rows, op.matmul(x, weights(32, 32, seed=2), False, False), False, True)
    seen = op.matmul(op.softmax(op.add(op.multiply(scores, np.float32(0.2)), added), -1), rows, False, False)
    network = ov.Model(
        [op.result(op.matmul(op.add(seen, rows), weights(32, 16), False, False))], [x, mask], "t"
    )
    random, data = np.random.default_rng(0), []
    for tokens in random.integers(8, 20, 30):
        values = random.standard_normal((1, 24, 32)).astype(np.float32)
        values[:, tokens:] *= 0.02  # padding is quiet
        given = np.full((1, 24), 0.0 if kept else -1e4, np.float32)
        given[:, :tokens] = kept
        data.append({"x": values, "attention_mask": given})
    model, report = checked(network, data)
    assert decibels(network, model, data) > 25
    assert 25 < report.decibels < 60


def test_outputs_that_hold_nothing_to_compare_are_told_of() -> None:
    x = op.parameter([1, 64], np.float32, name="x")
    value = op.divide(op.matmul(x, weights(64, 64), False, False), op.constant(np.float32(0)))
    _, report = checked(ov.Model([op.result(value)], [x], "infinite"), samples(1, 64))
    assert np.isnan(report.decibels) and not report.is_lost
    assert report.line.startswith("INT8 was run on 8 samples; 1 of 1 layers")
    assert report.notes == ("no output can be compared with float",)


def test_what_is_counted_by_comparison_is_compared_before_it() -> None:
    x = op.parameter([1, 64], np.float32, name="x")
    scores = op.matmul(x, weights(64, 64), False, False)
    places = op.non_zero(op.greater(scores, op.constant(np.float32(0))), "i64")
    _, report = checked(ov.Model([op.result(places)], [x], "places"), samples(1, 64))
    assert not report.is_lost and report.decibels > 25
