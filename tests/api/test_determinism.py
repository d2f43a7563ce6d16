"""The same model and samples give the same bytes, whatever else the process has done and however it is run."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

import builders
from openvino.tools.pot import compress_model_weights, load_model, save_model
from openvino.tools.pot.graph.names import all_names
from openvino.tools.pot.graph.view import all_bodies

IMAGES = builders.images(8)
# Nodes that are made before shift the counters from which OpenVINO makes up names.
SCRIPT = """
import sys
from pathlib import Path
sys.path[:0] = [{tests!r}, {here!r}]
import builders, test_determinism
for _ in range(int(sys.argv[1])):
    builders.network()
print(test_determinism.digest(Path(sys.argv[2]), requests=int(sys.argv[3])))
"""


def rich() -> ov.Model:
    """Patterns that OpenVINO fuses, decomposes or rewrites while a model is read."""
    x = builders.parameter([1, 3, 8, 8])
    scaled = op.multiply(builders.conv(x, 4, "conv"), builders.bias(4, "scale"), name="mul")
    shifted = op.add(scaled, builders.bias(4, "shift"), name="add")
    statistics = [op.constant(np.abs(builders.weights((4,), n)) + 1) for n in range(4)]
    normed = op.batch_norm_inference(
        builders.conv(shifted, 4, "conv2", seed=1), *statistics, 1e-5, name="norm"
    )
    swish = op.multiply(normed, op.sigmoid(normed, name="sigmoid"), name="swish")
    six = op.clamp(op.add(swish, op.constant(np.float32(3))), 0.0, 6.0)
    hswish = op.multiply(swish, op.divide(six, op.constant(np.float32(6))), name="hswish")
    rows = op.reshape(hswish, op.constant(np.array([1, 4, 64])), False, name="rows")
    mean = op.reduce_mean(rows, op.constant(np.array([2])), True)
    centred = op.subtract(rows, mean, name="centred")
    variance = op.reduce_mean(op.power(centred, op.constant(np.float32(2))), op.constant(np.array([2])), True)
    layer_norm = op.divide(centred, op.sqrt(op.add(variance, op.constant(np.float32(1e-5)))), name="ln")
    product = op.matmul(layer_norm, op.constant(builders.weights((64, 16)), name="w"), False, False, name="m")
    biased = op.add(product, op.constant(builders.weights((16,))), name="mb")
    erf = op.add(op.erf(op.divide(biased, op.constant(np.float32(np.sqrt(2))))), op.constant(np.float32(1)))
    gelu = op.multiply(op.multiply(biased, erf), op.constant(np.float32(0.5)), name="gelu")
    return builders.model(op.softmax(gelu, 2, name="soft"), x)


def digest(source: Any, requests: int = 0) -> str:
    """Of the .xml and .bin that come of a model."""
    model = builders.quantized(source, builders.labelled(IMAGES), {"stat_requests_number": requests})
    compress_model_weights(model)
    return hashlib.sha256(b"".join(builders.stored(model))).hexdigest()


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("source")
    return Path(save_model(rich(), folder, "rich")[0]["model"])


def in_another_process(source: Path, nodes: int, requests: int, hash_seed: int = 0) -> str:
    here = Path(__file__).resolve().parent
    script = SCRIPT.format(tests=str(here.parent), here=str(here))
    command = [sys.executable, "-c", script, str(nodes), str(source), str(requests)]
    env = {**os.environ, "PYTHONHASHSEED": str(hash_seed)}
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=env)
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


def test_patterns_are_fused(source: Path) -> None:
    """Without which the comparisons here would say little."""
    (sub,) = load_model(source)
    kinds = {node.get_type_name() for node in sub.model.get_ops()}
    assert kinds >= {"Swish", "HSwish", "Gelu"}
    assert not kinds & {"BatchNormInference", "Sigmoid", "Erf"}
    names = [node.get_friendly_name() for node in sub.model.get_ops()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("requests", [0, 1, 2])
@pytest.mark.long
def test_runs_of_one_process(source: Path, requests: int) -> None:
    assert digest(source, requests) == digest(source, 0)


@pytest.mark.long
def test_runs_of_a_model_in_memory() -> None:
    network = rich()
    assert digest(network) == digest(network, 1)


@pytest.mark.parametrize(("nodes", "requests"), [(0, 0), (7, 1), (123, 2)])
@pytest.mark.process
def test_runs_of_two_processes(source: Path, nodes: int, requests: int) -> None:
    assert in_another_process(source, nodes, requests) == digest(source)


@pytest.mark.process
def test_half_precision_sources_too(tmp_path: Path) -> None:
    ov.save_model(rich(), tmp_path / "half.xml", compress_to_fp16=True)
    assert in_another_process(tmp_path / "half.xml", 11, 1) == digest(tmp_path / "half.xml")


@pytest.mark.long
def test_saved_files_are_the_same(source: Path, tmp_path: Path) -> None:
    found = []
    for number in range(2):
        model = builders.quantized(source, builders.labelled(IMAGES))
        paths = save_model(model, tmp_path / str(number), "m")[0]
        found.append([Path(path).read_bytes() for path in paths.values()])
    assert found[0] == found[1]


def test_no_name_holds_a_counter(source: Path) -> None:
    """Names say where a node belongs: none is like ``Multiply_2165``, unless the user's was."""
    (before,) = [{node.get_friendly_name() for node in ov.Core().read_model(source).get_ops()}]
    model = builders.quantized(source, builders.labelled(IMAGES))
    (sub,) = model
    new = {node.get_friendly_name() for node in sub.model.get_ops()} - before
    parts = [part for name in new for part in name.split("/") if part[:1].isupper() and part[-1:].isdigit()]
    assert [part for part in parts if int(part.rsplit("_", 1)[-1]) > len(sub.model.get_ops())] == []


