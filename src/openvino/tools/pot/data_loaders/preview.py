"""The first images as they are fed, to be looked at."""

from __future__ import annotations

from pathlib import Path

from openvino.tools.pot.data_loaders.loaders import FileLoader
from openvino.tools.pot.datasets.images import pillow
from openvino.tools.pot.utils.errors import ConfigError, DataError, reason
from openvino.tools.pot.utils.folders import move_in, target_folder, working_folder

COUNT = 8
_STEM, _TEXT = "fed_", "feeding.txt"


def store_preview(loader: FileLoader, folder: Path) -> int:
    """Store the first images of a loader, and a text with the range of each; all of them are there then, or none.

    Those of an earlier preview are replaced, other files are left.

    Args:
        loader: of images.
        folder: is made where it is absent.

    Returns:
        How many images there are.

    Raises:
        ConfigError: the loader has no images.
        DataError: an image can't be read, or the folder can't be written.
    """
    reader = loader.reader
    if reader is None:
        raise ConfigError("a preview is of images, the samples are arrays")
    pictures = loader.pictures[:COUNT]
    names, lines = [], [str(loader.feeding)]
    try:
        with target_folder(folder), working_folder(folder) as work:
            for number, index in enumerate(pictures):
                fed = loader.image(index)
                names.append(f"{_STEM}{number}.png")
                pixels = reader.as_seen(fed)
                pillow().fromarray(pixels[..., 0] if reader.channels == 1 else pixels).save(work / names[-1])
                low, high = float(fed.min()), float(fed.max())
                lines.append(
                    f"{names[-1]}: {low:.4g} to {high:.4g}, {fed.dtype}, {list(fed.shape)}, {loader.origin(index)}"
                )
            (work / _TEXT).write_text("\n".join([*lines, ""]), encoding="utf-8")
            move_in(work, [*names, _TEXT])
            for stale in set(folder.glob(f"{_STEM}[0-9].png")) - {folder / name for name in names}:
                stale.unlink()
    except OSError as error:
        raise DataError(f"a preview can't be written to folder {str(folder)!r}: {reason(error)}") from error
    return len(pictures)
