"""Agreement with the float model in place of a metric, for samples without annotations."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.api.engine import Engine
from openvino.tools.pot.api.metric import Metric
from openvino.tools.pot.datasets.agreement import FIGURES, Answers, Kind
from openvino.tools.pot.engines import probes
from openvino.tools.pot.engines.hooks import predicted
from openvino.tools.pot.engines.ie_engine import IEEngine
from openvino.tools.pot.engines.items import parse_item
from openvino.tools.pot.engines.recurrent import KEY
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.graph.names import port_name
from openvino.tools.pot.samplers.batch_sampler import BatchSampler, count_samples
from openvino.tools.pot.statistics.phases import TOKEN_MASKS
from openvino.tools.pot.utils.errors import EngineError
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)

Array = NDArray[Any]
Outputs = list[Array]
MaskOf = Callable[[int], Array | None]

_EQUAL = 1e-6


class Agreement(Metric):
    """How far a model says what the float model does of the same samples: 1 is all of it.

    Annotations are the indices of samples.

    Args:
        answers: of the float model.
        mask_of: gives the token mask of a sample, None where it has none.
    """

    def __init__(self, answers: Answers, mask_of: MaskOf) -> None:
        self._answers, self._mask_of = answers, mask_of
        self._names = answers.figures
        super().__init__()

    @property
    def lines(self) -> list[str]:
        """What is compared and why, in sentences."""
        return self._answers.lines

    @property
    def value(self) -> dict[str, list[float]]:
        """Of the samples of the last update."""
        return {name: [last] * self._size for name, last in zip(self._names, self._last, strict=True)}

    @property
    def avg_value(self) -> dict[str, float]:
        """The mean over all samples, each by its weight."""
        figures = np.divide(self._sums, self._weights, out=np.ones(len(self._names)), where=self._weights > 0)
        return dict(zip(self._names, figures.tolist(), strict=True))

    def update(self, output: Any, target: list[Any]) -> None:
        """Take the outputs for one sample, or for samples that can't be taken apart, and their indices."""
        outputs = _without_padding(_arrays(output), target, self._mask_of)
        found = np.array(self._answers.compare(_key(target), outputs))
        self._last, self._size = found[:, 0].tolist(), len(target)
        self._sums += found[:, 0] * found[:, 1]
        self._weights += found[:, 1]

    def reset(self) -> None:
        """Forget all samples but for what the float model says of them."""
        self._sums, self._weights = np.zeros(len(self._names)), np.zeros(len(self._names))
        self._last, self._size = [0.0] * len(self._names), 0

    def get_attributes(self) -> dict[str, dict[str, Any]]:
        """Higher is better; none is above 1 for any sample."""
        pairs = zip(self._names, self._answers.parts, strict=True)
        types = {name: "accuracy" if FIGURES[part.kind].is_mean else part.kind for name, part in pairs}
        return {name: {"direction": "higher-better", "type": kind} for name, kind in types.items()}


class _Learning(Metric):
    """Learns what the float model says."""

    def __init__(self, wanted: Kind | Literal["auto"], model: CompressedModel, mask_of: MaskOf) -> None:
        self._wanted, self._model, self._mask_of = wanted, model, mask_of
        self.answers: Answers | None = None
        super().__init__()

    @property
    def avg_value(self) -> dict[str, float]:
        return {}

    def update(self, output: Any, target: list[Any]) -> None:
        outputs = _without_padding(_arrays(output), target, self._mask_of)
        if self.answers is None:
            self.answers = Answers(self._wanted, _names(self._model, len(outputs)), self._model.name)
        self.answers.learn(_key(target), outputs)

    def reset(self) -> None:
        """There is nothing to forget: each pass is of another object."""

    def get_attributes(self) -> dict[str, dict[str, Any]]:
        return {}


class _Numbered:
    """The samples of a loader with their indices for annotations."""

    def __init__(self, data_loader: Any) -> None:
        self._loader = data_loader

    def __len__(self) -> int:
        return count_samples(self._loader)

    def __getitem__(self, index: int) -> tuple[Any, int, Any]:
        item = parse_item(self._loader[index], index)
        return item.data, index, item.metadata


