"""Frames of utterances, as Kaldi's archives hold them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.api.data_loader import DataLoader
from openvino.tools.pot.api.samples.speech.ark import kaldiio, read_ark, rows
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
        names = _names(config, "input_names")
        self._shapes = _shapes(config.get("input_shapes"), names)
        inputs = {name: _joined(files) for name, files in _files(config, names).items()}
        first = inputs[names[0]]
        for name, matrices in inputs.items():
            _check_frames(f"input {name!r}", matrices, names[0], first)
        self._utterances = _utterances(first)
        self._frames = {name: np.concatenate(list(matrices.values())) for name, matrices in inputs.items()}
        self._check_shapes()
        self._targets = _targets(config.get("targets"), names[0], first)

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


def _names(config: Mapping[str, Any], key: str) -> list[str]:
    names = config.get(key)
    if not isinstance(names, (list, tuple)) or not names or not all(isinstance(each, str) for each in names):
        raise ConfigError(f"ArkDataLoader: {key} is {names!r}, expected a list of names")
    return list(names)


def _shapes(value: Any, names: Sequence[str]) -> dict[str, tuple[int, ...]]:
    if not value:
        return {}
    if not isinstance(value, (list, tuple)) or len(value) != len(names):
        raise ConfigError(
            f"ArkDataLoader: input_shapes is {value!r}, expected one shape for each of the {len(names)} input_names"
        )
    for shape in value:
        sizes = shape if isinstance(shape, (list, tuple)) else [None]
        if not all(isinstance(size, int) and size > 0 for size in sizes):
            raise ConfigError(f"ArkDataLoader: input_shapes has {shape!r}, expected a list of whole numbers")
    return {name: tuple(shape) for name, shape in zip(names, value, strict=True)}


def _files(config: Mapping[str, Any], names: Sequence[str]) -> dict[str, list[Path]]:
    """The archives of each input."""
    if not config.get("data_source"):
        raise ConfigError("ArkDataLoader: data_source is missing from its configuration")
    if not isinstance(config["data_source"], (str, Path)):
        raise ConfigError(f"ArkDataLoader: data_source is {config['data_source']!r}, expected a path")
    source = Path(config["data_source"]).expanduser()
    if not source.exists():
        raise ConfigError(f"ArkDataLoader: data_source: {str(source)!r} does not exist")
    if config.get("input_files"):
        return _named_files(source, names, _names(config, "input_files"))
    if len(names) > 1:
        raise ConfigError(
            f"ArkDataLoader: input_files is missing, expected the name of a file for each of the {len(names)} "
            "input_names"
        )
    files = sorted(source.glob("*.ark")) if source.is_dir() else [source]
    if not files:
        raise ConfigError(f"ArkDataLoader: there is no .ark file in {str(source)!r}")
    return {names[0]: files}


def _named_files(source: Path, names: Sequence[str], files: Sequence[str]) -> dict[str, list[Path]]:
    if len(files) != len(names):
        raise ConfigError(
            f"ArkDataLoader: input_files has {len(files)} names, expected one for each of the {len(names)} input_names"
        )
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


def _targets(value: Any, first_name: str, first: Matrices) -> Floats | None:
    if value is None:
        return None
    if isinstance(value, Mapping):
        given = {name: _target(name, each) for name, each in value.items()}
    elif not isinstance(value, (str, Path)):
        raise ConfigError(
            f"ArkDataLoader: targets is {value!r}, expected an .ark file or a mapping of utterances to arrays"
        )
    elif Path(value).expanduser().is_file():
        given = read_ark(Path(value).expanduser())
    else:
        raise ConfigError(f"ArkDataLoader: targets: file {str(value)!r} does not exist")
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
