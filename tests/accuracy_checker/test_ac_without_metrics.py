"""Configurations without annotations, or whose metrics can't be computed: images are all that quantization needs."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from ac_data import SIDE, classification, configuration, dataset_of, picture, write_images
from openvino import opset13 as op

from builders import conv, model, network, parameter, run
from openvino.tools.pot import create_pipeline, load_model
from openvino.tools.pot.engines import probes
from openvino.tools.pot.engines.ac_engine import ACEngine
from openvino.tools.pot.utils.errors import ConfigError, EngineError, ModelError

COUNT = 4
LAUNCHER = "models[0].launchers[0]"
DATASET = "models[0].datasets[0]"
NOT_BUILT = "is not built here"


def unlabelled(folder: Path, adapter: Any = "classification", **dataset: Any) -> dict[str, Any]:
    """Images ``0.png``, ... and nothing about them."""
    write_images(folder / "images", {f"{n}.png": picture(n) for n in range(COUNT)})
    values = {"name": "people", "data_source": "images", "preprocessing": [{"type": "resize", "size": SIDE}]}
    return configuration(adapter, {**values, **dataset})


def samples(config: dict[str, Any], folder: Path) -> list[Any]:
    loader = ACEngine(config, folder).data_loader
    return [loader[position] for position in range(len(loader))]


def test_the_files_of_the_data_source_are_the_samples(tmp_path: Path) -> None:
    config = unlabelled(
        tmp_path, reader="pillow_imread", preprocessing=[{"type": "normalization", "std": 255}]
    )
    (tmp_path / "images" / "notes.txt").write_text("no image")
    found = samples(config, tmp_path)
    assert [Path(seen.name).name for _, _, seen in found] == [f"{n}.png" for n in range(COUNT)]
    assert [annotation for _, annotation, _ in found] == [None] * COUNT
    for position, (pixels, _, _) in enumerate(found):
        np.testing.assert_allclose(pixels, picture(position) / np.float32(255), rtol=1e-6)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("images", ["0", "1", "2", "3"]),
        ("images/[13].png", ["1", "3"]),
        ("list.txt", ["2", "0"]),
        ("images/1.png", ["1"]),
        (".", ["0", "1", "2", "3"]),
    ],
)
def test_data_sources(source: str, expected: list[str], tmp_path: Path) -> None:
    config = unlabelled(tmp_path, data_source=source)
    (tmp_path / "list.txt").write_text("images/2.png\nimages/0.png\n")
    assert [Path(seen.name).stem for _, _, seen in samples(config, tmp_path)] == expected


def test_some_of_the_files(tmp_path: Path) -> None:
    assert len(samples(unlabelled(tmp_path, subsample_size=2), tmp_path)) == 2
    assert len(samples(unlabelled(tmp_path, subsample_size="75%", shuffle=False), tmp_path)) == 3


@pytest.mark.parametrize("reader", ["scipy_imread", "skimage_imread", "tf_imread", {"type": "pillow_imread"}])
def test_readers_of_images_in_rgb(reader: Any, tmp_path: Path) -> None:
    config = unlabelled(tmp_path, reader=reader, preprocessing=None)
    np.testing.assert_array_equal(samples(config, tmp_path)[2][0], picture(2))


def test_without_a_reader_images_come_in_bgr(tmp_path: Path) -> None:
    found = samples(unlabelled(tmp_path, preprocessing=None), tmp_path)
    np.testing.assert_array_equal(found[2][0], picture(2)[..., ::-1])


def test_arrays_are_samples_of_their_reader_alone(tmp_path: Path) -> None:
    config = unlabelled(tmp_path, reader="numpy_reader", preprocessing=None)
    array = np.random.default_rng(0).normal(size=(5, 4, 3))
    np.save(tmp_path / "images" / "a.npy", array)
    np.save(tmp_path / "images" / "b.npy", array[..., 0])
    found = [pixels for pixels, _, _ in samples(config, tmp_path)]
    assert [each.shape for each in found] == [(5, 4, 3), (5, 4, 1)]
    assert {each.dtype for each in found} == {np.dtype(np.float32)}
    np.testing.assert_array_equal(found[0], array.astype(np.float32))
    dataset_of(config)["reader"] = "opencv_imread"
    assert len(samples(config, tmp_path)) == COUNT
    dataset_of(config)["data_source"] = "images/a.npy"
    with pytest.raises(ConfigError, match=r"holds no files that the reader reads$"):
        ACEngine(config, tmp_path)


UNMEASURED: dict[str, tuple[dict[str, Any], Any]] = {
    f"{DATASET}.annotation_conversion: it is missing, and converted annotations (.pickle) are not read": (
        {"annotation": "a.pickle", "metrics": ["accuracy"]},
        "classification",
    ),
    f"{DATASET}.annotation_conversion.converter: 'lfw' {NOT_BUILT}, expected one of imagenet, cls_dataset_folder, "
    "mscoco_detection, voc_detection, voc_segmentation, common_semantic_segmentation": (
        {"annotation_conversion": {"converter": "lfw", "pairs_file": "p"}, "metrics": ["accuracy"]},
        "reid",
    ),
}  # fmt: skip


@pytest.mark.parametrize("reason", UNMEASURED)
def test_why_there_is_no_metric(reason: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    values, adapter = UNMEASURED[reason]
    with caplog.at_level(logging.WARNING):
        engine = ACEngine(unlabelled(tmp_path, adapter, **values), tmp_path)
    assert engine.metric is None
    assert engine.why_unmeasured == f"engine: {reason}"
    assert caplog.records[-1].message == f"engine: {reason}: no metric is computed"
    assert len(engine.data_loader) == COUNT


LABELLED: dict[str, tuple[dict[str, Any], Any]] = {
    f"{LAUNCHER}.adapter.type: 'yolo_v3' {NOT_BUILT}, expected one of classification, ssd, segmentation": (
        {},
        {"type": "yolo_v3", "classes": 80},
    ),
    f"{LAUNCHER}.adapter.multi_label_threshold: it {NOT_BUILT}": (
        {},
        {"type": "classification", "multi_label_threshold": 0.5},
    ),
    f"{LAUNCHER}.adapter: it is missing, expected one of classification, ssd, segmentation": ({}, None),
    f"{DATASET}.metrics[1].type: 'wer' {NOT_BUILT}, expected one of accuracy, map, coco_precision, mean_iou": (
        {"metrics": [{"type": "accuracy"}, {"type": "wer"}]},
        "classification",
    ),
    f"{DATASET}.postprocessing[0].type: 'filter' {NOT_BUILT}, expected one of resize_prediction_boxes, clip_boxes, "
    "nms, resize_segmentation_mask, encode_segmentation_mask": (
        {"postprocessing": [{"type": "filter", "apply_to": "prediction"}]},
        "classification",
    ),
}  # fmt: skip


@pytest.mark.parametrize("reason", LABELLED)
def test_what_only_metrics_need_stops_no_quantization(reason: str, tmp_path: Path) -> None:
    values, adapter = LABELLED[reason]
    config = classification(tmp_path, range(COUNT), **values)
    config["models"][0]["launchers"][0]["adapter"] = adapter
    engine = ACEngine(config, tmp_path)
    assert engine.why_unmeasured == f"engine: {reason}"
    pipeline = create_pipeline([{"name": "DefaultQuantization", "params": {}}], engine)
    quantized = pipeline.run(load_model(network()))
    assert any(each.get_type_name() == "FakeQuantize" for each in quantized.submodels[0].model.get_ops())
    assert pipeline.evaluate(quantized) == {}


def test_without_metrics_nothing_is_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        ACEngine(unlabelled(tmp_path), tmp_path)
    assert not caplog.records


def test_one_dataset_for_statistics_and_one_for_metrics(tmp_path: Path) -> None:
    config = classification(tmp_path, [0, 1, 2])
    labelled = dataset_of(config)
    write_images(tmp_path / "other", {f"{n}.png": picture(n + 9) for n in range(5)})
    shared = labelled.pop("preprocessing")
    config["models"][0]["datasets"] = {
        "preprocessing": shared,
        "optimization": {"name": "a", "data_source": "other"},
        "evaluation": labelled,
    }
    engine = ACEngine(config, tmp_path)
    assert len(engine.data_loader) == 5
    assert engine.data_loader[0][0].shape == (SIDE, SIDE, 3)
    network_ = load_model(network())
    engine.set_model(network_)
    both = engine.predict(metric_per_sample=True)[0]
    assert set(both[1]) == {"accuracy"}
    assert [each["sample_id"] for each in both[0]] == [0, 1, 2]
    labels_of_one = classification(tmp_path, [0, 1, 2])
    alone = ACEngine(labels_of_one, tmp_path)
    alone.set_model(network_)
    assert alone.predict()[0] == both[1]
    assert engine.data_loader[0][1] is None
    with pytest.raises(EngineError, match="one for optimization and one for evaluation"):
        engine.predict(sampler=[0])


def test_definitions_complete_a_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = classification(tmp_path, [0, 1, 2])
    full = dict(dataset_of(config))
    known = {
        "launchers": [{"framework": "dlsdk", "adapter": "classification"}],
        "datasets": [
            {**full, "preprocessing": [{"type": "crop"}], "metrics": [{"type": "accuracy"}]},
            {"name": "numbers", "data_source": "second of this name"},
            {"name": "others"},
        ],
        "preprocessing": [{"type": "crop", "size": 5}],
        "metrics": [{"type": "accuracy", "top_k": 2}],
    }
    (tmp_path / "known.yml").write_text(json.dumps(known))
    short = configuration(None, {"name": "numbers"})
    del short["models"][0]["launchers"][0]["adapter"]
    local = {**short, "global_definitions": "known.yml"}
    engine = ACEngine(local, tmp_path)
    assert engine.data_loader[0][0].shape == (5, 5, 3)
    assert engine.metric is not None
    monkeypatch.setenv("DEFINITIONS_FILE", str(tmp_path / "known.yml"))
    assert len(ACEngine(short, tmp_path).data_loader) == 3
    assert len(ACEngine(short["models"][0], tmp_path).data_loader) == 3
    dataset_of(short)["preprocessing"] = [{"type": "resize", "size": 6}]
    assert ACEngine(short, tmp_path).data_loader[0][0].shape == (6, 6, 3)
    monkeypatch.setenv("DEFINITIONS_FILE", str(tmp_path / "none.yml"))
    with pytest.raises(ConfigError, match=r"^configuration file '.*none\.yml' does not exist$"):
        ACEngine(short, tmp_path)


def test_the_environment_says_where_data_and_annotations_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = classification(tmp_path / "data", [0, 1, 2], dataset_meta="meta.json")
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "meta.json").write_text('{"label_map": {"0": "a", "1": "b", "2": "c", "3": "d"}}')
    elsewhere = tmp_path / "configs"
    elsewhere.mkdir()
    with pytest.raises(ConfigError, match=r"annotation_file: file '.*configs.val\.txt' does not exist$"):
        ACEngine(config, elsewhere)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ANNOTATIONS_DIR", str(notes))
    engine = ACEngine(config, elsewhere)
    assert len(engine.data_loader) == 3
    assert engine.metric._meta.labels == {0: "a", 1: "b", 2: "c", 3: "d"}
    # A folder of that variable's that has no such file hides none of the configuration's own.
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "nowhere"))
    assert len(ACEngine(config, tmp_path / "data").data_loader) == 3
    monkeypatch.chdir(tmp_path / "data")
    assert len(ACEngine(config, elsewhere).data_loader) == 3


def beside_its_size() -> ov.Model:
    """An image, and height, width and scale, as detectors have them."""
    x, about = parameter([1, 3, SIDE, SIDE], "image"), parameter([1, 3], "about")
    scale = op.reshape(op.reduce_sum(about, op.constant([1]), False), op.constant([1, 1, 1, 1]), False)
    return model(op.multiply(conv(x, 4, "conv"), scale), x, about)


def test_an_input_that_is_the_same_for_all_images(tmp_path: Path) -> None:
    config = unlabelled(tmp_path)
    config["models"][0]["launchers"][0]["inputs"] = [
        {"name": "about", "type": "CONST_INPUT", "value": [[2, 3, 1]]},
        {"name": "image", "type": "INPUT", "value": ".*", "precision": "FP32"},
    ]
    engine = ACEngine(config, tmp_path)
    source = load_model(beside_its_size())
    engine.set_model(source)
    (output,) = next(iter(probes.outputs(engine, source, [0])))
    image = np.asarray(engine.data_loader[0][0], np.float32).transpose(2, 0, 1)[None]
    expected = run(beside_its_size(), image, np.array([[2, 3, 1]], np.float32))
    np.testing.assert_allclose(output, expected[0], rtol=1e-5, atol=1e-3)
    config["models"][0]["launchers"][0]["inputs"][0]["name"] = "image_info"
    with pytest.raises(ModelError, match=r"expected one that takes images beside \['image_info'\]$"):
        ACEngine(config, tmp_path).set_model(source)
