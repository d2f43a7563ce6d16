"""The faults that are planted in the networks of ``planted``, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import openvino as ov
from openvino import opset13 as op
from planted import (
    NETWORKS,
    Floats,
    Kind,
    Layers,
    Planted,
    bypass,
    change,
    channel_axis,
    images,
    names_of_layers,
    node,
    outputs_of,
    quantized,
    quantizer,
    round_input,
    scale_inputs,
    scale_outputs,
    tokens_of,
    widen,
)

Fault = Callable[[Kind], Planted]


def _with_first_and_second_scaled(kind: Kind, factors: Floats) -> ov.Model:
    """A network in which channels are multiplied behind a layer, and divided in the weights of the next one."""
    network = kind.build()
    scale_outputs(network, kind.first, factors)
    scale_inputs(network, kind.second, 1 / factors)
    return network


def _factors(network: ov.Model, kind: Kind) -> Floats:
    return np.ones(outputs_of(network, kind.first), np.float32)


def one_large_channel(kind: Kind) -> Planted:
    """A channel is a thousand times as large as the others; the next layer divides it."""
    factors = _factors(kind.build(), kind)
    factors[3] = 1000
    network = _with_first_and_second_scaled(kind, factors)
    return Planted(network, quantized(network, images()), images(), kind.second, "imbalanced_channels")


def clipped_range(kind: Kind) -> Planted:
    """A range is a fifth of what it should be."""
    network = kind.build()
    other = quantized(network, images())
    widen(quantizer(other, kind.second), 0.2)
    return Planted(network, other, images(), kind.second, "clipped_range")


def wide_range(kind: Kind) -> Planted:
    """A range is sixty times as wide as it should be."""
    network = kind.build()
    other = quantized(network, images())
    widen(quantizer(other, kind.second), 60)
    return Planted(network, other, images(), kind.second, "wide_range")


def endless_range(kind: Kind) -> Planted:
    """A range reaches from minus to plus infinity, as NNCF makes it for masks that hold the least float."""

    def ending(layers: Layers, last: ov.Output) -> ov.Output:
        scores = layers.linear(last, 8, "scores")
        mask = op.softmax(layers.linear(last, 8, "mask"), 1)  # into which devices fuse no quantizer
        return op.add(scores, mask, name="masked").output(0)

    network = kind.build(ending=ending)
    other = quantized(network, images())
    round_input(other, "masked", 1, -np.inf, np.inf)
    return Planted(network, other, images(), "masked", "endless_range")


def one_sample_unlike_others(kind: Kind) -> Planted:
    """One of forty samples is fifty times as bright."""
    network, samples = kind.build(), images(40)
    samples[17] = samples[17] * 50
    return Planted(network, quantized(network, samples), samples, "", "unlike_sample")


def bias_shift(kind: Kind) -> Planted:
    """A bias is off."""
    network = kind.build()
    other = quantized(network, images())
    change(other, f"{kind.second}/bias", lambda values: values + np.float32(0.7))
    return Planted(network, other, images(), kind.second, "bias_shift")


def left_in_float(kind: Kind) -> Planted:
    """A layer in the middle, the largest of all, has no quantizers."""

    def ending(layers: Layers, last: ov.Output) -> ov.Output:
        many = 1024
        before = op.relu(layers.linear(last, many, "before")).output(0)
        heavy = op.relu(layers.linear(before, many, "heavy")).output(0)
        return layers.linear(heavy, 8, "behind")

    network = kind.build(ending=ending)
    other = quantized(network, images(), "DefaultQuantization")
    bypass(other, "heavy")
    return Planted(network, other, images(), "heavy", "left_in_float")


def not_run_in_int8(kind: Kind) -> Planted:
    """The largest layer reads channels that have a step each: the device can't add up such integers."""

    def ending(layers: Layers, last: ov.Output) -> ov.Output:
        many = 128
        before = op.relu(layers.linear(last, many, "before")).output(0)
        heavy = op.relu(layers.linear(before, many, "heavy")).output(0)
        return layers.linear(heavy, 8, "behind")

    network = kind.build(ending=ending)
    other = quantized(network, images(), "DefaultQuantization")
    axis = channel_axis(node(other, "heavy").input_value(0))
    shape = [-1 if place == axis else 1 for place in range(4 if axis == 1 else 3)]
    widen(quantizer(other, "heavy"), np.linspace(1, 1.5, 128, dtype=np.float32).reshape(shape))
    return Planted(network, other, images(), "heavy", "not_run_in_int8")


