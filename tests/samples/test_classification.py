"""Images and labels from files, accuracy, and the script that uses both."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op
from PIL import Image

from builders import ZOO, model, parameter, weights
from openvino.tools.pot import IEEngine, create_pipeline, load_model
from openvino.tools.pot.api.samples.classification import Accuracy, ImageNetDataLoader
from openvino.tools.pot.api.samples.utils.argument_parser import get_common_argparser
from openvino.tools.pot.utils.errors import ConfigError, DataError, ModelError

SCRIPT = Path(__file__).resolve().parents[2] / "examples/image_classification/quantize.py"


def save(folder: Path, name: str, pixels: Any) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(pixels, np.uint8)).save(folder / name)


def random_pixels(height: int, width: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three images of 6 rows and 10 columns, and labels for two of them."""
    for index in range(3):
        save(tmp_path / "images", f"{index}.png", random_pixels(6, 10, index))
    (tmp_path / "labels.txt").write_text("2.png 4\n\n0.png 1\n")
    return tmp_path


def config(folder: Path, **others: Any) -> dict[str, Any]:
    return {"data_source": str(folder / "images"), "annotation_file": str(folder / "labels.txt"), **others}


def of_shape(shape: list[int]) -> ov.Model:
    x = parameter(shape)
    return model(op.relu(x), x)


def test_the_annotation_file_says_which_images_count_and_in_which_order(folder: Path) -> None:
    loader = ImageNetDataLoader(config(folder))
    assert [loader[index][0] for index in range(len(loader))] == [(0, 4), (1, 1)]
    assert np.array_equal(loader[0][1], random_pixels(6, 10, 2)[..., ::-1].transpose(2, 0, 1))
    assert loader[0][1].dtype == np.uint8


def test_a_background_class_moves_labels_by_one(folder: Path) -> None:
    loader = ImageNetDataLoader(config(folder, has_background=True))
    assert [loader[index][0][1] for index in range(2)] == [5, 2]


def test_file_names_may_hold_spaces_and_folders(tmp_path: Path) -> None:
    save(tmp_path / "images", "a b/c d.png", random_pixels(2, 2))
    (tmp_path / "labels.txt").write_text("a b/c d.png 3")
    ((_, label), image) = ImageNetDataLoader(config(tmp_path))[0]
    assert (label, image.shape) == (3, (3, 2, 2))


def test_without_an_annotation_file_all_images_count_in_the_order_of_their_names(folder: Path) -> None:
    (folder / "images/notes.txt").write_text("not an image")
    np.save(folder / "images/array.npy", np.zeros(3))
    loader = ImageNetDataLoader({"data_source": folder / "images"})
    assert [loader[index][0] for index in range(len(loader))] == [(0, None), (1, None), (2, None)]
    assert np.array_equal(loader[1][1][::-1].transpose(1, 2, 0), random_pixels(6, 10, 1))


@pytest.mark.parametrize(("shape", "axes"), [([1, 3, 6, 10], (2, 0, 1)), ([1, 6, 10, 3], (0, 1, 2))])
def test_the_layout_is_that_of_the_model(folder: Path, shape: list[int], axes: tuple[int, ...]) -> None:
    loader = ImageNetDataLoader(config(folder, color_order="RGB"), of_shape(shape))
    assert np.array_equal(loader[0][1], random_pixels(6, 10, 2).transpose(axes)[None])


def test_a_layout_that_sizes_do_not_tell_is_taken_from_the_configuration(folder: Path) -> None:
    ambiguous = of_shape([1, 3, 4, 3])
    shapes = [
        ImageNetDataLoader(config(folder, layout=layout), ambiguous)[0][1] for layout in ("NCHW", "NHWC")
    ]
    reference = ImageNetDataLoader(
        config(folder, preprocessing=[{"type": "resize", "height": 4, "width": 3}])
    )[0][1]
    assert np.array_equal(shapes[0][0], reference)
    assert shapes[1].shape == (1, 3, 4, 3)
    assert not np.array_equal(shapes[0], shapes[1])


def test_images_are_resized_to_the_model_and_grey_where_it_has_one_channel(folder: Path) -> None:
    image = ImageNetDataLoader(config(folder), load_model(of_shape([1, 1, 12, 20])))[0][1]
    grey = np.asarray(
        Image.fromarray(random_pixels(6, 10, 2)).convert("L").resize((20, 12), Image.Resampling.BILINEAR)
    )
    assert np.array_equal(image, grey[None, None])


