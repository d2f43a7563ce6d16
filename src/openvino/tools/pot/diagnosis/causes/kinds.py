"""The causes of loss that are known: what speaks for each, in figures, and what helps.

A cause is found in the figures of a layer and in its place in the float graph; nothing is guessed that the evidence does
not say.
"""

from __future__ import annotations

from dataclasses import dataclass


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
