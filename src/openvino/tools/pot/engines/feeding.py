"""Fitting the arrays of a sample to the inputs of a model, or saying clearly why they don't fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot.engines.items import is_tensor
from openvino.tools.pot.utils.errors import DataError, ModelError, nearest

# Types that NumPy has too.
_FED = ("f16", "f32", "f64", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "boolean")


def key_name(key: Any) -> str:
    """The name of the input that a key of a sample means: the key is a name or a port."""
    return str(key.get_any_name()) if hasattr(key, "get_any_name") else str(key)


class InputSpec:
    """An input of a model as a sample sees it: its names, shape and element type.

    Raises:
        ModelError: the element type is one that arrays can't have.
    """

    def __init__(self, parameter: ov.Node) -> None:
        output = parameter.output(0)
        self.name: str = parameter.get_friendly_name()
        self.names: set[str] = {self.name, *output.get_names()}
        self.shape: ov.PartialShape = output.get_partial_shape()
        self.dtype = output.get_element_type()
        if self.dtype not in [getattr(ov.Type, name) for name in _FED]:
            kind = self.dtype.get_type_name()
            raise ModelError(f"input {self.name!r} is {kind}, expected one of {', '.join(_FED)}")

    def fit(self, value: Any, index: int) -> NDArray[np.generic]:
        """``value`` as a C-contiguous array of the input's dtype and rank.

        Raises:
            DataError: names the input, the sample, what was expected and what was found.
        """
        found = self._as_array(value, index)
        array = self._ranked(self._typed(found, index))
        if not self.shape.compatible(ov.PartialShape(list(array.shape))):
            raise DataError(
                f"sample {index}: input {self.name!r} expects shape {self.shape}, found {list(found.shape)}"
            )
        return np.asarray(array, order="C")

    def _as_array(self, value: Any, index: int) -> NDArray[Any]:
        if is_tensor(value):
            value = value.detach().cpu().numpy()
        try:
            array = np.asarray(value)
        except ValueError as error:
            raise DataError(
                f"sample {index}: input {self.name!r} expects an array, found a {type(value).__name__} of uneven parts"
            ) from error
        if array.dtype.kind not in "biuf":
            raise DataError(
                f"sample {index}: input {self.name!r} expects numbers, found {type(value).__name__} "
                f"of dtype {array.dtype}"
            )
        return array

    def _typed(self, array: NDArray[Any], index: int) -> NDArray[Any]:
        wanted, where = np.dtype(self.dtype.to_dtype()), f"sample {index}: input {self.name!r}"
        if array.dtype.kind == "f" and not _is_finite(array):
            raise DataError(f"{where} holds NaN or infinite values")
        with np.errstate(over="ignore", invalid="ignore"):
            typed = array.astype(wanted, copy=False)
        if wanted.kind == "f":
            if typed is not array and not _is_finite(typed):
                raise DataError(f"{where} holds values beyond {self.dtype.get_type_name()}")
        elif not np.can_cast(array.dtype, wanted) and not np.array_equal(typed, array):
            fractions = array.dtype.kind == "f" and not np.array_equal(array, np.trunc(array))
            found = f"fractions in {array.dtype}" if fractions else f"{array.dtype} values beyond it"
            raise DataError(f"{where} expects {self.dtype.get_type_name()}, found {found}")
        return typed

    def _ranked(self, array: NDArray[Any]) -> NDArray[Any]:
        if self.shape.rank.is_dynamic:
            return array
        rank = self.shape.rank.get_length()
        if array.ndim == rank - 1:
            return array[None]
        while array.ndim > rank and array.shape[0] == 1:
            array = array[0]
        return array


def _is_finite(array: NDArray[Any]) -> bool:
    """Whether all values are; a sum that is finite tells, and is had sooner than an answer for each value."""
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(array.sum()) or np.isfinite(array).all())


class Feeder:
    """Turns the data of samples into feeds for one model.

    Args:
        model: the model to feed, compiled or not.
    """

    def __init__(self, model: ov.Model | ov.CompiledModel) -> None:
        self.inputs = [InputSpec(port.get_node()) for port in model.inputs]
        self._by_name = {name: spec for spec in self.inputs for name in spec.names}

    def is_of(self, model: ov.Model | ov.CompiledModel) -> bool:
        """Whether a model's inputs have the shapes that were found here; users may have reshaped it since."""
        return [spec.shape for spec in self.inputs] == [port.get_partial_shape() for port in model.inputs]

    def feed(self, data: Any, index: int) -> dict[str, NDArray[np.generic]]:
        """Input name -> array.

        Args:
            data: an array for the only input, a mapping of input name to array, or a sequence of arrays in
                the order of the inputs where there are several.
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
        raise DataError(
            f"sample {index}: the model has inputs {[spec.name for spec in self.inputs]}, found a "
            f"{type(data).__name__}, expected a dict of input name to array"
        )

    def _from_mapping(self, data: Mapping[Any, Any], index: int) -> dict[str, NDArray[np.generic]]:
        feed = {}
        for key, value in data.items():
            name = key_name(key)
            if name not in self._by_name:
                raise DataError(
                    f"sample {index}: the model has no input {name!r}, its inputs are "
                    f"{[spec.name for spec in self.inputs]}{nearest(name, self._by_name)}"
                )
            spec = self._by_name[name]
            feed[spec.name] = spec.fit(value, index)
        missing = [spec.name for spec in self.inputs if spec.name not in feed]
        if missing:
            raise DataError(
                f"sample {index}: no data for input {missing[0]!r}, found {[str(k) for k in data]}"
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
