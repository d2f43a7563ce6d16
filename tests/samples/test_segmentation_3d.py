"""The sample of volumes: arithmetic, loader, metric and engine, and the network that comes with its example."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import openvino.opset13 as ops
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import brain as dataset
from common.packages import package_file
from openvino.tools.pot import compress_model_weights, create_pipeline, load_model, save_model
from openvino.tools.pot.api.samples.segmentation_3d import (
    BRATSDataLoader,
    DiceIndex,
    SegmentationEngine,
    resize3d,
    segmentation_3d_sample,
    volumes,
)
from openvino.tools.pot.report.measure import compile_single, heavy_layers
from openvino.tools.pot.utils.errors import ConfigError, DataError, ModelError

nibabel = pytest.importorskip("nibabel")
EXAMPLE = Path(__file__).resolve().parents[2] / "examples/segmentation_3d/tissue.xml"


def write(folder: Path, name: str, content: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(content, np.eye(4)), folder / name)
    return folder / name


@given(st.integers(1, 6), st.integers(1, 9), st.integers(0, 1000))
def test_resizing_is_linear_and_keeps_the_ends(source: int, target: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(source, 2, 3)).astype(np.float32)
    resized = resize3d(values, (target, 2, 3))
    places = np.linspace(0, source - 1, target)
    for row in range(2):
        expected = np.interp(places, np.arange(source), values[:, row, 1].astype(np.float64))
        assert np.allclose(resized[:, row, 1], expected, atol=1e-5)


def test_resizing_goes_along_every_axis() -> None:
    corners = np.arange(8.0).reshape(1, 2, 2, 2)
    assert resize3d(corners, (1, 3, 3, 3))[0, 1].tolist() == [[2, 2.5, 3], [3, 3.5, 4], [4, 4.5, 5]]


def test_the_box_is_around_all_channels() -> None:
    volume = np.zeros((2, 5, 6, 7))
    volume[0, 1, 2, 3] = volume[1, 3, 2, 6] = 1
    assert volumes.box_of(volume).tolist() == [[1, 2, 3], [4, 3, 7]]
    assert volumes.box_of(np.zeros((1, 2, 3, 4))).tolist() == [[0, 0, 0], [2, 3, 4]]


def test_positive_voxels_decide_mean_and_deviation() -> None:
    volume = np.array([[[[0, 2, 4]]], [[[0, 0, 0]]], [[[0, 3, 3]]]], np.int16)
    assert volumes.normalised(volume).ravel().tolist() == [-3, -1, 1, 0, 0, 0, -3, 0, 0]


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Any]:
    """Two volumes of two channels, with something in the middle, and their masks."""
    random = np.random.default_rng(0)
    for name in ("b.nii", "a.nii.gz"):
        volume = np.zeros((6, 7, 8, 2), np.int16)
        volume[1:4, 2:6, 3:8] = random.integers(1, 100, (3, 4, 5, 2))
        write(tmp_path / "volumes", name, volume)
        write(tmp_path / "masks", name, (volume[..., 0] > 50).astype(np.uint8))
    config = {"data_source": str(tmp_path / "volumes"), "mask_dir": str(tmp_path / "masks")}
    return {**config, "modality_order": [1, 0], "size": (3, 4, 5)}


def test_volumes_are_cut_ordered_and_normalised(folders: dict[str, Any]) -> None:
    loader = BRATSDataLoader(folders)
    (index, mask), volume, metadata = loader[0]
    stored = np.asarray(nibabel.load(Path(folders["data_source"], "a.nii.gz")).dataobj).astype(np.float64)
    assert (len(loader), index, mask.shape) == (2, 0, (1, 6, 7, 8))
    assert (mask[0] == (stored[..., 0] > 50)).all()
    assert metadata["image_shape"] == (2, 6, 7, 8)
    assert metadata["bbox"].tolist() == [[1, 2, 3], [4, 6, 8]]
    second = stored[1:4, 2:6, 3:8, 1]
    assert (volume.shape, volume.dtype) == ((2, 3, 4, 5), np.float32)
    assert np.allclose(volume[0], (second - second.mean()) / second.std(), atol=1e-5)
    assert BRATSDataLoader({**folders, "size": [6, 8, 10], "modality_order": [1]})[1][1].shape == (
        1,
        6,
        8,
        10,
    )
    with pytest.raises(IndexError):
        loader[2]


def test_without_an_order_all_channels_count(folders: dict[str, Any]) -> None:
    config = {key: folders[key] for key in ("data_source", "mask_dir")}
    assert BRATSDataLoader(config)[0][1].shape == (2, 128, 128, 128)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"mask_dir": None}, "mask_dir: it is missing"),
        ({"data_source": "nowhere"}, "data_source: folder 'nowhere' does not exist"),
        ({"size": 128}, r"size: .*at least 3 items .*found \[128\]"),
        ({"size": (3, 4)}, r"size: .*3 items .*found \[3, 4\]"),
        ({"modality_order": "all"}, "modality_order: input should be a valid list, found 'all'"),
        ({"modality_order": [-1]}, r"modality_order\[0\]: .*found -1"),
    ],
)
def test_a_wrong_configuration_of_volumes_is_refused(
    folders: dict[str, Any], changed: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ConfigError, match=sentence):
        BRATSDataLoader({**folders, **changed})


def test_what_is_missing_is_told_of_at_once(folders: dict[str, Any], tmp_path: Path) -> None:
    Path(folders["mask_dir"], "b.nii").unlink()
    with pytest.raises(ConfigError, match=r"1 of 2 masks are not in .*'b\.nii'"):
        BRATSDataLoader(folders)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match=r"no \.nii or \.nii\.gz file"):
        BRATSDataLoader({**folders, "data_source": str(tmp_path / "empty")})


def test_files_that_are_not_as_expected(folders: dict[str, Any]) -> None:
    source, masks = Path(folders["data_source"]), Path(folders["mask_dir"])
    with pytest.raises(DataError, match=r"'a\.nii\.gz' has 2 channels, expected 4 or more"):
        BRATSDataLoader({**folders, "modality_order": [3, 0]})[0]
    write(masks, "a.nii.gz", np.zeros((6, 7, 9), np.uint8))
    with pytest.raises(DataError, match=r"\[1, 6, 7, 9\], expected \[1, 6, 7, 8\]"):
        BRATSDataLoader(folders)[0]
    write(source, "a.nii.gz", np.zeros((6, 7), np.int16))
    with pytest.raises(DataError, match=r"shape \[6, 7\], expected three axes"):
        BRATSDataLoader(folders)[0]
    Path(source, "b.nii").write_bytes(b"nothing of the kind")
    with pytest.raises(DataError, match=r"b\.nii' can't be read"):
        BRATSDataLoader(folders)[1]


def test_dice_is_the_mean_over_the_classes_and_all_of_them() -> None:
    metric = DiceIndex(num_classes=3)
    predicted, mask = np.array([0, 0, 1, 1, 2, 2]), np.array([0, 1, 1, 1, 1, 2])
    metric.update([predicted.reshape(1, 1, 2, 3)], [mask.reshape(1, 1, 2, 3)])
    # All: 4 of 4 and 5. Class 1: 2 of 2 and 4. Class 2: 1 of 2 and 1.
    expected = np.mean([2 * 4 / 9, 2 * 2 / 6, 2 * 1 / 3])
    assert metric.value["dice_index"] == [pytest.approx(expected)]
    metric.update([mask.reshape(1, 2, 3)], [mask.reshape(1, 1, 2, 3)])  # without a batch dimension
    assert metric.value["dice_index"] == [1.0]
    assert metric.avg_value["dice_index"] == pytest.approx((expected + 1) / 2)
    metric.reset()
    assert metric.value["dice_index"] == []
    with pytest.raises(DataError, match="no volume has been evaluated"):
        _ = metric.avg_value


def test_dice_of_a_batch_and_of_absent_classes() -> None:
    metric = DiceIndex(num_classes=3)
    masks = np.array([[[[1, 0]]], [[[0, 0]]]])
    metric.update([masks], list(masks[:, np.newaxis]))
    assert metric.value["dice_index"] == pytest.approx([2 / 3, 0])
    assert metric.get_attributes()["dice_index"]["direction"] == "higher-better"


@pytest.mark.parametrize(
    ("output", "target", "error", "sentence"),
    [
        ([np.zeros(1), np.zeros(1)], [None], ModelError, "found 2 outputs"),
        ([np.zeros((2, 2, 2, 2))], [np.zeros((1, 3, 2, 2))], DataError, "expected 1 masks"),
        ([np.zeros((1, 2, 2, 3))], [np.zeros((1, 2, 2, 2))], DataError, "expected them to be equal"),
        ([np.zeros((1, 2, 2, 2))], [None], DataError, "no annotation"),
    ],
)
def test_what_is_no_mask_of_a_volume_is_refused(
    output: list[Any], target: list[Any], error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        DiceIndex(2).update(output, target)


def test_dice_needs_a_class_beside_the_background() -> None:
    with pytest.raises(ConfigError, match="num_classes is 1"):
        DiceIndex(1)


def test_the_mask_has_the_size_of_the_file() -> None:
    scores = np.zeros((1, 2, 3, 4, 5), np.float32)
    scores[0, 0] = 0.6
    scores[0, 1, 0] = 0.7
    box = np.array([[1, 2, 3], [4, 6, 8]])
    engine = SegmentationEngine({"device": "CPU"})
    (masks,) = engine.postprocess_output({"out": scores}, [{"image_shape": (2, 6, 7, 8), "bbox": box}])
    expected = np.zeros((1, 6, 7, 8), np.int8)
    expected[0, 1:4, 2:6, 3:8] = 1
    expected[0, 1, 2:6, 3:8] = 2
    assert masks.dtype == np.int8
    assert (masks == expected).all()


def test_a_network_of_several_outputs_is_refused() -> None:
    outputs = {name: np.zeros((1, 2, 3, 4, 5), np.float32) for name in "ab"}
    with pytest.raises(ModelError, match="SegmentationEngine: found 2 outputs, expected one"):
        SegmentationEngine({"device": "CPU"}).postprocess_output(outputs, [{}])


def test_names_of_pot() -> None:
    base = "openvino.tools.pot.api.samples"
    for name in ("3d_segmentation", "3d_segmentation.3d_segmentation_sample"):
        module = importlib.import_module(f"{base}.{name}")
        assert module.BRATSDataLoader is BRATSDataLoader
        assert (module.DiceIndex, module.SegmentationEngine) == (DiceIndex, SegmentationEngine)


def tumour_network() -> ov.Model:
    """Four channels in, three out, that are sure where the first or the second is bright."""
    volume = ops.parameter([1, 4, 128, 128, 128], np.float32, name="volume")
    weights = np.zeros((3, 4, 1, 1, 1), np.float32)
    weights[:, 0] = [[[[3]]], [[[2]]], [[[1]]]]
    convolution = ops.convolution(volume, weights, [1] * 3, [0] * 3, [0] * 3, [1] * 3)
    return ov.Model([ops.sigmoid(convolution)], [volume], "tumour")


@pytest.mark.long
def test_the_command_line_of_volumes(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    for name in ("a.nii.gz", "b.nii.gz"):
        volume = random.integers(1, 100, (8, 8, 8, 4)).astype(np.int16)
        write(tmp_path / "volumes", name, volume)
        write(tmp_path / "masks", name, (3 * (volume[..., 1] > 50)).astype(np.uint8))
    ov.save_model(tumour_network(), "model.xml")
    segmentation_3d_sample.main(["-m", "model.xml", "-d", "volumes", "--mask-dir", "masks"])
    assert "dice_index" in capsys.readouterr().out
    (saved,) = Path("optimized").glob("*.xml")
    assert "FakeQuantize" in [node.get_type_name() for node in ov.Core().read_model(saved).get_ops()]


@pytest.fixture(scope="module")
def brain() -> dataset.Template:
    try:
        package_file(dataset.NILEARN, dataset._MEMBER.format("t1"))
    except DataError as error:
        if "can't be downloaded" not in str(error):
            raise
        pytest.skip(str(error))
    return dataset.template()


@pytest.mark.long
def test_pieces_for_evaluation_are_far_from_those_for_training(
    brain: dataset.Template, monkeypatch: Any
) -> None:
    """Each layer of a template made for the test knows its number."""
    layers = np.broadcast_to(np.arange(brain.mask.shape[2]), brain.mask.shape).astype(np.uint8)
    numbered = dataset.Template(brain.image, layers)
    monkeypatch.setattr(dataset, "template", lambda: numbered)
    random = np.random.default_rng(0)
    seen: dict[str, set[int]] = {
        part: {int(layer) for _ in range(80) for layer in np.unique(dataset.piece(part, random).mask)}
        for part in ("training", "evaluation")
    }
    low, high = min(seen["evaluation"]), max(seen["evaluation"])
    assert high - low == dataset.SIZE[2] - 1
    assert seen["training"].isdisjoint(range(low - 8, high + 9))
    assert {layer < low for layer in seen["training"]} == {True, False}


@pytest.mark.parametrize(
    ("part", "count", "sentence"),
    [
        ("evalution", 1, "part is 'evalution', expected training or evaluation"),
        ("evaluation", 0, "count is 0, expected 1 or more"),
    ],
)
def test_pieces_that_there_can_not_be(tmp_path: Path, part: Any, count: int, sentence: str) -> None:
    with pytest.raises(ConfigError, match=f"write_pieces: {sentence}"):
        dataset.write_pieces(tmp_path, part, count)
    assert list(tmp_path.iterdir()) == []


def test_pieces_of_a_seed_are_the_same(brain: dataset.Template, tmp_path: Path) -> None:
    first, again, other = (
        BRATSDataLoader(dataset.write_pieces(tmp_path / f"{index}", "evaluation", 2, seed))
        for index, seed in enumerate((5, 5, 6))
    )
    (_, mask), volume, metadata = first[1]
    assert np.array_equal(volume, again[1][1]) and not np.array_equal(volume, other[1][1])
    assert mask.shape == (1, *dataset.SIZE) and set(np.unique(mask)) == {0, 1, 2}
    assert metadata["image_shape"] == (1, *dataset.SIZE)


@pytest.mark.long
def test_int8_finds_the_same_tissue(brain: dataset.Template, tmp_path: Path) -> None:
    calibration = BRATSDataLoader(dataset.write_pieces(tmp_path / "c", "training", 12, seed=2))
    evaluation = BRATSDataLoader(dataset.write_pieces(tmp_path / "e", "evaluation", 6, seed=1))
    model, params = load_model(EXAMPLE), {"stat_subset_size": 300}
    pipeline = create_pipeline(
        [{"name": "DefaultQuantization", "params": params}], SegmentationEngine({}, calibration)
    )
    quantized = pipeline.run(model)
    compress_model_weights(quantized)
    saved = save_model(quantized, tmp_path, "tissue")[0]["model"]
    evaluator = create_pipeline([], SegmentationEngine({}, evaluation, DiceIndex(num_classes=3)))
    before, after = (evaluator.evaluate(each)["dice_index"] for each in (model, load_model(saved)))
    assert before > 0.85
    assert abs(after - before) < 0.005
    layers = heavy_layers(compile_single(saved))
    assert all(layer.is_int8 for layer in layers if layer.type == "Convolution")