def test_steps_run_in_their_order_and_height_is_height(folder: Path) -> None:
    steps = [{"type": "crop", "central_fraction": 0.5}, {"type": "resize", "height": 9, "width": 4}]
    image = ImageNetDataLoader(config(folder, preprocessing=steps, color_order="RGB"))[0][1]
    middle = Image.fromarray(random_pixels(6, 10, 2)[1:4, 2:7])
    assert np.array_equal(
        image.transpose(1, 2, 0), np.asarray(middle.resize((4, 9), Image.Resampling.BILINEAR))
    )


def test_means_and_scales_belong_to_the_channels_as_the_model_takes_them(folder: Path) -> None:
    given = config(folder, mean_values=[1, 2, 3], scale_values=[2.0, 4.0, 8.0])
    image = ImageNetDataLoader(given)[0][1]
    blue_first = random_pixels(6, 10, 2)[..., ::-1].astype(np.float32)
    assert image.dtype == np.float32
    assert np.allclose(image.transpose(1, 2, 0), (blue_first - [1, 2, 3]) / [2, 4, 8])
    assert np.allclose(
        ImageNetDataLoader(config(folder, scale_values=255))[0][1].max(), blue_first.max() / 255
    )


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"data_source": "nowhere"}, "data_source: folder 'nowhere' does not exist"),
        ({"data_source": None}, "data_source: it is missing"),
        ({"annotation_file": "nowhere"}, "annotation_file: file 'nowhere' does not exist"),
        ({"anotation_file": "x"}, r"unknown parameter 'anotation_file'.*did you mean 'annotation_file'\?"),
        ({"color_order": "GBR"}, "color_order: input should be 'BGR' or 'RGB', found 'GBR'"),
        ({"mean_values": [1, 2]}, r"mean_values is \[1\.0, 2\.0\], expected 1 or 3 numbers"),
        (
            {"scale_values": [1, 0, 1]},
            r"scale_values: expected numbers other than 0, found \[1\.0, 0\.0, 1\.0\]",
        ),
        ({"mean_values": "x"}, "mean_values: input should be a valid list, found 'x'"),
        ({"layout": "NCHW"}, "layout is that of a model's input, but no model is given"),
        (
            {"preprocessing": [{"type": "crops"}]},
            r"preprocessing\[0\]\.type: 'crops' is .*did you mean 'crop'\?",
        ),
        ({"preprocessing": {"type": "crop"}}, "preprocessing: .*expected a list"),
        ({"preprocessing": ["crop"]}, r"preprocessing\[0\]\.central_fraction: it is missing"),
        (
            {"preprocessing": [{"type": "resize", "width": 3}]},
            r"preprocessing\[0\]\.height: it is missing",
        ),
        (
            {"preprocessing": [{"type": "crop", "central_fraction": 1.5}]},
            r"preprocessing\[0\]\.central_fraction: input should be less than or equal to 1, found 1\.5",
        ),
        (
            {"preprocessing": [{"type": "resize", "width": 3, "height": 0.5}]},
            r"preprocessing\[0\]\.height: input should be a valid integer, found 0\.5",
        ),
        ({"annotation_file": None, "has_background": True}, "has_background shifts labels"),
    ],
)
def test_a_wrong_configuration_is_named(folder: Path, change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        ImageNetDataLoader(config(folder, **change))


def test_a_configuration_is_a_mapping() -> None:
    with pytest.raises(ConfigError, match="ImageNetDataLoader: found 'images', expected a mapping"):
        ImageNetDataLoader("images")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("0.png", "line 1 of .* is '0.png', expected a file and a label"),
        ("0.png 1\n1.png cat", "line 2 of .* is '1.png cat', expected a file and a label"),
        ("0.png 1\n0.png 2", "line 2 of .* repeats '0.png'"),
        ("\n", "names no image"),
    ],
)
def test_a_wrong_line_of_the_annotation_file_is_named(folder: Path, text: str, sentence: str) -> None:
    (folder / "labels.txt").write_text(text)
    with pytest.raises(ConfigError, match=sentence):
        ImageNetDataLoader(config(folder))


def test_a_missing_image_is_named_when_it_is_read(folder: Path) -> None:
    (folder / "labels.txt").write_text("9.png 1")
    loader = ImageNetDataLoader(config(folder))
    with pytest.raises(DataError, match=r"9\.png' can't be read"):
        loader[0]
    with pytest.raises(IndexError, match="no image 1, expected 0 to 0"):
        loader[1]