def gated(kind: Kind) -> Planted:
    """A gate passes boxes far from zero, in a head that alone is quantized."""

    def ending(layers: Layers, last: ov.Output) -> ov.Output:
        boxes = op.add(layers.linear(last, 8, "boxes"), np.float32(30), name="pixels")
        gates = op.sigmoid(layers.linear(last, 8, "gate"), name="gates")
        return op.multiply(boxes, gates, name="passed").output(0)

    network = kind.build(ending=ending)
    change(network, "gate/weights", lambda values: values * np.float32(10 / kind.size))
    before = [name for name in names_of_layers(network) if name not in ("boxes", "gate")]
    other = quantized(network, images(), ignored={"scope": before})
    return Planted(network, other, images(), "gate", "gated")


def coordinates(kind: Kind) -> Planted:
    """Places in pixels, beside sizes, are turned by a matrix; what counts is how far they are from their middle."""

    def ending(layers: Layers, last: ov.Output) -> ov.Output:
        tokens = last if channel_axis(last) == 2 else tokens_of(layers.conv(last, 32, "reduce", 4, 4))
        sizes = op.multiply(op.sigmoid(layers.product(tokens, 4, "sizes")), np.float32(8))
        boxes = op.add(sizes, np.array([300, 0, 300, 0], np.float32), name="boxes")
        mean = op.reduce_mean(tokens, np.array([1]), True).output(0)
        matrix = op.reshape(op.tanh(layers.product(mean, 16, "turning")), np.array([1, 4, 4]), False)
        turned = op.matmul(boxes, matrix, False, False, name="turned")
        return op.subtract(turned, op.reduce_mean(turned, np.array([1]), True)).output(0)

    network = kind.build(ending=ending)
    return Planted(network, quantized(network, images()), images(), "turned", "coordinates")


def own_precision(kind: Kind) -> Planted:
    """Boxes in pixels are left in float, and of those the differences count: bf16 has steps of two there."""

    def ending(layers: Layers, last: ov.Output) -> ov.Output:
        boxes = op.add(layers.linear(last, 8, "boxes"), np.float32(300), name="pixels")
        places = np.array([2, 3] if channel_axis(last) == 1 else [1])
        return op.subtract(boxes, op.reduce_mean(boxes, places, True)).output(0)

    network = kind.build(ending=ending)
    other = quantized(network, images(), ignored={"scope": ["boxes"]})
    return Planted(network, other, images(), "", "own_precision")


def joined_branches(kind: Kind) -> Planted:
    """Boxes in pixels and scores are joined, and rounded under one range."""

    def ending(layers: Layers, last: ov.Output) -> ov.Output:
        boxes = op.multiply(layers.linear(last, 4, "boxes"), np.float32(100), name="pixels")
        scores = op.sigmoid(layers.linear(last, 6, "scoring"), name="chances")
        return op.concat([boxes, scores], channel_axis(last), name="heads").output(0)

    network = kind.build(ending=ending)
    other = quantized(network, images())
    for port in range(2):
        round_input(other, "heads", port, -800 * kind.size, 800 * kind.size)
    return Planted(network, other, images(), "y", "joined_branches")


def distribution_head(kind: Kind) -> Planted:
    """The mean of a distribution over 64 places is taken of rounded probabilities."""

    def ending(layers: Layers, last: ov.Output) -> ov.Output:
        chances = op.softmax(layers.linear(last, 64, "places"), channel_axis(last)).output(0)
        return layers.linear(chances, 1, "expected")

    network = kind.build(ending=ending)
    change(network, "expected/weights", lambda values: np.arange(64).reshape(values.shape) / np.float32(8))
    change(network, "places/weights", lambda values: 0.3 * values)
    other = quantized(network, images())
    round_input(other, "expected", 0, 0, 1)
    return Planted(network, other, images(), "expected", "distribution_head")