def agreement_with(engine: IEEngine, model: CompressedModel, wanted: Kind | Literal["auto"]) -> Agreement:
    """Run the float model over all samples, and keep what it says.

    Args:
        engine: with a data loader.
        model: in float.
        wanted: what is compared; ``auto``: what the form of the outputs shows.

    Raises:
        EngineError: samples have time steps, or the engine gives something else than arrays.
        ModelError: the outputs are not what was asked for.
    """
    if engine._options.out_in_map:
        raise EngineError(f"agreement of whole samples is not supported with {KEY}")
    mask_of = _mask_reader(engine, model)
    learning = _Learning(wanted, model, mask_of)
    engine.set_model(model.clone() if model.is_cascade else model)
    with probes.using(engine, _Numbered(engine.data_loader), learning):
        predicted(engine, sampler=BatchSampler(engine.data_loader), print_progress=True)
    if learning.answers is None:
        raise EngineError(
            "agreement: the engine gave no outputs to its metric, expected those of each sample"
        )
    learning.answers.finish()
    found = Agreement(learning.answers, mask_of)
    for line in found.lines:
        logger.info("agreement with the float model: %s", line)
    return found


def agreement_in(algorithms: Iterable[Any]) -> Agreement | None:
    """That of a search among algorithms which went by it; None where none did."""
    found = (getattr(algorithm, "agreement", None) for algorithm in algorithms)
    return next((each for each in found if each is not None), None)


@contextmanager
def agreeing(engine: Engine, agreement: Agreement | None) -> Iterator[None]:
    """Let an engine evaluate by agreement, without one as it does; it is as it was before at the end."""
    if agreement is None:
        yield
        return
    with probes.using(engine, _Numbered(engine.data_loader), agreement):
        yield


def tell_of_doubt(baseline: Mapping[str, float]) -> None:
    """Warn where the float model doesn't agree with itself."""
    for name, value in baseline.items():
        if value < 1 - _EQUAL:
            logger.warning(
                "%s of the float model with itself is %.4g, expected 1: it doesn't give the same for the same samples",
                name, value,
            )  # fmt: skip


def _mask_reader(engine: IEEngine, model: CompressedModel) -> MaskOf:
    """What gives the token mask of a sample: what stands in padding is read by nobody."""
    names = {name for sub in model for port in sub.model.inputs for name in port.get_names()}
    loader = engine.data_loader
    if not names & TOKEN_MASKS:
        return _no_mask

    def mask_of(index: int) -> Array | None:
        data = parse_item(loader[index], index).data
        known = sorted(TOKEN_MASKS & {*data}) if isinstance(data, Mapping) else []
        return np.asarray(data[known[0]]) if known else None

    return mask_of


def _no_mask(_: int) -> Array | None:
    return None


def _without_padding(outputs: Outputs, target: Sequence[Any], mask_of: MaskOf) -> Outputs:
    """The outputs of one sample, with no number where tokens are padding."""
    mask = mask_of(int(target[0])) if len(target) == 1 else None
    if mask is None:
        return outputs
    valid = mask.reshape(1, -1, 1) > 0
    rows = (1, valid.size)
    return [
        np.where(valid, each, np.asarray(np.nan, each.dtype))
        if each.ndim == 3 and each.shape[:2] == rows and each.dtype.kind == "f"
        else each
        for each in outputs
    ]


def _arrays(output: Any) -> Outputs:
    found = [*output.values()] if isinstance(output, Mapping) else output
    found = [*found] if isinstance(found, (list, tuple)) else [found]
    if not all(isinstance(each, np.ndarray) for each in found):
        kinds = ", ".join(type(each).__name__ for each in found)
        raise EngineError(f"agreement: the engine gives {kinds} to its metric, expected arrays")
    return found


def _names(model: CompressedModel, count: int) -> list[str]:
    ports = [] if model.is_cascade else model.submodels[0].model.outputs
    if len(ports) == count:
        return [port_name(port) for port in ports]
    return [f"output {number + 1}" for number in range(count)]


def _key(target: Sequence[Any]) -> Hashable:
    return tuple(int(index) for index in target)
