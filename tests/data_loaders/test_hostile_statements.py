"""Files beside a model that hold nonsense: they say nothing, in a sentence, and never end a run or feed nonsense."""

from __future__ import annotations

import json
from math import inf, isfinite, nan
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openvino.tools.pot.data_loaders.stating.reading import statements
from openvino.tools.pot.data_loaders.stating.sources import Source

ODD: tuple[Any, ...] = (
    None, True, -1, 0, 10**400, nan, inf, -0.5, "", "nan", "x", [], [0.5, 0.5, 0.5], [[1]], ["x", 1, 2], {}, {"a": 1},
)  # fmt: skip
FILES: dict[str, dict[str, Any]] = {
    "preprocessor_config.json": {
        "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5], "rescale_factor": 1 / 255, "resample": 2,
        "size": {"shortest_edge": 256}, "crop_size": {"height": 224, "width": 224}, "do_center_crop": True,
        "crop_pct": 0.875, "do_flip_channel_order": False,
    },
    "config.json": {"pretrained_cfg": {
        "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "input_size": [3, 224, 224], "interpolation": "bicubic",
        "crop_pct": 0.9, "crop_mode": "center",
    }},
    "metadata.yaml": {"stride": 32, "names": {"0": "a"}, "imgsz": [32, 32], "task": "detect"},
    "metadata.json": {"image_threshold": 1.0, "transform": {"transforms": [
        {"__class_fullname__": "Resize", "height": 8, "width": 8, "interpolation": 1},
        {"__class_fullname__": "Normalize", "max_pixel_value": 255.0, "mean": [0.0], "std": [1.0]},
    ]}},
    "inference.yml": {"PreProcess": {"transform_ops": [
        {"DecodeImage": {"img_mode": "BGR"}}, {"RecResizeImg": {"image_shape": [3, 48, 320]}},
        {"NormalizeImage": {"mean": [0.5], "std": [0.5], "scale": "1./255."}}, {"Resize": {"size": [8, 8]}},
        {"DetResizeForTest": {"limit_side_len": 736, "limit_type": "min"}},
    ]}},
}  # fmt: skip


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Each container within, with each of its keys."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, each in [*items] for place in [(value, key), *_places(each)]]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_one_odd_value_anywhere_ends_nothing_and_feeds_only_numbers(
    tmp_path: Path, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(FILES)))
    content = json.loads(json.dumps(FILES[name]))
    holder, key = data.draw(st.sampled_from(_places(content)))
    holder[key] = data.draw(st.sampled_from(ODD))
    for file in FILES:
        (tmp_path / file).unlink(missing_ok=True)
    (tmp_path / name).write_text(json.dumps(content), encoding="utf-8")
    said, _ = statements(Source(tmp_path / "model.xml", {}))
    for each in said.values():
        assert all(isfinite(mean) for mean in each.mean or ())
        assert all(isfinite(scale) and scale > 0 for scale in each.scale or ())
        assert each.resize is None or 0 < each.resize.part <= 1


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("metadata.yaml", {"stride": 32, "names": {"one": "a"}}),
        ("inference.yml", {"PreProcess": {"transform_ops": [{"RecResizeImg": {"image_shape": [3, "x", 320]}}]}}),
        ("config.json", {"pretrained_cfg": {"mean": 0, "std": 1, "interpolation": []}}),
        ("config.json", {"pretrained_cfg": {"mean": 0, "std": 1, "crop_pct": 0}}),
        ("preprocessor_config.json", {"image_mean": [nan] * 3, "image_std": [1, 1, 1]}),
        ("preprocessor_config.json", {"image_mean": 0, "image_std": 1, "rescale_factor": inf}),
    ],
)  # fmt: skip
def test_a_file_of_nonsense_is_named_and_not_used(tmp_path: Path, name: str, content: dict[str, Any]) -> None:
    (tmp_path / name).write_text(json.dumps(content), encoding="utf-8")
    said, (sentence,) = statements(Source(tmp_path / "model.xml", {}))
    assert not said
    assert sentence.endswith("nothing of it is used")


@pytest.mark.parametrize(
    "step",
    [
        {"NormalizeImage": {"is_scale": False, "mean": [127.5], "std": [127.5]}},
        {"NormalizeImage": {"norm_type": "none"}},
        {"Resize": {"target_size": [8, 8], "interp": 2}},
    ],
)
def test_steps_of_paddle_with_arguments_that_nobody_reads_are_not_half_used(
    tmp_path: Path, step: dict[str, Any]
) -> None:
    content = {"PreProcess": {"transform_ops": [step]}}
    (tmp_path / "inference.yml").write_text(json.dumps(content), encoding="utf-8")
    said, sentences = statements(Source(tmp_path / "model.xml", {}))
    assert not said
    assert len(sentences) == 1


def test_steps_of_paddle_detection_are_not_passed_over_in_silence(tmp_path: Path) -> None:
    steps = [
        {"type": "Resize", "target_size": [640, 640], "interp": 2},
        {"type": "NormalizeImage", "norm_type": "none"},
    ]
    (tmp_path / "infer_cfg.yml").write_text(json.dumps({"Preprocess": steps}), encoding="utf-8")
    said, (sentence,) = statements(Source(tmp_path / "model.xml", {}))
    assert not said
    assert sentence.startswith("infer_cfg.yml: Preprocess is ")


def test_a_border_brighter_than_white_is_not_understood() -> None:
    said, (sentence,) = statements(
        Source(
            None, {"model_info": {"scale_values": "255", "pad_value": "300", "resize_type": "fit_to_window"}}
        )
    )
    assert not said
    assert "pad_value is 300" in sentence


def test_a_crop_larger_than_the_resized_image_is_not_understood(tmp_path: Path) -> None:
    content = {"size": {"shortest_edge": 200}, "crop_size": 224, "do_center_crop": True}
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(content), encoding="utf-8")
    said, (sentence,) = statements(Source(tmp_path / "model.xml", {}))
    assert said["hugging_face"].resize is None and said["hugging_face"].size is None
    assert "crop_size" in sentence
