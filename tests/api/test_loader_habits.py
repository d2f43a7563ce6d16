"""What data loaders of real scripts give, in every form, quantizes to the same bytes as the plain form."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import openvino as ov
import pytest
from addict import Dict
from numpy.typing import NDArray
from openvino import opset13 as op

import builders
from openvino.tools.pot import DataLoader, quantize
from openvino.tools.pot.engines.feeding import Feeder
from openvino.tools.pot.utils.errors import DataError

IMAGES = builders.images(6)
Image = NDArray[np.float32]


def result(loader: Any, **params: Any) -> tuple[bytes, bytes]:
    return builders.stored(builders.quantized(builders.network(), loader, **params))


@pytest.fixture(scope="module")
def plain() -> tuple[bytes, bytes]:
    return result(builders.Items([(image, None) for image in IMAGES]))


@pytest.mark.long
def test_other_samples_give_other_bytes(plain: tuple[bytes, bytes]) -> None:
    """Without which the comparisons here would say nothing."""
    assert result(builders.Items([(image, None) for image in builders.images(6, seed=1)])) != plain
    assert result(builders.Items([(image, None) for image in [*IMAGES[1:], IMAGES[1]]])) != plain


class Tensor:
    """What NumPy must not touch before it is detached and on the CPU, like a tensor of PyTorch."""

    def __init__(self, array: Image, place: str = "gpu") -> None:
        self._array, self.place = array, place

    def detach(self) -> Tensor:
        return Tensor(self._array, f"detached {self.place}")

    def cpu(self) -> Tensor:
        return Tensor(self._array, self.place.replace("gpu", "cpu"))

    def numpy(self) -> Image:
        assert self.place == "detached cpu"
        return self._array

    def __array__(self, *_: Any, **__: Any) -> Image:
        raise TypeError("can't convert a device tensor to an array")


class Arraylike:
    """What knows how to become an array, like a tensor of another framework."""

    def __init__(self, array: Image) -> None:
        self._array, self.shape, self.ndim = array, array.shape, array.ndim

    def __array__(self, *_: Any, **__: Any) -> Image:
        return self._array


def read_only(image: Image) -> Image:
    view = image.view()
    view.flags.writeable = False
    return view


def strided(image: Image) -> Image:
    view = np.repeat(image, 2, axis=3)[..., ::2]
    assert not view.flags.c_contiguous
    return view


FORMS: dict[str, Callable[[Image, int], Any]] = {
    "data alone": lambda image, _: image,
    "data and label": lambda image, i: (image, i),
    "data in a list": lambda image, i: [image, i],
    "data without label": lambda image, _: (image,),
    "data, label, metadata": lambda image, i: (image, i, {"path": str(i)}),
    "data, label, metadata None": lambda image, i: (image, i, None),
    "data, boxes": lambda image, _: (image, np.zeros((3, 5))),
    "older order": lambda image, i: ((i, 3), image),
    "older order, no label": lambda image, i: ((i, None), image),
    "older order, dict label": lambda image, i: ((i, {"boxes": []}), image),
    "older order, array label": lambda image, i: ((i, np.zeros((4, 5))), image),
    "older order, metadata": lambda image, i: ((i, 3), image, {"size": 8}),
    "older order, name for index": lambda image, i: ((f"{i}.png", 3), image),
    "older order, lists": lambda image, i: [[i, 3], image],
    "older order, item for index": lambda image, _: ((image, None), image),
    "older order, dict": lambda image, i: ((i, 3), {"x": image}),
    "older order, tensor": lambda image, i: ((i, 3), Tensor(image)),
    "older order, nested lists": lambda image, i: ((i, 3), image.tolist()),
    "dict": lambda image, _: ({"x": image}, None),
    "dict alone": lambda image, _: {"x": image},
    "addict": lambda image, _: (Dict({"x": image}), None),
    "addict for annotation and metadata": lambda image, _: (
        image,
        Dict({"label": 1}),
        Dict({"shape": [8, 8]}),
    ),
    "tensor": lambda image, i: (Tensor(image), i),
    "dict of tensors": lambda image, i: ({"x": Tensor(image)}, i),
    "what becomes an array": lambda image, i: (Arraylike(image), i),
    "older order, what becomes an array": lambda image, i: ((i, Arraylike(np.zeros(4))), Arraylike(image)),
    "channels apart by an axis of one": lambda image, _: (image[0][:, None], None),
    "an axis of one behind": lambda image, _: (image[..., None], None),
    "float64": lambda image, _: (image.astype(np.float64), None),
    "not contiguous": lambda image, _: (strided(image), None),
    "read-only": lambda image, _: (read_only(image), None),
    "nested lists": lambda image, _: (image.tolist(), None),
    "no batch dimension": lambda image, _: (image[0], None),
    "one more batch dimension": lambda image, _: (image[None], None),
    "two more batch dimensions": lambda image, _: (image[None, None], None),
    "list of one": lambda image, _: ([image], None),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.long
def test_form_of_items(form: Callable[[Image, int], Any], plain: tuple[bytes, bytes]) -> None:
    loader = builders.Items([form(image.copy(), number) for number, image in enumerate(IMAGES)])
    assert result(loader) == plain


def test_bytes_for_a_float_input() -> None:
    pixels = [np.random.default_rng(i).integers(0, 256, (8, 8, 3), np.uint8) for i in range(4)]
    loaders = [
        builders.Items([(p.transpose(2, 0, 1).astype(dtype), None) for p in pixels])
        for dtype in (np.uint8, np.float32)
    ]
    assert result(loaders[0]) == result(loaders[1])


class OneBuffer(DataLoader):
    """Fills the same array for every sample, as loaders of video frames do."""

    def __init__(self) -> None:
        super().__init__()
        self.buffer = np.empty((1, 3, 8, 8), np.float32)

    def __len__(self) -> int:
        return len(IMAGES)

    def __getitem__(self, index: int) -> Any:
        self.buffer[:] = IMAGES[index]
        return self.buffer, None


class OneDict(OneBuffer):
    def __getitem__(self, index: int) -> Any:
        return {"x": super().__getitem__(index)[0]}, None


class Advancing(DataLoader):
    """Ignores the index and can't go back: each sample may be read once only."""

    def __init__(self) -> None:  # no super().__init__()
        self.source: Iterator[Image] = iter(IMAGES)

    def __len__(self) -> int:
        return len(IMAGES)

    def __getitem__(self, index: int) -> Any:
        return next(self.source), None


