"""Draw the figures of the documentation that show how things work; charts of benchmarks are benchmarks/charts.py's.

python scripts/figures.py           # name those that are not as they would be drawn
python scripts/figures.py --write   # draw them anew
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "benchmarks"))
from drawing import WIDTH, Drawing, settle

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs/images"
_MIDDLE = WIDTH / 2


def _titled(title: str, note: str, height: float) -> Drawing:
    drawing = Drawing(title, note, height)
    drawing.text(16, 30, title, "large")
    drawing.text(16, 50, note, "small quiet")
    return drawing


def workflow() -> Drawing:
    """From the float model and samples to a model whose check was passed."""
    drawing = _titled("From float to INT8", "nothing is trained, and the float model stays as it is", 616)
    drawing.label(30, 72, 215, 52, "raised", "float model", ".xml .onnx .pb .tflite .pdmodel")
    drawing.label(275, 72, 215, 52, "raised", "samples", "about 300, without labels")
    steps = (
        ("plan", "what is quantized, what stays in float, and why", "soft"),
        ("one pass", "statistics of all tensors, inside the network", "soft"),
        ("decisions", "ranges, levels of weights, shifts of biases", "soft"),
        ("INT8 model", "quantizers, and weights stored as integers", "soft"),
        ("check", "beside the float model, as users will run it", "mint"),
    )
    drawing.arrow((137, 124), (137, 158))
    drawing.line([(382, 124), (382, 141), (422, 141), (422, 252)])
    drawing.arrow((422, 252), (400, 252))
    for index, (name, told, kind) in enumerate(steps):
        y = 160 + 68 * index
        drawing.label(40, y, 358, 50, kind, name, told)
        drawing.arrow((137, y + 50), (137, y + 67))
    drawing.line([(398, 457), (446, 457), (446, 185)])
    drawing.arrow((446, 185), (400, 185))
    drawing.text(454, 326, "a fault", "small quiet")
    drawing.text(454, 342, "of the", "small quiet")
    drawing.text(454, 358, "device", "small quiet")
    drawing.label(
        40, 500, 358, 50, "mint", ".xml and .bin", "for OpenVINO as it is: this package is not needed"
    )
    drawing.text(16, 584, "What the device computes otherwise than it is defined is", "small quiet")
    drawing.text(16, 602, "planned again without, on the same statistics.", "small quiet")
    return drawing


def quantizers() -> Drawing:
    """Where quantizers stand in a residual block and behind it."""
    drawing = _titled(
        "Where quantizers go", "in front of what computes in INT8, never inside what a device fuses", 640
    )
    rows = (
        (106, "Convolution, bias, ReLU", "one kernel in INT8", "soft"),
        (236, "Convolution, bias", "one kernel in INT8, the sum within it", "soft"),
        (306, "Add, ReLU", "fused into the convolution", "soft"),
        (446, "MatMul, bias", "one kernel in INT8", "soft"),
        (516, "Sigmoid, decoding of boxes", "float: few values, and each counts", "warm"),
    )
    x, middle, width, bend = 96, 221, 250, 52
    for y, name, told, kind in rows:
        drawing.label(x, y, width, 50, kind, name, told)
    for start, end in ((64, 104), (156, 234), (286, 304), (356, 444), (496, 514), (566, 596)):
        drawing.arrow((middle, start), (middle, end))
    drawing.text(middle, 614, "output", "small quiet", "middle")
    drawing.line([(middle, 90), (bend, 90), (bend, 331)])
    drawing.arrow((bend, 331), (x - 2, 331))
    for y in (74, 195, 401):
        drawing.dot(middle, y, "ours", 8)
    for y in (131, 261, 471):
        drawing.arrow((420, y), (x + width + 2, y))
        drawing.dot(384, y, "good", 8)
        drawing.text(428, y - 3, "weights,", "small")
        drawing.text(428, y + 14, "stored INT8", "small")
    for y, kind, words in ((186, "ours", "of a tensor"), (212, "good", "of weights")):
        drawing.dot(390, y, kind, 8)
        drawing.text(404, y + 5, words, "small")
    moving = (
        "an operation that only moves data lets",
        "the quantizer move up: pooling, Reshape,",
        "Transpose; inputs of a Concat share one",
    )
    for line, words in enumerate(moving):
        drawing.text(middle + 18, 388 + 16 * line, words, "small quiet")
    return drawing


def one_pass() -> Drawing:
    """How samples stream through a network that measures itself."""
    drawing = _titled("How a pass streams", "samples come and go; only figures stay", 470)
    drawing.label(24, 76, 130, 52, "raised", "data loader", "sample by sample")
    drawing.box(196, 76, 300, 224, "paper")
    drawing.text(208, 98, "requests, as many as the device likes", "small quiet")
    for index in range(3):
        y = 112 + 60 * index
        drawing.label(208, y, 128, 46, "soft", "network", "in float")
        drawing.arrow((336, y + 23), (360, y + 23))
        drawing.label(362, y, 122, 46, "mint", "reductions", "in its graph")
        drawing.arrow((154, 102), (180, 102), (180, y + 23), (206, y + 23))
    drawing.arrow((423, 280), (423, 338))
    drawing.text(412, 325, "one vector of a few thousand figures", "small quiet", "end")
    drawing.label(300, 340, 196, 52, "mint", "statistics", "in the order of samples")
    drawing.arrow((300, 366), (226, 366))
    drawing.label(24, 340, 200, 52, "soft", "all stages decide", "no second pass for them")
    drawing.text(
        24, 420, "Memory grows with requests and not with samples, the next sample is", "small quiet"
    )
    drawing.text(
        24, 438, "read while others run, and the result does not depend on which is first.", "small quiet"
    )
    return drawing


def ranges() -> Drawing:
    """What a range decides: many coarse steps to the last outlier, or fine ones where the values are."""
    drawing = _titled(
        "What a range decides", "256 levels; here 16 are drawn over the values of a tensor", 400
    )
    low, high, top, bottom = 40, 480, 84, 210
    shape = [(share, math.exp(-(((share - 0.28) / 0.13) ** 2)) + 0.05 * math.exp(-(((share - 0.86) / 0.06) ** 2)))
             for share in (step / 100 for step in range(101))]  # fmt: skip
    drawing.line([(low + (high - low) * x, bottom - (bottom - top) * y) for x, y in shape], "link")
    drawing.line([(low, bottom), (high, bottom)], "axis")
    drawing.text(150, 78, "most values", "small quiet")
    drawing.text(418, 190, "a few", "small quiet", "middle")
    cases = (
        (242, 0.0, 1.0, "other", "to the last outlier", "wide steps for all"),
        (312, 0.02, 0.6, "ours", "of least error", "fine steps, and a few values are cut off"),
    )
    for y, first, last, kind, name, told in cases:
        start, end = low + (high - low) * first, low + (high - low) * last
        drawing.line([(start, y), (end, y)], "link")
        for level in range(16):
            drawing.box(start + (end - start) * level / 15 - 1.5, y - 9, 3, 18, kind, radius=1)
        drawing.text(low, y + 30, f"{name}: {told}", "small")
    drawing.text(
        16, 378, "The range of least error is chosen for each tensor, from one histogram.", "small quiet"
    )
    return drawing


def what_next() -> Drawing:
    """What to try where INT8 lost too much, from cheap to dear."""
    drawing = _titled(
        "Too much was lost: what next", "from top to bottom; each takes longer than the one above", 540
    )
    steps = (
        ("look at what is fed", "wrong order of channels, scale or borders is the commonest fault", "warm"),
        ("pot diagnose", "where, why, and what helped of what was tried", "soft"),
        ("--ignored, rules, --preset", "some layers in float or with other settings", "soft"),
        ("effort: thorough", "weights, scales and biases tuned: about 20 passes", "soft"),
        ("accuracy_aware, --max-drop", "layers go to float until your metric is kept", "soft"),
        ("weights only, or float", "activations stay in float: smaller, seldom faster", "raised"),
    )
    for index, (name, told, kind) in enumerate(steps):
        y = 70 + 74 * index
        drawing.label(40, y, 440, 54, kind, name, told)
        if index + 1 < len(steps):
            drawing.arrow((_MIDDLE, y + 54), (_MIDDLE, y + 72))
    drawing.text(16, 522, "Stop at the first that is good enough on your own data.", "small quiet")
    return drawing


def split_samples() -> Drawing:
    """Workers measure parts of the samples, and the model has the same bytes."""
    drawing = _titled("Many workers, the same bytes", "parts of the samples, wherever they are measured", 392)
    drawing.label(40, 72, 440, 46, "raised", "samples 0 to 299", "three parts here")
    for index, part in enumerate(("0 to 99", "100 to 199", "200 to 299")):
        x = 40 + 152 * index
        drawing.arrow((x + 68, 118), (x + 68, 148))
        drawing.label(x, 150, 136, 52, "soft", f"worker {index + 1}", part)
        drawing.line([(x + 68, 202), (x + 68, 232)])
    drawing.line([(108, 232), (412, 232)])
    drawing.arrow((_MIDDLE, 232), (_MIDDLE, 258))
    drawing.label(
        40, 260, 440, 50, "mint", "statistics, merged in any order", "to the last bit those of one pass"
    )
    drawing.arrow((_MIDDLE, 310), (_MIDDLE, 334))
    drawing.text(_MIDDLE, 354, "INT8 model, the same bytes as without workers", "strong", "middle")
    return drawing


def weights_only() -> Drawing:
    """How weights of 4 bits are stored and unpacked."""
    drawing = _titled("Weights only", "what compress_weights stores, and what a device does with it", 380)
    for x, kind in ((40, "soft"), (262, "mint")):
        drawing.box(x, 76, 216, 30, kind, radius=3)
    drawing.text(148, 96, "64 weights of 4 bits", "small", "middle")
    drawing.text(370, 96, "the next 64", "small", "middle")
    for x, words in ((148, "a scale"), (370, "a scale")):
        drawing.line([(x - 100, 114), (x - 100, 120), (x + 100, 120), (x + 100, 114)], "axis")
        drawing.text(x, 138, words, "small quiet", "middle")
    chain = ("integers", "Convert", "Subtract", "Multiply")
    below = ("u4 i4 u8 i8", "", "zero point", "scale")
    for index, (name, told) in enumerate(zip(chain, below, strict=True)):
        x = 24 + 122 * index
        drawing.label(x, 164, 104, 46, "raised", name, *([told] if told else []))
        if index:
            drawing.arrow((x - 18, 187), (x - 2, 187))
    drawing.line([(442, 210), (442, 236), (_MIDDLE, 236)])
    drawing.arrow((_MIDDLE, 236), (_MIDDLE, 262))
    drawing.label(130, 264, 260, 50, "soft", "MatMul", "activations in float")
    drawing.text(
        16, 344, "Weights are unpacked while they are multiplied. That gains where reading", "small quiet"
    )
    drawing.text(16, 362, "takes longer than computing: a language model, token after token.", "small quiet")
    return drawing


_MEANINGS: Mapping[str, str] = {
    "accuracy": "your metric, where there are labels",
    "size of the weights": "what is stored and loaded",
    "one request": "the two take turns; the median",
    "layers in INT8": "read from the compiled model",
}
"""Beginning of a row of the table -> what it says; rows without a meaning are shown alone."""


def report() -> Drawing:
    """The table at the end of the demo, as the README has it, and what its rows mean."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith(("┃", "│"))]
    head, *rows = ([cell.strip() for cell in line.strip("┃│").replace("┃", "│").split("│")] for line in lines)
    drawing = _titled(
        "How to read the result", "the demo's table; your own run ends alike", 150 + 56 * len(rows)
    )
    places = (16, 262, 356, WIDTH - 16)
    for place, words in zip(places, head, strict=True):
        drawing.text(place, 82, words, "small quiet", "start" if place == 16 else "end")
    for index, cells in enumerate(rows):
        y = 96 + 56 * index
        drawing.line([(16, y), (WIDTH - 16, y)], "grid")
        for place, words in zip(places, cells, strict=True):
            first = place == places[0]
            drawing.text(place, y + 23, words, "strong" if first else "", "start" if first else "end")
        meaning = next((told for name, told in _MEANINGS.items() if cells[0].startswith(name)), "")
        drawing.text(16, y + 42, meaning, "small quiet")
    y = 116 + 56 * len(rows)
    drawing.text(16, y, "The check of every model says by how many dB INT8 follows float:", "small quiet")
    drawing.text(16, y + 18, "20 dB is an error of a tenth, 40 dB of a hundredth.", "small quiet")
    return drawing


FIGURES: Mapping[str, Callable[[], Drawing]] = {
    "workflow": workflow,
    "quantizers": quantizers,
    "one-pass": one_pass,
    "ranges": ranges,
    "what-next": what_next,
    "split-samples": split_samples,
    "weights-only": weights_only,
    "report": report,
}
"""Name of the file -> what draws it."""


def settled(write: bool) -> list[str]:
    """Figures that were not as they would be drawn, by name; written anew where that is asked for."""
    stale = settle({IMAGES / f"{name}.svg": draw() for name, draw in FIGURES.items()}, write)
    return [path.relative_to(ROOT).as_posix() for path in stale]


def main(arguments: Iterable[str]) -> int:
    """Write, or name what is stale; returns the exit code."""
    write = "--write" in arguments
    stale = settled(write)
    for path in stale:
        print(f"{path}: {'written' if write else 'not as it would be drawn'}")
    return int(bool(stale) and not write)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
