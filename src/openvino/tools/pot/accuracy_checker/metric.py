"""The metrics of a dataset as one metric of POT."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from openvino.tools.pot.accuracy_checker.postprocessing import Pair, Postprocess
from openvino.tools.pot.api.metric import Metric
from openvino.tools.pot.datasets.annotations import Meta, Seen
from openvino.tools.pot.datasets.masks import MaskFile
from openvino.tools.pot.datasets.metrics import Measure
from openvino.tools.pot.utils.errors import DataError


@dataclass(frozen=True)
class Named:
    """A measure with what the engine says of it.

    Attributes:
        kind: the metric's type in the configuration.
    """

    kind: str
    measure: Measure


class ACMetric(Metric):
    """Several measures of the same predictions, after the same postprocessing.

    Args:
        measures: by their names in results.
        postprocessing: in their order.
        meta: of the dataset.
    """

    def __init__(
        self, measures: Mapping[str, Named], postprocessing: Sequence[Postprocess], meta: Meta
    ) -> None:
        self._measures, self._postprocessing, self._meta = measures, postprocessing, meta
        self._last: list[Pair] = []
        super().__init__()

    @property
    def value(self) -> dict[str, list[float]]:
        """Each measure of each image of the last update alone."""
        return {
            name: [each.measure.of_one(*pair) for pair in self._last] for name, each in self._measures.items()
        }

    @property
    def avg_value(self) -> dict[str, float]:
        """Each measure of all images."""
        return {name: each.measure.of_all() for name, each in self._measures.items()}

    def update(self, output: Sequence[Any], target: Sequence[Any], metadata: Sequence[Seen] = ()) -> None:
        """Take the predictions for a batch.

        Args:
            output: of an adapter, one for each image.
            target: annotations.
            metadata: how the images reached the model.

        Raises:
            DataError: there is not one prediction for each image, or a mask doesn't fit.
        """
        if len(output) != len(target):
            raise DataError(f"the model gave {len(output)} predictions for {len(target)} images")
        self._last = [
            self._processed(prediction, annotation, seen)
            for prediction, annotation, seen in zip(output, target, metadata, strict=True)
        ]
        for pair in self._last:
            for each in self._measures.values():
                each.measure.update(*pair)

    def _processed(self, prediction: Any, annotation: Any, seen: Seen) -> Pair:
        annotation = annotation.read() if isinstance(annotation, MaskFile) else annotation
        for step in self._postprocessing:
            prediction, annotation = step.apply(prediction, annotation, seen, self._meta)
        return prediction, annotation

    def reset(self) -> None:
        """Forget all images."""
        self._last = []
        for each in self._measures.values():
            each.measure.reset()

    def get_attributes(self) -> dict[str, dict[str, Any]]:
        """Larger is better for all of them."""
        return {
            name: {"direction": "higher-better", "type": each.kind} for name, each in self._measures.items()
        }
