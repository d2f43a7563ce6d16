"""Engines that run several models for one sample, as POT's sample for faces does."""

from __future__ import annotations

import pickle
import re
from functools import partial
from pathlib import Path
from time import time
from typing import Any

import numpy as np
import openvino as ov
import pytest
from numpy.typing import NDArray
from openvino import PartialShape
from openvino import opset13 as op

import builders
from faults import planted, scaled
from openvino.tools.pot import (
    IEEngine,
    Metric,
    compress_model_weights,
    create_pipeline,
    load_model,
    save_model,
)
from openvino.tools.pot.engines.internals import _GONE
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.samplers.batch_sampler import BatchSampler
from openvino.tools.pot.statistics import merge
from openvino.tools.pot.utils.errors import ConfigError, EngineError
from openvino.tools.pot.utils.logger import get_logger
from openvino.tools.pot.utils.runtime import core

pytestmark = pytest.mark.long

logger = get_logger(__name__)
PYRAMID = (1, 2)
Floats = NDArray[np.float32]


def first() -> ov.Model:
    """A fully convolutional network over images of any size: a map of scores."""
    x = builders.parameter([1, 3, 12, 12])
    hidden = op.relu(builders.conv(x, 8, "p1", seed=1), name="prelu")
    scores = op.sigmoid(builders.conv(hidden, 1, "p2", seed=2))
    return builders.model(scores, x)


def second() -> ov.Model:
    """A classifier of pieces of 6x6."""
    x = builders.parameter([1, 3, 6, 6], "piece")
    hidden = op.relu(builders.conv(x, 8, "r1", seed=3), name="rrelu")
    flat = op.reshape(hidden, op.constant([0, -1]), True)
    scores = op.matmul(
        flat, op.constant(builders.weights((288, 4), 4, 0.1), name="rw"), False, False, name="r2"
    )
    return builders.model(scores, x)


class Score(Metric):
    def reset(self) -> None:
        self.values: list[float] = []

    @property
    def avg_value(self) -> dict[str, float]:
        return {"score": float(np.mean(self.values))}

    def update(self, output: Any, target: Any) -> None:
        self.values.append(float(np.mean(output[0]) - target[0]))

    def get_attributes(self) -> dict[str, dict[str, Any]]:
        return {"score": {"direction": "higher-better", "type": "user"}}


class Cascade(IEEngine):
    """With POT's internals, as its sample uses them."""

    def __init__(self, config: Any, data_loader: Any = None, metric: Any = None) -> None:
        super().__init__(config, data_loader, metric)
        self._stages = [self._first, self._second]
        self.fed: dict[str, list[Floats]] = {"pnet": [], "rnet": []}

    def set_model(self, model: Any) -> None:
        self._model: Any = self._set_model(model)
        self._names = [entry["name"] for entry in model.models]

    def _predict(
        self,
        stats_layout: Any,
        sampler: Any,
        print_progress: bool = False,
        need_metrics_per_sample: bool = False,
    ) -> None:
        progress_log_fn = logger.info if print_progress else logger.debug
        start_time = time()
        for batch_id, batch in iter(enumerate(sampler)):
            batch_annotations, image_batch, _ = self._process_batch(batch)
            for image in image_batch:
                callback = partial(
                    self._collect_statistics, stats_layout=stats_layout, annotations=batch_annotations
                )
                result = None
                for stage in self._stages:
                    result = stage(image, result, callback if stats_layout else None)
                    if np.size(result) == 0:
                        break
                if np.size(result) != 0:
                    self._update_metrics(
                        output=[result],
                        annotations=batch_annotations,
                        need_metrics_per_sample=need_metrics_per_sample,
                    )
            if self._print_inference_progress(progress_log_fn, batch_id, len(sampler), start_time, time()):
                start_time = time()

    def _infer(self, data: Any, network: Any, callback: Any = None) -> Any:  # type: ignore[override]
        if (data.shape[0] == 1 and data.shape[2] != 6) or data.shape[2] == 6:
            network.reshape(PartialShape(data.shape))
        self.fed["pnet" if data.shape[2] != 6 else "rnet"].append(data.copy())
        filled = self._fill_input(network, data)
        compiled = self._ie.compile_model(model=network, device_name=self.config.device)
        result = compiled.create_infer_request().infer(filled)
        if callback:
            callback(result)
        return result

    def _first(self, image: Any, _: Any, callback: Any) -> Any:
        best = []
        for scale in PYRAMID:
            data = np.ascontiguousarray(image[None, :, ::scale, ::scale])
            result = self._infer(data, self._model[0]["model"], callback)
            scores = next(value for port, value in result.items() if port.any_name == "y")
            best += [
                (scale, *np.unravel_index(int(scores[0, 0, :-6, :-6].argmax()), scores[0, 0, :-6, :-6].shape))
            ]
        return best

    def _second(self, image: Any, places: Any, callback: Any) -> Any:
        pieces = [image[:, ::s, ::s][:, row : row + 6, column : column + 6] for s, row, column in places]
        result = self._infer(np.stack(pieces), self._model[1]["model"], callback)
        return next(value for port, value in result.items() if port.any_name == "y")


