"""Constants whose memory is a file, so that a model can hold more of them than fit into the process."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import openvino as ov

from openvino.tools.pot.utils.folders import working_folder
from openvino.tools.pot.utils.runtime import core

_ROOM = 1 << 28
"""Bytes of constants that stay in the process."""

_LITTLE = 1 << 20
"""The same where as few as possible stay."""


@contextmanager
def scratch(
    parent: Path, room: int = _ROOM, unnamed: bool = False
) -> Iterator[Callable[[list[ov.Node]], list[ov.Node]]]:
    """What moves constants into files of a hidden folder, which is gone afterwards.

    Where this process dies, whoever writes to the parent next clears it away.

    OpenVINO maps the files that it reads models from. A model with such constants may be saved within the block, and
    is of no use after it where files can't be removed from under those who map them.

    Args:
        parent: of the folder.
        room: bytes of constants that stay as they are before others are moved.
        unnamed: whether files lose their names at once, so that nothing is left where this process dies.

    Yields:
        Gives constants of the same values and names.
    """
    with working_folder(parent) as folder:
        numbers, held = count(), [0]

        def moved(constants: list[ov.Node]) -> list[ov.Node]:
            held[0] += sum(node.get_byte_size() for node in constants)
            if held[0] <= room:
                return constants
            held[0] -= sum(node.get_byte_size() for node in constants)
            file = folder / f"{next(numbers)}.xml"
            ov.save_model(ov.Model(constants, []), file, compress_to_fp16=False)
            results = core().read_model(file).get_results()
            for path in (file, file.with_suffix(".bin")) if unnamed else ():
                path.unlink()
            found = [result.input_value(0).get_node() for result in results]
            for new, old in zip(found, constants, strict=True):
                new.set_friendly_name(old.get_friendly_name())
            return found

        yield moved


@contextmanager
def unnamed_files() -> Iterator[Callable[[list[ov.Node]], list[ov.Node]] | None]:
    """What moves constants into temporary files that have no name any more, and are gone with whoever maps them.

    Yields:
        Gives constants of the same values and names; None where files can't be removed from under those who map them.
    """
    if sys.platform != "linux":
        yield None
        return
    with (
        tempfile.TemporaryDirectory(prefix="openvino-pot-") as folder,
        scratch(Path(folder), _LITTLE, unnamed=True) as moved,
    ):
        yield moved
