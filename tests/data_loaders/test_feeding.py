"""Who decides how images are fed, what is said about it, and how it looks."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op
from PIL import Image

import builders
from openvino.tools.pot import load_images, quantize
from openvino.tools.pot.data_loaders.creator import create_data_loader
from openvino.tools.pot.data_loaders.loaders import FileLoader
from openvino.tools.pot.data_loaders.preview import store_preview
from openvino.tools.pot.utils.errors import ConfigError

ULTRALYTICS = {
    "author": "Ultralytics",
    "imgsz": "[32, 64]",
    "names": "{0: 'a'}",
    "stride": "32",
    "task": "detect",
}


def takes(shape: Any = (1, 3, 32, 64), dtype: Any = np.float32, **info: Any) -> ov.Model:
    """A model of one input ``x`` that says something about itself."""
    x = builders.parameter(list(shape) if isinstance(shape, tuple) else shape, "x", dtype)
    model = builders.model(op.relu(op.convert(x, "f32")), x)
    for part, values in info.items():
        for key, value in values.items():
            model.set_rt_info(value, [part, key])
    return model


OPEN = ov.PartialShape([-1, 3, -1, -1])


@pytest.fixture(autouse=True)
def _photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("photos").mkdir()
    for number in range(3):
        pixels = np.full((20, 30 + number, 3), (255, 51, 0), np.uint8)
        pixels[0, 0] = 0, 0, 0
        Image.fromarray(pixels).save(f"photos/{number}.png")


def said(model: ov.Model, **options: Any) -> str:
    loader = create_data_loader({"data_source": "photos", **options}, model)
    return str(loader.feeding)


def test_what_the_model_says_is_followed() -> None:
    model = takes(OPEN, framework=ULTRALYTICS)
    loader = create_data_loader({"data_source": "photos"}, model)
    found = loader[0][0]
    assert found.shape == (1, 3, 32, 64)
    np.testing.assert_allclose(found[0, :, 16, 32], [1, 0.2, 0], atol=1e-6)
    np.testing.assert_allclose(found[0, :, 0, 0], 114 / 255, rtol=1e-6)
    assert str(loader.feeding) == (
        "fed as RGB, 0 to 1, letterboxed to [1,3,32,64] (from metadata of the model; --no-metadata to say it yourself)"
    )


def test_it_is_not_where_users_say_so() -> None:
    found = said(takes(framework=ULTRALYTICS), metadata=False)
    assert found.startswith("fed as BGR, 0 to 255, stretched to [1,3,32,64] (by default: nothing says how")


def test_flags_come_before_families_and_families_before_the_model() -> None:
    model = takes(framework=ULTRALYTICS)
    assert said(model, like="tf") == ("fed as RGB, -1 to 1, stretched to [1,3,32,64] (from --like tf)")
    assert said(model, like="tf", mean_values=0) == (
        "fed as RGB, 0 to 255, stretched to [1,3,32,64] (order, resize from --like tf; range as asked)"
    )
    assert said(model, color_order="bgr", keep_aspect=True) == (
        "fed as BGR, 0 to 1, fitted left and above into [1,3,32,64] (order, resize as asked; range from metadata of "
        "the model; --no-metadata to say it yourself)"
    )
    assert "stretched to" in said(model, central_fraction=0.9)


def test_the_input_s_own_size_stays() -> None:
    assert "[1,3,16,16]" in said(takes((1, 3, 16, 16), framework=ULTRALYTICS))
    assert "[1,3,16,48]" in said(takes(OPEN, framework=ULTRALYTICS), shape=[1, 3, 16, 48])


def test_numbers_of_channels_in_another_order_are_refused() -> None:
    with pytest.raises(
        ConfigError, match=r"color_order is BGR \(as asked\), but .* from --like imagenet are for RGB"
    ):
        said(takes(), like="imagenet", color_order="BGR")
    assert "BGR, -2.12 to 2.64" in said(
        takes(),
        like="imagenet",
        color_order="BGR",
        mean_values=[123.675, 116.28, 103.53],
        scale_values=[58.395, 57.12, 57.375],
    )


def test_inputs_of_whole_numbers_are_fed_pixels() -> None:
    model = takes(dtype=np.uint8, framework=ULTRALYTICS)
    assert said(model).startswith("fed as RGB, 0 to 255, letterboxed")


def test_a_gray_input_takes_one_number_of_three_that_are_the_same(caplog: pytest.LogCaptureFixture) -> None:
    same = {"mean_values": "127.5 127.5 127.5", "scale_values": "127.5 127.5 127.5"}
    assert said(takes((1, 1, 32, 64), model_info=same)).startswith("fed as gray, -1 to")
    assert not caplog.messages
    uneven = {"mean_values": "1 2 3", "scale_values": "1 1 1"}
    assert said(takes((1, 1, 32, 64), model_info=uneven)).startswith("fed as gray, 0 to")
    assert "mean and scale are of 3 channels, input 'x' has 1: they are not used" in caplog.messages[0]


@pytest.mark.parametrize("way", ["letterbox", "keep_aspect"])
def test_proportions_need_the_size_of_the_input(way: str) -> None:
    with pytest.raises(ConfigError, match=r"input 'x' is \[\?,3,\?,\?\]: state --shape"):
        said(takes(OPEN), **{way: True})


def test_two_ways_exclude_each_other() -> None:
    with pytest.raises(ConfigError, match="letterbox and keep_aspect exclude each other"):
        said(takes(), letterbox=True, keep_aspect=True)


def test_options_for_images_are_refused_for_arrays() -> None:
    np.save("a.npy", np.zeros((4, 3, 32, 64), np.float32))
    with pytest.raises(ConfigError, match="names arrays, which are fed as they are, but like is for images"):
        create_data_loader({"data_source": "a.npy", "like": "tf"}, takes())
    assert create_data_loader({"data_source": "a.npy"}, takes(framework=ULTRALYTICS)).feeding is None


@pytest.mark.parametrize(
    ("axes", "kind"), [([1, 5, 7], "ppocr-rec"), ([1, 1, 8, 8], "ppocr-det"), ([1, 2], "ppocr-cls")]
)
def test_the_kind_of_ppocr_is_told_by_its_output(axes: list[int], kind: str) -> None:
    x = builders.parameter([1, 3, 48, 192])
    total = op.reduce_sum(x, np.arange(4), keep_dims=False)
    model = builders.model(op.broadcast(total, np.array(axes)), x)
    assert f"from --like {kind})" in said(model, like="ppocr")


@pytest.mark.parametrize(
    ("layout", "shape", "part"),
    [
        ("NHWC", None, "layout NHWC makes 3 rows, and open channels, of input 'x'.*expected NCHW"),
        ("NHWC", [1, 3, 320, 320], "layout NHWC makes 320 channels of input 'x'.*expected 1, 3 or 4"),
        ("NCH", None, "layout is 'NCH', expected the letters N, C, H and W once for each axis of input 'x'"),
        ("NCHWW", None, "layout is 'NCHWW'"),
    ],
)
def test_a_wrong_layout_names_input_shape_and_layout(layout: str, shape: Any, part: str) -> None:
    with pytest.raises(ConfigError, match=part) as found:
        said(takes(OPEN), layout=layout, **({"shape": shape} if shape else {}))
    assert "[?,3,?,?]" in str(found.value)


def test_a_shape_tells_the_layout_of_an_input_that_is_all_open() -> None:
    model = takes(ov.PartialShape([-1, -1, -1, -1]))
    assert "[1,32,64,3]" in said(model, shape=[1, 32, 64, 3])
    with pytest.raises(ConfigError, match="can't be told from its sizes"):
        said(model)


def test_a_layout_that_model_info_states_counts_before_sizes() -> None:
    model = takes((1, 3, 32, 3), model_info={"layout": "x:NHWC", "reverse_input_channels": "True"})
    found = create_data_loader({"data_source": "photos"}, model)[0][0]
    assert (found[0, 1, 16] == (255, 51, 0)).all()


def test_images_of_several_sizes_are_said_to_be() -> None:
    assert "in their own sizes such as [1, 3, 20, 30]" in said(takes(OPEN))


def test_arrays_among_images_are_not_looked_at() -> None:
    np.savez("photos/0.npz", x=np.full((1, 3, 20, 30), 7e5, np.float32), y=np.zeros(1))
    np.save("photos/00.npy", np.full((1, 3, 20, 30), 7e5, np.float32))
    loader = create_data_loader({"data_source": "photos"}, takes((1, 3, 20, 30)))
    assert str(loader.feeding).startswith("fed as BGR, 0 to 255")
    assert store_preview(loader, Path("look")) == 3


def test_a_preview_of_any_layout() -> None:
    loader = create_data_loader({"data_source": "photos", "layout": "CHWN"}, takes((3, 20, 30, 1)))
    store_preview(loader, Path("look"))
    np.testing.assert_array_equal(
        np.asarray(Image.open("look/fed_0.png")), np.asarray(Image.open("photos/0.png"))
    )


def test_a_loader_goes_to_other_processes() -> None:
    loader = create_data_loader({"data_source": "photos"}, takes(framework=ULTRALYTICS))
    text = str(loader.feeding)
    assert str(pickle.loads(pickle.dumps(loader)).feeding) == text


# The preview.


def test_a_preview_shows_images_as_they_were_and_says_their_range() -> None:
    loader = create_data_loader({"data_source": "photos", "like": "imagenet"}, takes((1, 3, 20, 30)))
    assert store_preview(loader, Path("new/look")) == 3
    np.testing.assert_array_equal(
        np.asarray(Image.open("new/look/fed_0.png")), np.asarray(Image.open("photos/0.png"))
    )
    first, line, *_ = Path("new/look/feeding.txt").read_text(encoding="utf-8").splitlines()
    assert first == str(loader.feeding)
    assert line == "fed_0.png: -2.118 to 2.249, float32, [1, 3, 20, 30], photos/0.png"


@pytest.mark.parametrize(("shape", "mode"), [((1, 1, 20, 30), "L"), ((1, 20, 30, 4), "RGBA")])
def test_a_preview_has_the_channels_of_the_input(shape: tuple[int, ...], mode: str) -> None:
    store_preview(create_data_loader({"data_source": "photos"}, takes(shape)), Path("look"))
    assert Image.open("look/fed_1.png").mode == mode


def test_a_preview_replaces_an_earlier_one_alone() -> None:
    loader = create_data_loader({"data_source": "photos"}, takes())
    store_preview(loader, Path("look"))
    Path("look/fed_7.png").touch()
    Path("look/mine.txt").touch()
    store_preview(loader, Path("look"))
    assert sorted(path.name for path in Path("look").iterdir()) == [
        *("fed_0.png", "fed_1.png", "fed_2.png", "feeding.txt", "mine.txt"),
    ]


def test_a_preview_of_an_image_that_breaks_leaves_nothing() -> None:
    Path("photos/2.png").write_bytes(b"\x89PNG")
    with pytest.raises(Exception, match=r"2\.png"):
        store_preview(create_data_loader({"data_source": "photos"}, takes()), Path("new/look"))
    assert not Path("new").exists()


# In Python.


def test_load_images_gives_samples_to_quantize_with(tmp_path: Path) -> None:
    network = builders.network()
    ov.save_model(network, "net.xml", compress_to_fp16=False)
    processor = {"image_mean": [0.5] * 3, "image_std": [0.5] * 3, "size": {"height": 8, "width": 8}}
    Path("preprocessor_config.json").write_text(json.dumps(processor), encoding="utf-8")
    loader = load_images(tmp_path / "photos", "net.xml")
    assert isinstance(loader, FileLoader)
    assert str(loader.feeding).startswith(
        "fed as RGB, -1 to 1, stretched to [1,3,8,8] (from preprocessor_config.json;"
    )
    np.testing.assert_array_equal(loader[1][0], load_images(["photos"], network, like="vit")[1][0])
    assert isinstance(quantize(network, loader, self_check=False), ov.Model)


def test_load_images_says_who_it_is_in_messages() -> None:
    with pytest.raises(ConfigError, match=r"^load_images: like: .*; did you mean 'torchvision'"):
        load_images("photos", takes(), like="torchvison")


@pytest.mark.parametrize("key", ["mean_values", "scale_values"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), [1.0, 2.0, float("-inf")]])
def test_numbers_that_are_none_are_refused(key: str, value: Any) -> None:
    with pytest.raises(
        ConfigError, match=f"{key}: .*expected a (number, or a list of one for each channel|value)"
    ):
        said(takes(), **{key: value})