def cascade() -> CompressedModel:
    entries = [{"name": "pnet", "model": first()}, {"name": "rnet", "model": second()}]
    return load_model({"model_name": "both", "cascade": entries})


def images() -> list[Floats]:
    sizes = [(24, 24), (20, 28), (24, 24), (16, 20)]
    return [
        np.random.default_rng(n).uniform(-1, 1, (3, *size)).astype(np.float32) for n, size in enumerate(sizes)
    ]


def engine(kind: type[IEEngine] = Cascade) -> Any:
    items = [((number, 0.0), image) for number, image in enumerate(images())]
    return kind({"device": "CPU"}, builders.Items(items), Score())


def quantizers(model: ov.Model) -> dict[str, ov.Node]:
    return {n.get_friendly_name(): n for n in model.get_ops() if n.get_type_name() == "FakeQuantize"}


def borders(node: ov.Node) -> tuple[float, float]:
    low, high = (float(node.input_value(port).get_node().data.reshape(-1)[0]) for port in (1, 2))
    return low, high


PARAMS = {"preset": "performance", "stat_subset_size": 4}


def run(own: Any, **params: Any) -> CompressedModel:
    pipeline = create_pipeline([{"name": "DefaultQuantization", "params": {**PARAMS, **params}}], own)
    return pipeline.run(cascade())


@pytest.fixture(scope="module")
def usual() -> CompressedModel:
    """Quantized as it is without further parameters, for tests of what these change."""
    return run(engine())


@pytest.mark.long
def test_all_models_are_quantized_with_ranges_of_what_they_are_fed() -> None:
    own = engine()
    largest = {"max": {"aggregator": "max", "type": "abs_max"}}
    quantized = run(own, range_estimator=largest, self_check=False)
    assert [sub.name for sub in quantized] == ["pnet", "rnet"]
    for sub, name in zip(quantized, ("p1", "r1"), strict=True):
        found = quantizers(sub.model)
        assert len(found) == 4
        seen = own.fed[sub.name]
        _, high = borders(found[f"{name}/fq_input_0"])
        assert high == pytest.approx(max(float(np.abs(each).max()) for each in seen), rel=1e-5)
    assert list(quantized.submodels[0].model.inputs[0].shape) == [1, 3, 12, 12]
    assert list(quantized.submodels[1].model.inputs[0].shape) == [1, 3, 6, 6]


@pytest.mark.long
def test_each_model_is_decided_on_from_its_own_statistics_where_no_preset_is_named() -> None:
    pipeline = create_pipeline([{"name": "DefaultQuantization", "params": {}}], engine())
    assert all(quantizers(sub.model) for sub in pipeline.run(cascade()))


@pytest.mark.long
def test_what_the_device_computes_wrongly_in_one_model_is_mended_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    planted(monkeypatch, scaled("r1"))
    quantized = run(engine())
    first_report, second_report = (sub.check for sub in quantized)
    assert not first_report.notes
    assert second_report.notes == ("'r1' stays in float: CPU computes it wrongly in INT8",)
    assert second_report.decibels > 20 and quantized.check.decibels <= second_report.decibels
    names = quantizers(quantized.submodels[1].model)
    assert len(names) == 2 and not [name for name in names if name.startswith("r1/")]
    assert list(quantized.submodels[1].model.inputs[0].shape) == [1, 3, 6, 6]


@pytest.mark.long
def test_what_the_second_model_is_fed_comes_from_the_first() -> None:
    own = engine()
    run(own)
    first_pass = len(PYRAMID)  # the pass over one sample that shows the sizes
    assert len(own.fed["pnet"]) == first_pass + 4 * len(PYRAMID)
    assert len(own.fed["rnet"]) == 1 + 4
    assert own.fed["rnet"][1].shape == (len(PYRAMID), 3, 6, 6)


