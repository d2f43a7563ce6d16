"""Digests of networks: what changes them, and what does not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openvino as ov
from openvino import opset13 as op
from openvino.op import if_op, tensor_iterator

import builders
from openvino.tools.pot.graph.digest import digest_of, readers_of_constants


def test_names_and_files_don_t_matter(tmp_path: Path) -> None:
    network = builders.network()
    ov.save_model(network, tmp_path / "net.xml", compress_to_fp16=False)
    again = ov.Core().read_model(tmp_path / "net.xml")
    for number, node in enumerate(again.get_ops()):
        node.set_friendly_name(f"other{number}")
    assert digest_of(network) == digest_of(again) == digest_of(builders.network())


def test_weights_matter_and_are_told_from_the_graph() -> None:
    one, other = digest_of(builders.network()), digest_of(builders.network(seed=1))
    assert one.graph == other.graph
    assert one.weights != other.weights
    assert len(one.constants) == 4


def test_the_graph_matters() -> None:
    x = builders.parameter([1, 3, 8, 8])
    conv = builders.conv(x, 4, "conv")
    found = {
        digest_of(builders.model(own, x)).graph
        for own in (conv, op.relu(conv), op.tanh(conv), op.relu(op.relu(conv)), op.add(conv, conv))
    }
    assert len(found) == 5


def test_sizes_that_are_fixed_are_no_other_network() -> None:
    def of(shape: ov.PartialShape) -> ov.Model:
        x = builders.parameter(shape)
        return builders.model(op.relu(builders.conv(x, 4, "conv")), x)

    network = of(ov.PartialShape([-1, 3, -1, -1]))
    open_sizes = digest_of(network)
    network.reshape([1, 3, 8, 8])
    assert digest_of(network) == open_sizes


def test_whose_constants_they_are() -> None:
    found = readers_of_constants(builders.network())
    assert sorted(found) == ["add1", "add2", "conv1", "conv2"]
    x = builders.parameter([1, 4])
    scaled = op.multiply(op.convert(op.constant(np.ones((4, 4), np.int8)), "f32"), op.constant(np.float32(2)))
    product = op.matmul(x, scaled, False, False, name="product")
    assert readers_of_constants(builders.model(product, x)) == ["product", "product"]


def iterated(start: int, stride: int, axis: int = 1) -> ov.Model:
    """A sum that decays, along an axis in one direction or the other."""
    x = op.parameter([1, 5, 5], np.float32, name="x")
    one, state = op.parameter([1, 1, 5], np.float32), op.parameter([1, 1, 5], np.float32)
    if axis == 2:
        one, state = op.parameter([1, 5, 1], np.float32), op.parameter([1, 5, 1], np.float32)
    total = op.add(op.multiply(state, op.constant(np.float32(0.5))), one)
    found = tensor_iterator()
    found.set_body(ov.Model([op.result(total)], [one, state], "body"))
    found.set_sliced_input(one, x.output(0), start, stride, 1, -1 if start == 0 else 0, axis)
    zeros = op.constant(np.zeros([1, 1, 5] if axis == 1 else [1, 5, 1], np.float32))
    found.set_merged_input(state, zeros.output(0), total.output(0))
    return ov.Model([op.result(found.get_iter_value(total.output(0), -1))], [x], "iterated")


def test_how_a_network_within_an_operation_is_fed_matters(tmp_path: Path) -> None:
    forwards, backwards, again = iterated(0, 1), iterated(-1, -1), iterated(0, 1)
    data = np.arange(25, dtype=np.float32).reshape(1, 5, 5)
    assert not np.allclose(*(builders.run(each, data)[0] for each in (forwards, backwards)))
    assert digest_of(forwards) == digest_of(again) != digest_of(backwards)
    ov.save_model(forwards, tmp_path / "saved.xml", compress_to_fp16=False)
    assert digest_of(ov.Core().read_model(tmp_path / "saved.xml")) == digest_of(forwards)


def chosen(swapped: bool) -> ov.Model:
    """One of two values, as a flag says."""
    flag, x = op.parameter([], np.bool_, name="flag"), op.parameter([3], np.float32, name="x")
    bodies = []
    for factor in (2, 3):
        own = op.parameter([3], np.float32)
        results = [
            op.result(op.multiply(own, op.constant(np.float32(each)))) for each in (factor, factor + 4)
        ]
        bodies.append((own, results, ov.Model(results, [own], "body")))
    found = if_op(flag.output(0))
    found.set_then_body(bodies[0][2])
    found.set_else_body(bodies[1][2])
    found.set_input(x.output(0), bodies[0][0], bodies[1][0])
    firsts = [bodies[0][1][0], bodies[1][1][1 if swapped else 0]]
    return ov.Model([op.result(found.set_output(*firsts))], [flag, x], "chosen")


def test_which_values_of_its_networks_an_operation_gives_matters() -> None:
    assert digest_of(chosen(False)) == digest_of(chosen(False)) != digest_of(chosen(True))
