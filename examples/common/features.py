"""What the sample's network hears of a sound: the logarithm of its energy in bands, a hundred times a second."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

RATE = 16000
"""Samples of sound in a second."""
WINDOW, HOP = 400, 160
"""Samples that a frame is made of, 25 ms, and those from one frame to the next, 10 ms."""
BANDS = 24
_FFT = 512
_LOWEST, _HIGHEST = 60.0, 7600.0  # Hz
_LEAST = 1e-6  # energy that nobody hears; it keeps the logarithm finite

Floats = NDArray[np.float32]


def log_mel(sound: NDArray[Any]) -> Floats:
    """The logarithm to base 10 of the energy in 24 bands, which are equally wide on the mel scale.

    Args:
        sound: ``[samples]``, at 16 kHz, from -1 to 1; shorter than a window it has no frame.

    Returns:
        ``[frames, 24]``, as many frames as there are whole windows.
    """
    places = np.arange(frames_of(len(sound)))[:, np.newaxis] * HOP + np.arange(WINDOW)
    spectrum = np.fft.rfft(np.asarray(sound, np.float64)[places] * np.hanning(WINDOW), _FFT)
    return np.log10(np.abs(spectrum) ** 2 @ _filters() + _LEAST).astype(np.float32)


def frames_of(samples: int) -> int:
    """How many frames a sound of so many samples has."""
    return max((samples - WINDOW) // HOP + 1, 0)


def centres(frames: int) -> NDArray[np.int64]:
    """The sample in the middle of each frame, ``[frames]``."""
    return np.arange(frames) * HOP + WINDOW // 2


@cache
def _filters() -> NDArray[np.float64]:
    """Triangles that overlap by half, ``[frequencies, bands]``."""
    mels = np.linspace(_mel(_LOWEST), _mel(_HIGHEST), BANDS + 2)
    edges = 700 * (10 ** (mels / 2595) - 1)
    low, peak, high = edges[:-2], edges[1:-1], edges[2:]
    frequencies = np.fft.rfftfreq(_FFT, 1 / RATE)[:, np.newaxis]
    sides = np.minimum((frequencies - low) / (peak - low), (high - frequencies) / (high - peak))
    return np.maximum(sides, 0)


def _mel(frequency: float) -> float:
    return float(2595 * np.log10(1 + frequency / 700))
