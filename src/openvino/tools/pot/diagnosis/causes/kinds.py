"""The causes of loss that are known, in words: documents, pages and terminals read this table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """A kind of cause.

    Attributes:
        title: in a few words.
        means: what goes wrong.
        shown: what speaks for it.
        helps: what can be done.
    """

    title: str
    means: str
    shown: str
    helps: str


CAUSES: dict[str, Kind] = {
    "outlier_activation": Kind(
        "a few values are far larger than the others",
        "they set the step of all: most values fall on a few levels",
        "three quarters of the levels are there for less than half a percent of the values",
        "cut the range (a quantile as range estimator), or leave the layer in float",
    ),
    "imbalanced_channels": Kind(
        "channels of very different size share a range",
        "small channels fall on a few levels",
        "the largest channel is twelve times the median one and more",
        "divide channels before rounding (alignment, migration), or leave the layer in float",
    ),
    "clipped_range": Kind(
        "values lie beyond the range",
        "they are cut off",
        "what is cut off is ten times what rounding changes and more",
        "take the largest values for borders (range estimator max), or more samples",
    ),
    "wide_range": Kind(
        "the range is far wider than the data",
        "most levels are never used",
        "the data reaches less than a fifth of its range",
        "calibrate with data as it is fed in use",
    ),
    "endless_range": Kind(
        "a range has no end",
        "a border is infinite: what is behind the quantizer is no number, or the same for all data",
        "a border that is no finite number, as of masks that hold the least number there is",
        "leave what reads it in float, or quantize with model_type transformer",
    ),
    "joined_branches": Kind(
        "branches of different scale are joined under one range",
        "the small branch falls on a few levels",
        "a branch of the Concat is twelve times as large as another and more",
        "leave what follows the Concat in float, or quantize the branches before it",
    ),
    "tiny_addend": Kind(
        "a small addend is rounded with the range of a large one",
        "what it adds is lost in the step of the sum",
        "the step is more than half the size of the addend, and the other one eight times as large",
        "leave the addition in float",
    ),
    "gated": Kind(
        "the result is multiplied with a gate of another branch",
        "errors of the gate are errors of everything that it passes",
        "a layer with more than its part of the error, and a product with a Sigmoid behind it",
        "leave the gate in float",
    ),
    "distribution_head": Kind(
        "an average over a distribution behind a Softmax",
        "small probabilities of far positions are rounded away, and they weigh most",
        "a layer with more than its part of the error, which reads a Softmax",
        "leave the product in float",
    ),
    "attention_scores": Kind(
        "scores or weights of attention",
        "rounding of scores is blown up by the exponential",
        "a product with more than its part of the error, before or behind a Softmax",
        "leave the product in float",
    ),
    "coordinates": Kind(
        "a product of large and small numbers, such as coordinates",
        "differences of close large numbers are lost in the step",
        "a product of two activations with more than its part of the error",
        "leave the product in float",
    ),
    "first_layer": Kind(
        "the first layer",
        "its error goes through the whole network",
        "it makes more than its part of the error, and no layer stands before it",
        "leave it in float",
    ),
    "last_layer": Kind(
        "the last layer",
        "nothing averages its error away",
        "it makes more than its part of the error, and no layer stands behind it",
        "leave it in float",
    ),
    "sensitive": Kind(
        "outputs depend on it more than on others",
        "what follows makes much of an ordinary error",
        "it makes more than its part of the error, and nothing else of this list is seen there",
        "leave it in float",
    ),
    "dead_channels": Kind(
        "channels that are the same for all data",
        "they take part in ranges without telling anything",
        "channels whose least and largest values are the same; named first where they widen the range",
        "remove them from the model",
    ),
    "bias_shift": Kind(
        "whole channels are shifted",
        "the mean of the output moved: what is added to it does not fit",
        "more than half of the layer's error is the same at all positions, and still there in the whole",
        "correct the bias (FastBiasCorrection), with data as it is fed in use",
    ),
    "weights": Kind(
        "weights are rounded too coarsely",
        "outputs of the layer are wrong whatever the data",
        "most of the layer's error is of its weights, and those of an output channel follow to less than 22 dB",
        "ranges of weights by channel, other rounding of weights, or float",
    ),
    "many_layers": Kind(
        "no single layer stands out",
        "errors of many layers add up",
        "below 20 dB, it takes more than a quarter of the layers to make 80 % of the error",
        "other presets, or more layers in float",
    ),
    "few_samples": Kind(
        "ranges were found on too few samples",
        "other samples go beyond them in most layers",
        "in more than half of the quantizers what is cut off is ten times what rounding changes and more, or the model "
        "records fewer than 30",
        "calibrate with more samples",
    ),
    "unlike_sample": Kind(
        "one sample widens ranges far beyond all others",
        "the step of all others grows with it",
        "one sample is three times as wide as the median one and more, at a layer or in more than half of all ranges",
        "look at the sample; leave it out, or take a quantile for borders",
    ),
    "scaled_data": Kind(
        "calibration data had another scale than what is fed now",
        "all ranges are too wide, or too narrow, by one factor",
        "the range of the first quantizer is six times too wide or too narrow and more, and the median one twice",
        "calibrate with the preprocessing that is used",
    ),
    "swapped_channels": Kind(
        "calibration data had its color channels the other way round",
        "ranges fit the data better with channels reversed",
        "the model is run on a few samples with channels reversed: ranges fit twice as well",
        "calibrate with the order of channels that is used",
    ),
    "overflow": Kind(
        "sums of 16 bits overflow on processors without VNNI",
        "results are cut off at 32,767 there",
        "the sums of a sample are added up as such processors do, and what does not fit is counted",
        "saturation_fix: all",
    ),
    "half_overflow": Kind(
        "values beyond 65,504",
        "devices that compute the rest in half precision make them infinite",
        "the largest value of the layer's output",
        "INFERENCE_PRECISION_HINT f32, or quantize with target_device GPU, which finds an ACTIVATIONS_SCALE_FACTOR",
    ),
    "left_in_float": Kind(
        "a layer that could run in INT8 does not",
        "it takes the time that it takes in float",
        "it has no quantizers, or one for its weights alone, and takes 2 % of the time and more",
        "quantize it",
    ),
    "not_run_in_int8": Kind(
        "a quantized layer does not run in INT8",
        "the device falls back to float behind its quantizers",
        "its data are quantized, the device names another precision, and it takes 2 % of the time and more",
        "see the reason; another preset may fit the device",
    ),
    "slower_in_int8": Kind(
        "a layer is slower in INT8",
        "conversions around it cost more than it saves",
        "with the quantizers that the device runs for it, it takes a quarter longer than in float, and 2 % of the time",
        "leave it in float",
    ),
    "own_precision": Kind(
        "the device computes what stays in float in half precision",
        "layers that were left in float are less exact than in float32",
        "the model follows 3 dB better in float32 than with the device's own settings",
        "compile with INFERENCE_PRECISION_HINT f32",
    ),
    "device_fault": Kind(
        "the device computes something else than the model defines",
        "a fault of the plugin",
        "the model follows 6 dB better where its quantizers are computed as they are defined",
        "another form of the layer, other settings, or float",
    ),
}
"""Name -> what is known of it, for documents and pages."""


def table() -> str:
    """The causes as a table of Markdown."""
    rows = [
        "| cause | what is seen | what goes wrong | evidence | what helps |",
        "| --- | --- | --- | --- | --- |",
    ]
    rows += [
        f"| `{name}` | {kind.title} | {kind.means} | {kind.shown} | {kind.helps} |"
        for name, kind in CAUSES.items()
    ]
    return "\n".join(rows)
