"""Tensors of which a sample gives one row, such as gates, are neither aligned nor clipped, whatever the batch."""

from __future__ import annotations

import numpy as np
import openvino as ov
import openvino.opset13 as op
import pytest

import builders
from builders import conv
from openvino.tools.pot import DefaultQuantization, IEEngine, load_model

WIDTHS = np.geomspace(0.01, 1, 16, dtype=np.float32).reshape(1, 16, 1, 1)


def gated(batch: int) -> ov.Model:
    """Squeeze and excitation, with channels of very different widths before both convolutions of the gate."""
    x = builders.parameter([batch, 3, 16, 16])
    hidden = op.relu(conv(x, 16, "stem"))
    uneven = op.multiply(hidden, op.constant(WIDTHS), name="uneven")
    squeezed = op.reduce_mean(uneven, np.array([2, 3]), True, name="squeezed")
    gate = op.sigmoid(conv(op.relu(conv(squeezed, 16, "squeeze", 1)), 16, "excite", 1, seed=3))
    scaled = op.multiply(uneven, gate, name="scaled")
    return builders.model(conv(scaled, 4, "head", seed=5), x)


@pytest.mark.long
@pytest.mark.parametrize("batch", [1, 4, -1])
def test_gates_are_neither_aligned_nor_clipped(batch: int) -> None:
    images = builders.images(40, shape=(1, 3, 16, 16))
    model = load_model(gated(batch))
    made = DefaultQuantization({}, IEEngine({}, builders.Items(images))).run(model)
    decided = made.submodels[0].decided
    ways = {name: list(changes) for name, changes in decided.items() if "fq_input" in name}
    aligned = {name for name, changes in ways.items() for change in changes if change.what == "divisors"}
    searched = {
        name for name, changes in ways.items() for change in changes if "least error" in change.evidence
    }
    assert {"squeeze/fq_input_0", "excite/fq_input_0"} <= ways.keys()
    assert not {"squeeze/fq_input_0", "excite/fq_input_0"} & (aligned | searched)
    assert "head/fq_input_0" in aligned and "head/fq_input_0" in searched
