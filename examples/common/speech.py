"""Speech at known times in noise, spoken by the program espeak-ng, so that the truth about each frame is exact."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from common.features import RATE, centres, frames_of, log_mel
from openvino.tools.pot.api.samples.speech.ark import write_ark
from openvino.tools.pot.utils.errors import DataError

Part = Literal["training", "evaluation"]
Sound = NDArray[np.float64]

_VOICES: dict[Part, tuple[str, ...]] = {
    "training": tuple(
        f"{language}+{speaker}"
        for language in ("en-us", "en-gb", "de", "es", "it", "nl")
        for speaker in ("m1", "m2", "m3", "m4", "f1", "f2", "f3")
    ),
    "evaluation": tuple(
        f"{language}+{speaker}"
        for language in ("en-gb-x-rp", "en-gb-scotland", "fr", "pl")
        for speaker in ("m5", "m6", "m7", "f4", "f5")
    ),
}
_WORDS: dict[Part, str] = {
    "training": """river garden window seven mountain yellow paper quick silver orange morning shadow basket thunder
        little kitchen wagon forest button velvet cousin hammer pocket singer ladder bridge chapter dozen engine
        feather giant honey island jacket kettle lemon marble needle ocean pepper question rabbit school tiger
        umbrella village whisper zebra often under going better choose father""",
    "evaluation": """station harbour picture eleven candle purple castle doctor winter dragon meadow sailor copper
        violin market cotton pilot summer turtle anchor blanket fountain gallop hollow journey lantern monkey never
        pilgrim quarrel ribbon saddle tunnel useful""",
}
_STEP, _SEEN = 512, 64  # samples of a frame of sound, and those of the one before
_PHRASES: dict[Part, int] = {"training": 400, "evaluation": 80}


@dataclass(frozen=True)
class Clip:
    """A sound, and where in it somebody speaks.

    Attributes:
        sound: float64, ``[samples]``, at 16 kHz, from -1 to 1.
        speech: bool, ``[samples]``.
    """

    sound: Sound
    speech: NDArray[np.bool_]

    @property
    def truth(self) -> NDArray[np.float32]:
        """1 for each frame in whose middle somebody speaks, else 0: ``[frames]``."""
        return self.speech[centres(frames_of(len(self.sound)))].astype(np.float32)


def clip(part: Part, random: np.random.Generator, seconds: float) -> Clip:
    """Phrases with pauses between them, in noise of some colour that is 0 to 15 dB below them.

    Args:
        part: other voices and other words for each of them.
        random: decides about everything.
        seconds: how long it is.

    Raises:
        DataError: espeak-ng is not installed.
    """
    spoken, speech = np.zeros(int(seconds * RATE)), np.zeros(int(seconds * RATE), np.bool_)
    place = int(random.uniform(0.1, 0.8) * RATE)
    while place < len(spoken):
        phrase = phrases(part)[random.integers(_PHRASES[part])][: len(spoken) - place]
        spoken[place : place + len(phrase)] = phrase * random.uniform(0.5, 1)
        speech[place : place + len(phrase)] = True
        place += len(phrase) + int(random.uniform(0.25, 1.2) * RATE)
    loudness = spoken[speech].std() * 10 ** (-random.uniform(0, 15) / 20)
    sound = spoken + noise(len(spoken), random, bluest=-0.5) * loudness
    return Clip(sound / np.abs(sound).max() * 10 ** random.uniform(-1, 0), speech)


def write_clips(path: Path, part: Part, count: int, seconds: float, seed: int) -> None:
    """Write the features of clips as Kaldi's archive, and the truth about their frames as another.

    Features are stored in Kaldi's compressed form, a byte each.

    Args:
        path: of the archive, ``NAME.ark``; the truth is in ``NAME_truth.ark`` beside it.
        part: of voices and words.
        count: of clips.
        seconds: of each.
        seed: of what is decided by chance.

    Raises:
        ConfigError: kaldiio is not installed.
        DataError: espeak-ng is not.
    """
    clips = _clips(path.stem, part, count, seconds, seed)
    write_ark(path, {name: log_mel(each.sound) for name, each in clips.items()}, small=True)
    write_ark(path.with_stem(f"{path.stem}_truth"), {name: each.truth for name, each in clips.items()})


def write_sounds(path: Path, part: Part, count: int, seconds: float, seed: int) -> None:
    """Write clips as they are, as ``write_clips`` writes their features.

    A frame has the 512 samples of 32 ms, behind 64 samples of the frame before, as Silero's voice detector takes them.

    Args:
        path: of the archive.
        part: of voices and words.
        count: of clips.
        seconds: of each.
        seed: of what is decided by chance.

    Raises:
        ConfigError: kaldiio is not installed.
        DataError: espeak-ng is not.
    """
    clips = _clips(path.stem, part, count, seconds, seed)
    write_ark(path, {name: _windows(each.sound) for name, each in clips.items()})
    truth = {
        name: each.speech[_STEP // 2 :: _STEP][: len(each.sound) // _STEP] for name, each in clips.items()
    }
    write_ark(path.with_stem(f"{path.stem}_truth"), truth)


def _clips(stem: str, part: Part, count: int, seconds: float, seed: int) -> dict[str, Clip]:
    random = np.random.default_rng(seed)
    return {f"{stem}_{number:02}": clip(part, random, seconds) for number in range(count)}


def _windows(sound: Sound) -> Sound:
    starts = np.arange(len(sound) // _STEP)[:, np.newaxis] * _STEP
    windows: Sound = np.pad(sound, (_SEEN, 0))[starts + np.arange(_SEEN + _STEP)]
    return windows


def noise(length: int, random: np.random.Generator, bluest: float) -> Sound:
    """Noise of variance 1, whose amplitude falls with a power of the frequency: from ``bluest`` to 1, that of brown.

    The power of white noise is 0, that of pink noise 0.5; below 0 it is blue.
    """
    white, slope = np.fft.rfft(random.normal(size=length)), random.uniform(bluest, 1)
    sound = np.fft.irfft(white / np.arange(1, length // 2 + 2) ** slope, length)
    return np.asarray(sound / sound.std())


@cache
def phrases(part: Part) -> tuple[Sound, ...]:
    """One to four words each, without the silence before and after them.

    Raises:
        DataError: espeak-ng is not installed.
    """
    return tuple(_spoken(part, np.random.default_rng(len(part))))


def _spoken(part: Part, random: np.random.Generator) -> Iterator[Sound]:
    words = _WORDS[part].split()
    for _ in range(_PHRASES[part]):
        text = " ".join(random.choice(words, random.integers(1, 5)))
        voice = str(random.choice(_VOICES[part]))
        yield _trimmed(speak(text, voice, int(random.integers(120, 210)), int(random.integers(25, 75))))


def speak(text: str, voice: str, speed: int, pitch: int) -> Sound:
    """What espeak-ng says, at 16 kHz, at most 1 loud.

    Args:
        text: to say.
        voice: of espeak-ng.
        speed: words in a minute.
        pitch: from 0 to 99.

    Raises:
        DataError: espeak-ng is not installed.
    """
    if shutil.which("espeak-ng") is None:
        raise DataError("speech is made by the program espeak-ng, which was not found")
    command = ["espeak-ng", "--stdout", "-v", voice, "-s", str(speed), "-p", str(pitch), text]
    wave = subprocess.run(command, capture_output=True, check=True).stdout
    sound = np.frombuffer(wave[44:], np.int16).astype(np.float64)  # behind the header
    return _resampled(sound / np.abs(sound).max(), int.from_bytes(wave[24:28], "little"))


def _resampled(sound: Sound, rate: int) -> Sound:
    length = len(sound) * RATE // rate
    return np.asarray(np.fft.irfft(np.fft.rfft(sound)[: length // 2 + 1], length) * length / len(sound))


def _trimmed(sound: NDArray[Any]) -> NDArray[Any]:
    loud = np.flatnonzero(np.abs(sound) > 0.02)
    return sound[loud[0] : loud[-1] + 1]