@pytest.mark.long
def test_evaluation_before_and_after(tmp_path: Any) -> None:
    own = engine()
    pipeline = create_pipeline([{"name": "DefaultQuantization", "params": PARAMS}], own)
    model = cascade()
    before = pipeline.evaluate(model)["score"]
    quantized = pipeline.run(model)
    compress_model_weights(quantized)
    saved = save_model(quantized, tmp_path, "int8")
    assert [entry["name"] for entry in saved] == ["pnet", "rnet"]
    after = pipeline.evaluate(quantized)["score"]
    assert after == pytest.approx(before, abs=0.05)
    assert after != before


@pytest.mark.long
def test_scopes_by_model() -> None:
    ignored = {"pnet": {"scope": ["p1"]}, "rnet": {"skip_model": True}}
    quantized = run(engine(), ignored=ignored, self_check=False)
    assert "p1/fq_input_0" not in quantizers(quantized.submodels[0].model)
    assert "p2/fq_input_0" in quantizers(quantized.submodels[0].model)
    assert quantizers(quantized.submodels[1].model) == {}


def test_a_scope_of_no_model() -> None:
    with pytest.raises(
        ConfigError, match=r"ignored: expected one of pnet, rnet, found 'rnett'; did you mean 'rnet'\?"
    ):
        run(engine(), ignored={"rnett": {"scope": ["p1"]}})
    with pytest.raises(ConfigError, match=r"ignored: expected one of tiny, found 'pnet'"):
        builders.quantized(builders.network(), builders.labelled(builders.images()), ignored={"pnet": {}})


@pytest.mark.long
def test_parameters_by_model(usual: CompressedModel) -> None:
    own = {"preset": "mixed", "ignored": {"scope": ["r1"]}}
    quantized = run(engine(), by_model={"rnet": own}, ignored={"pnet": {"scope": ["p1"]}}, self_check=False)
    (first, second) = (quantizers(sub.model) for sub in quantized)
    assert "p1/fq_input_0" not in first and "r1/fq_input_0" not in second
    low, high = borders(first["p2/fq_input_0"])
    assert low == 0 or low == pytest.approx(-high * 128 / 127, rel=1e-4)
    assert len(second) == len(quantizers(usual.submodels[1].model)) - 2


@pytest.mark.long
def test_a_preset_by_model_changes_that_model_only(usual: CompressedModel) -> None:
    varied = run(engine(), by_model={"rnet": {"preset": "mixed"}}, self_check=False)
    ranges = [
        [{name: borders(node) for name, node in quantizers(sub.model).items()} for sub in each]
        for each in (usual, varied)
    ]
    assert ranges[0][0] == ranges[1][0]
    assert ranges[0][1] != ranges[1][1]


