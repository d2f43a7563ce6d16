"""POT's sample of face detection under its name: what it is made of, and its command line.

    python -m openvino.tools.pot.api.samples.face_detection.face_detection_sample -pm pnet.xml -rm rnet.xml \
        -om onet.xml -d images -a annotations.txt
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from openvino.tools.pot.api.samples.face_detection.engine import OUTPUTS, MTCNNEngine
from openvino.tools.pot.api.samples.face_detection.loader import WiderFaceLoader
from openvino.tools.pot.api.samples.face_detection.metric import Recall
from openvino.tools.pot.api.samples.utils.argument_parser import add_keeping_of_floats
from openvino.tools.pot.api.samples.utils.command_line import optimize, run
from openvino.tools.pot.graph.load import load_model
from openvino.tools.pot.paths import offer

__all__ = ["MTCNNEngine", "Recall", "WiderFaceLoader", "main"]

_NETWORKS = {"pnet": "proposal", "rnet": "refine", "onet": "output"}


def main(argv: Sequence[str] | None = None) -> None:
    """Quantize MTCNN, save it in the folder ``optimized``, and print its recall before and after."""
    args = _parser().parse_args(argv)
    dataset = {"data_source": str(args.dataset), "annotation_file": str(args.annotation_file)}
    engine = MTCNNEngine({"device": "CPU", "outputs": OUTPUTS}, WiderFaceLoader(dataset), Recall())
    model = load_model({"model_name": "mtcnn", "cascade": [_entry(args, name) for name in _NETWORKS]})
    optimize(model, engine, keep_uncompressed_weights=args.keep_uncompressed_weights, preset="performance")


def _parser() -> ArgumentParser:
    parser = ArgumentParser(description="Quantizes the face detector MTCNN")
    for name, role in _NETWORKS.items():
        parser.add_argument(
            f"-{name[0]}m",
            f"--{name}-model",
            type=Path,
            required=True,
            help=f"path to .xml of the {role} network",
        )
        parser.add_argument(
            f"-{name[0]}w", f"--{name}-weights", type=Path, help="path to its .bin, default beside the .xml"
        )
    parser.add_argument("-d", "--dataset", type=Path, required=True, help="folder with the images")
    parser.add_argument(
        "-a", "--annotation-file", type=Path, required=True, help="faces as WIDER FACE annotates them, .txt"
    )
    add_keeping_of_floats(parser)
    return parser


def _entry(args: Namespace, name: str) -> dict[str, Any]:
    model: Path = getattr(args, f"{name}_model").expanduser()
    weights: Path | None = getattr(args, f"{name}_weights")
    return {"name": name, "model": model, "weights": (weights or model.with_suffix(".bin")).expanduser()}


offer(globals())


if __name__ == "__main__":
    run(main)
