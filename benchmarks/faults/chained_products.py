"""Two products in a row: computed wrongly by OpenVINO's CPU, of several fixed rows, and of one in one thread.

FakeQuantize between them is fused with the first product, and applied wrongly. Of one row that is so where weights have
no more than 256 rows and columns.

    python benchmarks/faults/chained_products.py

Needs openvino and numpy alone. Exit code 1 where the fault is there.
"""

import sys

import numpy as np
import openvino as ov
from openvino import opset13 as op

RANDOM = np.random.default_rng(0)
CASES = {4: {}, 1: {"INFERENCE_NUM_THREADS": 1}}
WHOLE = RANDOM.integers(-127, 128, (2, 32, 32)).astype(np.int8)
SCALE = RANDOM.uniform(0.5, 1.5, (2, 32, 1)) / 400


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


def model(rows: int, exact: bool) -> ov.Model:
    """The same function, as it is stored or as it is defined."""
    x = op.parameter([rows, 32], np.float32)
    first = op.matmul(
        rounded(x.output(0), -3.0236, 3.0, exact), weights(WHOLE[0], SCALE[0], exact), False, True
    )
    hidden = rounded(first.output(0), -3.0236, 3.0, exact)
    return ov.Model([op.matmul(hidden, weights(WHOLE[1], SCALE[1], exact), False, True)], [x])


def is_wrong(rows: int, settings: dict[str, int]) -> bool:
    """Print how far the CPU's result is from what is defined; whether that is too far."""
    data = np.random.default_rng(1).standard_normal((rows, 32)).astype(np.float32)
    compiled = (
        ov.Core().compile_model(model(rows, exact), "CPU", {"INFERENCE_PRECISION_HINT": "f32", **settings})
        for exact in (True, False)
    )
    expected, found = (np.asarray(each([data])[0], np.float64) for each in compiled)
    said = f"{ov.get_version()}, {rows} rows, {settings or 'own settings'}"
    if expected.shape != found.shape:
        print(f"{said}: shape {found.shape}, expected {expected.shape}")
        return True
    error = np.sqrt(np.square(found - expected).mean()) / expected.std()
    print(f"{said}: an error of {error:.3g} in units of the standard deviation of what is expected")
    return not error < 0.05


def main() -> int:
    """Look at both cases."""
    found = [is_wrong(rows, settings) for rows, settings in CASES.items()]
    return int(any(found))


if __name__ == "__main__":
    sys.exit(main())
