"""What models and their neighbours say about their images, in the forms in which real files say it."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from builders import network
from openvino.tools.pot.data_loaders.stating.families import FAMILIES, IMAGENET, family
from openvino.tools.pot.data_loaders.stating.reading import said_of, statements
from openvino.tools.pot.data_loaders.stating.sources import Source
from openvino.tools.pot.data_loaders.stating.statement import Resize, Statement, together
from openvino.tools.pot.utils.errors import ConfigError

ULTRALYTICS = {
    "author": "Ultralytics",
    "description": "Ultralytics YOLO11n model trained on coco.yaml",
    "imgsz": "[320, 416]",
    "names": "{0: 'person', 1: 'bicycle', 10: 'tree', 2: 'car'}",
    "stride": "32",
    "task": "detect",
}
METADATA_YAML = """\
description: Ultralytics YOLOv8n model trained on sticker
author: Ultralytics
date: '2026-09-18'
version: 8.3.0
stride: 32
task: detect
batch: 1
imgsz:
- 640
- 480
names:
  0: sticker
  1: sticker_bad
args:
  half: false
"""
INFERENCE_YML = """\
Global:
  model_name: PP-OCRv5_mobile_rec
PreProcess:
  transform_ops:
  - DecodeImage:
      channel_first: false
      img_mode: BGR
  - MultiLabelEncode:
      gtc_encode: NRTRLabelEncode
  - RecResizeImg:
      image_shape:
      - 3
      - 48
      - 320
  - KeepKeys:
      keep_keys:
      - image
PostProcess:
  name: CTCLabelDecode
  character_dict:
  - '!'
  - a
"""
DETECTION_YML = """\
PreProcess:
  transform_ops:
  - DecodeImage:
      img_mode: BGR
  - DetResizeForTest:
      resize_long: 960
  - NormalizeImage:
      mean: [0.485, 0.456, 0.406]
      order: hwc
      scale: 1./255.
      std: [0.229, 0.224, 0.225]
  - ToCHWImage: null
PostProcess:
  name: DBPostProcess
