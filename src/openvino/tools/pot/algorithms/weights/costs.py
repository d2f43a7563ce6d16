"""What few bits cost at the outputs of layers, without data."""

from __future__ import annotations

from openvino.tools.pot.algorithms.weights.integers import rounded, rows_of
from openvino.tools.pot.arithmetic.groups import WEIGHT_FORMS, WeightForm
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.placement.weights import StoredWeights

_COMPARED = 1 << 19
"""Weights of each constant that are rounded to see what it costs."""


class Costs:
    """What storing weights in a form adds to the squared relative error of what the layer gives.

    Without data, inputs are taken to be independent and of one size: then the share of its output that a layer gets
    wrong is that of its weights. What a layer adds to a network's error is proportional to that, as long as
    nothing is known of what follows.

    Args:
        view: of the float network.
    """

    def __init__(self, view: GraphView) -> None:
        self._view = view

    def __call__(self, weights: StoredWeights, form: WeightForm, group: int) -> float:
        """The share in a form, less that in 8 bits."""
        rows = rows_of(self._view.stored(weights.tensor), weights)
        rows = rows[:: max(1, rows.size // _COMPARED)]
        pair = [rounded(rows, form, group), rounded(rows, WEIGHT_FORMS["int8_asym"], weights.row)]
        shares = [each.noise / each.signal for each in pair if each is not None and each.signal]
        return shares[0] - shares[1] if len(shares) == len(pair) else 0.0
