"""POT's sample of object detection under its name: loader, metric, and its command line.

    python -m openvino.tools.pot.api.samples.object_detection.object_detection_sample -m model.xml -d images \
        --annotation-path instances.json
"""

from __future__ import annotations

from collections.abc import Sequence

from openvino.tools.pot.api.samples.object_detection.data_loader import COCOLoader
from openvino.tools.pot.api.samples.object_detection.metric import MAP
from openvino.tools.pot.api.samples.utils.argument_parser import get_common_argparser
from openvino.tools.pot.api.samples.utils.command_line import given_model, image_side, optimize, run
from openvino.tools.pot.engines.ie_engine import IEEngine

__all__ = ["MAP", "COCOLoader", "main"]

_CLASSES = 91  # of MS COCO, with the background
_SIDE = 640  # pixels, of models that take any


def main(argv: Sequence[str] | None = None) -> None:
    """Quantize a detector so that it loses little, save it in ``optimized``, and print its precision."""
    parser = get_common_argparser()
    parser.add_argument("--annotation-path", required=True, help="objects as MS COCO annotates them, .json")
    args = parser.parse_args(argv)
    model = given_model(args)
    loader = COCOLoader(
        {
            "images_path": args.dataset,
            "annotation_path": args.annotation_path,
            "image_size": image_side(model, _SIDE),
            "layout": "CHW",
        }
    )
    engine = IEEngine({"device": "CPU"}, loader, MAP(_CLASSES, loader.labels))
    optimize(
        model,
        engine,
        "AccuracyAwareQuantization",
        args.keep_uncompressed_weights,
        preset="mixed",
        maximal_drop=0.004,
    )


if __name__ == "__main__":
    run(main)
