"""What layers multiply with their weights: rows of their inputs, from one pass over the samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.algorithms.measuring import Measuring
from openvino.tools.pot.api.engine import Engine
from openvino.tools.pot.arithmetic.feedback import Moments
from openvino.tools.pot.configs.parameters import MinMaxParameters
from openvino.tools.pot.engines.probes import batch_axis
from openvino.tools.pot.graph.batch import fixed_batch
from openvino.tools.pot.graph.edits.precision import in_float32
from openvino.tools.pot.graph.geometry import summed_axis
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.placement.weights import StoredWeights
from openvino.tools.pot.statistics.layout import StatisticsLayout
from openvino.tools.pot.statistics.measured import Statistics
from openvino.tools.pot.statistics.requests import MANY_VALUES, Request, rows_request
from openvino.tools.pot.utils.timing import timed

_MATRIX = 2


class Inputs:
    """What is known of the inputs of layers.

    Args:
        statistics: of the pass.
        requests: identity of weights -> what was asked for the inputs of each of their layers.
    """

    def __init__(self, statistics: Statistics, requests: Mapping[int, tuple[Request, ...]]) -> None:
        self._statistics, self._requests = statistics, requests
        self._last: tuple[tuple[Request, ...], Moments | None] = ((), None)

    def moments(self, weights: StoredWeights) -> Moments | None:
        """The moments of what weights are multiplied with; None where nothing is known of it.

        Those that were asked for last are kept, as layers that read the same follow each other.
        """
        asked = self._requests.get(id(weights), ())
        if not asked:
            return None
        if asked != self._last[0]:
            rows = np.concatenate([self._statistics.rows(each) for each in asked])
            self._last = asked, _moments(rows)
        return self._last[1]


def _moments(rows: NDArray[np.float32]) -> Moments | None:
    """Those of rows; None where they are too large for float32, or all zero."""
    if not np.isfinite(rows).all():  # of what half precision, in which rows are kept, can't hold
        return None
    try:
        found = Moments.of(rows)
    except np.linalg.LinAlgError:
        return None
    return found if np.isfinite(found.factor).all() else None


def measured_inputs(
    model: CompressedModel,
    engine: Engine,
    found: Sequence[StoredWeights],
    sampling: MinMaxParameters,
) -> Inputs:
    """The inputs of all weights that are matrices, and read by nothing but products.

    Args:
        model: the float network.
        engine: with samples.
        found: its weights.
        sampling: which samples.

    Raises:
        EngineError: the engine has no data loader any more, once it has the model.
        DataError: it is empty, or a sample doesn't fit the model.
    """
    network, name = model.submodels[0].model.clone(), model.submodels[0].name
    in_float32(network)
    view, axis = GraphView(network), batch_axis(engine)
    requests = {id(each): _requests(view, each) for each in found if not each.left}
    asked = [request for each in requests.values() for request in each]
    with timed("statistics graph"):
        layout = StatisticsLayout(network, asked, fixed_batch(network, axis), axis, guarded=True)
    measuring = Measuring(model, engine, sampling, tells=False)
    return Inputs(measuring.measured_by(name, layout), requests)


def _requests(view: GraphView, weights: StoredWeights) -> tuple[Request, ...]:
    """What to ask for the inputs of the layers of weights; nothing where one of them can't be asked."""
    found = []
    for name, kind in weights.layers.items():
        if traits(kind).linear != "matrix" or len(weights.shape) != _MATRIX:
            return ()
        axis = summed_axis(view, name, 0)
        request = rows_request(view, view.inputs(name)[0], axis, MANY_VALUES)
        if request is None:
            return ()
        found.append(request)
    return tuple(dict.fromkeys(found))
