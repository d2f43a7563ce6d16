"""No sum of two products overflows 16 bits on samples that calibration has not seen."""

from __future__ import annotations

from typing import Any

import pytest
from zoo_runs import BARS, Result, zoo

from openvino.tools.pot import quantize
from openvino.tools.pot.report.overflow import overflows


def samples(entry: Any, count: int) -> list[Any]:
    return [entry.evaluation[i] for i in range(min(count, len(entry.evaluation)))]


def test_nothing_overflows(result: Result) -> None:
    layers = overflows(result.uncompressed, samples(result.entry, 1))
    # Products of two activations, which attention has, are not protected.
    weighted = [layer for layer in layers if layer.bound is not None]
    assert len(weighted) > 5
    assert [layer for layer in weighted if layer.overflows] == []


@pytest.mark.parametrize("name", ["tiny_resnet8", "ocr_cls_mobilenetv3"])
def test_without_protection_it_does(name: str) -> None:
    entry = zoo().load(name)
    calibration = [entry.calibration[i] for i in range(BARS[name].calibration)]
    source = quantize(
        entry.model, calibration, saturation_fix="no", weight_rounding="nearest", compress=False
    )
    layers = overflows(source, samples(entry, 3))
    assert sum(layer.overflows for layer in layers) > 1000
    assert max(layer.error for layer in layers) > 0.05
