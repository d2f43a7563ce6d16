"""An engine that gives masks of the size of a file's volume."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.api.samples.segmentation_3d.volumes import resize3d
from openvino.tools.pot.engines.ie_engine import IEEngine
from openvino.tools.pot.utils.errors import ModelError


class SegmentationEngine(IEEngine):
    """Runs a network whose classes lie within each other, each output channel telling how sure it is of one of them.

    Where channel ``n`` exceeds 0.5, a voxel is of class ``n + 1``; later channels count before earlier ones. In POT's
    network they were the whole tumour, its core, and its enhancing part.
    """

    def postprocess_output(self, outputs: Any, metadata: list[Any]) -> Any:
        """Masks as the files' volumes have them, int8 ``[batch, height, width, depth]``, in a list.

        Args:
            outputs: name of the only output to its array ``[batch, channels, *size]``.
            metadata: of each sample, as ``BRATSDataLoader`` gives it.

        Raises:
            ModelError: there is another number of outputs.
        """
        if len(outputs) != 1:
            raise ModelError(
                f"SegmentationEngine: found {len(outputs)} outputs, expected one, the scores of classes"
            )
        (scores,) = outputs.values()
        return [np.stack([_mask(each, meta) for each, meta in zip(scores, metadata, strict=True)])]


def _mask(scores: NDArray[Any], metadata: Mapping[str, Any]) -> NDArray[np.int8]:
    """The class of each voxel; 0 outside of the box that the network has seen."""
    low, high = np.asarray(metadata["bbox"], np.int64)
    mask = np.zeros(metadata["image_shape"][-3:], np.int8)
    sure = resize3d(scores, (len(scores), *(high - low))) > 0.5
    order = np.arange(1, len(scores) + 1).reshape(-1, 1, 1, 1)
    mask[low[0] : high[0], low[1] : high[1], low[2] : high[2]] = (sure * order).max(axis=0)
    return mask
