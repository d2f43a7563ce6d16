"""Fitting the arrays of a sample to the inputs of a model, or saying clearly why they don't fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot.data_loaders.layout import ImageAndInfo, image_and_info
from openvino.tools.pot.engines.items import is_array, is_tensor
from openvino.tools.pot.graph.batch import fixed_batch
from openvino.tools.pot.graph.names import by_any_name, input_name
from openvino.tools.pot.utils.bfloat import packed, values_of
from openvino.tools.pot.utils.errors import DataError, ModelError, nearest
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)

# Types that NumPy has too, and the one that it is shown as another.
_FED = ("bf16", "f16", "f32", "f64", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "boolean")


def key_name(key: Any) -> str:
    """The name of the input that a key of a sample means: the key is a name or a port."""
    return input_name(key) if hasattr(key, "get_names") else str(key)


def named(model: ov.Model | ov.CompiledModel, feed: Mapping[Any, Any]) -> dict[str, Any]:
    """A feed by the names that ours have: those of users' hooks may have any that OpenVINO takes, ports and numbers."""
    ports, names = model.inputs, by_any_name(model.inputs)
    own: dict[str, Any] = {}
    for key, value in feed.items():
        known = isinstance(key, int) and 0 <= key < len(ports)
        port = ports[key] if known else names.get(key_name(key))
        own[str(key) if port is None else input_name(port)] = value
    return own


class InputSpec:
    """An input of a model as a sample sees it: its names, shape and element type.

    Args:
        parameter: the input's node.
        batch_axis: along which the samples of a batch lie.
        batch: samples that a batch of the model has; a single one of them fits as well.

    Raises:
        ModelError: the element type is one that arrays can't have.
    """

    def __init__(self, parameter: ov.Node, batch_axis: int = 0, batch: int = 1) -> None:
        output = parameter.output(0)
        self.name = input_name(output)
        self.names: set[str] = {parameter.get_friendly_name(), *output.get_names()}
        self.shape: ov.PartialShape = output.get_partial_shape()
        self.dtype = output.get_element_type()
        if self.dtype not in [getattr(ov.Type, name) for name in _FED]:
            kind = self.dtype.get_type_name()
            raise ModelError(f"input {self.name!r} is {kind}, expected one of {', '.join(_FED)}")
        self._batch_axis, self._warned = batch_axis, False
        self._shapes, self._said = [self.shape], str(self.shape)
        if batch > 1:
            sizes = list(self.shape)
            sizes[batch_axis] = ov.Dimension(1)
            self._shapes.append(ov.PartialShape(sizes))
            self._said += f", or {self._shapes[1]} for one of its {batch} samples"

    def __getstate__(self) -> dict[str, Any]:
        """With texts in place of OpenVINO's objects, which can't be pickled."""
        texts = {"shape": str(self.shape), "dtype": self.dtype.get_type_name()}
        return {**self.__dict__, **texts, "_shapes": [str(shape) for shape in self._shapes]}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.shape, self.dtype = ov.PartialShape(state["shape"]), getattr(ov.Type, state["dtype"])
        self._shapes = [ov.PartialShape(shape) for shape in state["_shapes"]]

    def fit(self, value: Any, index: int) -> NDArray[np.generic]:
        """``value`` as a C-contiguous array of the input's dtype and rank; axes of size one may come or go.

        Raises:
            DataError: names the input, the sample, what was expected and what was found.
        """
        found = self._as_array(value, index)
        array = self._typed(found, index)
        shape = self._shape_for(array.shape)
        if shape is None:
            raise self._misfit(f"expects shape {self._said}, found {list(found.shape)}", index)
        return np.asarray(array.reshape(shape), order="C")

    def _as_array(self, value: Any, index: int) -> NDArray[Any]:
        if is_tensor(value):
            value = value.detach().cpu().numpy()
        if isinstance(value, ov.Tensor):
            return values_of(value)
        try:
            array = np.asarray(value)
        except ValueError as error:
            kind = type(value).__name__
            raise self._misfit(f"expects an array, found a {kind} of uneven parts", index) from error
        if array.dtype.name == "bfloat16":  # of ml_dtypes
            return array.astype(np.float32)
        if array.dtype.kind not in "biuf":
            kind = type(value).__name__
            raise self._misfit(f"expects numbers, found {kind} of dtype {array.dtype}", index)
        return array

    def _typed(self, array: NDArray[Any], index: int) -> NDArray[Any]:
        wanted = self._kind
        finite = array.dtype.kind != "f" or _is_finite(array)
        if not finite and not np.any(np.isfinite(array)):
            raise self._misfit("holds NaN or infinite values", index)
        if not finite and not self._warned:
            self._warned = True
            logger.warning(
                "sample %s: input %r holds NaN or infinite values beside others: they are fed as they are",
                *(index, self.name),
            )
        with np.errstate(over="ignore", invalid="ignore"):
            typed = array.astype(wanted, copy=False)
        if wanted.kind == "f":
            if finite and typed is not array and not _is_finite(typed):
                raise self._misfit(f"holds values beyond {self.dtype.get_type_name()}", index)
        elif not np.can_cast(array.dtype, wanted) and not np.array_equal(typed, array):
            fractions = array.dtype.kind == "f" and not np.array_equal(array, np.trunc(array))
            found = f"fractions in {array.dtype}" if fractions else f"{array.dtype} values beyond it"
            raise self._misfit(f"expects {self.dtype.get_type_name()}, found {found}", index)
        return packed(typed) if self.dtype == ov.Type.bf16 else typed

    def _misfit(self, said: str, index: int) -> DataError:
        return DataError(f"input {self.name!r} {said}", f"sample {index}")

    def typed(self, value: Any) -> NDArray[Any]:
        """``value``, which somebody feeds to a request, as an array that a request takes."""
        if isinstance(value, ov.Tensor):
            return np.asarray(value.data)
        array = np.asarray(value, self._kind)
        return packed(array) if self.dtype == ov.Type.bf16 else array

    @property
    def _kind(self) -> np.dtype[Any]:
        return np.dtype(np.float32 if self.dtype == ov.Type.bf16 else self.dtype.to_dtype())

    def _shape_for(self, found: tuple[int, ...]) -> Sequence[int] | None:
        """The shape in which an array is fed, None if it doesn't fit.

        An array of one axis less is a sample without its batch. Apart from that, axes of size one may be missing or
        too many where it is clear which: the others stay in their order.
        """
        if self.shape.rank.is_dynamic:
            return found
        rank, shape = self.shape.rank.get_length(), list(found)
        while len(shape) > rank and shape[0] == 1:
            del shape[0]
        if len(shape) == rank - 1:
            shape.insert(min(self._batch_axis, rank - 1), 1)
        return shape if self._takes(shape) else self._spread([size for size in found if size != 1], rank)

    def _takes(self, shape: Sequence[int]) -> bool:
        return any(own.compatible(ov.PartialShape(list(shape))) for own in self._shapes)

    def _spread(self, sizes: Sequence[int], rank: int) -> Sequence[int] | None:
        """The only shape in which these sizes, in their order, are the ones that aren't one; rather of one sample."""
        shapes = set()
        for axes in combinations(range(rank), len(sizes)):
            placed = dict(zip(axes, sizes, strict=True))
            shapes.add(tuple(placed.get(axis, 1) for axis in range(rank)))
        fitting = [shape for shape in shapes if self._takes(shape)]
        single = [shape for shape in fitting if shape[min(self._batch_axis, rank - 1)] == 1]
        chosen = single or fitting
        return chosen[0] if len(chosen) == 1 else None


