"""The forms in which POT's own configurations say things: each is taken, or refused by the name of what is missing."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openvino as ov
import pytest
from commands import pot, write_images

import builders
from openvino.tools.pot.cli.job import Job, make_job
from openvino.tools.pot.configs.files import read_mapping
from openvino.tools.pot.configs.sections import parse_sections
from openvino.tools.pot.utils.errors import ConfigError

Config = dict[str, Any]
Change = Callable[[Config], Any]
SIDE = 8


@pytest.fixture(autouse=True)
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model, eight images, and their classes."""
    monkeypatch.chdir(tmp_path)
    write_images(Path("images"), 8, (12, 10))
    Path("val.txt").write_text("".join(f"{n:03}.png {n}\n" for n in range(8)))
    ov.save_model(builders.network(), "net.xml", compress_to_fp16=False)


def labelled(**changes: Any) -> Config:
    return {
        "name": "imagenet_1000_classes",
        "reader": "pillow_imread",
        "annotation_conversion": {"converter": "imagenet", "annotation_file": "val.txt"},
        "data_source": "images",
        "preprocessing": [
            {"type": "bgr_to_rgb"},
            {
                **{"type": "resize", "size": SIDE + 2, "aspect_ratio_scale": "greater"},
                **{"use_pillow": True, "interpolation": "BILINEAR"},
            },
            {"type": "crop", "size": SIDE, "use_pillow": True},
        ],
        "metrics": [{"name": f"accuracy@top{k}", "type": "accuracy", "top_k": k} for k in (1, 5)],
        **changes,
    }


def checker(dataset: Any = None, **launcher: Any) -> Config:
    entry = {"framework": "dlsdk", "device": "CPU", "adapter": "classification", **launcher}
    datasets = [labelled()] if dataset is None else dataset
    return {"launchers": [entry], "datasets": datasets, "stat_requests_number": 8, "eval_requests_number": 8}


def config(*algorithms: tuple[str, Config], engine: Config | None = None, **sections: Any) -> Config:
    listed = algorithms or (("DefaultQuantization", {"preset": "performance", "stat_subset_size": 300}),)
    return {
        "model": {"model_name": "net", "model": "net.xml", "weights": "net.bin"},
        "engine": checker() if engine is None else engine,
        "compression": {
            "target_device": "ANY",
            "algorithms": [{"name": name, "params": params} for name, params in listed],
        },
        **sections,
    }


def job(values: Config, evaluate: bool = False) -> Job:
    return make_job(parse_sections(values, "config"), evaluate)


BOUND = {"aggregator": "mean", "type": "quantile", "outlier_prob": 0.0001}
WEIGHTS = {
    **{"bits": 8, "mode": "symmetric", "granularity": "perchannel", "level_low": -127, "level_high": 127},
    "range_estimator": {"max": {"type": "quantile", "outlier_prob": 0.0001}},
}
ACTIVATIONS = {
    **{"bits": 8, "mode": "asymmetric", "granularity": "pertensor"},
    "range_estimator": {
        "preset": "quantile",
        "min": {"clipping_value": 0, **BOUND},
        "max": {"clipping_value": 6, **BOUND},
    },
}
IGNORED = {
    "scope": ["conv1"],
    "operations": [{"type": "Relu", "attributes": {"name": "value"}}, {"type": "Relu"}],
}
ALL = {
    **{"ignored": IGNORED, "weights": WEIGHTS, "activations": ACTIVATIONS, "preset": "mixed"},
    "stat_subset_size": 100,
}
SEARCH = {
    **{"ranking_subset_size": 300, "max_iter_num": 20, "maximal_drop": 0.005, "drop_type": "absolute"},
    **{"use_prev_if_drop_increase": False, "base_algorithm": "DefaultQuantization", "annotation_free": False},
    **{"annotation_conf_threshold": 0.6, "convert_to_mixed_preset": False, "tune_hyperparams": False},
    **{"metrics": [{"name": "accuracy@top1", "baseline_value": 0.72}], "metric_subset_ratio": 1},
}
TWO = {
    "preprocessing": [{"type": "crop", "central_fraction": 0.875}, {"type": "resize", "size": SIDE}],
    "optimization": {"name": "a", "data_source": "images"},
    "evaluation": labelled(reader=None),
}