class Endless(Advancing):
    def __init__(self) -> None:
        self.source = self.generate()

    def generate(self) -> Iterator[Image]:
        while True:
            yield from IMAGES


class Unrelated:
    """Not derived from DataLoader at all."""

    def __len__(self) -> int:
        return len(IMAGES)

    def __getitem__(self, index: int) -> Any:
        return IMAGES[index], None


class Configured(DataLoader):
    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.images = self.config.data_source.images

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Any:
        return self.images[index], None


LOADERS: dict[str, Callable[[], Any]] = {
    "one buffer": OneBuffer,
    "one buffer in a dict": OneDict,
    "advances an iterator": Advancing,
    "endless generator with a length": Endless,
    "no base class": Unrelated,
    "plain dict used with attributes": lambda: Configured({"data_source": {"images": IMAGES}}),
    "addict": lambda: Configured(Dict({"data_source": {"images": IMAGES}})),
}


@pytest.mark.parametrize("make", LOADERS.values(), ids=LOADERS)
@pytest.mark.parametrize("requests", [0, 1, 2])
@pytest.mark.long
def test_kind_of_loader(make: Callable[[], Any], requests: int, plain: tuple[bytes, bytes]) -> None:
    found = builders.quantized(builders.network(), make(), {"stat_requests_number": requests})
    assert builders.stored(found) == plain


@pytest.mark.parametrize("make", [OneBuffer, OneDict, Advancing])
def test_samples_of_one_batch_do_not_share_a_buffer(make: Callable[[], Any]) -> None:
    loaders = (make(), builders.Items([(image, None) for image in IMAGES]))
    first, second = (result(loader, stat_batch_size=3) for loader in loaders)
    assert first == second


def test_each_sample_is_read_once() -> None:
    reads: list[int] = []

    class Crops(DataLoader):
        """A random crop at each call."""

        def __len__(self) -> int:
            return 5

        def __getitem__(self, index: int) -> Any:
            reads.append(index)
            top, left = random.randrange(8), random.randrange(8)
            return np.tile(IMAGES[index], (1, 1, 2, 2))[..., top : top + 8, left : left + 8], None

    result(Crops())
    assert reads == [0, 1, 2, 3, 4]
    reads.clear()
    result(Crops(), stat_subset_size=3)
    assert reads == [0, 1, 2]


@pytest.mark.long
def test_images_of_different_sizes_for_a_dynamic_input() -> None:
    x = builders.parameter(ov.PartialShape([1, 3, -1, -1]))
    network = builders.model(builders.conv(x, 4, "c"), x)
    images = [np.random.default_rng(n).standard_normal((1, 3, 8 + n, 9)) for n in range(3)]
    forms = [images, [image[0] for image in images], [image[None] for image in images]]
    found = {builders.stored(builders.quantized(network, builders.labelled(form))) for form in forms}
    assert len(found) == 1


