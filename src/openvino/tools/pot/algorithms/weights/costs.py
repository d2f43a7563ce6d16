"""What few bits cost at the outputs of layers."""

from __future__ import annotations

from openvino.tools.pot.algorithms.weights.inputs import Inputs
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
        inputs: of its layers, None where there is no data.
    """

    def __init__(self, view: GraphView, inputs: Inputs | None = None) -> None:
        self._view, self._inputs = view, inputs

    def __call__(self, weights: StoredWeights, form: WeightForm, group: int) -> float:
        """The share in a form, less that in 8 bits."""
        rows = rows_of(self._view.stored(weights.tensor), weights)
        rows = rows[:: max(1, rows.size // _COMPARED)]
        moments = None if self._inputs is None else self._inputs.moments(weights)
        few = rounded(rows, form, group, moments, nearest=True)
        many = rounded(rows, WEIGHT_FORMS["int8_asym"], weights.row, moments, nearest=True)
        return 0.0 if few is None or many is None else few.share - many.share