def _is_finite(array: NDArray[Any]) -> bool:
    """Whether all values are; a sum that is finite tells, and is had sooner than an answer for each value."""
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(array.sum()) or np.isfinite(array).all())


class Feeder:
    """Turns the data of samples into feeds for one model.

    Args:
        model: the model to feed, compiled or not.
        batch_axis: along which the samples of a batch lie.
        parts: whether a part of the samples of a fixed batch may be fed, to be joined with others.

    Attributes:
        batch: how many samples the model takes at a time.
        by_name: each input by all of its names.
        note: what was made up for an input without data, empty while nothing was.
    """

    def __init__(self, model: ov.Model | ov.CompiledModel, batch_axis: int = 0, parts: bool = False) -> None:
        parameters = [port.get_node() for port in model.inputs]
        self.batch = fixed_batch(model, batch_axis)
        self.inputs = [InputSpec(each, batch_axis, self.batch if parts else 1) for each in parameters]
        by_port = {spec.name: spec for spec in self.inputs}
        self.by_name = {name: by_port[input_name(port)] for name, port in by_any_name(model.inputs).items()}
        self._alone = image_and_info(parameters)
        self.note = ""

    def is_of(self, model: ov.Model | ov.CompiledModel) -> bool:
        """Whether a model's inputs have the shapes that were found here; users may have reshaped it since."""
        return [spec.shape for spec in self.inputs] == [port.get_partial_shape() for port in model.inputs]

    def takes_in_order(self, item: Any) -> bool:
        """Whether an item is an array for each of several inputs, not what is fed and a label."""
        if not isinstance(item, (tuple, list)) or not len(item) == len(self.inputs) > 1:
            return False
        if self._alone is None and all(not isinstance(part, list) and is_array(part) for part in item):
            return True
        try:
            self.feed(item, 0)
        except DataError:
            return False
        return True

    def feed(self, data: Any, index: int) -> dict[str, NDArray[np.generic]]:
        """Input name -> array.

        Args:
            data: an array for the only input, a mapping of input name to array, a sequence of arrays in the order of
                the inputs where there are several, or an image where the other input is about its size.
            index: the sample's index, for messages.

        Raises:
            DataError: an input is unknown or missing, or an array doesn't fit.
        """
        if isinstance(data, Mapping):
            return self._from_mapping(data, index)
        if len(self.inputs) == 1:
            return {self.inputs[0].name: self.inputs[0].fit(data, index)}
        if isinstance(data, (tuple, list)) and len(data) == len(self.inputs):
            return {spec.name: spec.fit(value, index) for spec, value in zip(self.inputs, data, strict=True)}
        if self._alone is not None and data is not None:
            return self._from_image(data, index, self._alone)
        raise DataError(
            f"the model has inputs {[spec.name for spec in self.inputs]}, found a {type(data).__name__}, "
            "expected a dict of input name to array",
            f"sample {index}",
        )

    def _from_image(self, data: Any, index: int, inputs: ImageAndInfo) -> dict[str, NDArray[np.generic]]:
        image = self.inputs[inputs.image].fit(data, index)
        info = self.inputs[inputs.info]
        feed = {self.inputs[inputs.image].name: image, info.name: info.fit(inputs.about(image.shape), index)}
        self.note = f"input {info.name!r} has no data: it is fed height, width and scale 1 of each image"
        return feed

    def _from_mapping(self, data: Mapping[Any, Any], index: int) -> dict[str, NDArray[np.generic]]:
        feed = {}
        for key, value in data.items():
            name = key_name(key)
            if name not in self.by_name:
                raise DataError(
                    f"the model has no input {name!r}, its inputs are "
                    f"{[spec.name for spec in self.inputs]}{nearest(name, self.by_name)}",
                    f"sample {index}",
                )
            spec = self.by_name[name]
            feed[spec.name] = spec.fit(value, index)
        missing = [spec.name for spec in self.inputs if spec.name not in feed]
        if missing:
            raise DataError(
                f"no data for input {missing[0]!r}, found {[str(k) for k in data]}", f"sample {index}"
            )
        return feed