def test_config_of_a_loader() -> None:
    config = Dict({"a": 1})
    assert builders.Items([]).config == {}
    assert Configured({"data_source": {"images": [1]}, "size": 3}).config.size == 3

    class Keeps(builders.Items):
        def __init__(self) -> None:
            DataLoader.__init__(self, config)

    assert Keeps().config is config


PAIRS = [
    tuple(np.random.default_rng(4 * i + n).standard_normal((1, n)).astype(np.float32) for n in (6, 4))
    for i in range(4)
]


def two_inputs() -> ov.Model:
    a, b = builders.parameter([1, 6], "a"), builders.parameter([1, 4], "b")
    products = [
        op.matmul(source, op.constant(builders.weights((n, 3), n)), False, False, name=f"m{n}")
        for source, n in ((a, 6), (b, 4))
    ]
    return builders.model(op.add(*products, name="sum"), a, b)


@pytest.mark.long
def test_several_inputs_in_every_form() -> None:
    forms: list[Callable[[Any, Any], Any]] = [
        lambda x, y: ({"a": x, "b": y}, 1),
        lambda x, y: ({"b": y[0], "a": x}, 1),
        lambda x, y: ((x, y), 1),
        lambda x, y: ([x, y], 1),
        lambda x, y: ((x, y), None),
        lambda x, y: ((x[0], y[0]), None, {"meta": 1}),
        lambda x, y: ((Tensor(x), Arraylike(y)), 1),
        lambda x, y: ((0, 1), {"a": x, "b": y}),
        lambda x, y: ((0, 1), (x, y)),
        lambda x, y: ((0, None), [x, y]),
        lambda x, y: ((x, y), np.zeros(3)),
    ]
    found = {
        builders.stored(builders.quantized(two_inputs(), builders.Items([form(*pair) for pair in PAIRS])))
        for form in forms
    }
    assert len(found) == 1


@pytest.mark.long
def test_several_inputs_in_every_form_for_quantize() -> None:
    forms: list[Callable[[Any, Any], Any]] = [
        lambda x, y: {"a": x, "b": y},
        lambda x, y: (x, y),
        lambda x, y: [x, y],
        lambda x, y: (x[0], y[0]),
        lambda x, y: (Tensor(x), Arraylike(y)),
        lambda x, y: [x.tolist(), y.tolist()],
        lambda x, y: ((x, y), 1),
        lambda x, y: ([x, y], np.zeros(3)),
        lambda x, y: ({"a": x, "b": y}, np.zeros((3, 3))),
        lambda x, y: ((0, 1), (x, y)),
    ]
    found = {builders.stored(quantize(two_inputs(), [form(*pair) for pair in PAIRS])) for form in forms}
    found |= {builders.stored(quantize(two_inputs(), (form(*pair) for pair in PAIRS))) for form in forms[1:3]}
    assert len(found) == 1


def test_a_pair_that_does_not_fit_names_what_is_wrong() -> None:
    pairs = [*PAIRS, (PAIRS[0][0], np.zeros((1, 5)))]
    with pytest.raises(DataError, match=r"sample 4: input 'b' expects shape \[1,4\], found \[1, 5\]"):
        quantize(two_inputs(), pairs)


@pytest.mark.long
def test_a_pair_for_one_input_is_data_and_label() -> None:
    labelled = quantize(builders.network(), [(image, np.zeros((1, 3, 8, 8))) for image in IMAGES])
    assert builders.stored(labelled) == builders.stored(quantize(builders.network(), IMAGES))


