"""Frames of utterances, as Kaldi's archives hold them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PositiveInt, field_validator, model_validator

from openvino.tools.pot.api.data_loader import DataLoader
from openvino.tools.pot.api.samples.speech.ark import kaldiio, read_ark, rows
from openvino.tools.pot.api.samples.utils.configurations import Existing, checked
from openvino.tools.pot.configs.validation import Parameters
from openvino.tools.pot.utils.errors import ConfigError, DataError

Floats = NDArray[np.float32]
Matrices = dict[str, Floats]


@dataclass(frozen=True)
class Utterance:
    """What is heard in one go; a network with a state begins anew with each.

    Attributes:
        name: as the archive has it.
        frames: the indices of its frames in the loader.
    """

    name: str
    frames: range


class _Config(Parameters):
    data_source: Existing
    input_names: list[str] = Field(min_length=1)
    input_shapes: list[list[PositiveInt]] = Field(default=[])
    input_files: list[str] = Field(default=[])
    targets: Any = None

    @field_validator("targets")
    @classmethod
    def _file_or_arrays(cls, value: Any) -> Any:
        if isinstance(value, Mapping):
            return value
        if not isinstance(value, (str, Path)):
            raise ValueError(f"expected an .ark file or a mapping of utterances to arrays, found {value!r}")
        path = Path(value).expanduser()
        if not path.is_file():
            raise ValueError(f"file {str(value)!r} does not exist")
        return path

    @model_validator(mode="after")
    def _one_for_each_input(self) -> _Config:
        count = len(self.input_names)
        if count > 1 and not self.input_files:
            raise ValueError(
                f"input_files is missing, expected the name of a file for each of the {count} input_names"
            )
        for key, given in (("input_shapes", self.input_shapes), ("input_files", self.input_files)):
            if given and len(given) != count:
                raise ValueError(
                    f"{key} has {len(given)} entries, expected one for each of the {count} input_names"
                )
        return self


class ArkDataLoader(DataLoader):
    """Gives the frames of all utterances, one after the other.

    An item is, as POT's, ``{input name: frame}`` in float32; with ``targets`` it is the pair of that and the frame's
    target, ``[values]``. All files are read when the loader is made, and kept in memory.

    Args:
        config: ``data_source``, a folder with .ark files, or one such file; ``input_names``, a list of the model's
            inputs; ``input_shapes``, a list with the shape of a frame for each of them, or ``[]`` for frames as
            they are; ``input_files``, the name without ``.ark`` of the file for each input. Without it, all files are
            of the only input. ``targets``, what is right for each frame: an .ark file, or a mapping of the
            utterances' names to arrays ``[frames]`` or ``[frames, values]``.

    Raises:
        ConfigError: a key or a value is not as expected, the folder or a file is missing, or so is kaldiio.
        DataError: a file can't be read, or inputs or targets have other frames than the first input.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(config)
        kaldiio()  # so that a missing package is named before a missing file
        given = checked(_Config, config, self, ArkDataLoader)
        names = given.input_names
        self._shapes = dict(zip(names, given.input_shapes, strict=bool(given.input_shapes)))
        inputs = {name: _joined(files) for name, files in _files(given).items()}
        first = inputs[names[0]]
        for name, matrices in inputs.items():
            _check_frames(f"input {name!r}", matrices, names[0], first)
        self._utterances = _utterances(first)
        self._frames = {name: np.concatenate(list(matrices.values())) for name, matrices in inputs.items()}
        self._check_shapes()
        self._targets = _targets(given.targets, names[0], first)

    @property
    def utterances(self) -> tuple[Utterance, ...]:
        """All utterances, in the order of their frames."""
        return self._utterances

    def __len__(self) -> int:
        """Number of frames of all utterances together."""
        return self._utterances[-1].frames.stop

    def __getitem__(self, index: int) -> Any:
        """The frame at ``index``."""
        if not 0 <= index < len(self):
            raise IndexError(f"there is no frame {index}, expected 0 to {len(self) - 1}")
        frame = {name: self._shaped(name, frames[index]) for name, frames in self._frames.items()}
        return frame if self._targets is None else (frame, self._targets[index])

    def _shaped(self, name: str, frame: Floats) -> Floats:
        shape = self._shapes.get(name)
        return frame if shape is None else frame.reshape(shape)

    def _check_shapes(self) -> None:
        for name, shape in self._shapes.items():
            size = self._frames[name].shape[1]
            if prod(shape) != size:
                raise ConfigError(
                    f"ArkDataLoader: input_shapes: {name!r} has the shape {list(shape)}, frames of its file have "
                    f"{size} values"
                )


