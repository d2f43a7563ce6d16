"""POT's sample of segmentation of volumes: its loader, its metric, its engine, and its command line.

    python -m openvino.tools.pot.api.samples.segmentation_3d.segmentation_3d_sample -m model.xml -d imagesTr \
        --mask-dir labelsTr
"""

from __future__ import annotations

from collections.abc import Sequence

from openvino.tools.pot.api.samples.segmentation_3d.data_loader import BRATSDataLoader
from openvino.tools.pot.api.samples.segmentation_3d.engine import SegmentationEngine
from openvino.tools.pot.api.samples.segmentation_3d.metric import DiceIndex
from openvino.tools.pot.api.samples.segmentation_3d.volumes import resize3d
from openvino.tools.pot.api.samples.utils.argument_parser import get_common_argparser
from openvino.tools.pot.api.samples.utils.command_line import given_model, optimize, run

__all__ = ["BRATSDataLoader", "DiceIndex", "SegmentationEngine", "main", "resize3d"]

_MODALITIES = (1, 2, 3, 0)  # the order of brain-tumor-segmentation-0002, of whose data there are four
_CLASSES = 4


def main(argv: Sequence[str] | None = None) -> None:
    """Quantize a network like brain-tumor-segmentation-0002, save it in ``optimized``, and print its index."""
    parser = get_common_argparser()
    parser.add_argument("--mask-dir", required=True, help="folder of masks, named as the volumes are")
    args = parser.parse_args(argv)
    dataset = {"data_source": args.dataset, "mask_dir": args.mask_dir, "modality_order": _MODALITIES}
    loader = BRATSDataLoader(dataset)
    engine = SegmentationEngine({"device": "CPU"}, loader, DiceIndex(_CLASSES))
    optimize(
        given_model(args),
        engine,
        keep_uncompressed_weights=args.keep_uncompressed_weights,
        preset="performance",
    )


if __name__ == "__main__":
    run(main)
