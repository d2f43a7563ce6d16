"""Single positions with a gain for each channel before they are rounded, of any batch: wrong on OpenVINO's CPU.

The quantizer is fused with the convolution before it, and with a batch of one nearly nothing comes out of it.

    python benchmarks/faults/ranges_of_gates.py

Needs openvino and numpy alone. Exit code 1 where the fault is there.
"""

import sys

import numpy as np
import openvino as ov
from openvino import opset13 as op

RANDOM = np.random.default_rng(0)
DATA = RANDOM.standard_normal((1, 16, 1, 1)).astype(np.float32)
WHOLE = RANDOM.integers(-127, 128, (2, 16, 16, 1, 1)).astype(np.int8)
SCALE = RANDOM.uniform(0.5, 1.5, (2, 16, 1, 1, 1)) / 300
GAIN = np.float32(np.linspace(0.6, 2.5, 16).reshape(1, 16, 1, 1))


def rounded(x: ov.Output, low: np.ndarray, high: np.ndarray, exact: bool) -> ov.Output:
    """FakeQuantize of 256 levels, or the arithmetic that defines it."""
    low, high = np.float32(low), np.float32(high)
    if not exact:
        return op.fake_quantize(x, low, high, low, high, 256).output(0)
    step = np.float32((high - low) / 255)
    level = op.round(op.divide(op.subtract(op.minimum(op.maximum(x, low), high), low), step), "half_to_even")
    return op.add(op.multiply(level, step), low).output(0)


def weights(whole: np.ndarray, scale: np.ndarray, exact: bool) -> ov.Output:
    """Stored integers with their scale, or the floats that they stand for."""
    scale = np.float32(scale)
    if exact:
        return op.constant(whole * scale).output(0)
    return op.multiply(op.convert(op.constant(whole), "f32"), scale).output(0)


def model(exact: bool) -> ov.Model:
    """The same function, as it is stored or as it is defined."""

    def convolved(source: ov.Output, place: int) -> ov.Output:
        data = rounded(source, -3.0236, 3.0, exact)
        kernel = weights(WHOLE[place], SCALE[place], exact)
        return op.convolution(data, kernel, [1, 1], [0, 0], [0, 0], [1, 1]).output(0)

    x = op.parameter([-1, 16, 1, 1], np.float32)
    hidden = op.swish(convolved(x.output(0), 0))
    return ov.Model([convolved(op.multiply(hidden, GAIN).output(0), 1)], [x])


def main() -> int:
    """Print how far the CPU's result is from what is defined."""
    compiled = (
        ov.Core().compile_model(model(exact), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        for exact in (True, False)
    )
    expected, found = (np.asarray(each([DATA])[0], np.float64) for each in compiled)
    if expected.shape != found.shape:
        print(f"{ov.get_version()}: shape {found.shape}, expected {expected.shape}")
        return 1
    error = np.sqrt(np.square(found - expected).mean()) / expected.std()
    print(
        f"{ov.get_version()}: an error of {error:.3g} in units of the standard deviation of what is expected"
    )
    return int(not error < 0.05)


if __name__ == "__main__":
    sys.exit(main())