SHAPES: dict[str, tuple[list[int], tuple[int, ...], list[int] | None]] = {
    "gray image": ([1, 1, 28, 20], (28, 20), [1, 1, 28, 20]),
    "gray image, channels last": ([1, 28, 20, 1], (1, 28, 20), [1, 28, 20, 1]),
    "gray image with its channel behind": ([1, 1, 28, 20], (28, 20, 1), [1, 1, 28, 20]),
    "gray image of a free batch": ([-1, 1, 28, 20], (28, 20), [1, 1, 28, 20]),
    "gray image of free sizes": ([-1, 1, -1, -1], (28, 20), [1, 1, 28, 20]),
    "one signal": ([1, 1, 40], (40,), [1, 1, 40]),
    "one signal, upright": ([1, 40], (40, 1), [1, 40]),
    "one signal too deep": ([1, 40], (1, 1, 40), [1, 40]),
    "a single number": ([1, 1, 1], (), [1, 1, 1]),
    "one of a batch": ([4, 1, 28, 20], (28, 20), [1, 1, 28, 20]),
    "a batch without channels": ([4, 1, 28, 20], (4, 28, 20), [4, 1, 28, 20]),
    "tokens": ([-1, -1], (7,), [1, 7]),
    "free sizes as they are": ([-1, -1], (7, 1), [7, 1]),
    "channels last for channels first": ([1, 3, 64, 64], (64, 64, 3), None),
    "channels last for free sizes": ([-1, 3, -1, -1], (64, 64, 3), None),
    "rows for columns": ([1, 3, 28, 20], (3, 20, 28), None),
    "same count, other axes": ([1, 4, 6], (6, 4), None),
    "same count, joined axes": ([1, 4, 6], (24,), None),
    "two ways to read it": ([1, -1, -1, 1], (1, 5), None),
}


@pytest.mark.parametrize("name", SHAPES)
def test_axes_of_size_one_may_come_and_go(name: str) -> None:
    shape, given, fed = SHAPES[name]
    x = builders.parameter(ov.PartialShape(shape))
    feeder = Feeder(builders.model(op.relu(x), x), parts=True)
    array = np.arange(np.prod(given, dtype=int), dtype=np.float32).reshape(given)
    if fed is None:
        with pytest.raises(DataError) as caught:
            feeder.feed(array, 3)
        expected = f"sample 3: input 'x' expects shape {ov.PartialShape(shape)}, found {list(given)}"
        assert str(caught.value) == expected
        return
    found = feeder.feed(array, 3)["x"]
    assert list(found.shape) == fed
    np.testing.assert_array_equal(found.reshape(-1), array.reshape(-1))


def detector(info: list[int] | None = None, first: bool = False, batch: int = 1) -> ov.Model:
    """A network over ``image`` and ``image_info``, whose scale divides what it finds."""
    image = builders.parameter([batch, 3, 8, 6], "image")
    about = builders.parameter(info or [batch, 3], "image_info")
    limit = op.unsqueeze(
        op.reduce_max(about, op.constant(np.array([1])), True), op.constant(np.array([2, 3]))
    )
    found = op.multiply(builders.conv(image, 4, "c"), limit)
    return builders.model(found, *((about, image) if first else (image, about)))


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize(
    "form", [lambda image: image, lambda image: (image, 1), lambda image: ((0, 1), image[0])]
)
def test_an_image_alone_for_an_image_and_its_size(
    form: Any, first: bool, caplog: pytest.LogCaptureFixture
) -> None:
    images = builders.images(4, shape=(1, 3, 8, 6))
    info = np.array([[8, 6, 1]], np.float32)
    both = [({"image": image, "image_info": info}, 1) for image in images]
    network = detector(first=first)
    found, expected = (
        builders.quantized(network, builders.Items(items))
        for items in ([form(image) for image in images], both)
    )
    assert builders.stored(found) == builders.stored(expected)
    told = "input 'image_info' has no data: it is fed height, width and scale 1 of each image"
    assert caplog.messages.count(told) == 1


def test_images_alone_that_fill_a_batch() -> None:
    feeder = Feeder(detector(batch=2), parts=True)
    single, both = (feeder.feed(np.zeros((count, 3, 8, 6)), 0) for count in (1, 2))
    assert single["image_info"].tolist() == [[8, 6, 1]]
    assert both["image_info"].tolist() == [[8, 6, 1]] * 2


@pytest.mark.parametrize("info", [[1, 4], [1, 2]])
def test_an_image_alone_where_the_other_input_is_not_about_it(info: list[int]) -> None:
    with pytest.raises(DataError, match="found a ndarray, expected a dict of input name to array"):
        builders.quantized(detector(info), builders.Items(builders.images(2, shape=(1, 3, 8, 6))))


def test_a_list_of_two_numbers_is_data() -> None:
    x = builders.parameter([1, 2])
    product = op.matmul(x, op.constant(builders.weights((2, 3))), False, False, name="m")
    network = builders.model(product, x)
    lists = builders.Items([([1.0, 2.0], 1), ([0.5, -2.0], 0)])
    arrays = builders.Items([(np.array([1.0, 2.0]), 1), (np.array([0.5, -2.0]), 0)])
    found = [builders.stored(builders.quantized(network, loader)) for loader in (lists, arrays)]
    assert found[0] == found[1]
