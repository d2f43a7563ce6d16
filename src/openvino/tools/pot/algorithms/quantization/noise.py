"""How much noise quantization adds to the output of each layer."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from openvino.tools.pot.algorithms.decisions import Decisions, PlannedLayer
from openvino.tools.pot.algorithms.interfaces import Passes
from openvino.tools.pot.algorithms.rehearsal import Rehearsal
from openvino.tools.pot.configs.refining import QuantNoiseEstimatorParameters
from openvino.tools.pot.graph.edits.bias import bias_input
from openvino.tools.pot.graph.sizes import with_sizes
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.statistics.layout import StatisticsLayout
from openvino.tools.pot.statistics.measured import Statistics
from openvino.tools.pot.statistics.reducers import Noise
from openvino.tools.pot.statistics.requests import Request
from openvino.tools.pot.utils.errors import ConfigError, DataError
from openvino.tools.pot.utils.files import as_path
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)

_TOLD = 10
"""Layers that are told of: those with most noise."""

_LEAST = 1e-15

_RATIOS: Mapping[str, Literal["", "inference", "element"]] = {
    "sqnr": "inference",
    "sqnr_per_channel": "inference",
    "sqnr_eltwise_mean": "element",
}
"""Of which values the ratio is taken before their mean."""


@dataclass
class NoiseMeasurement:
    """Compares what layers give in the quantized network with what they give in the float one; nothing is changed.

    Source: Lin et al., "Fixed Point Quantization of Deep Convolutional Networks", 2016, section 3 (signal to
    quantization noise ratio).

    Attributes:
        parameters: which ratio, and of which network.
        samples: how many are taken at most; None: all.
        found: layer -> power of the signal over that of the noise, in the order of the network that was measured last.
    """

    parameters: QuantNoiseEstimatorParameters
    samples: int | None
    found: dict[str, float] = field(default_factory=dict)
    otherwise: str = "no noise is measured"

    def refine(self, decisions: Decisions, passes: Passes) -> Decisions:
        """Measure, tell, and leave all as it is."""
        network = decisions.network
        rehearsal = Rehearsal.of(decisions, alone=self.parameters.mode == "layerwise_fq_noise")
        requests = self._requests(decisions, rehearsal)
        seen = with_sizes(rehearsal.model, passes.sizes)
        layout = StatisticsLayout(rehearsal.model, requests.values(), seen=seen)
        layout.float_model = network.sub.model
        order = range(min(passes.samples, self.samples or passes.samples))
        try:
            statistics = passes.measure(layout, order)
        except DataError as error:  # sizes of outputs may depend on data, and be others where that is rounded
            logger.warning("model %r: %s; %s", network.sub.name, error, self.otherwise)
            return decisions
        ratios = {layer: self._ratio(statistics, request) for layer, request in requests.items()}
        self.found = ratios
        _tell(ratios)
        if self.parameters.results_dump_filename is not None:
            _write(self.parameters.results_dump_filename, self.found)
        return decisions

    def _requests(self, decisions: Decisions, rehearsal: Rehearsal) -> dict[str, Request]:
        """What to measure of each layer with weights, behind its bias."""
        view, second, found = decisions.network.view, GraphView(rehearsal.model), {}
        for each in decisions.network.linear_layers:
            tensor, other = _compared(view, second, decisions, rehearsal, each)
            shape = view.shape(tensor)
            if shape is not None and view.is_float(tensor):
                axis = each[1].output_axis % len(shape)
                found[each[1].node] = Request(tensor, self._reducer(other, axis), "mean")
        return found

    def _reducer(self, other: TensorId, axis: int) -> Noise:
        kind = self.parameters.type
        ratio = _RATIOS.get(kind, "")
        return Noise(other, axis if kind.endswith("per_channel") else None, ratio)

    def _ratio(self, statistics: Statistics, request: Request) -> float:
        """One figure of a layer: the mean over samples, and over channels."""
        values = statistics.value(request)
        if isinstance(request.reducer, Noise) and not request.reducer.ratio:
            signal, noise = values.reshape(2, -1)
            values = signal / np.maximum(noise, _LEAST)
        return float(values.mean())


def _compared(
    view: GraphView, second: GraphView, decisions: Decisions, rehearsal: Rehearsal, each: PlannedLayer
) -> tuple[TensorId, TensorId]:
    """The output of a layer in both networks, behind the bias where there is one."""
    layer, other = each[1], rehearsal.outputs[each[1].node]
    bias = bias_input(view, layer)
    tensor = TensorId(layer.node if bias is None else bias.node)
    if bias is not None or layer.node in decisions.bias_shifts:
        (reader,) = second.consumers(other)
        other = TensorId(reader.node)
    return tensor, other


def _tell(ratios: Mapping[str, float]) -> None:
    """Name the layers with most noise."""
    worst = sorted(ratios, key=ratios.__getitem__)[:_TOLD]
    said = ", ".join(f"{layer!r} {decibels(ratios[layer]):.1f} dB" for layer in worst)
    logger.info("signal to noise of %d layers, those with most noise first: %s", len(ratios), said)


def decibels(ratio: float) -> float:
    """A ratio of powers in dB."""
    return float(10 * np.log10(max(ratio, _LEAST)))


def _write(name: str, ratios: Mapping[str, float]) -> None:
    """Write a table as POT did.

    Raises:
        ConfigError: the file can't be written.
    """
    path = as_path(name, "results_dump_filename")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(["", "noise_metric", "layer_name"])
            rows.writerows(
                [number, repr(ratio), layer] for number, (layer, ratio) in enumerate(ratios.items())
            )
    except OSError as error:
        raise ConfigError(f"results_dump_filename: {name!r} can't be written: {error.strerror}") from error
