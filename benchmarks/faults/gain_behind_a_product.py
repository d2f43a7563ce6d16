"""A product of two inputs, a gain for each channel and a product with weights: computed wrongly by OpenVINO's CPU.

The Multiply becomes part of the quantizer, and that is fused with the first product: of all its matrices but the first,
what is read for ranges lies behind their end, so that results are others from run to run. Up to 2026.3 that is so of
values alone that are clipped, and errors are smaller.

    python benchmarks/faults/gain_behind_a_product.py

Needs openvino and numpy alone. Exit code 1 where the fault is there.
"""

import sys

import numpy as np
import openvino as ov
from openvino import opset13 as op

RANDOM = np.random.default_rng(0)
DATA = RANDOM.standard_normal((1, 8, 8, 32)).astype(np.float32)
OTHER = RANDOM.standard_normal((1, 8, 32, 32)).astype(np.float32)
WHOLE = RANDOM.integers(-127, 128, (24, 32)).astype(np.int8)
SCALE = RANDOM.uniform(0.5, 1.5, (24, 1)) / 400
GAIN = np.float32(np.linspace(0.2, 0.8, 32).reshape(1, 1, 1, 32))


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
    x, y = op.parameter([-1, 8, 8, 32], np.float32), op.parameter([-1, 8, 32, 32], np.float32)
    first, second = (rounded(each.output(0), -3.0236, 3.0, exact) for each in (x, y))
    scaled = op.multiply(op.matmul(first, second, False, True), GAIN)
    data = rounded(scaled.output(0), -3.0236, 3.0, exact)
    return ov.Model([op.matmul(data, weights(WHOLE, SCALE, exact), False, True)], [x, y])


def main() -> int:
    """Print how far the CPU's result is from what is defined."""
    compiled = (
        ov.Core().compile_model(model(exact), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        for exact in (True, False)
    )
    expected, found = (np.asarray(each([DATA, OTHER])[0], np.float64) for each in compiled)
    if expected.shape != found.shape:
        print(f"{ov.get_version()}: shape {found.shape}, expected {expected.shape}")
        return 1
    error = np.sqrt(np.square(found - expected).mean()) / expected.std()
    print(
        f"{ov.get_version()}: an error of {error:.3g} in units of the standard deviation of what is expected"
    )
    return int(not error < 0.01)


if __name__ == "__main__":
    sys.exit(main())