def _files(given: _Config) -> dict[str, list[Path]]:
    """The archives of each input."""
    source, names = given.data_source, given.input_names
    if given.input_files:
        return _named_files(source, names, given.input_files)
    files = sorted(source.glob("*.ark")) if source.is_dir() else [source]
    if not files:
        raise ConfigError(f"ArkDataLoader: there is no .ark file in {str(source)!r}")
    return {names[0]: files}


def _named_files(source: Path, names: Sequence[str], files: Sequence[str]) -> dict[str, list[Path]]:
    folder = source if source.is_dir() else source.parent
    found = {name: [folder / f"{file}.ark"] for name, file in zip(names, files, strict=True)}
    for (path,) in found.values():
        if not path.is_file():
            raise ConfigError(f"ArkDataLoader: input_files: {str(path)!r} does not exist")
    return found


def _joined(files: Sequence[Path]) -> Matrices:
    """The utterances of several archives."""
    found: Matrices = {}
    for path in files:
        matrices = read_ark(path)
        width = next(iter(found.values()), next(iter(matrices.values()))).shape[1]
        for name, matrix in matrices.items():
            if name in found:
                raise DataError(f"archive {str(path)!r} has the utterance {name!r}, as one before it does")
            if matrix.shape[1] != width:
                raise DataError(
                    f"archive {str(path)!r}: frames of {name!r} have {matrix.shape[1]} values, expected {width} as in "
                    "the first utterance"
                )
        found |= matrices
    if not any(len(matrix) for matrix in found.values()):
        raise DataError(f"archive {str(files[0])!r} has no frames, expected at least one")
    return found


def _check_frames(what: str, matrices: Matrices, first_name: str, first: Matrices) -> None:
    """Raise an error unless utterances and frames are those of the first input."""
    lengths, expected = ({name: len(each) for name, each in part.items()} for part in (matrices, first))
    for name in [*expected, *lengths]:
        if lengths.get(name) != expected.get(name):
            raise DataError(
                f"ArkDataLoader: {what} has {lengths.get(name, 'no')} frames of utterance {name!r}, input "
                f"{first_name!r} has {expected.get(name, 'none')}"
            )
    if list(lengths) != list(expected):
        raise DataError(
            f"ArkDataLoader: {what} has its utterances in another order than input {first_name!r}"
        )


def _utterances(matrices: Matrices) -> tuple[Utterance, ...]:
    ends = np.cumsum([len(each) for each in matrices.values()]).tolist()
    starts = [0, *ends[:-1]]
    return tuple(
        Utterance(name, range(start, end))
        for name, start, end in zip(matrices, starts, ends, strict=True)
        if end > start
    )


def _targets(value: Mapping[str, Any] | Path | None, first_name: str, first: Matrices) -> Floats | None:
    if value is None:
        return None
    if isinstance(value, Mapping):
        given = {name: _target(name, each) for name, each in value.items()}
    else:
        given = read_ark(value)
    ordered = {name: given[name] for name in first if name in given} | given
    _check_frames("targets", ordered, first_name, first)
    widths = {name: each.shape[1] for name, each in ordered.items()}
    if len(set(widths.values())) > 1:
        raise DataError(f"ArkDataLoader: targets have {widths} values, expected as many for each utterance")
    return np.concatenate(list(ordered.values()))


def _target(name: str, value: Any) -> Floats:
    try:
        array = np.asarray(value, np.float32)
    except (TypeError, ValueError):
        array = np.zeros((), np.float32)
    if array.ndim not in (1, 2):
        raise DataError(
            f"ArkDataLoader: targets of utterance {name!r}: expected numbers, [frames] or [frames, values]"
        )
    return np.asarray(rows(array), np.float32)
