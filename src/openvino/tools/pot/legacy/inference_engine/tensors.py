"""Precisions and layouts by their names of the time, and blobs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot.utils.errors import ConfigError, DataError, nearest

PRECISIONS = {
    "FP64": ov.Type.f64,
    "FP32": ov.Type.f32,
    "FP16": ov.Type.f16,
    "BF16": ov.Type.bf16,
    "I64": ov.Type.i64,
    "I32": ov.Type.i32,
    "I16": ov.Type.i16,
    "I8": ov.Type.i8,
    "I4": ov.Type.i4,
    "U64": ov.Type.u64,
    "U32": ov.Type.u32,
    "U16": ov.Type.u16,
    "U8": ov.Type.u8,
    "U4": ov.Type.u4,
    "BIN": ov.Type.u1,
    "BOOL": ov.Type.boolean,
}
# Those whose values have no numpy type of their own.
_NOT_IN_ARRAYS = ("BF16", "I4", "U4", "BIN")
_NAMES = {kind.get_type_name(): name for name, kind in PRECISIONS.items()}

# Of each rank: the layout that shapes are given in, then those in which values may lie in memory instead.
_LAYOUTS: tuple[tuple[str, ...], ...] = (
    ("SCALAR",),
    ("C",),
    ("NC", "CN"),
    ("CHW", "HWC"),
    ("NCHW", "NHWC"),
    ("NCDHW", "NDHWC"),
)
# Names for what lies in memory as the shape says.
_PLAIN = {"HW": 2, "OIHW": 4, "OIDHW": 5, "GOIHW": 5, "GOIDHW": 6}


def precision_name(kind: ov.Type) -> str:
    """What the Inference Engine called an element type, such as ``FP32``."""
    return _NAMES.get(kind.get_type_name(), "UNSPECIFIED")


def checked_precision(name: str) -> str:
    """The name itself.

    Raises:
        ConfigError: there is no precision of this name, or numpy has none.
    """
    known = [each for each in PRECISIONS if each not in _NOT_IN_ARRAYS]
    if name not in known:
        raise ConfigError(f"precision is {name!r}, expected one of {', '.join(known)}{nearest(name, known)}")
    return name


def default_layout(rank: int) -> str:
    """The layout in which a shape of this rank is given."""
    return _LAYOUTS[rank][0] if rank < len(_LAYOUTS) else "BLOCKED"


def checked_layout(name: str, rank: int) -> str:
    """The layout as it is to be remembered: the default one for ``ANY``.

    Raises:
        ConfigError: a tensor of this rank can't have it.
    """
    usual = default_layout(rank)
    allowed = _LAYOUTS[rank] if rank < len(_LAYOUTS) else (usual,)
    if name == "ANY":
        return usual
    if name in allowed or _PLAIN.get(name) == rank:
        return name
    raise ConfigError(f"layout is {name!r}, expected one of {', '.join(allowed)} for {rank} dimensions")


def permuted(layout: str) -> bool:
    """Whether values lie in memory in another order than the shape says."""
    return any(layout in layouts[1:] for layouts in _LAYOUTS)


def in_memory(dims: Sequence[int], layout: str) -> list[int]:
    """Dimensions in the order in which the layout stores them."""
    if not permuted(layout):
        return list(dims)
    usual = default_layout(len(dims))
    return [dims[usual.index(letter)] for letter in layout]


class TensorDesc:
    """Precision, dimensions and layout of a tensor; dimensions are in the order of the default layout."""

    def __init__(self, precision: str, dims: Sequence[int], layout: str) -> None:
        self.dims = dims
        self.precision = precision
        self.layout = layout

    @property
    def dims(self) -> list[int]:
        """The dimensions."""
        return list(self._dims)

    @dims.setter
    def dims(self, dims: Sequence[int]) -> None:
        self._dims = [int(size) for size in dims]

    @property
    def precision(self) -> str:
        """The precision, such as ``FP32``."""
        return self._precision

    @precision.setter
    def precision(self, precision: str) -> None:
        self._precision = checked_precision(precision)

    @property
    def layout(self) -> str:
        """The layout, such as ``NCHW``."""
        return self._layout

    @layout.setter
    def layout(self, layout: str) -> None:
        self._layout = checked_layout(layout, len(self._dims))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TensorDesc) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment] # it may change

    def __repr__(self) -> str:
        return f"TensorDesc({self.precision!r}, {self.dims}, {self.layout!r})"


class Blob:
    """Memory of a tensor, which is that of ``array`` where it is given and lies in one piece.

    Raises:
        DataError: the array has another number of elements, or another type, than the description.
    """

    def __init__(self, tensor_desc: TensorDesc | None = None, array: NDArray[Any] | None = None) -> None:
        if tensor_desc is None:
            raise ConfigError("Blob: there is no 'tensor_desc', expected a TensorDesc")
        self._desc = deepcopy(tensor_desc)
        kind = numpy_type(tensor_desc.precision)
        if array is None:
            array = np.zeros(math.prod(tensor_desc.dims), kind)
            self._shape: tuple[int, ...] = tuple(tensor_desc.dims) or (1,)
        else:
            if array.size != math.prod(tensor_desc.dims):
                raise DataError(f"Blob: the array has {array.size} elements, expected those of {tensor_desc}")
            if array.dtype != kind:
                raise DataError(f"Blob: the array is {array.dtype}, expected {kind} for {tensor_desc}")
            self._shape = array.shape
        self.memory: NDArray[Any] = np.ascontiguousarray(array).reshape(-1)

    @classmethod
    def over(cls, desc: TensorDesc, array: NDArray[Any]) -> Blob:
        """A blob over the memory of a tensor, which is of the type and size of ``desc``."""
        blob = cls.__new__(cls)
        blob._desc, blob.memory, blob._shape = desc, array.reshape(-1), tuple(desc.dims) or (1,)
        return blob

    @property
    def buffer(self) -> NDArray[Any]:
        """The memory as an array: what is written to it is in the blob."""
        return self.memory.reshape(self._shape)

    @property
    def tensor_desc(self) -> TensorDesc:
        """A copy of the description."""
        return deepcopy(self._desc)

    def set_shape(self, new_shape: Sequence[int]) -> None:
        """Give the blob other dimensions, and memory of their size; values are lost if that differs."""
        self._desc.dims = new_shape
        self._shape = tuple(self._desc.dims)
        if math.prod(self._shape) != self.memory.size:
            self.memory = np.zeros(math.prod(self._shape), self.memory.dtype)


def numpy_type(precision: str) -> np.dtype[Any]:
    """The type of arrays that hold values of a precision."""
    kind: np.dtype[Any] = np.dtype(PRECISIONS[precision].to_dtype())
    return kind