TAKEN: dict[str, Config] = {
    "a checker's configuration in place": config(),
    "a dataset of 1001 classes": config(
        engine=checker(
            [
                labelled(
                    annotation_conversion={
                        **{"converter": "imagenet", "annotation_file": "val.txt", "has_background": True}
                    }
                )
            ]
        )
    ),
    "what converts models": config(
        engine=checker(
            mo_params={"data_type": "FP32", "input": "data"},
            mo_flags=["disable_nhwc_to_nchw"],
            allow_reshape_input=True,
            tags=["FP32"],
            batch=1,
            device="cpu",
        )
    ),
    "an input of a precision": config(
        engine=checker(inputs=[{"name": "x", "type": "INPUT", "value": ".*", "precision": "FP32"}])
    ),
    "one dataset for statistics and one for metrics": config(engine=checker(TWO)),
    "images without labels": config(
        engine=checker([{"name": "a", "data_source": "images", "preprocessing": TWO["preprocessing"]}])
    ),
    "the name of a model that POT did not look at": config(
        model={"name": "net", "model": "net.xml", "weights": "net.bin"}
    ),
    "all parameters": config(("DefaultQuantization", {**ALL, "shuffle_data": False, "seed": 0})),
    "all parameters of a search": config(("AccuracyAwareQuantization", {**SEARCH, **ALL})),
    "a relative drop": config(
        ("AccuracyAwareQuantization", {"drop_type": "relative", "range_estimator": {"preset": "default"}})
    ),
    "two algorithms": config(
        ("MinMaxQuantization", {"target_device": "CPU", "preset": "mixed", "stat_subset_size": 1000}),
        ("FastBiasCorrection", {"stat_subset_size": 1000}),
    ),
    "a range estimator's preset": config(
        ("MinMaxQuantization", {"preset": "mixed", "range_estimator": {"preset": "quantile"}})
    ),
    "noise of layers": config(
        ("DefaultQuantization", {"preset": "performance", "stat_subset_size": 300}),
        (
            "QuantNoiseEstimator",
            {
                **{"stat_subset_size": 100, "mode": "full_fq_noise", "type": "sqnr"},
                "results_dump_filename": "./mobilenetv2_sqnr_data.csv",
            },
        ),
    ),
    "ranges by the error of outputs": config(
        ("MinMaxQuantization", {"preset": "mixed", "stat_subset_size": 1000}),
        (
            "RangeOptimization",
            {
                **{
                    "stat_subset_size": 5000,
                    "result_filename": "found.csv",
                    "lower_boxsize": 0.1,
                    "upper_boxsize": 0.1,
                },
                **{"maxiter": 1500, "optimization_scope": ["add1"], "metric_name": "accuracy@top1"},
                **{"opt_backend": "nevergrad", "optimizer_name": "CMA"},
            },
        ),
    ),
    "one border": config(
        (
            "DefaultQuantization",
            {"activations": {"range_estimator": {"max": {"aggregator": "max", "type": "abs_max"}}}},
        )
    ),
    "images alone": config(engine={"type": "simplified", "data_source": "images"}),
    "images alone, and what goes with another engine": config(
        engine={**checker(), "config": "some.yml", "type": "simplified", "data_source": "images"}
    ),
    "images that are made": config(
        engine={
            **{"type": "data_free", "generate_data": "True", "layout": "NCHW", "data_type": "image"},
            **{"shape": "[1, 3, 8, 8]", "data_source": "made"},
        }
    ),
    "whole numbers as floats, and nothing ignored": config(
        (
            "DefaultQuantization",
            {
                "ignored": None,
                "stat_subset_size": 300.0,
                "weights": {"bits": 8.0, "level_low": -127.0, "level_high": 127.0},
            },
        ),
        engine={"type": "simplified", "data_source": "images", "stat_requests_number": 4.0},
    ),
    "a cascade, each of whose models has a scope": config(
        (
            "DefaultQuantization",
            {"ignored": {"a": {"scope": ["conv1"]}, "b": {"operations": [{"type": "Relu"}]}}},
        ),
        engine={"type": "simplified", "data_source": "images"},
        model={"cascade": [{"name": name, "model": "net.xml", "weights": "net.bin"} for name in "ab"]},
    ),
}