"""


def _of(info: Any = None, path: Path | None = None) -> Statement | None:
    found, unclear = statements(Source(path, info or {}))
    assert unclear == ()
    return together(found.values())


def _beside(folder: Path, name: str, content: Any) -> Path:
    (folder / name).write_text(content if isinstance(content, str) else json.dumps(content))
    return folder / "model.xml"


def test_an_onnx_file_of_ultralytics_says_size_task_classes_and_feeding() -> None:
    said = _of({"framework": ULTRALYTICS}, Path("yolo11n.onnx"))
    assert said is not None
    assert (said.color_order, said.mean, said.scale, said.size) == ("RGB", (0.0,), (255.0,), (320, 416))
    assert said.resize is not None
    assert (said.resize.kind, said.resize.fill) == ("letterbox", 114.0)
    assert (said.task, said.classes) == ("detect", ("person", "bicycle", "car", "tree"))
    assert said.source == "metadata of yolo11n.onnx"


def test_a_model_of_timm_may_squash_what_is_cut_then(tmp_path: Path) -> None:
    values = {"mean": 0.5, "std": 0.5, "crop_mode": "squash", "crop_pct": 0.9, "input_size": [3, 240, 240]}
    said = _of(path=_beside(tmp_path, "config.json", {"pretrained_cfg": values}))
    assert said is not None
    assert said.resize == Resize("stretch", part=0.9, method="BICUBIC")


def test_a_folder_of_ultralytics_says_it_in_metadata_yaml(tmp_path: Path) -> None:
    said = _of(path=_beside(tmp_path, "metadata.yaml", METADATA_YAML))
    assert said is not None
    assert (said.source, said.size, said.classes) == ("metadata.yaml", (640, 480), ("sticker", "sticker_bad"))


@pytest.mark.parametrize(
    ("change", "kind"),
    [({"task": "classify"}, "crop"), ({"description": "Ultralytics rtdetr-l model"}, "stretch")],
)
def test_other_kinds_of_ultralytics_are_resized_otherwise(change: dict[str, str], kind: str) -> None:
    said = _of({"framework": {**ULTRALYTICS, **change}})
    assert said is not None
    assert said.resize is not None
    assert said.resize.kind == kind


def test_what_was_embedded_while_converting_is_not_done_again() -> None:
    embedded = {
        "mean_values": "data[104.0,117.0,123.0]",
        "scale_values": "()",
        "reverse_input_channels": "True",
    }
    said = _of({"conversion_parameters": embedded, "framework": ULTRALYTICS})
    assert said is not None
    assert (said.color_order, said.mean, said.scale) == ("BGR", (0.0,), (1.0,))
    assert said.resize is not None  # which nobody embedded
    assert said.source == "conversion parameters of the model, metadata of the model"


def test_numbers_stay_with_their_channels_where_the_graph_reverses_these(tmp_path: Path) -> None:
    values = {**PROCESSOR, "size": {"height": 8, "width": 8}}
    said = _of(
        {"conversion_parameters": {"reverse_input_channels": True}},
        _beside(tmp_path, "preprocessor_config.json", values),
    )
    assert said is not None
    assert (said.color_order, said.mean, said.scale) == (
        "BGR",
        IMAGENET["mean"][::-1],
        IMAGENET["scale"][::-1],
    )


def test_a_conversion_without_means_says_nothing() -> None:
    values = {
        "mean_values": "()",
        "scale_values": "()",
        "reverse_input_channels": "False",
        "framework": "pytorch",
    }
    assert _of({"conversion_parameters": values}) is None


@pytest.mark.parametrize(
    ("change", "order"),
    [
        ({"reverse_input_channels": "True", "scale_values": "255"}, "RGB"),
        ({"reverse_input_channels": "False", "mean_values": "123.675 116.28 103.53"}, "RGB"),
        ({"reverse_input_channels": "YES", "mean_values": "123.675 116.28 103.53"}, "RGB"),
        ({"reverse_input_channels": "False", "mean_values": "103.53 116.28 123.675"}, "BGR"),
        ({"reverse_input_channels": "True", "otx_version": "2.4.0", "model_type": "ssd"}, "BGR"),
        ({"reverse_input_channels": "False", "otx_version": "2.4.0", "model_type": "ssd"}, "RGB"),
        ({"reverse_input_channels": "True", "getitune_version": "1.0", "model_type": "YOLO11"}, "RGB"),
        ({"reverse_input_channels": "True", "getitune_version": "1.0", "model_type": "YOLOX"}, "BGR"),
        ({"reverse_input_channels": "False", "pad_value": "114"}, None),
    ],
)
def test_model_api_says_an_order_by_what_its_writers_read(change: dict[str, str], order: str | None) -> None:
    said = _of({"model_info": change})
    assert said is not None
    assert said.color_order == order


def test_model_api_says_means_scales_resize_labels_and_size() -> None:
    values = {
        **{"model_type": "Segmentation", "resize_type": "fit_to_window", "pad_value": "7"},
        **{"mean_values": "123.675 116.28 103.53", "scale_values": "58.395 57.12 57.375"},
        **{"orig_height": 512, "orig_width": "544", "labels": "cat dog_house"},
    }
    said = _of({"model_info": values})
    assert said is not None
    assert (said.mean, said.scale) == (IMAGENET["mean"], IMAGENET["scale"])
    assert said.resize is not None
    assert (said.resize.kind, said.resize.fill) == ("keep", 7.0)
    assert (said.size, said.classes, said.task) == ((512, 544), ("cat", "dog_house"), "Segmentation")


def test_means_of_pixels_up_to_one_are_those_of_pixels_up_to_255() -> None:
    values = {
        "mean_values": "0.485 0.456 0.406",
        "scale_values": "0.229 0.224 0.225",
        "intensity_mode": "scale_to_unit",
    }
    said = _of({"model_info": values})
    assert said is not None
    assert (said.mean, said.scale) == (IMAGENET["mean"], IMAGENET["scale"])


def test_a_graph_that_preprocesses_is_fed_pixels_as_they_were_read() -> None:
    values = {"embedded_processing": "True", "reverse_input_channels": "True", "scale_values": "255"}
    said = _of({"model_info": {**values, "resize_type": "fit_to_window_letterbox"}})
    assert said is not None
    assert (said.color_order, said.mean, said.scale, said.resize) == ("BGR", (0.0,), (1.0,), None)


def test_onnx_says_it_in_keys_of_its_own() -> None:
    values = {"Image.BitmapPixelFormat": "Bgr8", "Image.NominalPixelRange": "Normalized_1_1"}
    said = _of({"framework": values})
    assert said is not None
    assert (said.color_order, said.mean, said.scale) == ("BGR", (127.5,), (127.5,))


PROCESSOR = {
    **{"do_convert_rgb": None, "do_normalize": True, "do_rescale": True, "do_resize": True, "resample": 3},
    **{"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]},
    **{"image_processor_type": "BitImageProcessor", "rescale_factor": 0.00392156862745098},
}


def test_a_processor_of_hugging_face_crops_what_it_resized(tmp_path: Path) -> None:
    values = {
        "size": {"shortest_edge": 256},
        "crop_size": {"height": 224, "width": 224},
        "do_center_crop": True,
    }
    said = _of(path=_beside(tmp_path, "preprocessor_config.json", {**PROCESSOR, **values}))
    assert said is not None
    assert (said.color_order, said.mean, said.scale) == ("RGB", IMAGENET["mean"], IMAGENET["scale"])
    assert said.resize is not None
    assert (said.resize.kind, said.resize.method, said.resize.part) == ("crop", "BICUBIC", 0.875)
    assert said.size == (224, 224)


@pytest.mark.parametrize("size", [224, {"height": 224, "width": 224}])
def test_a_processor_of_hugging_face_stretches_to_height_and_width(tmp_path: Path, size: Any) -> None:
    values = {"size": size, "do_normalize": False, "do_rescale": True}
    said = _of(path=_beside(tmp_path, "preprocessor_config.json", {**PROCESSOR, **values}))
    assert said is not None
    assert (said.mean, said.scale, said.size) == ((0.0,), (255.0,), (224, 224))
    assert said.resize is not None
    assert said.resize.kind == "stretch"


def test_a_processor_is_found_above_a_folder_onnx(tmp_path: Path) -> None:
    _beside(tmp_path, "preprocessor_config.json", {**PROCESSOR, "size": 224})
    (tmp_path / "onnx").mkdir()
    said = _of(path=tmp_path / "onnx/model.onnx")
    assert said is not None
    assert said.size == (224, 224)


def test_a_processor_of_sounds_says_nothing_about_images(tmp_path: Path) -> None:
    values = {"do_normalize": True, "feature_size": 1, "sampling_rate": 16000}
    assert _of(path=_beside(tmp_path, "preprocessor_config.json", values)) is None


def test_a_model_of_timm_says_it_in_its_configuration(tmp_path: Path) -> None:
    values = {
        **{"input_size": [3, 288, 288], "interpolation": "bicubic", "crop_pct": 0.95, "crop_mode": "center"},
        **{"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]},
    }
    said = _of(path=_beside(tmp_path, "config.json", {"architecture": "resnet50d", "pretrained_cfg": values}))
    assert said is not None
    assert (said.mean, said.scale, said.size) == ((127.5,) * 3, (127.5,) * 3, (288, 288))


def test_a_recognizer_of_paddle_keeps_its_height_alone(tmp_path: Path) -> None:
    said = _of(path=_beside(tmp_path, "inference.yml", INFERENCE_YML))
    assert said is not None
    assert (said.color_order, said.mean, said.scale, said.size) == ("BGR", (127.5,), (127.5,), (48, None))
    assert said.resize is not None
    assert (said.resize.kind, said.resize.fill) == ("line", 127.5)
    assert said.classes == ("!", "a")


def test_a_detector_of_paddle_takes_images_as_large_as_they_are(tmp_path: Path) -> None:
    said = _of(path=_beside(tmp_path, "inference.yml", DETECTION_YML))
    assert said is not None
    assert (said.color_order, said.mean, said.scale) == ("BGR", IMAGENET["mean"], IMAGENET["scale"])
    assert said.resize is not None
    assert (said.resize.kind, said.resize.longest, said.resize.step) == ("grid", 960, 32)


def test_anomalib_said_it_in_transformations_once(tmp_path: Path) -> None:
    steps = [
        {"__class_fullname__": "Resize", "height": 256, "width": 320, "interpolation": 1},
        {"__class_fullname__": "Normalize", "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]},
        {"__class_fullname__": "ToTensorV2"},
    ]
    transform = {"__version__": "1.3.0", "transform": {"__class_fullname__": "Compose", "transforms": steps}}
    said = _of(path=_beside(tmp_path, "metadata.json", {"transform": transform, "image_threshold": 3.1}))
    assert said is not None
    assert (said.mean, said.size, said.family) == (IMAGENET["mean"], (256, 320), "anomalib")


def test_anomalib_does_it_in_the_graph_today(tmp_path: Path) -> None:
    said = _of(path=_beside(tmp_path, "metadata.json", {"image_threshold": 3.1, "task": "segmentation"}))
    assert said is not None
    assert (said.color_order, said.mean, said.scale) == ("RGB", (0.0,), (255.0,))


@pytest.mark.parametrize(
    ("name", "content", "key"),
    [
        ("metadata.yaml", METADATA_YAML.replace("- 640", "- large"), "imgsz"),
        ("metadata.yaml", METADATA_YAML.replace("task: detect", "task: dance"), "task"),
        ("metadata.yaml", "a: [", "YAML"),
        ("preprocessor_config.json", {**PROCESSOR, "size": 224, "image_std": [0, 0, 0]}, "zero"),
        ("preprocessor_config.json", {**PROCESSOR, "size": 224, "rescale_offset": True}, "rescale_offset"),
        ("inference.yml", INFERENCE_YML.replace("RecResizeImg", "SVTRRecResizeImg"), "SVTRRecResizeImg"),
        ("inference.yml", DETECTION_YML.replace("1./255.", "about one"), "scale"),
        ("metadata.json", {"image_threshold": 1, "transform": {"transforms": [{"a": 1}]}}, "transform"),
        ("config.json", {"pretrained_cfg": {"mean": 0.5, "std": 0.5, "crop_mode": "border"}}, "crop_mode"),
    ],
)
def test_what_is_not_understood_is_said_and_not_half_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str, content: Any, key: str
) -> None:
    path = _beside(tmp_path, name, content)
    with caplog.at_level(logging.WARNING, "openvino.tools.pot"):
        assert said_of(network(), path) is None
    [warning] = caplog.messages
    assert name in warning
    assert key in warning
    assert "nothing of it is used" in warning


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"size": {"longest_edge": 800}}, "size"),
        ({"size": {"shortest_edge": 800, "longest_edge": 1333}}, "longest_edge"),
        ({"size": {"shortest_edge": 256}}, "crop_size"),
        ({"size": {"shortest_edge": 224}, "crop_size": 256, "do_center_crop": True}, "crop_size"),
        ({"size": {"height": 256, "width": 300}, "crop_size": 224, "do_center_crop": True}, "crop_size"),
        ({"size": 224, "do_thumbnail": True}, "do_thumbnail"),
        ({"size": 224, "size_divisor": 32}, "size_divisor"),
        ({}, "size"),
    ],
)
def test_of_a_processor_whose_sizes_are_not_understood_order_and_numbers_are_taken(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, values: dict[str, Any], key: str
) -> None:
    path = _beside(tmp_path, "preprocessor_config.json", {**PROCESSOR, **values})
    with caplog.at_level(logging.WARNING, "openvino.tools.pot"):
        said = said_of(network(), path)
    assert said is not None
    assert (said.color_order, said.mean, said.scale) == ("RGB", IMAGENET["mean"], IMAGENET["scale"])
    assert (said.resize, said.size, said.unclear) == (None, None, "")
    [warning] = caplog.messages
    assert f"preprocessor_config.json: {key} is" in warning or key in warning
    assert warning.endswith("how images get their size is not taken from there")


HALVES = {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}
CROPPED = {"crop_size": {"height": 224, "width": 224}, "do_center_crop": True}


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        (
            "DeiTFeatureExtractor",
            {**HALVES, **CROPPED, "size": 256},
            ("RGB", (127.5,) * 3, (127.5,) * 3, Resize("stretch", part=0.875, method="BICUBIC")),
        ),
        (
            "DeiTImageProcessorFast",
            {**HALVES, **CROPPED, "size": {"height": 256, "width": 256}},
            ("RGB", (127.5,) * 3, (127.5,) * 3, Resize("stretch", part=0.875, method="BICUBIC")),
        ),
        (
            "LevitImageProcessor",
            {**CROPPED, "size": {"shortest_edge": 224}},
            ("RGB", IMAGENET["mean"], IMAGENET["scale"], Resize("crop", part=0.875, method="BICUBIC")),
        ),
        (
            "EfficientNetImageProcessor",
            {**HALVES, "size": {"height": 346, "width": 346}, "include_top": True},
            ("RGB", (127.5,) * 3, (63.75,) * 3, Resize("stretch", method="BICUBIC")),
        ),
        (
            "MobileViTImageProcessor",
            {
                **{**HALVES, **CROPPED, "size": {"shortest_edge": 256}},
                **{"do_normalize": None, "do_flip_channel_order": True},
            },
            ("BGR", (0.0,), (255.0,), Resize("crop", part=0.875, method="BICUBIC")),
        ),
        (
            "PPLCNetImageProcessor",
            {
                **{**CROPPED, "size": {"height": 256, "width": 256}, "resize_short": 256, "size_divisor": 1},
                **{"image_mean": [0.406, 0.456, 0.485], "image_std": [0.225, 0.224, 0.229]},
            },
            ("BGR", IMAGENET["mean"], IMAGENET["scale"], Resize("crop", part=0.875, method="BICUBIC")),
        ),
    ],
)
def test_what_the_code_of_a_processor_does_beside_its_file(
    tmp_path: Path, kind: str, values: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    """As transformers 5.5 fed photographs."""
    content = {**PROCESSOR, **values, "image_processor_type": kind}
    said = _of(path=_beside(tmp_path, "preprocessor_config.json", content))
    assert said is not None
    assert (said.color_order, said.mean, said.scale, said.resize) == expected


def test_a_model_without_a_word_has_no_statement(tmp_path: Path) -> None:
    assert said_of(network(), tmp_path / "model.xml") is None
    assert said_of(network(), None) is None


def test_a_family_is_known_by_name_and_says_everything() -> None:
    for name, (what, said) in FAMILIES.items():
        assert what
        assert said.color_order is not None, name
        assert said.mean is not None, name
        assert said.resize is not None, name
    assert family("ultralytics").source == "like ultralytics"
    with pytest.raises(ConfigError, match=r"'ultralitics' is known; did you mean 'ultralytics'"):
        family("ultralitics")
