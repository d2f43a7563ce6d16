"""Float32 normalized over rows of 120, held to AVX2: ends the process with OpenVINO's CPU where there is AVX-512.

ONEDNN_MAX_CPU_ISA=AVX2 holds back oneDNN, not the plugin's own kernels: MVN takes AVX-512, and what loads and stores
the rest of a row that is no multiple of 16 is held to AVX2. A processor that has no more than AVX2 is right.

    python benchmarks/faults/mvn_held_to_avx2.py

Needs openvino and numpy alone. Exit code 1 where the fault is there.
"""

import os
import subprocess
import sys

import numpy as np
import openvino as ov
from openvino import opset13 as op

SIZE = 120
DATA = np.random.default_rng(0).standard_normal((1, 40, SIZE)).astype(np.float32)
HELD = {"ONEDNN_MAX_CPU_ISA": "AVX2"}
"""Is read once, when the plugin is loaded."""


def error() -> float:
    """How far the CPU's result is from what is defined, in units of its standard deviation, which is 1."""
    x = op.parameter(DATA.shape, np.float32)
    model = ov.Model([op.mvn(x, np.array([-1], np.int64), True, 1e-5, "inside_sqrt")], [x])
    found = ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})([DATA])[0]
    centred = DATA - DATA.mean(axis=-1, keepdims=True)
    return float(np.abs(found - centred / centred.std(axis=-1, keepdims=True)).max())


def main() -> int:
    """Print what becomes of a process that is held to AVX2."""
    done = subprocess.run(
        [sys.executable, __file__, "held"],
        env={**os.environ, **HELD},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode < 0:
        print(f"{ov.get_version()}: ends by signal {-done.returncode}")
    else:
        print(f"{ov.get_version()}: {done.stdout.strip() or done.stderr.strip()}")
    return int(done.returncode != 0)


def held() -> int:
    """The work of that process."""
    found = error()
    print(f"an error of {found:.3g} in units of the standard deviation of what is expected")
    return int(not found < 1e-3)


if __name__ == "__main__":
    sys.exit(held() if sys.argv[1:] == ["held"] else main())
