"""Networks of other kinds, from packages of the Python index; they are for judging, never for tuning.

No default was chosen by what these networks make of it, so their figures say how well the defaults carry over.
Like a zoo's module, this one has ``names`` and ``load``; its root is the folder where downloads are kept. Samples
are real where a package has some; speech comes from ``espeak-ng``, a program that must be installed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from entries import Entry, chosen

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples"))  # where common is
from . import captchas, faces, files, music, speech

_LOADERS: Mapping[str, Callable[[Path], Entry]] = {
    "captcha_detection": captchas.detection,
    "captcha_recognition": captchas.recognition,
    "face_onet": faces.onet,
    "face_rnet": faces.rnet,
    "filetype_magika": files.magika,
    "music_basic_pitch": music.basic_pitch,
    "speech_dnsmos": speech.dnsmos,
    "speech_silero_vad": speech.silero_vad,
}


def names(_root: Path) -> list[str]:
    """The names of the entries."""
    return list(_LOADERS)


def load(name: str, root: Path) -> Entry:
    """An entry; downloads what is not in the folder yet."""
    return _LOADERS[name](root)


def entries(root: Path, wanted: Sequence[str] = ()) -> Iterator[Entry]:
    """All entries, or those that are wanted."""
    for name in chosen(names(root), wanted):
        yield load(name, root)
