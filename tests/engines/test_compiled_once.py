"""The cache of these tests gives back what was compiled, and nothing else."""

from __future__ import annotations

import numpy as np
import openvino as ov

from builders import images, network
from openvino.tools.pot.utils.runtime import core


def outputs(source: ov.Model, precision: str) -> np.ndarray:
    compiled = core().compile_model(source, "CPU", {"INFERENCE_PRECISION_HINT": precision})
    return next(iter(compiled([images(1)[0]]).values()))


def test_precisions_are_kept_apart() -> None:
    """OpenVINO's cache by itself takes the model of one precision for that of another (2026.4)."""
    exact, rounded, again = (outputs(network(3), precision) for precision in ("f32", "f16", "f32"))
    assert 1e-6 < np.abs(rounded - exact).max() < 0.1
    np.testing.assert_array_equal(again, exact)
