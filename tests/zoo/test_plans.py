"""Which of the real networks are transformers, and that saying so changes nothing."""

from __future__ import annotations

import pytest
from zoo_runs import BARS, zoo

from openvino.tools.pot import load_model
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.hardware import find_device
from openvino.tools.pot.placement.planner import make_plan
from openvino.tools.pot.placement.transformers import why_transformer


@pytest.mark.parametrize("name", BARS)
def test_transformers_are_detected(name: str) -> None:
    view = GraphView(load_model(str(zoo().load(name).model)).submodels[0].model)
    found = why_transformer(view)
    assert bool(found) == BARS[name].transformer, found
    said, plain = (make_plan(view, find_device("CPU"), {}, transformer) for transformer in (True, False))
    assert make_plan(view, find_device("CPU"), {}, bool(found)) == (said if BARS[name].transformer else plain)
