"""Several matrices that are products of two inputs, times a factor for each column: computed wrongly by OpenVINO's CPU.

Both inputs are in 8 bits. The Multiply becomes part of the product. Of all its matrices but the first, factors are read
behind their end: what comes out is of any size, and another from run to run.

    python benchmarks/faults/factors_of_a_product.py

Needs openvino and numpy alone. Exit code 1 where the fault is there.
"""

import sys

import numpy as np
import openvino as ov
from openvino import opset13 as op

RANDOM = np.random.default_rng(0)
DATA = RANDOM.standard_normal((1, 2, 8, 32)).astype(np.float32)
OTHER = RANDOM.standard_normal((1, 2, 32, 32)).astype(np.float32)
FACTORS = np.float32(np.linspace(0.5, 1.5, 32))


def rounded(x: ov.Output, exact: bool) -> ov.Output:
    """FakeQuantize of 256 levels, or the arithmetic that defines it."""
    low, high = np.float32(-3.0236), np.float32(3.0)
    if not exact:
        return op.fake_quantize(x, low, high, low, high, 256).output(0)
    step = np.float32((high - low) / 255)
    level = op.round(op.divide(op.subtract(op.minimum(op.maximum(x, low), high), low), step), "half_to_even")
    return op.add(op.multiply(level, step), low).output(0)


def model(exact: bool) -> ov.Model:
    """The same function, as it is stored or as it is defined."""
    x, y = op.parameter(DATA.shape, np.float32), op.parameter(OTHER.shape, np.float32)
    product = op.matmul(rounded(x.output(0), exact), rounded(y.output(0), exact), False, True)
    return ov.Model([op.multiply(product, FACTORS)], [x, y])


def main() -> int:
    """Print how far the CPU's result is from what is defined."""
    compiled = (
        ov.Core().compile_model(model(exact), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        for exact in (True, False)
    )
    expected, found = (np.asarray(each([DATA, OTHER])[0], np.float64) for each in compiled)
    with np.errstate(all="ignore"):
        error = np.sqrt(np.square(found - expected).mean()) / expected.std()
    print(
        f"{ov.get_version()}: an error of {error:.3g} in units of the standard deviation of what is expected"
    )
    return int(not error < 0.01)


if __name__ == "__main__":
    sys.exit(main())
