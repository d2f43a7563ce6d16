"""Metrics, named and computed as in Accuracy Checker."""

from collections.abc import Mapping

from openvino.tools.pot.datasets.metrics.accuracy import Accuracy
from openvino.tools.pot.datasets.metrics.average_precision import MeanAveragePrecision
from openvino.tools.pot.datasets.metrics.coco import CocoPrecision
from openvino.tools.pot.datasets.metrics.measure import Measure, MeasureEntry
from openvino.tools.pot.datasets.metrics.overlap import MeanOverlap

METRICS: Mapping[str, type[MeasureEntry]] = {
    entry.kind: entry for entry in (Accuracy, MeanAveragePrecision, CocoPrecision, MeanOverlap)
}

__all__ = ["METRICS", "Measure", "MeasureEntry"]
