"""What a layer multiplies with its weights: sampled inputs, in float and quantized."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.algorithms.decisions import Decisions, Reading
from openvino.tools.pot.arithmetic.bias import InputMeans
from openvino.tools.pot.arithmetic.fake_quantize import fake_quantize
from openvino.tools.pot.arithmetic.repetition import repetitions, sample_means
from openvino.tools.pot.placement.plan import WeightQuantizer
from openvino.tools.pot.statistics.measured import Statistics
from openvino.tools.pot.statistics.reducers import Patches

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


def known_by(decisions: Decisions, reading: Reading, quantizer: WeightQuantizer) -> Hashable:
    """What sampled inputs depend on beside the statistics."""
    own = None if reading.tensor is None else decisions.activations[reading.tensor].key
    counts = not decisions.network.avoided.repeated
    return reading, own, decisions.input_divisor(quantizer).tobytes(), counts


def sampled_inputs(
    decisions: Decisions, statistics: Statistics, reading: Reading, quantizer: WeightQuantizer
) -> Inputs:
    """What layers read that a quantizer of weights is of, as the request for it gave it.

    Rows count as often as they repeat within a sample, but once where outputs average over all positions: then errors
    of rows that differ add up just as well; and where a plan avoids it.
    """
    request = reading.request
    patches = isinstance(request.reducer, Patches)
    gathered = statistics.patches(request) if patches else statistics.rows(request)[:, :, None]
    divisor, samples = decisions.input_divisor(quantizer), statistics.kept(request)
    plain = quantized = np.divide(gathered, divisor.reshape(-1, 1), dtype=np.float32)
    if reading.tensor is not None:
        own = decisions.activations[reading.tensor].reshaped(-1, 1)
        quantized = np.asarray(fake_quantize(plain, own), np.float32)
    once = reading.averaged or bool(decisions.network.avoided.repeated)
    counts = np.ones(len(quantized)) if once else repetitions(quantized, samples)
    return Inputs(plain, quantized, counts, samples)
