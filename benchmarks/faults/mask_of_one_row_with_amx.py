"""Attention with a mask of a single row: computed wrongly by OpenVINO's CPU.

On processors with AMX. Queries and keys are in 8 bits, and the mask is an input, of one row for all heads and queries.
What comes out is garbage in any precision of the rest. In bfloat16 float attention with such a mask gives no numbers.

    python benchmarks/faults/mask_of_one_row_with_amx.py

Needs openvino and numpy alone. Exit code 1 where the fault is there.
"""

import sys

import numpy as np
import openvino as ov
from openvino import opset13 as op

RANDOM = np.random.default_rng(0)
SHAPE, ROW, ROWS = (1, 4, 64, 64), (1, 1, 1, 64), (1, 1, 64, 64)


def rounded(x: ov.Output) -> ov.Output:
    """FakeQuantize of 256 levels."""
    low, high = np.float32(-3.0236), np.float32(3.0)
    return op.fake_quantize(x, low, high, low, high, 256).output(0)


def model(mask_shape: tuple[int, ...]) -> ov.Model:
    """Attention of four heads, the first product in 8 bits."""
    queries, keys, values = (op.parameter(SHAPE, np.float32) for _ in range(3))
    mask = op.parameter(mask_shape, np.float32)
    product = op.matmul(rounded(queries.output(0)), rounded(keys.output(0)), False, True)
    shares = op.softmax(op.add(op.multiply(product, np.float32(0.125)), mask), 3)
    return ov.Model([op.matmul(shares, values, False, False)], [queries, keys, values, mask])


def main() -> int:
    """Print how far the result with one row is from that with the same row for each query."""
    feeds = [RANDOM.standard_normal(SHAPE).astype(np.float32) for _ in range(3)]
    mask = np.float32(RANDOM.random(ROW) < 0.8) * 10 - 10
    found, expected = (
        np.asarray(
            ov.Core().compile_model(model(shape), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(
                [*feeds, np.ascontiguousarray(np.broadcast_to(mask, shape))]
            )[0],
            np.float64,
        )
        for shape in (ROW, ROWS)
    )
    with np.errstate(all="ignore"):
        error = np.sqrt(np.square(found - expected).mean()) / expected.std()
    print(
        f"{ov.get_version()}: an error of {error:.3g} in units of the standard deviation of what is expected"
    )
    return int(not error < 0.01)


if __name__ == "__main__":
    sys.exit(main())
