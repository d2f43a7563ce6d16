"""The embedded network quantized here, and run on every device that is there."""

from __future__ import annotations

import time
from collections.abc import Sequence
from math import isfinite

import numpy as np
import openvino as ov

from openvino.tools.pot.arithmetic.distance import likeness
from openvino.tools.pot.demo import digits
from openvino.tools.pot.doctor.facts import SelfTest, Trial
from openvino.tools.pot.report import measure
from openvino.tools.pot.shortcut import quantize
from openvino.tools.pot.utils.errors import PotError, reason, said
from openvino.tools.pot.utils.runtime import core

SAMPLES, IMAGES = 100, 300
_REPEATS = 100


def self_test(devices: Sequence[str]) -> SelfTest:
    """Quantize the digits network with 100 images, and hold it against float on each device; it takes some seconds.

    Args:
        devices: OpenVINO's names of them.
    """
    data = digits.load()
    began = time.perf_counter()
    try:
        quantized = quantize(data.model_path, data.calibration_images, subset_size=SAMPLES)
    except (PotError, RuntimeError) as error:
        return SelfTest(samples=SAMPLES, images=IMAGES, failure=said(error))
    seconds = time.perf_counter() - began
    original = core().read_model(data.model_path)
    images, labels = data.evaluation_images[:IMAGES], data.evaluation_labels[:IMAGES]
    trials = tuple(_trial(device, original, quantized, images, labels) for device in devices)
    return SelfTest(samples=SAMPLES, images=IMAGES, seconds=seconds, trials=trials)


def _trial(
    device: str,
    original: ov.Model,
    quantized: ov.Model,
    images: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
    labels: np.ndarray[tuple[int, ...], np.dtype[np.int64]],
) -> Trial:
    """Both models on a device, one image a request.

    Args:
        device: where they run.
        original, quantized: the models.
        images: [n, 1, 32, 32].
        labels: [n].
    """
    try:
        compiled = [measure.compile_single(model, device) for model in (original, quantized)]
        own = core().compile_model(original, device)
        feeds = [image[np.newaxis] for image in images]
        before, after = (np.concatenate([model(feed)[0] for feed in feeds]) for model in compiled)
        seconds = measure.latencies([*compiled, own], feeds, repeats=_REPEATS)
        layers = measure.heavy_layers(compiled[1])
    except (PotError, RuntimeError) as error:
        return Trial(device=device, failure=reason(error))
    follows = likeness([before], [after]).decibels
    return Trial(
        device=device,
        float_accuracy=float(np.mean(before.argmax(axis=1) == labels)),
        int8_accuracy=float(np.mean(after.argmax(axis=1) == labels)),
        decibels=follows if isfinite(follows) else None,
        layers=len(layers),
        int8_layers=sum(layer.is_int8 for layer in layers),
        float_seconds=seconds[0],
        int8_seconds=seconds[1],
        own_seconds=seconds[2],
    )
