"""Attention with square keys and values, of 32 values or fewer: computed wrongly by OpenVINO's CPU in bfloat16.

Queries and keys are in 8 bits. With as many keys as each of them and each value has numbers, what comes out is
garbage where the rest is in bfloat16, as it is by default on processors with AMX; with one key more it is right.

    python benchmarks/faults/square_attention_with_amx.py

Needs openvino and numpy alone. Exit code 1 where the fault is there.
"""

import sys

import numpy as np
import openvino as ov
from openvino import opset13 as op

SIZE = 32
RANDOM = np.random.default_rng(0)


def rounded(x: ov.Output) -> ov.Output:
    """FakeQuantize of 256 levels."""
    low, high = np.float32(-3.0236), np.float32(3.0)
    return op.fake_quantize(x, low, high, low, high, 256).output(0)


def model(keys: int) -> ov.Model:
    """Attention of four heads, the first product in 8 bits."""
    queries, *others = (op.parameter((1, 4, keys, SIZE), np.float32) for _ in range(3))
    product = op.matmul(rounded(queries.output(0)), rounded(others[0].output(0)), False, True)
    shares = op.softmax(op.multiply(product, np.float32(SIZE**-0.5)), 3)
    return ov.Model([op.matmul(shares, others[1], False, False)], [queries, *others])


def error(keys: int) -> float:
    """How far bfloat16 is from float32, in units of the standard deviation of the latter."""
    feeds = [RANDOM.standard_normal((1, 4, keys, SIZE)).astype(np.float32) for _ in range(3)]
    expected, found = (
        np.asarray(
            ov.Core().compile_model(model(keys), "CPU", {"INFERENCE_PRECISION_HINT": hint})(feeds)[0],
            np.float64,
        )
        for hint in ("f32", "bf16")
    )
    return float(np.sqrt(np.square(found - expected).mean()) / expected.std())


def main() -> int:
    """Print how far results are from those in float32."""
    square, other = error(SIZE), error(SIZE + 1)
    print(f"{ov.get_version()}: an error of {square:.3g} with {SIZE} keys, of {other:.3g} with {SIZE + 1}")
    return int(not square < 0.1)


if __name__ == "__main__":
    sys.exit(main())
