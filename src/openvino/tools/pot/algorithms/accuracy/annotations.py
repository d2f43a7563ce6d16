"""Annotations from the float model's own predictions, for data without any."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.api.metric import Metric
from openvino.tools.pot.engines import probes
from openvino.tools.pot.engines.ie_engine import IEEngine
from openvino.tools.pot.engines.items import parse_item
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.utils.errors import DataError, ModelError
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)


class Agreement(Metric):
    """Share of the samples whose largest output is the class in the annotation."""

    def __init__(self) -> None:
        self._hits: list[float] = []
        super().__init__()

    @property
    def value(self) -> dict[str, list[float]]:
        """Zero or one for the last sample."""
        return {"agreement": self._hits[-1:]}

    @property
    def avg_value(self) -> dict[str, float]:
        """The share."""
        return {"agreement": float(np.mean(self._hits)) if self._hits else 0.0}

    def update(self, output: list[Any], target: list[Any]) -> None:
        """Take the outputs for one sample and its class."""
        self._hits.append(float(int(np.argmax(output[0])) == int(target[0])))

    def reset(self) -> None:
        """Forget all samples."""
        self._hits = []

    def get_attributes(self) -> dict[str, dict[str, Any]]:
        """Higher is better, one value for each sample."""
        return {"agreement": {"direction": "higher-better", "type": "accuracy"}}


class _Predicted:
    """The samples of a loader that have a prediction, with it as annotation."""

    def __init__(self, data_loader: Any, indices: Sequence[int], labels: Sequence[int]) -> None:
        self._loader, self._indices, self._labels = data_loader, indices, labels

    def __len__(self) -> int:
        return len(self._indices)

    def __getitem__(self, position: int) -> tuple[Any, int, Any]:
        item = parse_item(self._loader[self._indices[position]], self._indices[position])
        return item.data, self._labels[position], item.metadata


@contextmanager
def predicted_annotations(engine: IEEngine, model: CompressedModel, confidence: float) -> Iterator[None]:
    """Let an engine evaluate against what the float model predicts, where it is sure enough.

    Its metric, or the share of equal predictions where it has none, takes the predicted class for annotation.
    Statistics come from these samples as well.

    Args:
        engine: is as it was before at the end.
        model: the float model, whose one output has a figure for each class.
        confidence: the least probability of the predicted class, from 0 to 1.

    Raises:
        ModelError: the model isn't a classifier.
        DataError: it is sure enough of no sample.
    """
    loader, metric = engine.data_loader, engine.metric
    labels: dict[int, int] = {}
    for index, outputs in enumerate(probes.outputs(engine, model, range(len(loader)))):
        probabilities = _probabilities(outputs, model.name)
        if probabilities.max() >= confidence:
            labels[index] = int(probabilities.argmax())
    if not labels:
        raise DataError(
            f"annotation_free: the float model is surer than {confidence:g} of none of {len(loader)} samples"
        )
    logger.info(
        "annotations are predictions of the float model: it is sure enough of %d of %d samples",
        len(labels), len(loader),
    )  # fmt: skip
    with probes.using(engine, _Predicted(loader, list(labels), list(labels.values())), metric or Agreement()):
        yield


def _probabilities(outputs: Sequence[NDArray[np.generic]], name: str) -> NDArray[np.float64]:
    if len(outputs) != 1 or outputs[0].size < 2 or outputs[0].size != max(outputs[0].shape):
        shapes = [list(output.shape) for output in outputs]
        raise ModelError(
            f"annotation_free needs a classifier with one output, a figure for each class: model {name!r} has "
            f"outputs of shapes {shapes}"
        )
    figures = np.asarray(outputs[0], np.float64).reshape(-1)
    if figures.min() >= 0 and abs(figures.sum() - 1) < 1e-2:
        return figures
    shifted = np.exp(figures - figures.max())
    return np.asarray(shifted / shifted.sum())
