"""What is not supported is refused by name, before anything is read or run."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ac_data import classification, dataset_of, segmentation

from openvino.tools.pot.datasets.images import pillow
from openvino.tools.pot.engines.ac_engine import ACEngine
from openvino.tools.pot.utils.errors import ConfigError

Change = Callable[[dict[str, Any]], Any]
METRICS = "expected one of accuracy, map, coco_precision, mean_iou"
READERS = "opencv_imread, pillow_imread, scipy_imread, skimage_imread, tf_imread, numpy_reader"
DATASET = "models[0].datasets[0]"


def refusal(config: Any, folder: Path) -> str:
    with pytest.raises(ConfigError) as raised:
        ACEngine(config, folder, labelled=True)
    message = str(raised.value).replace(str(folder), "<folder>")
    assert "\n" not in message and "pydantic" not in message
    return message


def model(config: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = config["models"][0]
    return found


def launcher(config: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = model(config)["launchers"][0]
    return found


def in_dataset(**values: Any) -> Change:
    return lambda config: dataset_of(config).update(values)


def in_launcher(**values: Any) -> Change:
    return lambda config: launcher(config).update(values)


def in_conversion(**values: Any) -> Change:
    return lambda config: dataset_of(config)["annotation_conversion"].update(values)


def without(key: str) -> Change:
    return lambda config: dataset_of(config).pop(key)


CHANGES: dict[str, Change] = {
    f"{DATASET}.metrics[1].type: 'wer' is not built here, {METRICS}": in_dataset(
        metrics=[{"type": "accuracy"}, {"type": "wer"}]
    ),
    f"{DATASET}.metrics[0].type: 'acuracy' is not supported, {METRICS}; did you mean 'accuracy'?": in_dataset(
        metrics=[{"type": "acuracy"}]
    ),
    f"{DATASET}.metrics[0].type: it is missing, {METRICS}": in_dataset(metrics=[{"top_k": 1}]),
    f"{DATASET}.metrics[0]: unknown parameter 'topk'; did you mean 'top_k'?": in_dataset(
        metrics=[{"type": "accuracy", "topk": 5}]
    ),
    f"{DATASET}.metrics[0].top_k: input should be greater than or equal to 1, found 0": in_dataset(
        metrics=[{"type": "accuracy", "top_k": 0}]
    ),
    f"{DATASET}.metrics[0].match: input should be False, found True": in_dataset(
        metrics=[{"type": "accuracy", "match": True}]
    ),
    f"{DATASET}.metrics[1]: there are two metrics 'accuracy', expected another name": in_dataset(
        metrics=[{"type": "accuracy"}, {"type": "accuracy", "top_k": 5}]
    ),
    f"{DATASET}.metrics: it is missing, expected a list of metrics": without("metrics"),
    f"{DATASET}.metrics[0]: it is for detection, but the launcher's adapter is for classification": in_dataset(
        metrics=["map"]
    ),
    f"{DATASET}.preprocessing[1].type: 'flip' is not built here, expected one of resize, auto_resize, crop, padding, "
    "normalization, bgr_to_rgb, rgb_to_bgr, bgr_to_gray, rgb_to_gray": in_dataset(
        preprocessing=[{"type": "auto_resize"}, {"type": "flip", "mode": "horizontal"}]
    ),
    f"{DATASET}.preprocessing[0].resize_realization: input should be 'opencv' or 'pillow', found 'tf'": in_dataset(
        preprocessing=[{"type": "resize", "size": 8, "resize_realization": "tf"}]
    ),
    f"{DATASET}.preprocessing[0].aspect_ratio_scale: 'ppocr_max_ratio' is not supported, expected one of width, "
    "height, greater, fit_to_window, min_ratio, mask_rcnn_benchmark_aspect_ratio, frcnn_keep_aspect_ratio, "
    "east_keep_aspect_ratio": in_dataset(
        preprocessing=[{"type": "resize", "size": 8, "aspect_ratio_scale": "ppocr_max_ratio"}]
    ),
    f"{DATASET}.preprocessing: found 'resize', expected a list": in_dataset(preprocessing="resize"),
    f"{DATASET}.postprocessing[0].type: 'filter' is not built here, expected one of resize_prediction_boxes, "
    "clip_boxes, nms, resize_segmentation_mask, encode_segmentation_mask": in_dataset(
        postprocessing=[{"type": "filter", "apply_to": "prediction"}]
    ),
    f"{DATASET}.postprocessing[0]: it is for detection, but the launcher's adapter is for classification": in_dataset(
        postprocessing=[{"type": "nms"}]
    ),
    f"{DATASET}.postprocessing[0].apply_to: it is missing": in_dataset(postprocessing=["clip_boxes"]),
    f"{DATASET}.annotation_conversion.converter: 'wider' is not built here, expected one of imagenet, "
    "cls_dataset_folder, mscoco_detection, voc_detection, voc_segmentation, "
    "common_semantic_segmentation": in_conversion(
        converter="wider"
    ),
    f"{DATASET}.annotation_conversion: unknown parameter 'has_backgroud'; "
    "did you mean 'has_background'?": in_conversion(
        has_backgroud=True
    ),
    f"{DATASET}.annotation_conversion: it is missing, and converted annotations (.pickle) are "
    "not read": without("annotation_conversion"),
    f"{DATASET}.annotation_conversion.annotation_file: it is missing": in_dataset(
        annotation_conversion={"converter": "imagenet"}
    ),
    f"{DATASET}.annotation_conversion.annotation_file: file '<folder>/none.txt' does not exist": in_conversion(
        annotation_file="none.txt"
    ),
    f"{DATASET}.annotation_conversion.dataset_meta_file: file '<folder>/none.json' does not exist": in_conversion(
        dataset_meta_file="none.json"
    ),
    f"{DATASET}.annotation_conversion: there are no annotated images": lambda config: (
        dataset_of(config)["annotation_conversion"].update(annotation_file="empty.txt")
    ),
    f"{DATASET}.annotation_conversion: found 3, expected a mapping with 'converter'": in_dataset(
        annotation_conversion=3
    ),
    f"{DATASET}.data_source: folder '<folder>/none' does not exist": in_dataset(data_source="none"),
    f"{DATASET}.data_source: it is missing, expected the folder of the images": without("data_source"),
    f"{DATASET}.data_source: 3 of 3 images are not in '<folder>', the first is '0.png'": in_dataset(data_source="."),
    f"{DATASET}.subsample_size: found 'few', expected a number from 1 on, or a share such as '10%'": in_dataset(
        subsample_size="few"
    ),
    f"{DATASET}._profile: it is not built here": in_dataset(_profile=True),
    f"{DATASET}.reader.type: 'wav_reader' is not built here, expected one of {READERS}": in_dataset(
        reader="wav_reader"
    ),
    f"{DATASET}.reader.type: 'pilow_imread' is not supported, expected one of {READERS}; did you mean "
    "'pillow_imread'?": in_dataset(reader="pilow_imread"),
    "models[0].datasets: a search needs one dataset, found one for optimization and one for evaluation": (
        lambda config: model(config).update(datasets={"optimization": {}, "evaluation": {}})
    ),
    "models[0].datasets: it is missing, expected a list of one dataset": lambda config: model(config).pop("datasets"),
    "models[0].launchers: it is missing, expected a list with one of framework dlsdk or openvino": (
        lambda config: model(config).pop("launchers")
    ),
    "models[0].launchers[0].framework: 'onnx_runtime' is not built here, expected one of dlsdk, openvino": in_launcher(
        framework="onnx_runtime"
    ),
    "models[0].launchers[0].adapter.type: 'yolo_v3' is not built here, expected one of classification, ssd, "
    "segmentation": in_launcher(adapter={"type": "yolo_v3", "classes": 80}),
    "models[0].launchers[0].adapter.block: input should be False, found True": in_launcher(
        adapter={"type": "classification", "block": True}
    ),
    "models[0].launchers[0].adapter: it is missing, expected one of classification, ssd, segmentation": (
        lambda config: launcher(config).pop("adapter")
    ),
    "models[0].launchers[0].inputs: 2 inputs are not supported, expected one image": in_launcher(
        inputs=[{"name": "a", "type": "INPUT"}, {"name": "b"}]
    ),
    "models[0].launchers[0].inputs[0].type: 'IMAGE_INFO' is not supported, expected INPUT or CONST_INPUT": in_launcher(
        inputs=[{"name": "a", "type": "IMAGE_INFO"}]
    ),
    "models[0].launchers[0].inputs[0].value: it is missing, expected what the input is fed": in_launcher(
        inputs=[{"name": "a", "type": "CONST_INPUT"}]
    ),
    "models[0].launchers[0].device_config: it is not built here": in_launcher(device_config={}),
    f"{DATASET}.preprocessing[0].use_tensorflow: it is not built here": in_dataset(
        preprocessing=[{"type": "resize", "size": 8, "use_tensorflow": True}]
    ),
    "models: the list is empty, expected one model": lambda config: config.update(models=[]),
    "evaluations: it is not built here": lambda config: config.update(evaluations=[]),
}  # fmt: skip


@pytest.mark.parametrize("message", CHANGES)
def test_refused(message: str, tmp_path: Path) -> None:
    config = classification(tmp_path, [0, 1, 2])
    (tmp_path / "empty.txt").touch()
    CHANGES[message](config)
    assert refusal(config, tmp_path) == f"engine: {message}"


def test_the_same_without_models(tmp_path: Path) -> None:
    config = classification(tmp_path, [0])["models"][0]
    assert len(ACEngine(config, tmp_path).data_loader) == 1
    config["datasets"][0]["metrics"] = ["wer"]
    assert (
        refusal(config, tmp_path)
        == f"engine: datasets[0].metrics[0].type: 'wer' is not built here, {METRICS}"
    )


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({}, "launchers: it is missing, expected a list with one of framework dlsdk or openvino"),
        ({"module": "x"}, "module: it is not built here"),
        ({"models": [3]}, "models[0]: found 3, expected a mapping"),
    ],
)
def test_configurations_that_are_none(config: Any, message: str) -> None:
    assert refusal(config, Path()) == f"engine: {message}"


def test_a_configuration_that_is_no_mapping() -> None:
    with pytest.raises(ConfigError) as raised:
        ACEngine([], where="c.yml")  # type: ignore[arg-type]
    assert str(raised.value) == "c.yml: found [], expected a mapping"


def test_scores_that_the_adapter_has_used_up(tmp_path: Path) -> None:
    config = segmentation(tmp_path, [np.zeros((4, 4), np.uint8)])
    launcher(config)["adapter"] = {"type": "segmentation", "make_argmax": True}
    assert refusal(config, tmp_path) == (
        f"engine: {DATASET}.metrics[0].use_argmax: the adapter's make_argmax leaves no scores, expected "
        "use_argmax: false"
    )
    dataset_of(config).update(metrics=[{"type": "mean_iou", "use_argmax": False}])
    dataset_of(config)["postprocessing"].append(
        {"type": "encode_segmentation_mask", "apply_to": "annotation"}
    )
    assert refusal(config, tmp_path) == (
        f"engine: {DATASET}.postprocessing[1]: encode_segmentation_mask needs segmentation_colors in the "
        "dataset's meta file"
    )


def test_pillow_is_named_if_it_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = classification(tmp_path, [0])
    with monkeypatch.context() as without_pillow:
        without_pillow.setitem(sys.modules, "PIL", None)
        pillow.cache_clear()
        assert refusal(config, tmp_path) == (
            "images need Pillow: pip install pillow (or '.[images]' in the source tree)"
        )
    pillow.cache_clear()


def test_the_first_model_for_openvino_counts(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    config = classification(tmp_path, [0, 1])
    other = {
        "name": "other",
        "launchers": [{"framework": "caffe", "model": "a"}],
        "datasets": [{"who": "knows"}],
    }
    config["models"].insert(0, other)
    with caplog.at_level(logging.WARNING):
        assert len(ACEngine(config, tmp_path).data_loader) == 2
        assert not caplog.records
        config["models"].append(dict(config["models"][1], name="again"))
        assert len(ACEngine(config, tmp_path).data_loader) == 2
    assert [record.message for record in caplog.records] == [
        "engine: 2 models have a launcher of dlsdk or openvino, the first one counts: models[1]"
    ]


def test_the_first_dataset_counts(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    config = classification(tmp_path, [0, 1])
    model(config)["datasets"].append({"name": "second"})
    model(config)["launchers"] *= 2
    with caplog.at_level(logging.WARNING):
        assert len(ACEngine(config, tmp_path).data_loader) == 2
    assert [record.message for record in caplog.records] == [
        "engine: models[0].launchers: 2 launchers of OpenVINO, the first one counts",
        "engine: models[0].datasets: 2 datasets, the first one counts",
    ]
