"""POT's sample of image classification under its name: loader, metric, and its command line.

    python -m openvino.tools.pot.api.samples.classification.classification_sample -m model.xml -d images \
        -a annotations.txt
"""

from __future__ import annotations

from collections.abc import Sequence

from openvino.tools.pot.api.samples.classification.data_loader import ImageNetDataLoader
from openvino.tools.pot.api.samples.classification.metric import Accuracy
from openvino.tools.pot.api.samples.utils.argument_parser import get_common_argparser
from openvino.tools.pot.api.samples.utils.command_line import given_model, optimize, run
from openvino.tools.pot.engines.ie_engine import IEEngine
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.paths import offer

__all__ = ["Accuracy", "ImageNetDataLoader", "main"]

_WITH_BACKGROUND = 1001  # classes of ImageNet, and the background that TensorFlow's networks have before them


def main(argv: Sequence[str] | None = None) -> None:
    """Quantize a classifier, save it in the folder ``optimized``, and print its accuracy before and after."""
    parser = get_common_argparser()
    parser.add_argument(
        "-a", "--annotation-file", required=True, help="text file with a line 'file label' for each image"
    )
    args = parser.parse_args(argv)
    model = given_model(args)
    dataset = {
        "data_source": args.dataset,
        "annotation_file": args.annotation_file,
        "has_background": _classes(model) == _WITH_BACKGROUND,
        "preprocessing": [{"type": "crop", "central_fraction": 0.875}],
    }
    loader = ImageNetDataLoader(dataset, model)  # which resizes as the model wants it
    engine = IEEngine({"device": "CPU"}, loader, Accuracy(top_k=1))
    optimize(model, engine, keep_uncompressed_weights=args.keep_uncompressed_weights, preset="performance")


def _classes(model: CompressedModel) -> int | None:
    shape = model.submodels[0].model.outputs[0].get_partial_shape()
    known = shape.rank.is_static and len(shape) > 1 and shape[1].is_static
    return shape[1].get_length() if known else None


offer(globals())

if __name__ == "__main__":
    run(main)
