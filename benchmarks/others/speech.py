"""Speech: Silero's voice detector and Microsoft's DNSMOS, on sentences that espeak-ng speaks, with noise."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from entries import Feed, Infer, openvino_infer
from numpy.typing import NDArray

from common.speech import noise, speak

from .network import Network, Outputs, rank_correlation, same_sides
from .packages import converted, unpacked

FRAME, CONTEXT = 512, 64  # samples that the voice detector takes at once, and those it sees again
FRAMES = 40  # frames of a clip
LENGTH = 144160  # samples of a clip for DNSMOS, 9.01 seconds
VOICES = [f"en-{accent}+{speaker}" for accent in ("us", "gb") for speaker in ("m1", "m3", "m7", "f2", "f4")]


@dataclass(frozen=True)
class Carried(Network):
    """A network that gets its own last state back, until a clip begins."""

    def _outputs(self, infer: Infer, limit: int | None) -> list[Outputs]:
        results: list[Outputs] = []
        for number, feed in enumerate(self.evaluation[:limit]):
            state = results[-1][1] if number % FRAMES else feed["state"]
            results.append(infer({**feed, "state": state}))
        return results


def silero_vad(cache: Path) -> Network:
    """A frame of sound and a state to whether somebody speaks: convolutions and an LSTM."""
    data = unpacked("silero-vad==6.2.3", cache) / "silero_vad/data"
    model = converted(data / "silero_vad_openvino_16k.onnx")
    texts = sentences(cache)
    calibration = frames(model, texts[0::2], seed=0, count=60)
    chosen = np.random.default_rng(0).permutation(len(calibration))[:300]
    return Carried(
        name="speech_silero_vad",
        metric="same verdict on frames as float model",
        model=model,
        calibration=[calibration[i] for i in chosen],
        evaluation=frames(model, texts[1::2], seed=1, count=60),
        agreement=same_sides(0, 0.5),
    )


def dnsmos(cache: Path) -> Network:
    """A noisy recording to what listeners would think of voice, background and the whole.

    Its convolutions go over nine seconds and take a while, so calibration has 100 samples.
    """
    folder = unpacked("speechmos==0.0.1.1", cache) / "speechmos/dnsmos_models"
    texts = sentences(cache)
    return Network(
        name="speech_dnsmos",
        metric="Spearman with float model",
        model=converted(folder / "sig_bak_ovr.onnx", [1, LENGTH]),
        calibration=recordings(texts[0::2], seed=0, count=100),
        evaluation=recordings(texts[1::2], seed=1, count=100),
        agreement=rank_correlation,
    )


def sentences(cache: Path) -> list[str]:
    """Sentences of scikit-learn's descriptions of its data sets."""
    folder = unpacked("scikit-learn==1.7.2", cache) / "sklearn/datasets/descr"
    prose = " ".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.rst")))
    found = re.findall(r"(?<=[.] )[A-Z][A-Za-z,' -]{30,150}[a-z]{3}[.]", re.sub(r"\s+", " ", prose))
    return list(dict.fromkeys(found))


def frames(model: Path, texts: Sequence[str], seed: int, count: int) -> list[Feed]:
    """Frames of clips in order, with the states that the float model has there."""
    rng = np.random.default_rng(seed)
    infer = openvino_infer(model)
    feeds: list[Feed] = []
    for number in range(count):
        sound = _clip(texts[number % len(texts)], rng)
        state = np.zeros((2, 1, 128), np.float32)
        for start in range(0, FRAMES * FRAME, FRAME):
            feeds.append({"input": sound[None, start : start + FRAME + CONTEXT], "state": state})
            state = infer(feeds[-1])[1]
    return feeds


def _clip(text: str, rng: np.random.Generator) -> NDArray[np.float32]:
    """Somewhere from the end of a pause, so that some clips begin with silence and others end with it."""
    spoken = _spoken(text, rng)
    pause = np.zeros(FRAMES * FRAME // 2)
    sound = np.concatenate([pause, spoken, pause])
    start = rng.integers(0, len(sound) - FRAMES * FRAME)
    clip = sound[start : start + FRAMES * FRAME]
    noisy = clip * rng.uniform(0.1, 0.9) + noise(len(clip), rng, bluest=0) * 10 ** rng.uniform(-3.5, -1)
    return np.concatenate([np.zeros(CONTEXT), noisy]).astype(np.float32)


def recordings(texts: Sequence[str], seed: int, count: int) -> list[Feed]:
    """Sentences, repeated up to the length of a recording, with noise from hardly any to as loud as the voice."""
    rng = np.random.default_rng(seed)
    feeds: list[Feed] = []
    for number in range(count):
        voice = np.resize(_spoken(texts[number % len(texts)], rng), LENGTH)
        sound = voice + noise(LENGTH, rng, bluest=0) * voice.std() * 10 ** rng.uniform(-2.5, 0)
        loud = sound * rng.uniform(0.2, 1.5) / np.abs(sound).max()  # some recordings are clipped
        feeds.append({"input_1": np.clip(loud, -1, 1)[None].astype(np.float32)})
    return feeds


def _spoken(text: str, rng: np.random.Generator) -> NDArray[Any]:
    """A sentence in one of some voices, at most 1 loud."""
    voice, speed, pitch = rng.choice(VOICES), rng.integers(130, 190), rng.integers(30, 70)
    return speak(text, str(voice), int(speed), int(pitch))
