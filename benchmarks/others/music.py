"""Notes in music: Basic Pitch, on chords of synthetic instruments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from entries import Feed
from numpy.typing import NDArray

from .network import Network, f1_above
from .packages import converted, unpacked

RATE, LENGTH = 22050, 43844
NOTES, THRESHOLD = 1, 0.3  # the output with notes, and the package's own threshold


def basic_pitch(cache: Path) -> Network:
    """Two seconds of sound to onsets, notes and pitch contours; its spectrogram is made of convolutions, too."""
    folder = unpacked("basic-pitch==0.4.0", cache) / "basic_pitch/saved_models/icassp_2022"
    return Network(
        name="music_basic_pitch",
        metric="F1 of notes vs float model",
        model=converted(folder / "nmp.onnx", [1, LENGTH, 1]),
        calibration=feeds(seed=0, count=300),
        evaluation=feeds(seed=1, count=100),
        agreement=f1_above(NOTES, THRESHOLD),
    )


def feeds(seed: int, count: int) -> list[Feed]:
    """Clips of two seconds."""
    rng = np.random.default_rng(seed)
    return [{"serving_default_input_2:0": clip(rng)[None, :, None]} for _ in range(count)]


def clip(rng: np.random.Generator) -> NDArray[np.float32]:
    """Two to eight notes of one instrument, from the low E of a guitar up, with a little noise."""
    timbre = rng.uniform(0.6, 2.0), rng.uniform(0.5, 6), rng.uniform(0.005, 0.05)
    sound = rng.normal(0, 10 ** rng.uniform(-4, -2.5), LENGTH)
    for _ in range(rng.integers(2, 9)):
        start = rng.integers(0, LENGTH - RATE // 4)
        played = note(int(rng.integers(40, 85)), timbre, rng)[: LENGTH - start]
        sound[start : start + len(played)] += played * rng.uniform(0.3, 1)
    return np.asarray(sound * rng.uniform(0.1, 0.9) / np.abs(sound).max(), np.float32)


def note(pitch: int, timbre: tuple[float, float, float], rng: np.random.Generator) -> NDArray[Any]:
    """Harmonics that get weaker upwards, with an attack and a decay; ``pitch`` is a MIDI number."""
    slope, decay, attack = timbre
    length = int(RATE * rng.uniform(0.2, 1.5))
    time = np.arange(length) / RATE
    envelope = np.minimum(time / attack, 1) * np.exp(-decay * time) * np.minimum((time[-1] - time) / 0.02, 1)
    frequency = 440 * 2 ** ((pitch - 69) / 12)
    harmonics = np.arange(1, min(16, int(RATE / 2 / frequency)) + 1)
    phases = 2 * np.pi * (frequency * np.outer(harmonics, time) + rng.uniform(size=(len(harmonics), 1)))
    return np.asarray((harmonics[:, None] ** -slope * np.sin(phases)).sum(axis=0) * envelope)
