"""The causes of loss that are known: what speaks for each, in figures, and what helps.

A cause is found in the figures of a layer and in its place in the float graph; nothing is guessed that the evidence does
not say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from openvino.tools.pot.diagnosis.facts import Cause, Layer, Span
from openvino.tools.pot.diagnosis.looking import Looked
from openvino.tools.pot.graph.geometry import linear_layer
from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.graph.tensors import InputId, TensorId
from openvino.tools.pot.graph.view import GraphView

HALF = 65504.0
"""The largest number of half precision."""


@dataclass(frozen=True)
class Kind:
    """A kind of cause.

    Attributes:
        title: in a few words.
        means: what goes wrong.
        helps: what can be done.
    """

    title: str
    means: str
    helps: str


CAUSES: dict[str, Kind] = {
    "outlier_activation": Kind(
        "a few values are far larger than the others",
        "they set the step of all: most values fall on a few levels",
        "cut the range (a quantile as range estimator), or leave the layer in float",
    ),
    "imbalanced_channels": Kind(
        "channels of very different size share a range",
        "small channels fall on a few levels",
        "divide channels before rounding (alignment, migration), or leave the layer in float",
    ),
    "clipped_range": Kind(
        "values lie beyond the range",
        "they are cut off",
        "take the largest values for borders (range estimator max), or more samples",
    ),
    "wide_range": Kind(
        "the range is far wider than the data",
        "most levels are never used",
        "calibrate with data as it is fed in use",
    ),
    "joined_branches": Kind(
        "branches of different scale are joined under one range",
        "the small branch falls on a few levels",
        "leave what follows the Concat in float, or quantize the branches before it",
    ),
    "tiny_addend": Kind(
        "a small addend is rounded with the range of a large one",
        "what it adds is lost in the step of the sum",
        "leave the addition in float",
    ),
    "gated": Kind(
        "the result is multiplied with a gate of another branch",
        "errors of the gate are errors of everything that it passes",
        "leave the gate in float",
    ),
    "distribution_head": Kind(
        "an average over a distribution behind a Softmax",
        "small probabilities of far positions are rounded away, and they weigh most",
        "leave the product in float",
    ),
    "attention_scores": Kind(
        "scores or weights of attention",
        "rounding of scores is blown up by the exponential",
        "leave the product in float",
    ),
    "coordinates": Kind(
        "a product of large and small numbers, such as coordinates",
        "differences of close large numbers are lost in the step",
        "leave the product in float",
    ),
    "first_layer": Kind("the first layer", "its error goes through the whole network", "leave it in float"),
    "last_layer": Kind("the last layer", "nothing averages its error away", "leave it in float"),
    "dead_channels": Kind(
        "channels that are the same for all data",
        "they take part in ranges without telling anything",
        "remove them from the model",
    ),
    "bias_shift": Kind(
        "whole channels are shifted",
        "the mean of the output moved: what is added to it does not fit",
        "correct the bias (FastBiasCorrection), with data as it is fed in use",
    ),
    "weights": Kind(
        "weights are rounded too coarsely",
        "outputs of the layer are wrong whatever the data",
        "ranges of weights by channel, other rounding of weights, or float",
    ),
    "many_layers": Kind(
        "no single layer stands out", "errors of many layers add up", "other presets, or more layers in float"
    ),
    "few_samples": Kind(
        "ranges were found on too few samples",
        "other samples go beyond them in most layers",
        "calibrate with more samples",
    ),
    "unlike_sample": Kind(
        "one sample widens ranges far beyond all others",
        "the step of all others grows with it",
        "look at the sample; leave it out, or take a quantile for borders",
    ),
    "scaled_data": Kind(
        "calibration data had another scale than what is fed now",
        "all ranges are too wide, or too narrow, by one factor",
        "calibrate with the preprocessing that is used",
    ),
    "swapped_channels": Kind(
        "calibration data had its color channels the other way round",
        "ranges fit the data better with channels reversed",
        "calibrate with the order of channels that is used",
    ),
    "overflow": Kind(
        "sums of 16 bits overflow on processors without VNNI",
        "results are cut off at 32,767 there",
        "saturation_fix: all",
    ),
    "half_overflow": Kind(
        "values beyond 65,504",
        "devices that compute the rest in half precision make them infinite",
        "INFERENCE_PRECISION_HINT f32, or scale the model",
    ),
    "left_in_float": Kind(
        "a layer that could run in INT8 does not", "it takes the time that it takes in float", "quantize it"
    ),
    "not_run_in_int8": Kind(
        "a quantized layer does not run in INT8",
        "the device falls back to float behind its quantizers",
        "see the reason; another preset may fit the device",
    ),
    "slower_in_int8": Kind(
        "a layer is slower in INT8", "conversions around it cost more than it saves", "leave it in float"
    ),
    "own_precision": Kind(
        "the device computes what stays in float in half precision",
        "layers that were left in float are less exact than in float32",
        "compile with INFERENCE_PRECISION_HINT f32",
    ),
    "device_fault": Kind(
        "the device computes something else than the model defines",
        "a fault of the plugin",
        "another form of the layer, other settings, or float",
    ),
}
"""Name -> what is known of it, for documents and pages."""

Finder = Callable[[Looked, Layer], Iterator[Cause]]

_PEAK, _IMBALANCE, _CLIPPED, _USED = 24.0, 12.0, 0.004, 0.2
_SHIFTED, _OF_WEIGHTS, _COARSE = 0.5, 0.7, 22.0
_STRETCH, _TIME_SHARE, _SLOWER = 3.0, 0.02, 1.1
_FEW_CLIPPED, _SCALE = 0.4, 6.0


def causes_of(looked: Looked, layer: Layer) -> tuple[Cause, ...]:
    """Why a layer loses accuracy or time, the strongest first."""
    found = [cause for finder in FINDERS for cause in finder(looked, layer)]
    return tuple(sorted(found, key=lambda cause: -cause.strength))


def _outliers(looked: Looked, layer: Layer) -> Iterator[Cause]:
    for span in layer.spans:
        peak = max(-span.low, span.high) / max(span.rms, 1e-30)
        if peak > _PEAK and span.used > _USED and span.imbalance < _IMBALANCE:
            yield _cause(
                "outlier_activation", layer,
                f"the range reaches to {peak:.0f} times the root mean square of input {span.port}", peak / (2 * _PEAK),
            )  # fmt: skip


def _imbalance(looked: Looked, layer: Layer) -> Iterator[Cause]:
    for span in layer.spans:
        if span.imbalance > _IMBALANCE and not span.per_channel:
            joined = _concat_before(looked.view, InputId(layer.node, span.port))
            name = "joined_branches" if joined else "imbalanced_channels"
            at = f" (joined in {joined})" if joined else ""
            yield Cause(
                name=name, node=joined or layer.node, strength=_bounded(span.imbalance / (2 * _IMBALANCE)),
                evidence=f"the largest channel of input {span.port} is {span.imbalance:.0f} times the median one{at}",
            )  # fmt: skip


def _clipping(looked: Looked, layer: Layer) -> Iterator[Cause]:
    for span in layer.spans:
        beyond = max(
            span.most / span.high if span.high > 0 else 0, span.least / span.low if span.low < 0 else 0
        )
        if span.clipped > _CLIPPED and beyond > 1.1:
            yield _cause(
                "clipped_range", layer,
                f"{span.clipped:.1%} of input {span.port} lie beyond the range, up to {beyond:.1f} times its border",
                0.5 + 10 * span.clipped,
            )  # fmt: skip


def _wide(looked: Looked, layer: Layer) -> Iterator[Cause]:
    for span in layer.spans:
        if span.used < _USED:
            yield _cause(
                "wide_range", layer, f"the data of input {span.port} reaches {span.used:.1%} of its range",
                1 - span.used,
            )  # fmt: skip


def _addend(looked: Looked, layer: Layer) -> Iterator[Cause]:
    if layer.type == "Add" and len(layer.spans) == 2:
        small, large = sorted(layer.spans, key=lambda span: span.rms)
        step = (small.high - small.low) / max(small.levels - 1, 1)
        if large.rms > 8 * small.rms and step > small.rms / 2:
            yield _cause(
                "tiny_addend", layer,
                f"input {small.port} is {large.rms / max(small.rms, 1e-30):.0f} times smaller than the other, and its "
                f"step is {step / max(small.rms, 1e-30):.1f} times its size", 0.95,
            )  # fmt: skip


def _weights(looked: Looked, layer: Layer) -> Iterator[Cause]:
    if (
        layer.weight_error is not None
        and (layer.from_weights or 0) > _OF_WEIGHTS
        and layer.weight_error < _COARSE
    ):
        yield _cause("weights", layer, f"weights follow to {layer.weight_error:.1f} dB only", 0.6)


def _shifts(looked: Looked, layer: Layer) -> Iterator[Cause]:
    error = looked.errors.get(layer.node)
    if error is None or error.own is None or error.own_mean is None:
        return
    moved, own = float(np.square(error.own_mean).mean()), float(error.own.mean())
    if own > 0 and moved > _SHIFTED * own:
        yield _cause(
            "bias_shift", layer,
            f"{moved / own:.0%} of the layer's error is a shift of whole channels, {np.sqrt(moved):.3g} in the root mean "
            "square", 0.9 * moved / own,
        )  # fmt: skip


def _dead(looked: Looked, layer: Layer) -> Iterator[Cause]:
    error = looked.errors.get(layer.node)
    for seen in () if error is None else error.inputs:
        dead = np.flatnonzero(seen.channels == 0)
        if dead.size and seen.channels.size > 1:
            yield _cause(
                "dead_channels", layer,
                f"{dead.size} of {seen.channels.size} channels of input {seen.port} are zero for all samples", 0.3,
            )  # fmt: skip


def _form(looked: Looked, layer: Layer) -> Iterator[Cause]:
    """What the layer's place in the graph says."""
    view = looked.view
    if layer.type not in view.type(layer.node):
        return
    is_product = traits(layer.type).product and linear_layer(view, layer.node) is None
    if _reads(view, layer.node, "Softmax"):
        if linear_layer(view, layer.node) is not None:
            yield _cause("distribution_head", layer, "it averages what a Softmax gives", 0.55)
        elif is_product:
            yield _cause("attention_scores", layer, "it multiplies what a Softmax gives", 0.5)
    elif is_product and _is_read_by(view, layer.node, "Softmax"):
        yield _cause("attention_scores", layer, "a Softmax reads what it gives", 0.5)
    elif is_product:
        yield _cause("coordinates", layer, "it multiplies two activations", 0.4)
    gate = _gate_behind(view, layer.node)
    if gate:
        yield Cause(
            name="gated", node=layer.node, strength=0.35,
            evidence=f"{gate} multiplies what it gives with another branch",
        )  # fmt: skip


