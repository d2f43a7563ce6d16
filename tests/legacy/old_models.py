"""Small models of a framework, as files, and scripts run in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

RUN = "import sys; from openvino.tools.pot.legacy.script import run; sys.exit(run(sys.argv[1], sys.argv[2:]))"


def run_script(
    script: Path | str, *arguments: str | Path, cwd: Path, launcher: str = RUN, **environment: str
) -> subprocess.CompletedProcess[str]:
    """What running a script gives: its exit code, standard output and standard error."""
    command = [sys.executable, "-c", launcher, str(script), *map(str, arguments)]
    return subprocess.run(
        command,
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def doubling_onnx(folder: Path, *shapes: list[int | str], name: str = "net.onnx") -> Path:
    """A model of inputs ``a``, ``b``, ...: what goes in comes out doubled, as ``a_out``, ``b_out``, ..."""
    onnx = pytest.importorskip("onnx")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    letters = "abcdef"[: len(shapes)]
    two = onnx.numpy_helper.from_array(np.asarray([2], np.float32), "two")
    nodes = [helper.make_node("Mul", [each, "two"], [f"{each}_out"], name=f"{each}_mul") for each in letters]
    ins = [
        helper.make_tensor_value_info(each, kind, shape) for each, shape in zip(letters, shapes, strict=True)
    ]
    outs = [
        helper.make_tensor_value_info(f"{each}_out", kind, shape)
        for each, shape in zip(letters, shapes, strict=True)
    ]
    return _written(folder / name, helper.make_graph(nodes, "doubling", ins, outs, [two]))


def conv_onnx(folder: Path, shape: list[int | str], name: str = "conv.onnx") -> Path:
    """A model of input ``data``: a convolution ``conv`` with four channels, bias and ReLU, a sum over the image."""
    onnx = pytest.importorskip("onnx")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    generator = np.random.default_rng(0)
    constants = {
        "w": generator.standard_normal((4, 3, 3, 3)).astype(np.float32),
        "bias": generator.standard_normal(4).astype(np.float32),
    }
    stored = [onnx.numpy_helper.from_array(value, key) for key, value in constants.items()]
    nodes = [
        helper.make_node("Conv", ["data", "w", "bias"], ["features"], name="conv", pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["features"], ["positive"], name="relu"),
        helper.make_node("GlobalAveragePool", ["positive"], ["scores"], name="pool"),
    ]
    ins = [helper.make_tensor_value_info("data", kind, shape)]
    outs = [helper.make_tensor_value_info("scores", kind, None)]
    return _written(folder / name, helper.make_graph(nodes, "conv", ins, outs, stored))


def _written(path: Path, graph: Any) -> Path:
    import onnx

    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    return path