def stack(feeds: list[dict[str, NDArray[np.generic]]], axis: int = 0) -> dict[str, NDArray[np.generic]]:
    """One feed from those of a batch of samples, joined along the batch axis.

    Raises:
        DataError: samples differ in shape elsewhere.
    """
    if len(feeds) == 1:
        return feeds[0]
    joined = {}
    for name in feeds[0]:
        arrays = [feed[name] for feed in feeds]
        try:
            joined[name] = np.concatenate(arrays, axis=axis)
        except ValueError as error:
            shapes = sorted({str(list(array.shape)) for array in arrays})
            raise DataError(
                f"input {name!r}: samples of one batch must have one shape, found {', '.join(shapes)}"
            ) from error
    return joined


class Filler:
    """Feeds of the data of batches: what ``_fill_input`` does where nobody overrides it.

    Args:
        axis: along which the samples of a batch are joined.
        parts: as ``Feeder``.

    Attributes:
        indices: of the samples whose data comes next, for messages.
    """

    def __init__(self, axis: int, parts: bool) -> None:
        self._axis, self._parts = axis, parts
        self._feeder: tuple[ov.Model | ov.CompiledModel, Feeder] | None = None
        self._told: set[str] = set()
        self.indices: list[int] = []

    def fill(
        self, model: ov.Model | ov.CompiledModel, images: list[Any] | NDArray[Any]
    ) -> dict[str, NDArray[np.generic]]:
        """The feed for the data of a batch: one entry a sample, or an array of all."""
        if self._feeder is None or self._feeder[0] is not model or not self._feeder[1].is_of(model):
            self._feeder = (model, Feeder(model, self._axis, self._parts))
        feeder, indices = self._feeder[1], self.indices or [0]
        if isinstance(images, np.ndarray):
            return feeder.feed(images, indices[0])
        # A hook may have made several images of one sample.
        feeds = [feeder.feed(data, indices[min(i, len(indices) - 1)]) for i, data in enumerate(images)]
        if feeder.note:
            self.tell(feeder.note)
        return stack(feeds, self._axis)

    def tell(self, note: str) -> None:
        """Log a warning, once."""
        if note not in self._told:
            self._told.add(note)
            logger.warning("%s", note)
