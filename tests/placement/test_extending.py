"""A number format and a linear operation that are added from the outside: an entry, and a line of a device's table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import openvino as ov
import pytest
from numpy.typing import NDArray
from openvino import opset13 as op

from builders import conv, images, labelled, model, parameter, quantized, runner, weights
from openvino.tools.pot import compress_model_weights
from openvino.tools.pot.arithmetic.formats import FORMATS, Format
from openvino.tools.pot.graph.operations import OPERATIONS, Traits
from openvino.tools.pot.hardware import Operation, Scheme, find_device

BENT = "DeformableConvolution"


def plain() -> ov.Model:
    """Two convolutions and a matrix product."""
    x = parameter([1, 3, 8, 8])
    middle = op.relu(conv(op.relu(conv(x, 16, "first", seed=1)), 8, "second", seed=2))
    row = op.reshape(op.reduce_mean(middle, [2, 3], keep_dims=False), op.constant([1, 8]), special_zero=False)
    return model(op.matmul(row, weights((8, 10), 3), False, False, name="product"), x)


def bent() -> ov.Model:
    """A convolution at positions that depend on data, behind one that isn't."""
    x = parameter([1, 3, 8, 8])
    before = op.relu(conv(x, 16, "first", seed=1))
    size = [int(extent) for extent in before.output(0).shape]
    kernel = op.constant(weights((8, size[1], 3, 3), 2), name="kernel")
    offsets = op.constant(weights((1, 18, size[2] - 2, size[3] - 2), 3, 0.3))
    found = op.deformable_convolution(before, offsets, kernel, [1, 1], [0, 0], [0, 0], [1, 1], name="bent")
    return model(op.relu(found), x)


def fake_quantizers(network: ov.Model, reader: str) -> list[ov.Node | None]:
    """What a node reads, where that is a quantizer."""
    (node,) = [each for each in network.get_ops() if each.get_friendly_name() == reader]
    sources = [port.get_source_output().get_node() for port in node.inputs()]
    return [each if each.get_type_name() == "FakeQuantize" else None for each in sources]


def error(float_model: ov.Model, other: ov.Model, samples: Sequence[NDArray[Any]]) -> float:
    """Root mean square of what differs, over that of the outputs."""
    exact, found = (
        np.stack([once(each)[0] for each in samples]) for once in map(runner, (float_model, other))
    )
    return float(np.linalg.norm(found - exact) / np.linalg.norm(exact))


@pytest.fixture
def four_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights of convolutions and of matrix products in a format that is new."""
    monkeypatch.setitem(FORMATS, "i4", Format(4))
    operations = find_device("CPU").operations
    for kind in ("Convolution", "MatMul"):
        monkeypatch.setitem(
            operations, kind, operations[kind].model_copy(update={"scheme": Scheme(format="i4")})
        )


@pytest.fixture
def bends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A linear operation that is new."""
    monkeypatch.setitem(OPERATIONS, BENT, Traits("first", linear="deformed", weights=2, axes="oi"))
    monkeypatch.setitem(find_device("CPU").operations, BENT, Operation(activations=(0,), weights=(2,)))


def test_without_them_weights_have_8_bits_and_the_operation_stays_in_float() -> None:
    found = quantized(plain(), labelled(images()))
    weight = fake_quantizers(found.submodels[0].model, "second")[1]
    assert weight is not None and weight.get_attributes()["levels"] == 255
    assert fake_quantizers(quantized(bent(), labelled(images())).submodels[0].model, "bent") == [
        None,
        None,
        None,
    ]


@pytest.mark.long
@pytest.mark.usefixtures("four_bits")
def test_a_number_format_is_one_entry() -> None:
    network, samples = plain(), images()
    found = quantized(network, labelled(samples))
    for layer in ("first", "second", "product"):
        weight = fake_quantizers(found.submodels[0].model, layer)[1]
        assert weight is not None and weight.get_attributes()["levels"] == 15
    data = fake_quantizers(found.submodels[0].model, "second")[0]
    assert data is not None and data.get_attributes()["levels"] == 256
    assert 0.01 < error(network, found.submodels[0].model, samples) < 0.2

    before = error(network, found.submodels[0].model, samples)
    compress_model_weights(found)
    assert before == pytest.approx(error(network, found.submodels[0].model, samples), rel=0.1)
    stored = [
        node for node in found.submodels[0].model.get_ops() if node.get_friendly_name().endswith("/quantized")
    ]
    assert len(stored) == 3
    assert all(-7 <= node.data.min() < node.data.max() <= 7 for node in stored)


@pytest.mark.usefixtures("bends")
def test_a_linear_operation_is_one_entry_and_a_line_of_a_table() -> None:
    network, samples = bent(), images()
    found = quantized(network, labelled(samples)).submodels[0].model
    data, offsets, kernel = fake_quantizers(found, "bent")
    assert data is not None and data.get_attributes()["levels"] == 256
    assert offsets is None
    assert kernel is not None and kernel.get_attributes()["levels"] == 255
    assert kernel.input_value(1).shape == ov.Shape([8, 1, 1, 1])
    assert 0 < error(network, found, samples) < 0.03


@pytest.mark.usefixtures("four_bits", "bends")
def test_both_meet() -> None:
    operation = find_device("CPU").operations[BENT]
    own = operation.model_copy(update={"scheme": Scheme(format="i4")})
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(find_device("CPU").operations, BENT, own)
        kernel = fake_quantizers(quantized(bent(), labelled(images())).submodels[0].model, "bent")[2]
    assert kernel is not None and kernel.get_attributes()["levels"] == 15


def test_a_table_that_names_no_format_is_refused() -> None:
    with pytest.raises(ValueError, match="format is 'i3', expected one of i8, i16, i32"):
        Scheme(format="i3")
