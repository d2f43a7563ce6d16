"""How close the outputs of a quantized model are to those of the float model, where no metric tells."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.engines import probes
from openvino.tools.pot.engines.ie_engine import IEEngine
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.graph.names import port_name
from openvino.tools.pot.samplers.batch_sampler import count_samples
from openvino.tools.pot.utils.progress import track


def signal_to_noise(
    engine: IEEngine, model: CompressedModel, quantized: CompressedModel, indices: Sequence[int] | None = None
) -> dict[str, float]:
    """The power of each output over the power of its change, in dB: 20 is a tenth of the amplitude, 40 a hundredth.

    The mean of an output over all samples is no signal: a network that always answers the same gets no credit.

    Args:
        engine: with a data loader.
        model: in float.
        quantized: the same network.
        indices: of the samples, default all.

    Returns:
        Name of the output to figure; outputs whose shape depends on the data, such as boxes that were found, and
        outputs that are not floats are left out, as are those that are the same for all samples, for which it takes
        two at least. Infinite where nothing changed.
    """
    chosen = range(count_samples(engine.data_loader)) if indices is None else indices
    outputs = (probes.outputs(engine, each, chosen, strict=False) for each in (model, quantized))
    pairs = zip(*outputs, strict=True)
    ports = model.submodels[0].model.outputs
    sums = [_Sums() for _ in ports]
    for before, after in track(pairs, len(chosen), "Comparison pass"):
        for total, first, second in zip(sums, before, after, strict=True):
            total.add(first, second)
    names = [port_name(port) for port in ports]
    return {name: total.decibels for name, total in zip(names, sums, strict=True) if total.tells}


class _Sums:
    """Sums over samples for one output, of its shape."""

    def __init__(self) -> None:
        self.comparable = True
        self._count = 0
        self._sum: NDArray[np.float64] = np.zeros(())
        self._squares = self._noise = 0.0

    def add(self, before: NDArray[np.generic], after: NDArray[np.generic]) -> None:
        """Take the output of both models for one sample."""
        known = self._count == 0 or before.shape == self._sum.shape
        self.comparable &= before.dtype.kind == "f" and before.shape == after.shape and known
        if self.comparable:
            values = before.astype(np.float64)
            self._sum = self._sum + values
            self._squares += float(np.square(values).sum())
            self._noise += float(np.square(values - after.astype(np.float64)).sum())
            self._count += 1

    @property
    def tells(self) -> bool:
        """Whether there is a figure."""
        return self.comparable and self._signal > 1e-12 * self._squares

    @property
    def decibels(self) -> float:
        """The figure."""
        return float(10 * np.log10(self._signal / self._noise)) if self._noise else float("inf")

    @property
    def _signal(self) -> float:
        return self._squares - float(np.square(self._sum).sum()) / max(self._count, 1)