TPE = {
    **{"max_trials": 200, "max_minutes": 1440, "trials_load_method": "cold_start", "accuracy_loss": 0.1},
    **{"latency_reduce": 1.5, "accuracy_weight": 1.0, "latency_weight": 0.0},
    "metrics": [{"name": "accuracy@top1", "baseline_value": 0.72}],
    "benchmark": {
        "performance_count": False,
        "batch_size": 1,
        "nthreads": 8,
        "api_type": "async",
        "niter": 1,
    },
}
OUTLIERS = {"outlier_prob_choices": [1e-3, 1e-4, 1e-5]}
TUNED: dict[str, Config] = {
    "layers": {"tuning_scope": ["layer"], "estimator_tuning_scope": ["preset"], **OUTLIERS},
    "two of an estimator": {
        **{"tuning_scope": ["range_estimator"], "estimator_tuning_scope": ["preset", "outlier_prob"]},
        **OUTLIERS,
    },
    "all of an estimator": {
        "tuning_scope": ["range_estimator"],
        "estimator_tuning_scope": ["preset", "aggregator", "type", "outlier_prob"],
        **OUTLIERS,
    },
}


def searching(scope: str, **params: Any) -> Config:
    return config(
        ("ActivationChannelAlignment", {"stat_subset_size": 1000}),
        ("TunableQuantization", {"stat_subset_size": 1000, "preset": "performance", **TUNED[scope]}),
        ("FastBiasCorrection", {"stat_subset_size": 1000}),
        optimizer={"name": "Tpe", "params": {**TPE, **params}},
    )


@pytest.mark.long
@pytest.mark.parametrize("scope", TUNED)
def test_searches_for_parameters_are_taken_and_run(scope: str) -> None:
    pytest.importorskip("optuna")
    more = {"expected_quantization_ratio": 0.5, "quantization_ratio_weight": 1.0}
    (task,) = job(searching(scope, max_trials=2, **more)).tasks
    assert task.run(Path("kept")).submodels[0].model.get_ops()
    assert len(json.loads(Path("kept/tpe/search.json").read_text())["trials"]) == 2


@pytest.mark.long
def test_a_search_goes_on_in_the_next_run_of_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("optuna")
    for trials, method in ((2, "cold_start"), (3, "warm_start"), (1, "eval")):
        values = searching("two of an estimator", max_trials=trials, trials_load_method=method)
        Path("c.json").write_text(json.dumps(values))
        finished = pot(capsys, "-c", "c.json", "--output-dir", "out")
        assert finished.code == 0, finished.err
        assert Path(finished.out.strip()).exists()
    (kept,) = Path("out").glob("net_*/search/tpe/search.json")
    assert len(json.loads(kept.read_text())["trials"]) == 3


def test_a_search_for_parameters_needs_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(
        ConfigError,
        match=r"^config: optimizer: .*pip install optuna \(or '\.\[tuning\]' in the source tree\)$",
    ):
        job(searching("layers"))


@pytest.mark.parametrize("form", TAKEN)
def test_taken(form: str) -> None:
    assert job(TAKEN[form]).tasks


def test_weights_made_zero_before_they_are_quantized() -> None:
    values = config(("WeightSparsity", {"sparsity_level": 0.3}), ("DefaultQuantization", {}))
    values["compression"] |= {"target_device": "CPU", "model_type": "None"}
    (task,) = job(values).tasks
    assert [each.name for each in task.pipeline.algo_seq] == ["WeightSparsity", "DefaultQuantization"]


def test_keys_of_all_algorithms() -> None:
    values = config()
    values["compression"] |= {"model_type": "None", "inplace_statistics": True, "inplase_statistics": True}
    values["compression"] |= {"dump_intermediate_model": False}
    assert not job(values).keeps_intermediate


def test_comments_and_a_comma_behind_the_last_entry() -> None:
    text = json.dumps(config(), indent=4).replace(
        '"compression"', '/* what\n is done */ // here\n"compression"'
    )
    Path("c.json").write_text(text.replace('"stat_subset_size": 300', '"stat_subset_size": 300,'))
    assert job(read_mapping("c.json")).tasks


def test_metrics_of_a_dataset_of_their_own() -> None:
    (task,) = job(TAKEN["one dataset for statistics and one for metrics"], evaluate=True).tasks
    assert task.engine.data_loader[0][1] is None
    assert set(task.pipeline.evaluate(task.model)) == {"accuracy@top1", "accuracy@top5"}
    with pytest.raises(ConfigError, match="a search needs one dataset"):
        job(config(("AccuracyAwareQuantization", {}), engine=checker(TWO)))