def attention_scores(kind: Kind) -> Planted:
    """Keys have a part in common that is far larger than what tells them apart, and of no effect."""

    def ending(layers: Layers, last: ov.Output) -> ov.Output:
        again = Layers()
        tokens = last if channel_axis(last) == 2 else tokens_of(again.conv(last, 32, "reduce", 4, 4))
        return layers.product(layers.attention(tokens, 32, offset=150, prefix="late_"), 10, "head")

    network = kind.build(ending=ending)
    return Planted(network, quantized(network, images()), images(), "late_context", "attention_scores")


def scaled_samples(kind: Kind) -> Planted:
    """Calibrated with images of 0 to 255 where 0 to 1 are fed."""
    network = kind.build()
    return Planted(network, quantized(network, [255 * one for one in images()]), images(), "", "scaled_data")


def swapped_channels(kind: Kind) -> Planted:
    """Calibrated with blue in the place of red; the first layer knows how much light each has."""
    network, light = kind.build(), np.array([1.0, 0.4, 0.1], np.float32)
    scale_inputs(network, kind.entry, 1 / light)
    samples = [one * light[:, None, None] for one in images()]
    seen = [np.ascontiguousarray(one[:, ::-1]) for one in samples]
    return Planted(network, quantized(network, seen), samples, "", "swapped_channels")


def one_sample_alone(kind: Kind) -> Planted:
    """Calibrated with the darkest sample alone."""
    network, samples = kind.build(), images()
    light = np.random.default_rng(1).permutation(np.geomspace(0.5, 1.5, len(samples))).astype(np.float32)
    samples = [one * each for one, each in zip(samples, light, strict=True)]
    seen = [samples[int(np.argmin(light))]]
    return Planted(network, quantized(network, seen), samples, "", "few_samples")


def overflow(kind: Kind) -> Planted:
    """Weights and activations are large at the same places: pairs of products are beyond 16 bits without VNNI."""
    network = kind.build()
    change(network, f"{kind.first}/bias", lambda values: values + np.float32(24 * kind.size))
    change(network, f"{kind.second}/weights", _large)
    weights = np.array(node(network, f"{kind.second}/weights").get_data())
    total = weights.sum(axis=(1, 2, 3) if weights.ndim == 4 else 0)
    change(
        network, f"{kind.second}/bias", lambda values: values - 24 * kind.size * total.reshape(values.shape)
    )
    other = quantized(network, images(), saturation_fix="no")
    return Planted(network, other, images(), kind.second, "overflow")


def _large(weights: Floats) -> Floats:
    """Weights of 100 to 127 levels, of one sign in each output channel, which rounding leaves as they are."""
    levels = np.random.default_rng(3).integers(100, 128, weights.shape)
    first, second = ((slice(None), 0), (slice(None), 1)) if weights.ndim == 4 else ((0,), (1,))
    levels[first], levels[second] = 127, 127
    signs = np.where(np.arange(weights.shape[0 if weights.ndim == 4 else 1]) % 2, 1, -1)
    shape = (-1, 1, 1, 1) if weights.ndim == 4 else (1, -1)
    return (levels * signs.reshape(shape) * np.abs(weights).max() / 1270).astype(np.float32)


def half_overflow(kind: Kind) -> Planted:
    """All channels are beyond what half precision holds; the next layer divides them."""
    factors = _factors(kind.build(), kind) * np.float32(1e5)
    network = _with_first_and_second_scaled(kind, factors)
    return Planted(network, quantized(network, images()), images(), kind.first, "half_overflow")


