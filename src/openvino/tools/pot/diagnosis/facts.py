"""What a diagnosis finds, as plain data: the one form that the terminal, the page, JSON and scripts read."""

from __future__ import annotations

from typing import Literal

from openvino.tools.pot.diagnosis.control_facts import AccuracyControl
from openvino.tools.pot.diagnosis.sample_facts import Sample
from openvino.tools.pot.utils.form import SCHEMA, Facts

Verdict = Literal["good", "no gain", "slower", "worse", "broken"]
"""In one word: INT8 follows and is faster; follows, but is no faster; is slower; loses much; does not follow at all.

Where accuracy control made the model, it follows if the drop of its metric is allowed, and else loses much at least.
"""


class Cause(Facts):
    """Why a layer, or the whole model, loses accuracy or time.

    Attributes:
        name: of the documented set, see ``causes.CAUSES``.
        node: the layer, or the operation before it where it lies; empty for the model as a whole.
        evidence: figures in a sentence.
        strength: how much speaks for it, 0 to 1; causes of a layer come in its order.
    """

    name: str
    node: str
    evidence: str
    strength: float


class Span(Facts):
    """The range of a quantized input, in units of the float model, and what was seen of the data there.

    Attributes:
        port: of the layer's input.
        low, high: smallest and largest value that the quantizer gives; of ranges by channel, of all.
        levels: number of points.
        per_channel: whether channels have ranges of their own.
        least, most: of the data.
        rms: root mean square of the data; None but for the layers with most of the error, as the next.
        clipped: share of values beyond the range, 0 to 1.
        used: share of the range that the data reaches, 0 to 1.
        imbalance: largest magnitude of a channel over that of the median channel.
        settled: how many samples it took for the range to reach 95 % of its final width.
        stretched_by: number of the sample that widens the range most over the median sample, and by which factor.
        stretch: that factor.
    """

    port: int
    low: float
    high: float
    levels: int
    per_channel: bool
    least: float
    most: float
    rms: float | None
    clipped: float | None
    used: float
    imbalance: float
    settled: int
    stretched_by: int
    stretch: float


class Histogram(Facts):
    """Values of a tensor, on a sample.

    Attributes:
        low, high: of the first and of the last bin.
        counts: of each bin, all of one width.
    """

    low: float
    high: float
    counts: tuple[int, ...]


class Closeup(Facts):
    """A layer looked at closely, on one sample; of the worst layers alone.

    Attributes:
        activation: values of its first quantized input, in float.
        weights: its float weights.
        pairs: float and INT8 values at places of its output, up to 300.
    """

    activation: Histogram | None
    weights: Histogram | None
    pairs: tuple[tuple[float, float], ...]


class Layer(Facts):
    """A convolution, a matrix product or a recurrent layer.

    Attributes:
        node: its name in the float model.
        int8_node: the same layer in the INT8 model; empty where none was found.
        type: of its operation.
        order: its number, in the order in which the model computes.
        quantized: whether its weights or its input are.
        ran_in_int8: whether the device multiplied 8-bit integers.
        precision: that really ran, as the device says; empty where it left no trace.
        share: of the error of all outputs that it makes alone, 0 to 1; all layers together make 1.
        fidelity: of all outputs with this layer alone quantized, in dB.
        from_weights: share of its own error that its weights make, 0 to 1, the rest is of its input.
        own: dB at its own output with inputs as in float.
        so_far: dB at its own output in the whole INT8 model.
        bias: share of the power of its error in the whole model that is a shift of whole channels, 0 to 1.
        largest: magnitude of its float output.
        spans: of its quantized inputs.
        worst_channels: up to eight output channels with most of its own error, and their shares of it.
        weight_error: dB of its weights, worst output channel.
        dead_channels: output channels that are the same for all data.
        float_seconds, int8_seconds: of a single request; of what the device fused, the time of the whole.
        conversions: reorders and conversions that the device put before it in INT8.
        reason: why it stays in float, or why its quantizers are there, as far as the plan is known.
        decided: who decided its ranges, on what evidence, in order, as far as that is known.
        before: the nearest layers that give it data, by name.
        closeup: of the worst layers.
        causes: the strongest first.
    """

    node: str
    int8_node: str
    type: str
    order: int
    quantized: bool
    ran_in_int8: bool
    precision: str = ""
    share: float = 0.0
    fidelity: float | None = None
    from_weights: float | None = None
    own: float | None = None
    so_far: float | None = None
    bias: float | None = None
    largest: float = 0.0
    spans: tuple[Span, ...] = ()
    worst_channels: tuple[tuple[int, float], ...] = ()
    weight_error: float | None = None
    dead_channels: tuple[int, ...] = ()
    float_seconds: float | None = None
    int8_seconds: float | None = None
    conversions: int = 0
    reason: str = ""
    decided: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    closeup: Closeup | None = None
    causes: tuple[Cause, ...] = ()