def test_a_model_with_several_inputs_is_refused(folder: Path) -> None:
    pair = parameter([1, 3, 8, 8], "a"), parameter([1, 3, 8, 8], "b")
    with pytest.raises(ConfigError, match=r"inputs \['a', 'b'\], expected one"):
        ImageNetDataLoader(config(folder), model(op.add(*pair), *pair))


def test_a_subclass_may_have_keys_and_steps_of_its_own(folder: Path) -> None:
    class Inverted(ImageNetDataLoader):
        def _preprocess(self, image: Any) -> Any:
            return self.config.white - super()._preprocess(image)

    plain, inverted = ImageNetDataLoader(config(folder)), Inverted(config(folder, white=np.uint8(255)))
    assert np.array_equal(inverted[0][1], 255 - plain[0][1])


def updated(metric: Accuracy, *batches: tuple[Any, Any]) -> Accuracy:
    for scores, labels in batches:
        metric.update([np.array(scores, np.float32)], labels)
    return metric


def test_accuracy_is_the_share_of_all_images_and_value_that_of_the_last_batch() -> None:
    metric = updated(Accuracy(), ([[0, 1, 2], [5, 1, 2]], [2, 1]), ([[1, 0, 0]], {7: 0}))
    assert metric.avg_value == {"accuracy@top1": pytest.approx(2 / 3)}
    assert metric.value == {"accuracy@top1": [1.0]}
    assert metric.get_attributes() == {"accuracy@top1": {"direction": "higher-better", "type": "accuracy"}}


def test_top_k_counts_the_classes_with_the_k_largest_scores() -> None:
    metric = updated(Accuracy(top_k=2), ([[3, 1, 2], [3, 1, 2], [3, 1, 2]], [0, 1, 2]))
    assert metric.value == {"accuracy@top2": [1.0, 0.0, 1.0]}


def test_of_equal_scores_the_first_counts() -> None:
    assert updated(Accuracy(), ([[4, 4, 4], [4, 4, 4]], [0, 2])).value == {"accuracy@top1": [1.0, 0.0]}


def test_axes_of_size_one_beside_the_classes_do_not_matter() -> None:
    assert updated(Accuracy(), (np.eye(4).reshape(4, 4, 1, 1), [0, 1, 2, 0])).avg_value == {
        "accuracy@top1": 0.75
    }


def test_reset_forgets_all_images() -> None:
    metric = updated(Accuracy(), ([[0, 1]], [0]))
    metric.reset()
    assert updated(metric, ([[0, 1]], [1])).avg_value == {"accuracy@top1": 1.0}


