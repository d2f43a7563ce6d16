"""POT's sample of segmentation under its name: loader, metric, and its command line.

    python -m openvino.tools.pot.api.samples.segmentation.segmentation_sample -m model.xml -d JPEGImages \
        --imageset-file val.txt --mask-dir SegmentationClass
"""

from __future__ import annotations

from collections.abc import Sequence

from openvino.tools.pot.api.samples.segmentation.data_loader import VOCSegmentationLoader
from openvino.tools.pot.api.samples.segmentation.metric import MeanIOU
from openvino.tools.pot.api.samples.utils.argument_parser import get_common_argparser
from openvino.tools.pot.api.samples.utils.command_line import given_model, image_side, optimize, run
from openvino.tools.pot.engines.ie_engine import IEEngine
from openvino.tools.pot.paths import offer

__all__ = ["MeanIOU", "VOCSegmentationLoader", "main"]

_CLASSES = 21  # of Pascal VOC, with the background
_SIDE = 513  # pixels, of models that take any


def main(argv: Sequence[str] | None = None) -> None:
    """Quantize a model that gives the class of each pixel, save it in ``optimized``, and print its overlap."""
    parser = get_common_argparser()
    add = parser.add_argument
    add("--imageset-file", required=True, help="names of the images without their ending, one a line, .txt")
    add("--mask-dir", required=True, help="folder of the masks in Pascal VOC's colours")
    args = parser.parse_args(argv)
    model = given_model(args)
    dataset = {
        "data_source": args.dataset,
        "imageset_file": args.imageset_file,
        "mask_dir": args.mask_dir,
        "image_size": image_side(model, _SIDE),
    }
    engine = IEEngine({"device": "CPU"}, VOCSegmentationLoader(dataset), MeanIOU(_CLASSES))
    optimize(model, engine, keep_uncompressed_weights=args.keep_uncompressed_weights, preset="performance")


offer(globals())

if __name__ == "__main__":
    run(main)