def _place(looked: Looked, layer: Layer) -> Iterator[Cause]:
    if _reaches(looked.view, layer.node, up=True):
        yield _cause("first_layer", layer, "no layer stands before it", 0.1)
    if _reaches(looked.view, layer.node, up=False):
        yield _cause("last_layer", layer, "no layer stands behind it", 0.1)


def _half(looked: Looked, layer: Layer) -> Iterator[Cause]:
    if layer.largest > HALF:
        yield _cause("half_overflow", layer, f"its output reaches {layer.largest:.3g}", 0.45)


def _stretched(looked: Looked, layer: Layer) -> Iterator[Cause]:
    for span in layer.spans:
        if span.stretch > _STRETCH and span.used > _USED and looked.calibration.samples > 4:
            yield _cause(
                "unlike_sample", layer,
                f"sample {span.stretched_by} is {span.stretch:.1f} times as wide as the median one at input {span.port}",
                min(0.97, 0.5 + span.stretch / 20),
            )  # fmt: skip


def _time(looked: Looked, layer: Layer) -> Iterator[Cause]:
    whole = looked.timing.int8_seconds
    if layer.int8_seconds is None or layer.int8_seconds < _TIME_SHARE * whole:
        return
    heavy = traits(layer.type).linear or traits(layer.type).recurrent
    share = layer.int8_seconds / whole
    if layer.quantized and heavy and not layer.ran_in_int8 and layer.precision:
        yield _cause("not_run_in_int8", layer, f"it runs in {layer.precision}, {share:.0%} of the time", 0.5)
    elif not layer.quantized and heavy and looked.timing.int8_layers:
        yield _cause("left_in_float", layer, f"it runs in {layer.precision}, {share:.0%} of the time", 0.5)
    elif layer.quantized and layer.float_seconds and layer.int8_seconds > _SLOWER * layer.float_seconds:
        yield _cause(
            "slower_in_int8", layer,
            f"{layer.int8_seconds * 1000:.3g} ms in INT8, {layer.float_seconds * 1000:.3g} ms in float", 0.5,
        )  # fmt: skip