PPOCR = "ppocr_aspect_ratio"
ANOTHER = "compression.algorithms[0].name: expected one of DefaultQuantization, "
FEATURES = {"type": "annotation_features_extractor", "features": ["input_ids"]}
INPUTS = [{"name": name, "type": "INPUT", "value": name} for name in ("ids", "mask")]

REFUSED: dict[str, tuple[Config, str, str]] = {
    "weights made zero of quantized ones": (
        config(("DefaultQuantization", {}), ("WeightSparsity", {"sparsity_level": 0.3})),
        "compression.algorithms: ",
        "WeightSparsity stands behind DefaultQuantization: put it before",
    ),
    "four bits": (config(("INT4MixedQuantization", {"maximal_drop": 0.01})), ANOTHER, "'INT4MixedQuantization', wh"),
    "channels alone": (
        config(("ActivationChannelAlignment", {})),
        "compression.algorithms: ",
        "place no quantizers: put MinMaxQuantization behind them",
    ),
    "no algorithm of POT's 2022": (
        config(("QuantileTuningAlgorithm", {})),
        ANOTHER,
        "'QuantileTuningAlgorithm', which is POT's and not built here: DefaultQuantization finds ranges by their error",
    ),
    "an algorithm that trains": (
        config(("LayerwiseModelFinetuning", {})),
        ANOTHER,
        "'LayerwiseModelFinetuning', which is POT's and not built here: nothing is trained here",
    ),
    "text": (
        config(engine=checker([labelled(reader=FEATURES)], adapter="bert_ner", inputs=INPUTS)),
        "engine: datasets[0].reader.type: ",
        "'annotation_features_extractor' is not built here",
    ),
    "two inputs that take images": (
        config(engine=checker(inputs=INPUTS)),
        "engine: launchers[0].inputs: ",
        "2 inputs are not supported",
    ),
    "proportions": (
        config(
            engine=checker(
                [labelled(preprocessing=[{"type": "resize", "size": 8, "aspect_ratio_scale": PPOCR}])]
            )
        ),
        "engine: datasets[0].preprocessing[0].aspect_ratio_scale: ",
        "'ppocr_aspect_ratio' is not supported",
    ),
    "two configurations at once": (
        config(engine={**checker(), "config": "some.yml"}),
        "engine: ",
        "expected either config, a path, or datasets, found both",
    ),
}  # fmt: skip


@pytest.mark.parametrize("form", REFUSED)
def test_refused_by_name(form: str) -> None:
    values, place, reason = REFUSED[form]
    with pytest.raises(ConfigError) as raised:
        job(values)
    assert str(raised.value).startswith(f"config: {place}")
    assert reason in str(raised.value)


def test_an_evaluator_of_several_models_is_refused_by_name() -> None:
    Path("mtcnn.yml").write_text("evaluations: [{name: mtcnn, module: m, module_config: {}}]")
    with pytest.raises(ConfigError, match=r"^mtcnn\.yml: evaluations: it is not built here$"):
        job(config(engine={"config": "mtcnn.yml"}))


METRICS_ALONE: dict[str, Config] = {
    "adapter": checker(adapter={"type": "ssd_onnx", "scores_out": ".*scores.*"}),
    "metric": checker([labelled(metrics=[{"type": "accuracy"}, {"type": "coco_orig_precision"}])]),
    "postprocessing": checker([labelled(postprocessing=[{"type": "faster_rcnn_postprocessing_resize"}])]),
    "converter": checker([labelled(annotation_conversion={"converter": "icdar_detection", "data_dir": "d"})]),
    "converted annotations": checker([labelled(annotation_conversion=None, annotation="a.pickle")]),
    "converter of the reader of arrays": checker([labelled(annotation_conversion={"converter": "brats_numpy"})]),
}  # fmt: skip


@pytest.mark.parametrize("what", METRICS_ALONE)
def test_what_metrics_alone_need_stops_metrics_alone(what: str) -> None:
    values = config(engine=METRICS_ALONE[what])
    assert job(values).tasks[0].engine.metric is None
    search = {"compression": {"algorithms": [{"name": "AccuracyAwareQuantization"}]}}
    with pytest.raises(ConfigError, match=r"is not built here|are not read"):
        job(values, evaluate=True)
    with pytest.raises(ConfigError, match=r"is not built here|are not read"):
        job({**values, **search})
