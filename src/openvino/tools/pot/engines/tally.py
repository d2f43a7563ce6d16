"""What an engine remembers of an evaluation between its hooks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from openvino.tools.pot.engines.metrics import update_metric
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)


@dataclass
class Tally:
    """An evaluation on its way.

    Attributes:
        metadata: of the samples whose outputs are given to the metric next.
        labelled: whether any sample had an annotation, as far as that is known.
    """

    metadata: list[Any] = field(default_factory=list)
    labelled: bool = True
    _warned: bool = False

    def update(self, metric: Any, output: Any, annotations: list[tuple[int, Any]]) -> bool:
        """Give outputs and annotations of a batch to a metric, if all samples have one; whether they have."""
        labels = [label for _, label in annotations]
        if all(label is not None for label in labels):
            update_metric(metric, output, labels, self.metadata)
            return True
        if not self._warned:
            logger.warning("sample %d has no annotation: the metric leaves it out", annotations[0][0])
        self._warned = True
        return False
