"""Samples from files: which files, and what of an image arrives at the model."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from numpy.typing import NDArray
from openvino import opset13 as op
from PIL import Image

import builders
from openvino.tools.pot.data_loaders.creator import create_data_loader
from openvino.tools.pot.data_loaders.layout import image_input
from openvino.tools.pot.data_loaders.synthetic import MadeLoader, made_image
from openvino.tools.pot.datasets.files import find_files
from openvino.tools.pot.utils.errors import ConfigError, DataError, ModelError


def takes(*shapes: Any, dtype: Any = np.float32) -> ov.Model:
    """A model with inputs ``a``, ``b``, ... of these shapes."""
    inputs = [builders.parameter(shape, name, dtype) for shape, name in zip(shapes, "abc", strict=False)]
    return builders.model([op.relu(op.convert(each, "f32")) for each in inputs], *inputs)


def picture(height: int = 6, width: int = 9, channels: int = 3, seed: int = 0) -> NDArray[np.uint8]:
    shape = (height, width, channels) if channels > 1 else (height, width)
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def put(*names: str) -> None:
    for number, name in enumerate(names):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture(seed=number)).save(name)


def first(model: ov.Model, **options: Any) -> Any:
    return create_data_loader({"data_source": "data", **options}, model)[0][0]


# Which files.


def found(*source: str) -> list[str]:
    return [path.as_posix() for path in find_files(source, "data_source")]


def test_a_folder_gives_its_readable_files_in_order() -> None:
    put("data/b.png", "data/a.JPG", "data/deep/c.png")
    Path("data/notes.md").touch()
    np.save("data/c.npy", np.zeros(3))
    assert found("data") == ["data/a.JPG", "data/b.png", "data/c.npy"]


def test_a_folder_of_folders_gives_what_is_in_them() -> None:
    put("data/cats/b.png", "data/cats/a.png", "data/dogs/c.png")
    assert found("data") == ["data/cats/a.png", "data/cats/b.png", "data/dogs/c.png"]


def test_patterns() -> None:
    put("data/b.png", "data/a.png", "data/a.bmp", "data/deep/c.png")
    Path("data/a.txt").touch()
    assert found("data/*.png") == ["data/a.png", "data/b.png"]
    assert found("data/a*") == ["data/a.bmp", "data/a.png"]
    assert len(found(str(Path("data").resolve() / "**" / "*.png"))) == 3


def test_a_list_is_relative_to_its_own_folder_and_keeps_its_order() -> None:
    put("data/b.png", "data/a.png")
    absolute = Path("data/a.png").resolve()
    Path("data/list.txt").write_text(f"b.png\n\n{absolute}\n", encoding="utf-8")
    assert found("data/list.txt") == ["data/b.png", absolute.as_posix()]


def test_several_sources() -> None:
    put("data/a.png", "more/b.png")
    assert found("more", "data/a.png") == ["more/b.png", "data/a.png"]


# What of an image arrives.


def test_pixels_arrive_in_blue_green_red_unless_told_otherwise() -> None:
    pixels = picture()
    Path("data").mkdir()
    Image.fromarray(pixels).save("data/a.png")
    model = takes([1, 3, 6, 9])
    np.testing.assert_array_equal(first(model), pixels[..., ::-1].transpose(2, 0, 1)[None])
    np.testing.assert_array_equal(first(model, color_order="rgb"), pixels.transpose(2, 0, 1)[None])


@pytest.mark.parametrize(
    ("layout", "shape", "axes"),
    [("NHWC", [1, 6, 9, 3], (0, 1, 2)), ("CHW", [3, 6, 9], (2, 0, 1)), ("[N,C,W,H]", [1, 3, 9, 6], (2, 1, 0)),
     ("hwc", [6, 9, 3], (0, 1, 2))],
)  # fmt: skip
def test_layouts(layout: str, shape: list[int], axes: tuple[int, ...]) -> None:
    pixels = picture()
    Path("data").mkdir()
    Image.fromarray(pixels).save("data/a.png")
    expected = pixels[..., ::-1].transpose(axes).reshape(shape)
    np.testing.assert_array_equal(first(takes(shape), layout=layout), expected)


def test_mean_and_scale_in_the_order_of_the_channels() -> None:
    pixels = picture()
    Path("data").mkdir()
    Image.fromarray(pixels).save("data/a.png")
    mean, scale = np.float32([1, 2, 3]), np.float32([4, 5, 6])
    found = first(takes([1, 6, 9, 3]), mean_values="1, 2, 3", scale_values=[4, 5, 6])
    np.testing.assert_allclose(found[0], (pixels[..., ::-1] - mean) / scale, rtol=1e-6)
    assert found.dtype == np.float32
    np.testing.assert_allclose(first(takes([1, 6, 9, 3]), mean_values=7)[0], pixels[..., ::-1] - 7.0)


def test_the_middle_is_kept_and_brought_to_size() -> None:
    pixels = np.zeros((20, 40, 3), np.uint8)
    pixels[5:15, 10:30] = 200
    Path("data").mkdir()
    Image.fromarray(pixels).save("data/a.png")
    found = first(takes([1, 3, 4, 4]), central_fraction=0.5)
    np.testing.assert_array_equal(found, np.full((1, 3, 4, 4), 200))
    assert first(takes([1, 3, 4, 4])).min() < 50


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_images_have_as_many_channels_as_the_input(channels: int) -> None:
    put("data/a.png")
    assert first(takes([1, channels, 6, 9])).shape == (1, channels, 6, 9)


def test_gray_and_deep_images() -> None:
    Path("data").mkdir()
    gray = picture(channels=1)
    Image.fromarray(gray.astype(np.uint16) * 256 + 5).save("data/deep.png")
    np.testing.assert_array_equal(first(takes([1, 1, 6, 9]))[0, 0], gray)
    np.testing.assert_array_equal(first(takes([1, 3, 6, 9]))[0, 2], gray)


def test_images_stand_as_the_camera_was_held() -> None:
    pixels = picture()
    turned = Image.fromarray(pixels).getexif()
    turned[0x0112] = 6  # turned by 90 degrees
    Path("data").mkdir()
    Image.fromarray(pixels).save("data/a.png", exif=turned)
    found = first(takes([1, 9, 6, 3]), color_order="RGB")
    np.testing.assert_array_equal(found[0], np.rot90(pixels, -1))


def test_dynamic_sizes_are_those_of_the_image_or_of_the_shape() -> None:
    put("data/a.png")
    model = takes(ov.PartialShape([-1, 3, -1, -1]))
    assert first(model).shape == (1, 3, 6, 9)
    assert first(model, shape="[1,3,4,5]").shape == (1, 3, 4, 5)
    assert first(model, shape=[None, 3, 4, None]).shape == (1, 3, 4, 9)
    with pytest.raises(ConfigError, match=r"shape: input 'a' has shape \[\?,3,\?,\?\], found \[1, 1, 4, 5\]"):
        first(model, shape=[1, 1, 4, 5])


@pytest.mark.parametrize(
    ("shape", "layout"),
    [([1, 3, 224, 224], "NCHW"), ([1, 224, 224, 3], "NHWC"), ([1, 1, 28, 28], "NCHW"), ([3, 32, 32], "CHW"),
     ([1, 3, 64, 4], "NCHW"), ([1, 64, 64, 1], "NHWC"), ([2, 4, 16, 16], "NCHW")],
)  # fmt: skip
def test_layouts_that_sizes_tell(shape: list[int], layout: str) -> None:
    assert image_input(takes(shape).get_parameters()[0]).layout == layout


def test_the_layout_that_the_model_states_wins() -> None:
    model = takes([1, 3, 64, 3])
    model.get_parameters()[0].layout = ov.Layout("NHWC")
    assert image_input(model.get_parameters()[0]).layout == "NHWC"


@pytest.mark.parametrize(
    ("shape", "error", "part"),
    [([1, 8, 8, 8], ConfigError, "can't be told from its sizes"), ([1, 64], ModelError, "expected 3 or 4 axes"),
     (ov.PartialShape.dynamic(), ModelError, "no fixed rank")],
)  # fmt: skip
def test_inputs_that_take_no_images(shape: Any, error: type[Exception], part: str) -> None:
    with pytest.raises(error, match=part):
        image_input(takes(shape).get_parameters()[0])


# Arrays, and several inputs.


def test_an_array_in_each_file() -> None:
    Path("data").mkdir()
    arrays = builders.images(3, shape=(3, 4, 5))
    for number, array in enumerate(arrays):
        np.save(f"data/{number}.npy", array)
    loader = create_data_loader({"data_source": "data"}, takes([1, 3, 4, 5]))
    assert len(loader) == 3
    np.testing.assert_array_equal(loader[2][0], arrays[2])


@pytest.mark.parametrize(("shape", "samples"), [((7, 3, 4, 5), 7), ((3, 4, 5), 1), ((1, 3, 4, 5), 1)])
def test_all_samples_in_one_file(shape: tuple[int, ...], samples: int) -> None:
    np.save("data.npy", np.zeros(shape, np.float32))
    assert len(create_data_loader({"data_source": "data.npy"}, takes([1, 3, 4, 5]))) == samples


def test_arrays_by_input_name() -> None:
    a, b = np.arange(12.0).reshape(4, 3), np.arange(8).reshape(4, 2)
    np.savez("data.npz", a=a, b=b)
    loader = create_data_loader({"data_source": "data.npz"}, takes([1, 3], [1, 2]))
    assert len(loader) == 4
    np.testing.assert_array_equal(loader[1][0]["b"], b[1])
    Path("each").mkdir()
    for number in range(2):
        np.savez(f"each/{number}.npz", a=a[number], b=b[number])
    each = create_data_loader({"data_source": "each"}, takes([1, 3], [1, 2]))
    np.testing.assert_array_equal(each[1][0]["a"], a[1])


def test_a_source_and_options_for_each_input() -> None:
    put("data/a.png", "data/b.png")
    np.save("vectors.npy", np.arange(4.0).reshape(2, 2))
    model = takes([1, 3, 6, 9], [1, 2])
    config = {"data_source": {"a": "data", "b": "vectors.npy"}, "mean_values": {"a": 10}}
    item = create_data_loader(config, model)[1][0]
    np.testing.assert_allclose(item["a"][0], picture(seed=1)[..., ::-1].transpose(2, 0, 1) - 10.0)
    np.testing.assert_array_equal(item["b"], [2, 3])


@pytest.mark.parametrize("source", ["data", {"a": "data"}])
@pytest.mark.parametrize("shapes", [([1, 3, 6, 9], [1, 3]), ([1, 3], [1, 3, 6, 9])])
def test_images_alone_for_an_image_and_its_size(source: Any, shapes: Any) -> None:
    put("data/a.png", "data/b.png")
    name = "ab"[len(shapes[0]) == 2]
    source = {name: "data"} if isinstance(source, dict) else source
    loader = create_data_loader({"data_source": source, "scale_values": {name: 2}}, takes(*shapes))
    expected = picture(seed=1)[..., ::-1].transpose(2, 0, 1) / 2
    np.testing.assert_allclose(loader[1][0][0], expected)
    assert len(loader) == 2


def test_arrays_of_images_alone_for_an_image_and_its_size() -> None:
    np.save("data.npy", np.zeros((5, 3, 6, 9), np.float32))
    loader = create_data_loader({"data_source": "data.npy"}, takes([1, 3], [1, 3, 6, 9]))
    assert len(loader) == 5
    assert loader[0][0].shape == (3, 6, 9)


def test_single_images_for_a_batch() -> None:
    put("data/a.png", "data/b.png")
    assert first(takes([4, 3, 6, 9])).shape == (1, 3, 6, 9)


@pytest.mark.parametrize(("shape", "samples"), [((8, 3, 4, 5), 8), ((4, 3, 4, 5), 1)])
def test_arrays_for_a_batch(shape: tuple[int, ...], samples: int) -> None:
    np.save("data.npy", np.zeros(shape, np.float32))
    assert len(create_data_loader({"data_source": "data.npy"}, takes([4, 3, 4, 5]))) == samples


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "one source of images for two inputs": (
        {"data_source": "data"},
        "images are for one input, the model has 2",
    ),
    "an input without a source": ({"data_source": {"a": "data"}}, "data_source: nothing for input 'b'"),
    "only the other input has a source": ({"data_source": {"b": "vectors.npy"}}, "nothing for input 'a'"),
    "unequal numbers": (
        {"data_source": {"a": "data", "b": "vectors.npy"}},
        "expected as many samples for each input, found {'a': 1, 'b': 2}",
    ),
    "an unknown input": ({"data_source": {"a": "data", "bb": "data"}}, "has no input 'bb'.*did you mean 'b'"),
    "an option of an unknown input": (
        {"data_source": {"a": "data", "b": "vectors.npy"}, "layout": {"c": "NCHW"}},
        "layout: the model has no input 'c'",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_several_inputs(case: str) -> None:
    put("data/a.png")
    np.save("vectors.npy", np.zeros((2, 2)))
    config, message = REFUSED[case]
    with pytest.raises(ConfigError, match=message):
        create_data_loader(config, takes([1, 3, 6, 9], [1, 2]))


def test_files_that_break_when_read() -> None:
    Path("data").mkdir()
    Path("data/a.npy").write_bytes(b"\x93NUMPY")
    Path("data/b.png").write_bytes(b"\x89PNG")
    np.save("data/c.npy", np.array([{}], object), allow_pickle=True)
    loader = create_data_loader({"data_source": "data"}, takes([1, 3, 6, 9]))
    for number in range(3):
        with pytest.raises(DataError, match="can't be read"):
            loader[number]


# Images that are made.


def test_made_images_are_the_same_each_time_and_differ_from_each_other() -> None:
    first, again, other = made_image(3, 20, 31), made_image(3, 20, 31), made_image(4, 20, 31)
    assert first.shape == (20, 31, 3)
    np.testing.assert_array_equal(first, again)
    assert np.abs(first.astype(int) - other).mean() > 10


def test_made_images_have_edges_and_smooth_parts_like_photographs() -> None:
    """Neighbouring pixels are mostly alike, now and then not at all; in noise all differences are as large."""
    steps = np.concatenate([np.diff(made_image(i, 64, 64).astype(float).mean(-1)).ravel() for i in range(20)])
    noise = np.diff(np.random.default_rng(0).uniform(0, 255, (64, 64)))

    def kurtosis(values: NDArray[np.float64]) -> float:
        return float(np.mean((values - values.mean()) ** 4) / values.var() ** 2)

    assert kurtosis(noise) < 4
    assert kurtosis(steps) > 8


def test_made_images_are_kept_in_files_and_found_again() -> None:
    model = takes([1, 1, 10, 12])
    config = {"type": "data_free", "data_source": "made"}
    loader = create_data_loader(config, model, samples=5)
    assert isinstance(loader, MadeLoader)
    assert not Path("made").exists()
    before = [loader[number][0] for number in range(5)]
    loader.keep()
    assert len(list(Path("made").iterdir())) == 5
    found = create_data_loader(config, model, samples=5)
    assert not isinstance(found, MadeLoader)
    for other, samples in ((model, 6), (takes([1, 1, 12, 10]), 5), (takes([1, 3, 10, 12]), 5)):
        assert isinstance(create_data_loader(config, other, samples=samples), MadeLoader)
    for number in range(5):
        np.testing.assert_array_equal(loader[number][0], before[number])
        np.testing.assert_array_equal(found[number][0], before[number])


def test_made_images_need_sizes() -> None:
    model = takes(ov.PartialShape([1, 3, -1, -1]))
    with pytest.raises(ConfigError, match="the sizes of input 'a' are dynamic"):
        create_data_loader({"type": "data_free"}, model)
    loader = create_data_loader({"type": "data_free", "shape": [1, 3, 8, 8]}, model, samples=2)
    assert isinstance(loader, MadeLoader)
    loader.keep()
    assert {path.as_posix() for path in Path("pot_dataset").iterdir()} == {
        "pot_dataset/synthetic_00000.png",
        "pot_dataset/synthetic_00001.png",
    }


def test_a_user_who_wants_none_made() -> None:
    with pytest.raises(ConfigError, match="'made' does not exist"):
        create_data_loader(
            {"type": "data_free", "data_source": "made", "generate_data": False}, takes([1, 3, 8, 8])
        )


@pytest.mark.parametrize("many", [False, True])
def test_an_array_for_no_input_is_refused_with_the_names_of_both(many: bool) -> None:
    rows = np.zeros((5, 3), np.float32)
    Path("each").mkdir()
    for number, row in enumerate(rows):
        np.savez(f"each/{number}.npz", b=row)
    np.savez("data.npz", b=rows, labels=rows)
    file, found = ("each/0.npz", "['b']") if many else ("data.npz", "['b', 'labels']")
    said = f"file '{file}' holds {found}, expected an array for each input by name: the model has the inputs ['a']"
    with pytest.raises(DataError, match=re.escape(said)):
        create_data_loader({"data_source": "each" if many else "data.npz"}, takes([1, 3]))[0]


def test_an_array_may_be_called_as_the_only_input_or_have_no_name() -> None:
    rows = np.arange(15, dtype=np.float32).reshape(5, 3)
    for number, arrays in enumerate(({"a": rows}, {"arr_0": rows})):
        np.savez(f"{number}.npz", **arrays)
        loader = create_data_loader({"data_source": f"{number}.npz"}, takes([1, 3]))
        np.testing.assert_array_equal(loader[4][0], rows[4])
    with pytest.raises(
        DataError, match=re.escape("holds ['arr_0'], expected an array for each input by name")
    ):
        create_data_loader({"data_source": "1.npz"}, takes([1, 3], [1, 3]))
    named = create_data_loader({"data_source": {"a": "1.npz", "b": "0.npz"}}, takes([1, 3], [1, 3]))
    np.testing.assert_array_equal(named[2][0]["b"], rows[2])