@pytest.mark.parametrize(
    ("by_model", "sentence"),
    [
        ({"rnett": {}}, r"by_model: expected one of pnet, rnet, found 'rnett'; did you mean 'rnet'\?"),
        ({"rnet": {"presett": "mixed"}}, r"by_model\.rnet: .*unknown parameter 'presett'"),
        (
            {"rnet": {"stat_subset_size": 3}},
            r"by_model\.rnet\.stat_subset_size: it is the same for all models",
        ),
        ({"rnet": 3}, "by_model.rnet: .*found 3"),
        (
            {"rnet": {"ignored": {"pnett": {"scope": ["p1"]}}}},
            r"by_model\.rnet\.ignored: expected one of pnet, rnet, found 'pnett'",
        ),
    ],
)
def test_wrong_parameters_by_model(by_model: Any, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        run(engine(), by_model=by_model)


def test_models_are_checked_for_every_algorithm_of_a_sequence() -> None:
    algorithms = [
        {"name": "MinMaxQuantization", "params": {}},
        {"name": "FastBiasCorrection", "params": {"by_model": {"rnett": {}}}},
    ]
    with pytest.raises(ConfigError, match="by_model: expected one of pnet, rnet, found 'rnett'"):
        create_pipeline(algorithms, engine()).run(cascade())


def test_parameters_by_model_are_for_cascades() -> None:
    with pytest.raises(ConfigError, match="by_model is for cascades, found the single model 'tiny'"):
        builders.quantized(builders.network(), builders.labelled(builders.images()), by_model={"tiny": {}})
    single = builders.labelled(builders.images())
    aware = create_pipeline(
        [{"name": "AccuracyAwareQuantization", "params": {"by_model": {"a": {}}}}],
        IEEngine({}, single, Score()),
    )
    with pytest.raises(ConfigError, match="by_model: expected one of tiny, found 'a'"):
        aware.run(load_model(builders.network()))


def aware(own: Any, **params: Any) -> tuple[CompressedModel, Any]:
    entry = {"name": "AccuracyAwareQuantization", "params": {"target_device": "GPU", **params}}
    pipeline = create_pipeline([entry], own)
    return pipeline.run(cascade()), pipeline.algo_seq[0]


def test_accuracy_control_of_a_cascade_that_is_good_enough_in_int8() -> None:
    quantized, algorithm = aware(engine(), maximal_drop=0.5)
    assert all(len(quantizers(sub.model)) == 4 for sub in quantized)
    assert algorithm.report.ended == "full INT8 meets the target"


def test_accuracy_control_puts_back_layers_of_whichever_model_costs_the_metric_most() -> None:
    quantized, algorithm = aware(engine(), maximal_drop=-1.0)
    names = {layer.node for layer in algorithm.report.layers}
    assert names == {"pnet/p1", "pnet/p2", "rnet/r1", "rnet/r2"}
    assert sum(layer.share for layer in algorithm.report.layers) > 0
    chosen = algorithm.report.chosen.floats
    for sub in quantized:
        for name in [layer.removeprefix(f"{sub.name}/") for layer in chosen if layer.startswith(sub.name)]:
            assert not [key for key in quantizers(sub.model) if key.startswith(f"{name}/")]
    assert list(quantized.submodels[0].model.inputs[0].shape) == [1, 3, 12, 12]


def test_statistics_of_a_cascade_are_measured_before_and_merged() -> None:
    pipeline = create_pipeline([{"name": "DefaultQuantization", "params": PARAMS}], engine())
    model = cascade()
    found = pickle.loads(pickle.dumps(pipeline.collect_statistics(model)))
    assert sorted(found) == ["pnet", "rnet"]
    at_once, later = pipeline.run(model), pipeline.run(model, found)
    for one, other in zip(at_once, later, strict=True):
        expected = {name: borders(node) for name, node in quantizers(one.model).items()}
        assert {name: borders(node) for name, node in quantizers(other.model).items()} == expected
        assert one.model.inputs[0].partial_shape == other.model.inputs[0].partial_shape
    both = merge(found, found)
    assert both["pnet"].samples == 2 * found["pnet"].samples
    with pytest.raises(EngineError, match="statistics of before are of pnet, expected those of pnet, rnet"):
        pipeline.run(model, {"pnet": found["pnet"]})
    with pytest.raises(EngineError, match="are of a single network, expected those of pnet, rnet"):
        pipeline.run(model, found["pnet"])


@pytest.mark.parametrize("left", [None, "pnet"])
def test_statistics_of_a_cascade_in_accuracy_control(left: str | None) -> None:
    params = {"maximal_drop": 0.5, "ignored": {left: {"skip_model": True}} if left else {}}
    pipeline = create_pipeline([{"name": "AccuracyAwareQuantization", "params": params}], engine())
    model = cascade()
    quantized = pipeline.run(model, pipeline.collect_statistics(model))
    assert [sub.name for sub in quantized if not quantizers(sub.model)] == ([left] if left else [])


def test_a_plain_engine_runs_no_cascade() -> None:
    with pytest.raises(EngineError, match=r"runs one model, found a cascade of \['pnet', 'rnet'\]"):
        run(engine(IEEngine))


class Silent(Cascade):
    def _second(self, image: Any, places: Any, callback: Any) -> Any:
        return np.zeros(0)


def test_a_model_that_no_sample_reaches() -> None:
    with pytest.raises(EngineError, match="no inference of model 'rnet' was seen"):
        run(engine(Silent))


class WithPredict(Cascade):
    """Overrides ``predict`` as well, as POT's sample of 2022.3."""

    def predict(self, stats_layout: Any = None, sampler: Any = None, stat_aliases: Any = None,
                metric_per_sample: bool = False, print_progress: bool = False) -> Any:  # fmt: skip
        from openvino.tools.pot.engines.utils import process_accumulated_stats

        if sampler is None:
            sampler = BatchSampler(self.data_loader)
        self._predict(stats_layout=stats_layout, sampler=sampler, print_progress=print_progress,
                      need_metrics_per_sample=metric_per_sample)  # fmt: skip
        accumulated = process_accumulated_stats(
            stat_names_aliases=None, accumulated_stats=self._accumulated_layer_stats
        )
        metrics = self._metric.avg_value if self._metric else None
        self._reset()
        return metrics, accumulated


@pytest.mark.long
def test_an_override_of_predict(usual: CompressedModel) -> None:
    quantized = run(engine(WithPredict))
    for sub, other in zip(quantized, usual, strict=True):
        assert builders.stored(sub.model)[1] == builders.stored(other.model)[1]


class Single(IEEngine):
    """One model, run by an override with POT's internals."""

    def _predict(
        self,
        stats_layout: Any,
        sampler: Any,
        print_progress: bool = False,
        need_metrics_per_sample: bool = False,
    ) -> None:
        compiled = self._ie.compile_model(model=self._model, device_name=self.config.device)
        request = compiled.create_infer_request()
        for batch in sampler:
            batch_annotations, image_batch, batch_meta = self._process_batch(batch)
            result = request.infer(self._fill_input(compiled, image_batch))
            self._process_infer_output(
                stats_layout, result, batch_annotations, batch_meta, need_metrics_per_sample
            )


@pytest.mark.long
def test_one_model_run_by_an_override() -> None:
    items = [((number, 0.5), image[0]) for number, image in enumerate(builders.images())]
    made = Single({"device": "CPU"}, builders.Items(items), Score())
    pipeline = create_pipeline([{"name": "DefaultQuantization", "params": {}}], made)
    quantized = pipeline.run(load_model(builders.network()))
    assert builders.stored(quantized) == builders.stored(
        builders.quantized(builders.network(), builders.labelled(builders.images()), checked=True)
    )
    compiled = core().compile_model(builders.network(), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    expected = np.mean([compiled(image)[0].mean() - 0.5 for image in builders.images()])
    assert pipeline.evaluate(load_model(builders.network()))["score"] == pytest.approx(
        float(expected), rel=1e-4
    )


@pytest.mark.parametrize("name", _GONE)
def test_internals_that_are_not_there_are_named_with_what_is_in_their_place(name: str) -> None:
    sentence = f"Cascade uses POT's internal {name}, which is not there: {_GONE[name]}"
    with pytest.raises(EngineError, match=f"^{re.escape(sentence)}$"):
        getattr(engine(), name)
    with pytest.raises(AttributeError):
        _ = engine()._something_else


def test_the_document_lists_the_hooks() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs/compatibility.md").read_text(encoding="utf-8")
    hooks = re.findall(r"^\| `(\w+)\(", text, re.MULTILINE)
    assert {"set_model", "predict", "_predict", "_process_batch", "_fill_input"} <= set(hooks)
    assert {"postprocess_output", "_update_metrics"} <= set(hooks)
    assert [name for name in hooks if not callable(getattr(IEEngine, name, None))] == []


def test_the_document_lists_what_is_gone() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs/compatibility.md").read_text(encoding="utf-8")
    (row,) = [
        line for line in text.splitlines() if line.endswith("| no: an error says what is in their place |")
    ]
    assert set(re.findall(r"`self\.(\w+)`", row)) == set(_GONE)


class Early(Cascade):
    """Compiles in ``set_model``, under keys of its own in the configuration."""

    def set_model(self, model: Any) -> None:
        super().set_model(model)
        self.compiled = self._ie.compile_model(self._model[1]["model"], self.config.device)

    def _second(self, image: Any, places: Any, callback: Any) -> Any:
        scale, row, column = places[0]
        piece = image[None, :, ::scale, ::scale][:, :, row : row + 6, column : column + 6]
        return self.compiled([np.ascontiguousarray(piece)])[0]


@pytest.mark.long
def test_models_compiled_early_and_keys_of_a_subclass() -> None:
    items = [((number, 0.0), image) for number, image in enumerate(images())]
    own = Early({"outputs": ["y"]}, builders.Items(items), Score())
    assert own.config.outputs == ["y"]
    assert all(quantizers(sub.model) for sub in run(own))
    with pytest.raises(ConfigError, match="unknown parameter 'devise'"):
        IEEngine({"devise": "CPU"})


class Filled(Cascade):
    """Fills the tensors of requests before it infers without a word."""

    def _infer(self, data: Any, network: Any, callback: Any = None) -> Any:
        if (data.shape[0] == 1 and data.shape[2] != 6) or data.shape[2] == 6:
            network.reshape(PartialShape(data.shape))
        request = self._ie.compile_model(model=network, device_name="CPU").create_infer_request()
        request.set_input_tensor(ov.Tensor(np.ascontiguousarray(data, np.float32)))
        result = request.infer()
        if callback:
            callback(result)
        return result


@pytest.mark.long
def test_what_is_set_before_an_inference_counts_as_what_it_is_given(usual: CompressedModel) -> None:
    for one, other in zip(usual, run(engine(Filled)), strict=True):
        assert [borders(node) for node in quantizers(one.model).values()] == [
            borders(node) for node in quantizers(other.model).values()
        ]
