"""What a layer multiplies with its weights: sampled inputs, in float and quantized."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.algorithms.context import Context, PlannedLayer
from openvino.tools.pot.arithmetic.bias import InputMeans
from openvino.tools.pot.arithmetic.fake_quantize import fake_quantize
from openvino.tools.pot.arithmetic.repetition import sample_means
from openvino.tools.pot.statistics.measured import Statistics
from openvino.tools.pot.statistics.reducers import Patches
from openvino.tools.pot.statistics.requests import Request

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Inputs:
    """Sampled inputs of a layer, divided as its range says.

    Attributes:
        plain: in float, shape ``[rows, channels, taps]``, sample after sample.
        quantized: the same rows, quantized.
        counts: how often each row counts, float64, shape ``[rows]``.
        samples: how many samples they are of.
    """

    plain: Floats
    quantized: Floats
    counts: NDArray[np.float64]
    samples: int

    def means(self) -> InputMeans:
        """Those of each sample, for rows of a single tap."""
        plain, errors = (values[:, :, 0] for values in (self.plain, self.quantized - self.plain))
        return InputMeans(*(sample_means(values, self.counts, self.samples) for values in (plain, errors)))


def sampled_inputs(
    context: Context, statistics: Statistics, request: Request, planned_layer: PlannedLayer
) -> Inputs:
    """The inputs of a layer that a request for rows or patches of it gave."""
    planned, layer, quantizer = planned_layer
    if isinstance(request.reducer, Patches):
        gathered = statistics.patches(request)
    else:
        gathered = statistics.rows(request)[:, :, None]
    divisor, grid = context.input_divisor(quantizer), context.input_range(planned, layer)
    plain = quantized = np.divide(gathered, divisor.reshape(-1, 1), dtype=np.float32)
    if grid is not None:
        quantized = np.asarray(fake_quantize(plain, grid.reshaped(-1, 1)), np.float32)
    samples = statistics.kept(request)
    return Inputs(plain, quantized, context.row_counts(layer, quantized, samples), samples)
