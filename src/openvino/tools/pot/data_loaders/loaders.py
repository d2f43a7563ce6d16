"""Data loaders over files: one file a sample, or one file with all samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.api.data_loader import DataLoader
from openvino.tools.pot.data_loaders.images import ImageReader
from openvino.tools.pot.datasets.files import ARRAYS
from openvino.tools.pot.engines.feeding import InputSpec
from openvino.tools.pot.utils.errors import DataError, nearest, reason

_NAMELESS = "arr_0"
"""What NumPy calls an array that it was given without a name."""

Loaded = NDArray[Any] | Mapping[str, NDArray[Any]]


class Samples(Protocol):
    """Arrays, or mappings of input name to array, by index."""

    def __len__(self) -> int:
        """How many there are."""
        ...

    def __getitem__(self, index: int) -> Loaded:
        """One of them."""
        ...


class FileLoader(DataLoader):
    """Samples without labels.

    Args:
        samples: of all inputs, or by input name, as many of each.
    """

    def __init__(self, samples: Samples | Mapping[str, Samples]) -> None:
        super().__init__()
        self._samples = samples

    def __len__(self) -> int:
        if isinstance(self._samples, Mapping):
            return len(next(iter(self._samples.values())))
        return len(self._samples)

    def __getitem__(self, index: int) -> tuple[Any, None]:
        if isinstance(self._samples, Mapping):
            return {name: samples[index] for name, samples in self._samples.items()}, None
        return self._samples[index], None


class Files:
    """One sample in each file.

    Args:
        paths: images, ``.npy`` and ``.npz``.
        reader: for images.
        inputs: of the model, which the arrays of a ``.npz`` are for; None: they are for one.
    """

    def __init__(
        self, paths: Sequence[Path], reader: ImageReader | None, inputs: Sequence[InputSpec] | None = None
    ) -> None:
        self._paths, self._reader, self._inputs = paths, reader, inputs

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, index: int) -> Loaded:
        path = self._paths[index]
        if path.suffix.lower() in ARRAYS:
            return load_arrays(path, self._inputs)
        assert self._reader is not None
        return self._reader.read(path)


class Rows:
    """The samples along the first axis of arrays.

    Args:
        arrays: one, or several by input name.
    """

    def __init__(self, arrays: Loaded) -> None:
        self._arrays = arrays

    def __len__(self) -> int:
        first = next(iter(self._arrays.values())) if isinstance(self._arrays, Mapping) else self._arrays
        return len(first)

    def __getitem__(self, index: int) -> Loaded:
        if isinstance(self._arrays, Mapping):
            return {name: array[index] for name, array in self._arrays.items()}
        return np.asarray(self._arrays[index])


def load_arrays(path: Path, inputs: Sequence[InputSpec] | None = None) -> Loaded:
    """The array of a ``.npy``, read as it is needed, or the arrays of a ``.npz`` by name, its only one by itself.

    Args:
        path: of the file.
        inputs: of the model, which the arrays of a ``.npz`` are for; None: it is for one, whatever the array is called.

    Raises:
        DataError: the file can't be read, or would need to be unpickled, or an array of it is for no input.
    """
    try:
        found = np.load(path, mmap_mode="r", allow_pickle=False)
        if isinstance(found, np.ndarray):
            return found
        with found:
            arrays = {name: found[name] for name in found.files}
    except Exception as error:  # of formats within formats
        raise DataError(f"file {str(path)!r} can't be read: {reason(error)}") from error
    if not arrays:
        raise DataError(f"file {str(path)!r} holds no array")
    if inputs is not None:
        _check_names(path, arrays, inputs)
    return next(iter(arrays.values())) if len(arrays) == 1 else arrays


def _check_names(path: Path, arrays: Mapping[str, NDArray[Any]], inputs: Sequence[InputSpec]) -> None:
    known = {name for spec in inputs for name in spec.names}
    if len(inputs) == len(arrays) == 1:
        known.add(_NAMELESS)
    strange = [name for name in arrays if name not in known]
    if strange:
        raise DataError(
            f"file {str(path)!r} holds {list(arrays)}, expected an array for each input by name: the model has the "
            f"inputs {[spec.name for spec in inputs]}{nearest(strange[0], known)}"
        )
