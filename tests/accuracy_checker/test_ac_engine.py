"""Configurations run from end to end: datasets from disk, models, metrics, quantization."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from ac_data import SIDE, classification, dataset_of, detection, picture, segmentation, write_images
from numpy.typing import NDArray
from openvino import opset13 as op

from builders import bias, conv, model, parameter, run, runner, stored, weights
from openvino.tools.pot import AccuracyAwareQuantization, create_pipeline, load_model
from openvino.tools.pot.accuracy_checker.entries import chosen
from openvino.tools.pot.datasets.annotations import Detections, Meta, Objects
from openvino.tools.pot.datasets.metrics import METRICS
from openvino.tools.pot.datasets.readers import OpenCVReader
from openvino.tools.pot.datasets.resampling import nearest_indices, resample
from openvino.tools.pot.engines import probes
from openvino.tools.pot.engines.ac_engine import ACEngine
from openvino.tools.pot.graph.model_utils import get_nodes_by_type
from openvino.tools.pot.samplers.batch_sampler import BatchSampler
from openvino.tools.pot.utils.errors import ConfigError, DataError, EngineError, ModelError, Place

COUNT = 12
DROP = 0.15
Floats = NDArray[np.float32]


def features(x: ov.Output) -> ov.Output:
    """Four channels of a convolution over pixels from 0 to 255."""
    scaled = op.multiply(op.subtract(x, op.constant(np.float32(128))), op.constant(np.float32(1 / 64)))
    return op.relu(op.add(conv(scaled, 4, "conv1"), bias(4, "bias1"))).output(0)


def pooled(x: ov.Output) -> ov.Node:
    return op.reduce_mean(features(x), op.constant([2, 3]), False)


def classifier() -> ov.Model:
    x = parameter([1, 3, SIDE, SIDE])
    return model(op.matmul(pooled(x), op.constant(weights((4, 5), 3)), False, False), x)


BOXES = np.array(
    [[0.1, 0.1, 0.6, 0.6], [0.4, 0.3, 0.9, 0.9], [0.1, 0.15, 0.6, 0.65], [0, 0, 1, 1]], np.float32
)
LABELS = np.array([1, 2, 1, 2], np.float32)


def detector() -> ov.Model:
    """Four boxes, whose scores depend on the image, then the row that is the end."""
    x = parameter([1, 3, SIDE, SIDE])
    scores = op.sigmoid(op.matmul(pooled(x), op.constant(weights((4, 4), 5, 3)), False, False))
    rows = op.concat(
        [
            op.constant(np.stack([np.zeros(4, np.float32), LABELS], 1)),
            op.transpose(scores, op.constant([1, 0])),
            op.constant(BOXES),
        ],
        1,
    )
    end = op.constant(np.array([[-1, 0, 0, 0, 0, 0, 0]], np.float32))
    return model(op.reshape(op.concat([rows, end], 0), op.constant([1, 1, 5, 7]), False), x)


def segmenter() -> ov.Model:
    x = parameter([1, 3, SIDE, SIDE])
    return model(conv(features(x), 3, "conv2", kernel=1, seed=9), x)


def fed(index: int) -> Floats:
    """What the configurations here feed for an image."""
    image = resample(picture(index)[..., ::-1], SIDE, SIDE, "linear")
    return image.transpose(2, 0, 1)[None]


def truth(index: int) -> int:
    """A label that the float classifier finds for three of four images."""
    return (int(run(classifier(), fed(index))[0].argmax()) + (index % 4 == 0)) % 5


def objects(index: int) -> list[tuple[Any, ...]]:
    """Boxes in an image of 16 x 12 pixels."""
    found = [(3, (1.5 + index % 3, 1, 8, 6))]
    return found if index % 2 else [*found, (7, (6.0, 3.0, 9, 8))]


def mask(index: int) -> NDArray[np.uint8]:
    """Classes of an image, most of them as the float segmenter finds them."""
    found = run(segmenter(), fed(index))[0][0].argmax(0).astype(np.uint8)
    found[0], found[1] = 255, index % 3
    return found[nearest_indices(SIDE, 12)][:, nearest_indices(SIDE, 16)]


def engine(config: dict[str, Any], folder: Path) -> ACEngine:
    return ACEngine(config, folder)


def evaluated(config: dict[str, Any], folder: Path, network: ov.Model) -> dict[str, Any]:
    return create_pipeline([], engine(config, folder)).evaluate(load_model(network))


def a_classification(folder: Path, **dataset: Any) -> dict[str, Any]:
    return classification(folder, [truth(n) for n in range(COUNT)], **dataset)


def a_detection(folder: Path, **dataset: Any) -> dict[str, Any]:
    return detection(folder, [objects(n) for n in range(COUNT)], **dataset)


def a_segmentation(folder: Path, **dataset: Any) -> dict[str, Any]:
    return segmentation(folder, [mask(n) for n in range(COUNT)], **dataset)


TASKS: dict[str, tuple[Callable[..., dict[str, Any]], Callable[[], ov.Model]]] = {
    "classification": (a_classification, classifier),
    "detection": (a_detection, detector),
    "segmentation": (a_segmentation, segmenter),
}


@pytest.mark.long
def test_a_classifier_is_evaluated(tmp_path: Path) -> None:
    metrics = [
        {"name": "accuracy@top1", "type": "accuracy"},
        {"name": "top5", "type": "accuracy", "top_k": 5},
    ]
    found = evaluated(a_classification(tmp_path, metrics=metrics), tmp_path, classifier())
    assert found == {"accuracy@top1": pytest.approx(3 / 4), "top5": 1.0}


@pytest.mark.long
def test_a_detector_is_evaluated(tmp_path: Path) -> None:
    metrics = ["map", {"type": "coco_precision"}, {"name": "eleven", "type": "map", "integral": "11point"}]
    found = evaluated(a_detection(tmp_path, metrics=metrics), tmp_path, detector())
    for name, entry in (("map", "map"), ("coco_precision", "coco_precision"), ("eleven", metrics[2])):
        wanted = measured_directly(entry)
        assert found[name] == pytest.approx(wanted, abs=1e-9)
        assert 0.05 < wanted < 1


def measured_directly(entry: Any) -> float:
    """The metric of what the model says of images of 16 x 12 pixels."""
    measure = chosen(METRICS, entry, Place("here")).measure(Meta({1: "cat", 2: "dog"}), Place("here"))
    for index in range(COUNT):
        rows = run(detector(), fed(index))[0].reshape(-1, 7)[:4].astype(np.float64)
        annotated = np.array([box for _, box in objects(index)])
        annotated[:, 2:] += annotated[:, :2]
        measure.update(
            Detections(rows[:, 1].astype(np.int64), rows[:, 2], rows[:, 3:] * [16, 12, 16, 12]),
            Objects.of([{3: 1, 7: 2}[category] for category, _ in objects(index)], annotated),
        )
    return measure.of_all()


@pytest.mark.long
def test_a_segmenter_is_evaluated(tmp_path: Path) -> None:
    confusion = np.zeros((3, 3), int)
    for index in range(COUNT):
        found = run(segmenter(), fed(index))[0][0].argmax(0)
        wanted = mask(index)[nearest_indices(12, SIDE)][:, nearest_indices(16, SIDE)]
        known = wanted < 3
        np.add.at(confusion, (wanted[known], found[known]), 1)
    overlap = np.diag(confusion) / (confusion.sum(0) + confusion.sum(1) - np.diag(confusion))
    assert 0.2 < overlap.mean() < 0.99
    found = evaluated(a_segmentation(tmp_path), tmp_path, segmenter())
    assert found == {"mean_iou": pytest.approx(overlap.mean())}


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.long
def test_models_are_quantized(task: str, tmp_path: Path) -> None:
    config, network = TASKS[task]
    pipeline = create_pipeline(
        [{"name": "DefaultQuantization", "params": {"stat_subset_size": 4}}],
        engine(config(tmp_path), tmp_path),
    )
    result = pipeline.run(load_model(network()))
    assert get_nodes_by_type(result, ["FakeQuantize"])
    before, after = pipeline.evaluate(load_model(network())), pipeline.evaluate(result)
    assert list(before) == list(after)
    assert all(0 <= value <= 1 for value in after.values())


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.long
def test_workers_read_images_and_give_the_same(
    task: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    config, network = TASKS[task]
    steps = [{"name": "DefaultQuantization", "params": {"stat_subset_size": 8}}]
    pipeline = create_pipeline(steps, engine(config(tmp_path), tmp_path))
    source = load_model(network())
    caplog.set_level("INFO", "openvino.tools.pot")
    with ThreadPoolExecutor(2) as executor:
        assert stored(pipeline.run(source, executor=executor)) == stored(pipeline.run(source))
        assert pipeline.evaluate(source, executor) == pipeline.evaluate(source)
    assert caplog.text.count("workers read samples by themselves") == 2


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.long
def test_accuracy_control_keeps_each_metric(task: str, tmp_path: Path) -> None:
    config, network = TASKS[task]
    algorithm = AccuracyAwareQuantization(
        {"target_device": "CPU", "maximal_drop": DROP}, engine(config(tmp_path), tmp_path)
    )
    result = algorithm.run(load_model(network()))
    report = algorithm.report
    assert report is not None and report.chosen is not None
    assert report.chosen.met and report.baseline.keys() == report.chosen.metrics.keys()
    pipeline = create_pipeline([], engine(config(tmp_path), tmp_path))
    before, after = (pipeline.evaluate(each) for each in (load_model(network()), result))
    assert all(after[name] >= before[name] - DROP - 1e-9 for name in before)


@pytest.mark.long
@pytest.mark.parametrize("task", TASKS)
def test_each_sample_has_its_figures(task: str, tmp_path: Path) -> None:
    config, network = TASKS[task]
    found = engine(config(tmp_path), tmp_path)
    found.set_model(load_model(network()))
    (records, averages), _ = found.predict(metric_per_sample=True)
    attributes = found.get_metrics_attributes()
    assert {name: each["direction"] for name, each in attributes.items()} == dict.fromkeys(
        averages, "higher-better"
    )
    assert {each["type"] for each in attributes.values()} <= {"accuracy", "map", "coco_precision", "mean_iou"}
    for name in averages:
        values = [each["result"] for each in records if each["metric_name"] == name]
        assert len(values) == COUNT and all(0 <= value <= 1 for value in values)
        if name == "accuracy":
            assert np.mean(values) == pytest.approx(averages[name])


@pytest.mark.long
def test_annotation_free_takes_predictions_for_labels(tmp_path: Path) -> None:
    x = parameter([1, 3, SIDE, SIDE])
    scores = op.matmul(pooled(x), op.constant(weights((4, 5), 3, 20)), False, False)
    network = model(op.softmax(scores, 1), x)
    algorithm = AccuracyAwareQuantization(
        {"annotation_free": True, "maximal_drop": 0.5}, engine(a_classification(tmp_path), tmp_path)
    )
    algorithm.run(load_model(network))
    assert algorithm.report is not None and algorithm.report.baseline == {"accuracy": 1.0}


@pytest.mark.long
def test_images_are_read_when_they_are_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    real = OpenCVReader.read

    def counted(self: OpenCVReader, path: Path) -> Any:
        read.append(path.name)
        return real(self, path)

    monkeypatch.setattr(OpenCVReader, "read", counted)
    found = engine(a_classification(tmp_path), tmp_path)
    assert read == []
    image, label, seen = found.data_loader[3]
    assert read == ["3.png"]
    assert image.shape == (SIDE, SIDE, 3) and label == truth(3)
    assert (seen.name, seen.size, seen.resized) == ("3.png", (12, 16), (SIDE, SIDE))


def feeds(config: dict[str, Any], folder: Path, network: ov.Model) -> list[Floats]:
    found = engine(config, folder)
    source = load_model(network)
    return [next(iter(feed.values())) for feed in probes.feeds(found, source, range(len(found.data_loader)))]


def test_pixels_are_fed_in_the_layout_of_the_input(tmp_path: Path) -> None:
    steps = [
        {"type": "auto_resize"},
        {"type": "bgr_to_rgb"},
        {"type": "normalization", "mean": [1, 2, 3], "std": 2},
    ]
    config = classification(tmp_path, [0], preprocessing=steps)
    wanted = (resample(picture(0), 6, 10, "linear") - np.float32([1, 2, 3])) / 2
    for shape, axes in (([1, 3, 6, 10], (2, 0, 1)), ([1, 6, 10, 3], (0, 1, 2))):
        x = parameter(shape)
        (found,) = feeds(config, tmp_path, model(op.relu(x), x))
        assert found.shape == tuple(shape) and found.dtype == np.float32
        assert np.abs(found[0] - wanted.transpose(axes)).max() < 1e-5


def test_the_launcher_may_say_the_layout(tmp_path: Path) -> None:
    config = classification(tmp_path, [0])
    x = parameter(ov.PartialShape([1, -1, -1, -1]))
    network = model(op.relu(x), x)
    with pytest.raises(ConfigError, match="the layout of input 'x' with shape"):
        feeds(config, tmp_path, network)
    launcher = config["models"][0]["launchers"][0]
    launcher["inputs"] = [{"name": "x", "type": "INPUT", "layout": "NHWC"}]
    assert feeds(config, tmp_path, network)[0].shape == (1, SIDE, SIDE, 3)
    launcher["inputs"] = [{"name": "y", "type": "INPUT"}]
    with pytest.raises(ModelError, match=r"^the launcher names input 'y', the model has 'x'$"):
        feeds(config, tmp_path, network)


def test_bytes_stay_bytes(tmp_path: Path) -> None:
    x = parameter([1, 3, 12, 16], dtype=np.uint8)
    config = classification(tmp_path, [0], preprocessing=[{"type": "rgb_to_bgr"}], reader="pillow_imread")
    (found,) = feeds(config, tmp_path, model(op.convert(x, "f32"), x))
    assert found.dtype == np.uint8
    assert (found[0] == picture(0)[..., ::-1].transpose(2, 0, 1)).all()


def test_images_of_another_size_than_the_input(tmp_path: Path) -> None:
    config = classification(tmp_path, [0], preprocessing=[])
    with pytest.raises(DataError) as raised:
        evaluated(config, tmp_path, classifier())
    assert str(raised.value) == "sample 0: input 'x' expects shape [1,3,8,8], found [1, 3, 12, 16]"


def test_models_that_take_no_single_image(tmp_path: Path) -> None:
    config = classification(tmp_path, [0])
    x, y = parameter([1, 3, 8, 8]), parameter([1, 3, 8, 8], "y")
    with pytest.raises(
        ModelError, match=r"^the model has inputs \['x', 'y'\], expected one that takes images$"
    ):
        evaluated(config, tmp_path, model(op.add(x, y), x, y))
    z = parameter([1, 10])
    with pytest.raises(ModelError, match="expected 3 or 4 axes for images"):
        evaluated(config, tmp_path, model(op.relu(z), z))


def test_auto_resize_needs_a_size(tmp_path: Path) -> None:
    config = classification(tmp_path, [0], preprocessing=[{"type": "auto_resize"}])
    x = parameter(ov.PartialShape([1, 3, -1, -1]))
    with pytest.raises(ModelError) as raised:
        evaluated(config, tmp_path, model(op.relu(x), x))
    assert str(raised.value) == "auto_resize needs a fixed height and width, input 'x' has none"
    with pytest.raises(EngineError, match="auto_resize needs a model"):
        engine(config, tmp_path).data_loader[0]


def test_cascades_are_refused_as_by_other_engines(tmp_path: Path) -> None:
    files = []
    for number in range(2):
        ov.save_model(classifier(), tmp_path / f"{number}.xml")
        files.append({"name": f"m{number}", "model": str(tmp_path / f"{number}.xml")})
    found = engine(classification(tmp_path, [0]), tmp_path)
    found.set_model(load_model({"model_name": "c", "cascade": files}))
    with pytest.raises(EngineError, match="IEEngine runs one model, found a cascade"):
        found.predict()


def test_a_broken_image_is_named(tmp_path: Path) -> None:
    config = classification(tmp_path, [0, 1])
    (tmp_path / "images/1.png").write_bytes(b"no image")
    with pytest.raises(DataError, match=r"^sample 1: image '.*1\.png' can't be read"):
        evaluated(config, tmp_path, classifier())


@pytest.mark.long
def test_samples_in_batches(tmp_path: Path) -> None:
    x = parameter(ov.PartialShape([-1, 3, SIDE, SIDE]))
    found = engine(a_classification(tmp_path), tmp_path)
    found.set_model(load_model(model(op.matmul(pooled(x), op.constant(weights((4, 5), 3)), False, False), x)))
    metrics, _ = found.predict(sampler=BatchSampler(found.data_loader, 5))
    assert metrics == {"accuracy": pytest.approx(3 / 4)}


def test_images_at_the_end_of_a_batch_in_which_nothing_is_found(tmp_path: Path) -> None:
    x = parameter(ov.PartialShape([-1, 3, SIDE, SIDE]))
    rows = np.array([[0, 1, 0.9, 0, 0, 1, 1], [-1, 0, 0, 0, 0, 0, 0]], np.float32)
    nothing = op.multiply(op.reduce_mean(x, op.constant([0, 1, 2, 3]), False), op.constant(np.float32(0)))
    output = op.reshape(op.add(op.constant(rows), nothing), op.constant([1, 1, 2, 7]), False)
    whole, metrics = [(3, (0, 0, 16, 12))], [{"type": "map", "include_boundaries": False}]
    found = engine(detection(tmp_path, [whole, [], [], whole], metrics=metrics), tmp_path)
    found.set_model(load_model(model(output, x)))
    assert found.predict(sampler=BatchSampler(found.data_loader, 2))[0] == {"map": 0.5}


def test_a_model_whose_outputs_are_no_batch_of_predictions(tmp_path: Path) -> None:
    x = parameter([1, 3, SIDE, SIDE])
    with pytest.raises(DataError, match=r"^the model gave 3 predictions for 1 images$"):
        evaluated(a_classification(tmp_path), tmp_path, model(op.reshape(x, op.constant([3, 64]), False), x))


def test_subsets_of_samples(tmp_path: Path) -> None:
    config = a_classification(tmp_path, subsample_size="50%", shuffle=False)
    loader = engine(config, tmp_path).data_loader
    assert [loader[n][2].name for n in range(len(loader))] == [f"{n}.png" for n in range(6)]


def test_the_datasets_own_meta_counts_if_it_is_there(tmp_path: Path) -> None:
    masks = [np.full((4, 4), n % 3, np.uint8) for n in range(3)]
    config = segmentation(tmp_path, masks, dataset_meta="own.json")
    assert engine(config, tmp_path).metric is not None
    (tmp_path / "own.json").write_text('{"label_map": {"1": "a", "2": "b"}}')
    with pytest.raises(ConfigError, match="mean_iou needs classes numbered from 0 without gaps"):
        engine(config, tmp_path)


@pytest.mark.long
def test_folders_of_masks_beside_those_of_the_converter(tmp_path: Path) -> None:
    config = a_segmentation(tmp_path)
    (tmp_path / "masks").rename(tmp_path / "other")
    with pytest.raises(ConfigError, match=r"masks_dir: folder '.*masks' does not exist$"):
        engine(config, tmp_path)
    dataset_of(config)["segmentation_masks_source"] = "other"
    assert evaluated(config, tmp_path, segmenter())["mean_iou"] > 0.2


@pytest.mark.long
def test_classes_from_folders(tmp_path: Path) -> None:
    for index in range(COUNT):
        write_images(tmp_path / "data" / str(truth(index)), {f"{index}.png": picture(index)})
    conversion = {"converter": "cls_dataset_folder", "data_dir": "data"}
    config = classification(tmp_path, [0], annotation_conversion=conversion)
    del dataset_of(config)["data_source"]
    present = sorted({truth(index) for index in range(COUNT)})
    once = runner(classifier())
    hits = [present.index(truth(n)) == int(once(fed(n))[0].argmax()) for n in range(COUNT)]
    assert evaluated(config, tmp_path, classifier()) == {"accuracy": pytest.approx(np.mean(hits))}


def test_keys_of_pots_engine(tmp_path: Path) -> None:
    config = classification(tmp_path, [0])
    config["models"][0]["launchers"][0].update(device="GPU", batch=4, num_requests="AUTO", async_mode=True)
    assert engine(config, tmp_path).device == "GPU"
    config.update(
        type="accuracy_checker", name="n", device="CPU", stat_requests_number=1, eval_requests_number=1
    )
    assert engine(config, tmp_path).device == "CPU"
    assert evaluated(config, tmp_path, classifier()).keys() == {"accuracy"}


def test_paths_may_be_absolute_and_path_objects(tmp_path: Path) -> None:
    config = classification(tmp_path, [0], data_source=tmp_path / "images")
    dataset_of(config)["annotation_conversion"]["annotation_file"] = tmp_path / "val.txt"
    assert len(ACEngine(config).data_loader) == 1