FINDERS: tuple[Finder, ...] = (
    _outliers, _imbalance, _clipping, _wide, _addend, _weights, _shifts, _dead, _form, _place, _half, _stretched, _time,
)  # fmt: skip


def global_causes(looked: Looked) -> tuple[Cause, ...]:
    """What is wrong with the model or the samples as a whole."""
    found = [*_of_scale(looked), *_of_samples(looked), *_of_device(looked)]
    return tuple(sorted(found, key=lambda cause: -cause.strength))


def _of_scale(looked: Looked) -> Iterator[Cause]:
    factors = [_factor(span) for layer in looked.layers for span in layer.spans if not span.per_channel]
    if len(factors) >= 2:
        first, rest = factors[0], float(np.median(factors))
        if (first > _SCALE and rest > 2) or (first < 1 / _SCALE and rest < 0.5):
            how = f"{first:.0f} times as wide as" if first > 1 else f"{1 / first:.0f} times narrower than"
            yield Cause(
                name="scaled_data", node=looked.layers[0].node, strength=1.0,
                evidence=f"the range of the first quantizer is {how} what is fed, and {rest:.2g} is the median of all",
            )  # fmt: skip


def _factor(span: Span) -> float:
    """The magnitude of a range over that of the data."""
    return max(-span.low, span.high) / max(-span.least, span.most, 1e-30)