@pytest.mark.long
def test_a_model_with_a_state() -> None:
    x = builders.parameter([1, 3, 8, 8])
    total = op.add(op.read_value(op.constant(np.zeros((1, 3, 8, 8), np.float32)), "s"), x, name="total")
    result = op.result(builders.conv(total, 4, "c"), name="y")
    network = ov.Model([result], [op.assign(total, "s")], [x.get_node()], "stateful")
    assert digest(network, 1) == digest(network, 2)
    found = builders.quantized(network, builders.labelled(IMAGES)).submodels[0].model
    assert {"ReadValue", "Assign", "FakeQuantize"} <= {node.get_type_name() for node in found.get_ops()}
    assert len(found.get_sinks()) == 1
    expected = builders.run(network, IMAGES[0])[0]
    np.testing.assert_allclose(
        builders.run(found, IMAGES[0])[0], expected, atol=0.05 * np.abs(expected).max()
    )


def with_bodies() -> ov.Model:
    """A loop and two branches in which a scale is folded into weights, as it is before and behind them."""

    def body(seed: int) -> tuple[ov.Model, ov.Node, ov.Node]:
        inner = builders.parameter([1, 4, 8, 8], f"inner{seed}")
        conv = builders.conv(inner, 4, f"conv{seed}", seed=seed)
        scaled = op.multiply(conv, builders.bias(4, f"by{seed}"), name=f"scaled{seed}")
        swish = op.multiply(scaled, op.sigmoid(scaled, name=f"sigmoid{seed}"), name=f"swish{seed}")
        result = op.result(swish, name=f"out{seed}")
        return ov.Model([result], [inner.get_node()], "body"), inner.get_node(), result

    x = builders.parameter([1, 3, 8, 8])
    first_layer = builders.conv(x, 4, "first")
    (then, *ends), (other, *other_ends) = body(1), body(2)
    branch = op.if_op(
        op.greater(op.reduce_mean(x, op.constant([0, 1, 2, 3]), False), op.constant(np.float32(0))).output(0)
    )
    branch.set_then_body(then)
    branch.set_else_body(other)
    branch.set_input(first_layer, ends[0], other_ends[0])
    chosen = branch.set_output(ends[1], other_ends[1])
    again = op.tensor_iterator()
    repeated, first, last = body(3)
    again.set_body(repeated)
    again.set_merged_input(first, chosen, last.output(0))
    found = again.get_iter_value(last.output(0), -1)
    return builders.model(
        op.multiply(builders.conv(found, 4, "outside"), builders.bias(4, "scale"), name="mul"), x
    )


@pytest.mark.process
def test_constants_that_are_folded_within_loops_and_branches(tmp_path: Path) -> None:
    path = Path(save_model(with_bodies(), tmp_path, "source")[0]["model"])
    bodies = [all_names(body) for body in all_bodies(load_model(path).submodels[0].model)]
    own = [set(all_names(body)) for body in all_bodies(with_bodies())]
    assert [set(now) - before for now, before in zip(bodies, own, strict=True)] == [
        {f"scaled{seed}/Constant"} for seed in (1, 2, 3)
    ]
    digests = [in_another_process(path, nodes, 0, seed) for nodes, seed in ((0, 1), (7, 2))]
    assert digests == [digest(path)] * 2
