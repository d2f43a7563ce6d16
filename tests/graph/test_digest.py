"""Digests of networks: what changes them, and what does not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openvino as ov
from openvino import opset13 as op

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