@pytest.mark.parametrize(
    ("outputs", "labels", "error", "sentence"),
    [
        ([np.zeros((1, 3))] * 2, [0], ModelError, "found 2 outputs, expected one"),
        ([np.zeros((1, 3, 8, 8))], [0], ModelError, r"shape \[1, 3, 8, 8\], expected the scores"),
        (
            [np.zeros((2, 3))],
            [0],
            ModelError,
            r"shape \[2, 3\], expected the scores of the classes for 1 images",
        ),
        ([np.zeros((1, 3))], [None], DataError, "label of an image is None, expected a whole number"),
        ([np.zeros((1, 3))], [3], DataError, "label of an image is 3, expected 0 to 2"),
    ],
)
def test_what_is_no_classification_is_named(
    outputs: list[Any], labels: list[Any], error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        Accuracy().update(outputs, labels)


@pytest.mark.parametrize("top_k", [0, -1, 1.5, True, "1"])
def test_top_k_is_a_positive_whole_number(top_k: Any) -> None:
    with pytest.raises(ConfigError, match=r"top_k is .*, expected a positive whole number"):
        Accuracy(top_k)


def test_accuracy_of_no_image_is_an_error() -> None:
    with pytest.raises(DataError, match="no image has been evaluated"):
        Accuracy().avg_value  # noqa: B018 - the property raises


def classifier() -> ov.Model:
    x = parameter([1, 3, 8, 8])
    flat = op.reshape(x, [1, 192], False)
    return model(op.matmul(flat, weights((192, 5)), False, False), x)


@pytest.mark.long
def test_a_script_as_those_of_pot_runs(tmp_path: Path) -> None:
    for index in range(6):
        save(tmp_path / "images", f"{index}.png", random_pixels(16, 20, index))
    (tmp_path / "labels.txt").write_text("".join(f"{index}.png {index % 4}\n" for index in range(6)))
    steps = [{"type": "crop", "central_fraction": 0.875}, {"type": "resize", "width": 8, "height": 8}]
    loader = ImageNetDataLoader(config(tmp_path, has_background=True, preprocessing=steps))
    float_model = load_model(classifier())
    pipeline = create_pipeline(
        [{"name": "DefaultQuantization", "params": {"stat_subset_size": 6}}],
        IEEngine({"device": "CPU", "stat_requests_number": 4}, loader, Accuracy(top_k=1)),
    )
    compressed = pipeline.run(float_model)
    figures = [pipeline.evaluate(each)["accuracy@top1"] for each in (float_model, compressed)]
    answers = [
        int(infer_one(float_model.submodels[0].model, loader[index][1]).argmax()) for index in range(6)
    ]
    assert figures[0] == pytest.approx(
        np.mean([answer == index % 4 + 1 for index, answer in enumerate(answers)])
    )
    assert 0 <= figures[1] <= 1


def infer_one(network: ov.Model, image: Any) -> Any:
    compiled = ov.Core().compile_model(network, "CPU")
    return compiled([image[None].astype(np.float32)])[0]


def test_the_arguments_are_those_of_pots_samples() -> None:
    parser = get_common_argparser()
    options = parser.parse_args(["-m", "a.xml", "-d", "images"])
    assert vars(options) == {
        "model": "a.xml", "weights": None, "dataset": "images", "keep_uncompressed_weights": False,
    }  # fmt: skip
    assert parser.parse_args(["--model", "a", "--dataset", "b", "--weights", "c"]).weights == "c"


@pytest.mark.parametrize("arguments", [["-m", "a.xml"], ["-d", "images"], ["--mod", "a.xml", "-d", "images"]])
def test_model_and_dataset_are_required_and_not_abbreviated(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        get_common_argparser().parse_args(arguments)
    assert "required" in capsys.readouterr().err


def script(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, SCRIPT, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


def row(run: subprocess.CompletedProcess[str], title: str) -> list[float]:
    assert run.returncode == 0, run.stderr
    (line,) = [line for line in run.stdout.splitlines() if line.startswith(title)]
    return [float(word) for word in line.split() if "." in word]


@pytest.mark.process
def test_the_script_says_what_is_wrong_in_one_sentence(tmp_path: Path) -> None:
    run = script(tmp_path, "-m", str(tmp_path / "a.xml"), "-d", str(tmp_path), "-a", "labels.txt")
    assert run.returncode == 1
    assert run.stderr.startswith("error: ")
    assert len(run.stderr.strip().splitlines()) == 1


@pytest.mark.zoo
@pytest.mark.parametrize(
    ("name", "preprocessing"),
    [
        ("cifar_resnet20", "--mean-values 123.675 116.28 103.53 --scale-values 58.395 57.12 57.375"),
        ("tiny_resnet8", ""),
    ],
)
@pytest.mark.process
def test_the_script_keeps_the_accuracy_of_networks_for_photographs(
    name: str, preprocessing: str, tmp_path: Path
) -> None:
    labels = zoo_photographs(name, tmp_path, 500)
    files = ["-m", ZOO / name / "model.xml", "-d", tmp_path / "eval", "-a", labels, "-c", tmp_path / "calib"]
    run = script(
        tmp_path, *map(str, files), "--color-order", "RGB", "--samples", "100", *preprocessing.split()
    )
    before, after = row(run, "top-1 accuracy, 500 images")
    assert before > 0.7
    assert after >= before - 0.01


def zoo_photographs(name: str, folder: Path, count: int) -> Path:
    """Photographs of an entry of the zoo as files, those for evaluation with their labels."""
    with np.load(ZOO / name / "data.npz") as data:
        for part in ("calib", "eval"):
            (folder / part).mkdir()
            stream, ends = data[f"{part}_jpeg"].tobytes(), np.cumsum(data[f"{part}_len"])
            for index, (end, length) in enumerate(zip(ends[:count], data[f"{part}_len"], strict=False)):
                (folder / part / f"{index:05}.jpg").write_bytes(stream[end - length : end])
        lines = [f"{index:05}.jpg {label}\n" for index, label in enumerate(data["eval_y"][:count])]
    (folder / "labels.txt").write_text("".join(lines))
    return folder / "labels.txt"