def dead_channel(kind: Kind) -> Planted:
    """A channel that tells nothing is far larger than the others; the next layer doesn't read it."""
    network = kind.build()
    factors = _factors(network, kind)
    factors[5] = 0
    scale_outputs(network, kind.first, factors)
    scale_inputs(network, kind.second, factors)
    change(network, f"{kind.first}/bias", lambda values: values + 300 * (1 - factors).reshape(values.shape))
    return Planted(network, quantized(network, images()), images(), kind.second, "dead_channels")


def outlier_activation(kind: Kind) -> Planted:
    """A few values are far larger than all others, and of no meaning: what comes next cuts them off."""

    def ending(layers: Layers, last: ov.Output) -> ov.Output:
        even = op.mvn(
            last, np.arange(1, last.get_partial_shape().rank.get_length()), True, 1e-6, "inside_sqrt"
        )
        spikes = op.multiply(op.relu(op.subtract(even, np.float32(2.7))), np.float32(500))
        layer = layers.linear(op.add(even, spikes).output(0), 12, "spiked")
        return op.clamp(layer, -3.0, 3.0).output(0)

    network = kind.build(ending=ending)
    return Planted(network, quantized(network, images()), images(), "spiked", "outlier_activation")


def tiny_addend(kind: Kind) -> Planted:
    """What a branch adds is smaller than the step of what it is added to."""

    def ending(layers: Layers, last: ov.Output) -> ov.Output:
        large = op.multiply(layers.linear(last, 8, "large"), np.float32(100))
        added = op.add(large, layers.linear(last, 8, "small"), name="tiny")
        return op.subtract(added, large).output(0)

    network = kind.build(ending=ending)
    other = quantized(network, images())
    for port in range(2):
        round_input(other, "tiny", port, -800 * kind.size, 800 * kind.size)
    return Planted(network, other, images(), "tiny", "tiny_addend")


def coarse_weights(kind: Kind) -> Planted:
    """Weights have one range for all output channels, one of which is far larger."""
    gain = np.ones(12, np.float32)
    gain[2] = 300

    def ending(layers: Layers, last: ov.Output) -> ov.Output:
        return op.tanh(layers.linear(last, 12, "coarse")).output(0)

    network = kind.build(ending=ending)
    scale_outputs(network, "coarse", gain)
    other = quantized(network, images(), weights={"granularity": "pertensor"})
    return Planted(network, other, images(), "coarse", "weights")


def slower_in_int8(kind: Kind) -> Planted:
    """A layer that has little to do with a large tensor, which is rounded for it in a pass of its own."""

    def ending(layers: Layers, last: ov.Output) -> ov.Output:
        if channel_axis(last) == 2:
            places = op.transpose(last, np.array([0, 2, 1]))
            last = op.reshape(places, np.array([1, 32, 7, 7]), False).output(0)
        stride = last.get_partial_shape()[2].get_length() // 7
        turned = op.relu(layers.conv(last, 32, "turned", kernel=1, stride=stride)).output(0)
        large = op.tile(turned, np.array([1, 1, 40, 40])).output(0)
        return layers.conv(large, 4, "slow", kernel=1, stride=8)

    network = kind.build(ending=ending)
    other = quantized(network, images(4), "DefaultQuantization")
    before = quantizer(other, "slow")
    low, high = (float(before.input_value(port).get_node().get_data().item()) for port in (1, 2))
    for reader in before.output(0).get_target_inputs():
        reader.replace_source_output(before.input_value(0))
    round_input(other, "slow", 0, low, high)
    return Planted(network, other, images(4), "slow", "slower_in_int8")


FAULTS: Mapping[str, Fault] = {
    fault.__name__: fault
    for fault in (
        one_large_channel, clipped_range, wide_range, endless_range, one_sample_unlike_others, bias_shift,
        left_in_float,
        joined_branches, distribution_head, attention_scores, scaled_samples, swapped_channels, one_sample_alone,
        overflow, half_overflow, dead_channel, outlier_activation, tiny_addend, coarse_weights, slower_in_int8,
        not_run_in_int8, gated, coordinates, own_precision,
    )
}  # fmt: skip


def planted(fault: str, kind: str) -> Planted:
    """A fault in a kind of network."""
    return FAULTS[fault](NETWORKS[kind])
