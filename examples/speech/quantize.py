"""Quantize a small network that hears where somebody speaks for GNA, and compare its decisions and scores with float.

pip install ".[samples]"
python examples/speech/quantize.py

The network and the features of speech lie beside this script. With --silero, Silero's voice detector is quantized as
well: it comes from a package of the Python index, 11 MB, downloaded once, and the program espeak-ng speaks to it.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino._offline_transformations import apply_make_stateful_transformation

from openvino.tools.pot import Metric, compress_model_weights, create_pipeline, load_model, save_model
from openvino.tools.pot.api.samples.speech import ArkDataLoader, ArkEngine, FrameDecisions, ScoreError
from openvino.tools.pot.api.samples.speech.ark import read_ark
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.report.comparison import Comparison, Row, metric_row, model_rows
from openvino.tools.pot.utils.errors import PotError
from openvino.tools.pot.utils.logger import init_logger

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # where common is
from common.packages import Archive, package_file
from common.speech import write_sounds

NETWORK = Path(__file__).with_name("speech.xml")
DATA = Path(__file__).with_name("data")
RESULTS = Path("results/speech")
ENGINE = {"device": "CPU"}
LARGEST = {"range_estimator": {"max": {"aggregator": "max", "type": "abs_max"}}}
VARIANTS: dict[str, dict[str, Any]] = {
    "speech_16bit": {"preset": "accuracy", "activations": LARGEST},
    "speech_8bit": {"preset": "performance", "activations": LARGEST},
    "speech_no_preset": {},
}
SILERO = Archive("silero-vad==6.2.3", "7b7f5436cfcb02fae583a05b512ea96467fd449fe54cb49a5e4f06c51a1e43b8")
Floats = NDArray[np.float32]
NOT_OF_GNA = ("LSTMSequence", "Pad", "ReduceMean", "Sqrt")
ENERGY = "F0::If_0_then_branch__Inline_0__/stft/Add"  # a sum of squares, for which 16 bits are few


def main() -> None:
    """Quantize the networks, and print what comes of it."""
    parser = ArgumentParser(description="Quantizes networks that hear where somebody speaks")
    parser.add_argument(
        "--silero", action="store_true", help="Silero's voice detector as well; needs espeak-ng"
    )
    parser.add_argument("--calibration", type=int, help="frames to take statistics on, default all")
    args = parser.parse_args()
    init_logger(level="ERROR")

    frames = {"data_source": str(DATA), "input_names": ["frame"], "input_shapes": [[1, 24]]}
    network = load_model(NETWORK)
    heard = scores(network, frames)
    comparisons = {
        name: compared(network, frames, heard, name, {**params, "stat_subset_size": args.calibration})
        for name, params in VARIANTS.items()
    }
    comparisons["speech_8bit"].save(RESULTS / "comparison.json")
    if args.silero:
        ignored = {"operations": [{"type": kind} for kind in NOT_OF_GNA], "scope": [ENERGY]}
        model, data = silero(), sounds()
        params = {**VARIANTS["speech_16bit"], "ignored": ignored, "stat_subset_size": args.calibration}
        compared(model, data, scores(model, data), "silero_16bit", params)


def scores(model: CompressedModel, data: Mapping[str, Any]) -> dict[str, Floats]:
    """What a network makes of all frames that it is evaluated on."""
    return ArkEngine(ENGINE, ArkDataLoader({**data, "input_files": ["evaluation"]})).scores(model)


def compared(
    model: CompressedModel,
    data: Mapping[str, Any],
    heard: Mapping[str, Floats],
    name: str,
    params: Mapping[str, Any],
) -> Comparison:
    """Quantize a network for GNA, save it, and print how it compares with float.

    Args:
        model: in float.
        data: configuration of the loader, but for its files: ``calibration``, ``evaluation``, ``evaluation_truth``.
        heard: the scores of the float model.
        name: of the quantized model.
        params: of the algorithm.
    """
    calibration = ArkDataLoader({**data, "input_files": ["calibration"]})
    algorithms = [{"name": "DefaultQuantization", "params": {"target_device": "GNA", **params}}]
    quantized = create_pipeline(algorithms, ArkEngine(ENGINE, calibration)).run(model)
    layers = layers_row(quantized)
    compress_model_weights(quantized)
    saved = save_model(quantized, RESULTS, name)[0]["model"]

    evaluation = ArkDataLoader({**data, "input_files": ["evaluation"]})
    int8 = load_model(saved)
    feeds = [evaluation[index] for index in range(10)]
    networks = [each.submodels[0].model for each in (model, int8)]
    weights, request, _ = model_rows(networks, feeds, repeats=100)
    request = replace(request, name="one request, on the CPU")
    decisions, *others = metric_rows([heard, scores(int8, data)], data)
    comparison = Comparison(decisions, (*others, weights, request, layers))
    print(f"{comparison.table('integers')}\nSaved {saved}\n")
    return comparison


def metric_rows(heard: Sequence[Mapping[str, Floats]], data: Mapping[str, Any]) -> list[Row]:
    """Decisions and scores of the float model and of the quantized one, beside those of float and the truth."""
    frames = sum(map(len, heard[0].values()))
    truth = read_ark(Path(data["data_source"], "evaluation_truth.ark"))
    rows = []
    for expected, metric, names in (
        (heard[0], FrameDecisions(), [f"decides as float, {frames} frames"]),
        (truth, FrameDecisions(), ["decides right"]),
        (heard[0], ScoreError(), ["largest error of a score", "average error", "RMS error"]),
    ):
        figures = [judged(metric, own, expected) for own in heard]
        rows += [metric_row(name, pair) for name, *pair in zip(names, *figures, strict=True)]
    return rows


def judged(metric: Metric, own: Mapping[str, Floats], expected: Mapping[str, Floats]) -> list[float]:
    """Figures of a metric for the scores of all utterances, beside others of theirs."""
    metric.reset()
    for name, frames in own.items():
        metric.update([frames], list(expected[name]))
    return [float(value) for value in metric.avg_value.values()]


def layers_row(quantized: CompressedModel) -> Row:
    """How many convolutions and matrix products have weights in integers."""
    nodes = quantized.submodels[0].model.get_ops()
    layers = [node for node in nodes if node.get_type_name() in ("Convolution", "MatMul")]
    integers = [node for node in layers if node.input_value(1).get_node().get_type_name() == "FakeQuantize"]
    return Row("layers in integers", 0, len(integers), "layers", (len(layers), len(layers)))


def silero() -> CompressedModel:
    """Silero's voice detector, with what it remembers as a state of its own."""
    path = package_file(SILERO, "silero_vad/data/silero_vad_openvino_16k.onnx")
    model = ov.convert_model(path)
    apply_make_stateful_transformation(model, {"state": "stateN"})
    return load_model(model)


def sounds() -> dict[str, Any]:
    """Sounds that espeak-ng makes for Silero's network; what the loader takes."""
    write_sounds(RESULTS / "calibration.ark", "training", count=12, seconds=4, seed=2)
    write_sounds(RESULTS / "evaluation.ark", "evaluation", count=16, seconds=4, seed=1)
    return {"data_source": str(RESULTS), "input_names": ["input"], "input_shapes": [[1, 576]]}


if __name__ == "__main__":
    try:
        main()
    except PotError as error:
        sys.exit(f"error: {error}")
