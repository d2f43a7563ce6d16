"""Two models of the same inputs as one, of which the second one's nodes have other names.

input ── first ── results          input ─┬─ first ── results
input ── second ── results   ──▶          └─ second ── results
"""

from __future__ import annotations

import openvino as ov

from openvino.tools.pot.graph.edits.replace import rewire

SECOND = "second/"
"""What names of the second one's nodes begin with."""


def beside(first: ov.Model, second: ov.Model) -> ov.Model:
    """Both as one model; results of the first one come first, and so do its inputs.

    Args:
        first: stays as it is.
        second: of the same inputs in the same order, perhaps with more behind them; it is used up.
    """
    model = first.clone()
    for node in second.get_ops():
        node.set_friendly_name(SECOND + node.get_friendly_name())
        for output in node.outputs():
            output.set_names(set())
    parameters, others = model.get_parameters(), second.get_parameters()
    for own, other in zip(parameters, others, strict=False):
        rewire(other.output(0).get_target_inputs(), own)
    results = [*model.get_results(), *second.get_results()]
    return ov.Model(results, [*parameters, *others[len(parameters) :]], model.get_friendly_name())