def _of_samples(looked: Looked) -> Iterator[Cause]:
    spans = [span for layer in looked.layers for span in layer.spans]
    beyond = [span for span in spans if 1.05 < 1 / max(_factor(span), 1e-30) < _SCALE]
    if len(spans) >= 2 and len(beyond) > _FEW_CLIPPED * len(spans):
        yield Cause(
            name="few_samples", node="", strength=0.8,
            evidence=f"the samples go beyond the ranges of {len(beyond)} of {len(spans)} quantizers",
        )  # fmt: skip


def _of_device(looked: Looked) -> Iterator[Cause]:
    parts = looked.parts
    if parts.users < parts.whole - 3 and parts.users < 30:
        yield Cause(
            name="own_precision", node="", strength=0.6,
            evidence=f"{parts.users:.1f} dB with the device's own settings, {parts.whole:.1f} dB in float32",
        )  # fmt: skip
    if parts.whole < parts.defined - 6 and parts.whole < 30:
        yield Cause(
            name="device_fault", node="", strength=0.9,
            evidence=f"{parts.whole:.1f} dB as the device runs it, {parts.defined:.1f} dB as it is defined",
        )  # fmt: skip


def _cause(name: str, layer: Layer, evidence: str, strength: float) -> Cause:
    return Cause(name=name, node=layer.node, evidence=evidence, strength=_bounded(strength))


def _bounded(strength: float) -> float:
    return float(min(max(strength, 0.0), 1.0))


def _concat_before(view: GraphView, reader: InputId) -> str:
    """The Concat of several branches whose data an input reads, past what moves data or works element by element."""
    tensor = view.source(reader)
    for _ in range(8):
        kind = view.type(tensor.node)
        if kind == "Concat":
            return tensor.node
        varying = view.varying(tensor.node)
        if len(varying) != 1 or not (traits(kind).moves != "none" or traits(kind).elementwise):
            return ""
        tensor = varying[0]
    return ""


def _reads(view: GraphView, node: str, kind: str) -> bool:
    """Whether an operation of a type made what a node reads, past what moves data."""
    pending = [tensor.node for tensor in view.varying(node)]
    for _ in range(16):
        if not pending:
            return False
        name = pending.pop()
        if view.type(name) == kind:
            return True
        if traits(view.type(name)).moves in ("reorders", "cuts", "picks"):
            pending += [tensor.node for tensor in view.varying(name)]
    return False


def _is_read_by(view: GraphView, node: str, kind: str) -> bool:
    """Whether an operation of a type reads what a node gives, past what moves data or works element by element."""
    pending = [reader.node for reader in view.readers(node)]
    for _ in range(16):
        if not pending:
            return False
        name = pending.pop()
        if view.type(name) == kind:
            return True
        own = traits(view.type(name))
        if own.moves == "reorders" or own.affine:
            pending += [reader.node for reader in view.readers(name)]
    return False


def _gate_behind(view: GraphView, node: str) -> str:
    """A product of two branches that what a node gives goes into, past what works element by element."""
    tensor = TensorId(node)
    for _ in range(4):
        readers = view.consumers(tensor)
        if len(readers) != 1:
            return ""
        name = readers[0].node
        if view.type(name) == "Multiply" and len(view.varying(name)) == 2:
            return (
                name
                if any(view.type(each.node) in ("Sigmoid", "HSigmoid") for each in view.varying(name))
                else ""
            )
        if not traits(view.type(name)).elementwise:
            return ""
        tensor = TensorId(name)
    return ""


def _reaches(view: GraphView, node: str, up: bool) -> bool:
    """Whether no layer lies between a node and an input, or an output."""
    pending, seen = [node], {node}
    while pending:
        name = pending.pop()
        if up:
            near = [tensor.node for tensor in view.varying(name)]
        else:
            near = [reader.node for reader in view.readers(name)]
        for other in near:
            own = traits(view.type(other))
            if own.linear or own.product or own.recurrent:
                return False
            if other not in seen:
                seen.add(other)
                pending.append(other)
    return True
