"""Data loaders over files: one file a sample, or one file with all samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.api.data_loader import DataLoader
from openvino.tools.pot.data_loaders.deciding import Decision
from openvino.tools.pot.data_loaders.feeding import Feeding, measured
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
        decision: how images are fed, where there is one input of them.
        images: its name where samples are by input name.
    """

    def __init__(
        self, samples: Samples | Mapping[str, Samples], decision: Decision | None = None, images: str = ""
    ) -> None:
        super().__init__()
        self._samples, self._decision, self._images = samples, decision, images

    @property
    def reader(self) -> ImageReader | None:
        """Reads the images; None where there are none."""
        return None if self._decision is None else self._decision.reader

    @cached_property
    def feeding(self) -> Feeding | None:
        """How images are fed, and who says so: a line as a text; None where samples are arrays."""
        if self._decision is None:
            return None
        return measured(self.image, self.pictures, self._decision)

    @property
    def pictures(self) -> Sequence[int]:
        """The indices of the samples that are images; files of arrays may lie among them."""
        files = self._files
        if self._decision is None or files is None:
            return range(0 if self._decision is None else len(self))
        return [index for index, path in enumerate(files.paths) if path.suffix.lower() not in ARRAYS]

    def shapes(self) -> Iterator[tuple[int, tuple[int, ...]]]:
        """The shape in which each image is fed, by its index, as far as the heads of files tell it."""
        if self._files is not None and self.reader is not None:
            for index in self.pictures:
                with suppress(DataError):  # which comes again when the sample is needed
                    yield index, self.reader.shape(self._files.paths[index])

    def origin(self, index: int) -> str:
        """Where a sample comes from: its file, empty for one that is made."""
        return "" if self._files is None else str(self._files.paths[index])

    @property
    def _files(self) -> Files | None:
        samples = self._samples
        found = samples.get(self._images) if isinstance(samples, Mapping) else samples
        return found if isinstance(found, Files) else None

    def image(self, index: int) -> NDArray[Any]:
        """An image as it is fed.

        Raises:
            DataError: its file can't be read.
        """
        sample = self[index][0]
        return np.asarray(sample[self._images] if isinstance(sample, Mapping) else sample)

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

    @property
    def paths(self) -> Sequence[Path]:
        """Of the files."""
        return self._paths

    def __getitem__(self, index: int) -> Loaded:
        path = self._paths[index]
        if path.suffix.lower() in ARRAYS:
            return load_arrays(path, self._inputs)
        assert self._reader is not None
        return self._reader.read(path, index)


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
