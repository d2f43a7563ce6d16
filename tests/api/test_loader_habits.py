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
from openvino.tools.pot import DataLoader

IMAGES = builders.images(6)
Image = NDArray[np.float32]


def result(loader: Any, **params: Any) -> tuple[bytes, bytes]:
    return builders.stored(builders.quantized(builders.network(), loader, **params))


@pytest.fixture(scope="module")
def plain() -> tuple[bytes, bytes]:
    return result(builders.Items([(image, None) for image in IMAGES]))


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


def test_several_inputs_in_every_form() -> None:
    rng = np.random.default_rng(0)
    pairs = [tuple(rng.standard_normal((1, n)).astype(np.float32) for n in (6, 4)) for _ in range(4)]
    a, b = builders.parameter([1, 6], "a"), builders.parameter([1, 4], "b")
    products = [
        op.matmul(source, op.constant(builders.weights((n, 3), n)), False, False, name=f"m{n}")
        for source, n in ((a, 6), (b, 4))
    ]
    network = builders.model(op.add(*products, name="sum"), a, b)
    forms: list[Callable[[Any, Any], Any]] = [
        lambda x, y: ({"a": x, "b": y}, 1),
        lambda x, y: ({"b": y[0], "a": x}, 1),
        lambda x, y: ((x, y), 1),
        lambda x, y: ([x, y], 1),
        lambda x, y: ((0, 1), {"a": x, "b": y}),
        lambda x, y: ((0, 1), (x, y)),
        lambda x, y: ((x, y), np.zeros(3)),
    ]
    found = {
        builders.stored(builders.quantized(network, builders.Items([form(*pair) for pair in pairs])))
        for form in forms
    }
    assert len(found) == 1


def test_a_list_of_two_numbers_is_data() -> None:
    x = builders.parameter([1, 2])
    product = op.matmul(x, op.constant(builders.weights((2, 3))), False, False, name="m")
    network = builders.model(product, x)
    lists = builders.Items([([1.0, 2.0], 1), ([0.5, -2.0], 0)])
    arrays = builders.Items([(np.array([1.0, 2.0]), 1), (np.array([0.5, -2.0]), 0)])
    found = [builders.stored(builders.quantized(network, loader)) for loader in (lists, arrays)]
    assert found[0] == found[1]
