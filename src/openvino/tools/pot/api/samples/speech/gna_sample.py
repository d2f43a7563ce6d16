"""POT's sample of speech for GNA: its loader, and its command line.

python -m openvino.tools.pot.api.samples.speech.gna_sample -m model.xml -d features -i input -f utterances
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from openvino.tools.pot.api.samples.speech.data_loader import ArkDataLoader
from openvino.tools.pot.api.samples.speech.engine import ArkEngine
from openvino.tools.pot.api.samples.speech.metric import ScoreError
from openvino.tools.pot.api.samples.utils.argument_parser import get_common_argparser
from openvino.tools.pot.api.samples.utils.command_line import given_model, run
from openvino.tools.pot.graph.model_utils import compress_model_weights
from openvino.tools.pot.paths import offer
from openvino.tools.pot.pipeline.initializer import create_pipeline
from openvino.tools.pot.utils.errors import ConfigError
from openvino.tools.pot.utils.logger import init_logger

__all__ = ["ArkDataLoader", "ArkEngine", "ScoreError", "main"]

_LARGEST = {"range_estimator": {"max": {"aggregator": "max", "type": "abs_max"}}}
_DEVICE = {"device": "CPU"}  # no plugin for GNA is left: what was quantized for it runs in float32


def main(argv: Sequence[str] | None = None) -> None:
    """Quantize a network for GNA, save it, and print how far its scores are from those of the float one."""
    args = _parser().parse_args(argv)
    init_logger(level=args.log_level)
    config = {
        "data_source": args.dataset,
        "input_names": args.input_names.split(","),
        "input_files": args.files_for_input.split(","),
        "input_shapes": _json(args.input_shapes),
    }
    loader, model = ArkDataLoader(config), given_model(args)
    params = {
        "target_device": "GNA",
        "preset": args.preset,
        "stat_subset_size": args.subset_size,
        "activations": _LARGEST,
    }
    engine = ArkEngine(_DEVICE, loader)
    quantized = create_pipeline([{"name": "DefaultQuantization", "params": params}], engine).run(model)
    if args.write_quantized_weights_to_bin_file:
        compress_model_weights(quantized)
    for saved in quantized.save(args.output):
        print(f"Saved {saved['model']}")
    against_float = ArkDataLoader({**config, "targets": engine.scores(model)})
    errors = create_pipeline([], ArkEngine(_DEVICE, against_float, ScoreError())).evaluate(quantized)
    for name, value in (errors or {}).items():
        print(f"{name: <27s}: {value}")


def _parser() -> ArgumentParser:
    """POT's arguments; names can't be abbreviated."""
    parser = get_common_argparser()
    parser.add_argument("-i", "--input_names", required=True, help="the model's inputs, with commas between")
    parser.add_argument(
        "-f", "--files_for_input", required=True, help="for each of them the name of a file, without .ark"
    )
    parser.add_argument(
        "-is", "--input_shapes", help="for each of them the shape of a frame, such as [[1,2,3],[4,5,6]]"
    )
    parser.add_argument(
        "-p",
        "--preset",
        choices=["performance", "accuracy"],
        default="accuracy",
        help="8-bit weights, or those of 16 bits (default: accuracy)",
    )
    parser.add_argument("-o", "--output", default="./model/optimized", help="folder for the quantized model")
    parser.add_argument(
        "--log-level",
        default="INFO",
        choices=["CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG"],
        help="what is worth a message (default: INFO)",
    )
    parser.add_argument(
        "-s", "--subset_size", type=int, default=2000, help="frames to calibrate with (default: 2000)"
    )
    parser.add_argument(
        "-q",
        "--write_quantized_weights_to_bin_file",
        action="store_true",
        help="write weights of 8 bits as such; without it they are rounded when the model is read",
    )
    return parser


def _json(text: str | None) -> Any:
    try:
        return json.loads(text) if text else []
    except ValueError as error:
        raise ConfigError(f"--input_shapes is {text!r}, expected lists of numbers in JSON") from error


offer(globals())

if __name__ == "__main__":
    run(main)