class Output(Facts):
    """How an output, or a part of one that is joined of several, follows the float model's.

    Attributes:
        name: of its tensor, with the place of the part.
        fidelity: dB; None where it holds no floats.
        equal: share of equal values, where it holds no floats.
    """

    name: str
    fidelity: float | None
    equal: float | None


class Remedy(Facts):
    """A change that was made and measured.

    Attributes:
        title: in a few words.
        helps: the cause that it is for; empty: it is tried for every model.
        fidelity, won: dB with it, and more than without.
        metric: with it, where one is known.
        seconds, paid: of a request with it, and more than without.
        bytes: of the weights with it.
        int8_layers: that run in 8 bits with it.
        script, config, command: lines to paste: Python, a configuration's parameters, a command line.
    """

    title: str
    helps: str
    fidelity: float
    won: float
    metric: float | None
    seconds: float
    paid: float
    bytes: int
    int8_layers: int
    script: str
    config: str
    command: str


class Timing(Facts):
    """Time and size of the whole.

    Attributes:
        float_seconds, int8_seconds: median of a single request; both models took turns.
        float_bytes, int8_bytes: of the constants.
        layers, int8_layers: convolutions, matrix products and recurrent layers that the device ran, and in 8 bits.
        conversions: reorders and conversions in the INT8 model.
    """

    float_seconds: float
    int8_seconds: float
    float_bytes: int
    int8_bytes: int
    layers: int
    int8_layers: int
    conversions: int


class Parts(Facts):
    """Fidelity of all outputs with a part of the quantization alone, in dB of the output that follows worst.

    Attributes:
        whole: as the device runs it, with the rest in float32.
        users: as it runs it with its own settings, which may compute the rest in half precision.
        defined: as the quantizers are defined, in float32; far from ``whole`` the device computes something else.
        weights, activations: with weights alone, and with activations alone quantized.
    """

    whole: float
    users: float
    defined: float
    weights: float | None
    activations: float | None


class Calibration(Facts):
    """The samples that the diagnosis saw.

    Attributes:
        samples: how many.
        enough: how many would have given the same ranges, to 5 %; None where all were needed.
        stretching: up to five samples that widen ranges most: number, in how many ranges.
        inputs: input name -> least, most and mean of what was fed.
    """

    samples: int
    enough: int | None
    stretching: tuple[tuple[int, int], ...]
    inputs: dict[str, tuple[float, float, float]]


class Diagnosis(Facts):
    """What INT8 loses, where, why, and what was seen to help.

    Attributes:
        schema_version: of this form.
        model, int8_model: names or files.
        device: where both ran, and what it calls itself.
        versions: of this package and of OpenVINO.
        verdict: in one word.
        sentence: the same in one sentence, everywhere the same.
        outputs: of the model.
        parts: of the error.
        metric: name, float and INT8 figure, where one is known.
        timing: of the whole.
        layers: worst first.
        causes: of the model as a whole.
        remedies: the best first.
        calibration: the samples.
        notes: what could not be looked into, and why.
        accuracy_control: the search that made the INT8 model, where there was one.
        worst_samples: of up to sixteen, the three on which an output departs most, the worst first.
    """

    schema_version: int = SCHEMA
    model: str
    int8_model: str
    device: tuple[str, str]
    versions: dict[str, str]
    verdict: Verdict
    sentence: str
    outputs: tuple[Output, ...]
    parts: Parts
    metric: tuple[str, float, float] | None
    timing: Timing
    layers: tuple[Layer, ...]
    causes: tuple[Cause, ...]
    remedies: tuple[Remedy, ...]
    calibration: Calibration
    notes: tuple[str, ...] = ()
    accuracy_control: AccuracyControl | None = None
    worst_samples: tuple[Sample, ...] = ()
