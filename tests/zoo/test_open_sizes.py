"""Real networks with a dynamic batch, and with all free sizes dynamic, follow float as they do with fixed sizes."""

from __future__ import annotations

import openvino as ov
import pytest
from zoo_runs import zoo

from builders import decibels
from openvino.tools.pot import quantize
from openvino.tools.pot.utils.runtime import core


def opened(network: ov.Model, form: str) -> ov.Model:
    """The network with a free batch, or with everything free but channels."""
    shapes = {}
    for port in network.inputs:
        shape = list(port.get_partial_shape())
        channels = 1 if len(shape) == 4 and shape[1] in (1, 3) else len(shape) - 1
        free = {"fixed": [], "batch": [0], "all": [axis for axis in range(len(shape)) if axis != channels]}[
            form
        ]
        shapes[port] = ov.PartialShape(
            [ov.Dimension() if axis in free else size for axis, size in enumerate(shape)]
        )
    network.reshape(shapes)
    return network


@pytest.mark.parametrize("name", ["tiny_resnet8", "ocr_cls_mobilenetv3"])
def test_open_sizes_cost_nothing(name: str) -> None:
    entry = zoo().load(name)
    data = [entry.calibration[index] for index in range(48)]
    figures, layers = {}, {}
    for form in ("fixed", "batch", "all"):
        network = opened(core().read_model(entry.model), form)
        found, report = quantize(network, data[:24], report=True)
        figures[form], layers[form] = decibels(network, found, data), report.int8_layers
    assert min(figures.values()) > figures["fixed"] - 1, figures
    assert set(layers.values()) == {layers["fixed"]}, layers
