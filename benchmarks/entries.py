"""What is benchmarked: the embedded digits network, and the networks of a zoo folder."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.demo import digits
from openvino.tools.pot.report.measure import compile_single

Feed = Mapping[str, NDArray[Any]]
Infer = Callable[[Feed], list[NDArray[Any]]]


class Network(Protocol):
    """A float model with a name."""

    @property
    def name(self) -> str:
        """What tables call it."""

    @property
    def model(self) -> Path:
        """The float model's ``.xml``."""


@runtime_checkable
class Entry(Network, Protocol):
    """A float model with data that it was made for; an entry of a zoo looks like this."""

    @property
    def metric(self) -> str:
        """What ``evaluate`` gives, in words."""

    @property
    def fp32(self) -> float | None:
        """The float model's figure."""

    @property
    def calibration(self) -> Sequence[Feed]:
        """Samples for calibration, unlabelled."""

    @property
    def evaluation(self) -> Sequence[Feed]:
        """Samples that calibration has not seen."""

    def evaluate(self, infer: Infer, limit: int | None = None) -> float:
        """The metric over the evaluation samples; higher is better."""

    def fidelity(self, infer: Infer, limit: int | None = None) -> float:
        """How close the outputs are to the float model's, in dB; higher is better."""


class DigitsEntry:
    """The network that comes with the package, so that something can be measured anywhere."""

    name = "digits"
    metric = "top-1"
    fp32 = 0.9933

    def __init__(self) -> None:
        self._data = digits.load()
        self.model = self._data.model_path
        self.calibration: list[Feed] = [{"image": image[None]} for image in self._data.calibration_images]
        self.evaluation: list[Feed] = [{"image": image[None]} for image in self._data.evaluation_images]
        self.labels = self._data.evaluation_labels
        self._reference: list[NDArray[Any]] = []

    def evaluate(self, infer: Infer, limit: int | None = None) -> float:
        """Top-1 accuracy."""
        labels = self._data.evaluation_labels[:limit]
        found = [int(output.argmax()) for output in self._outputs(infer, len(labels))]
        return float(np.mean(found == labels))

    def fidelity(self, infer: Infer, limit: int | None = None) -> float:
        """Variance of the float model's logits over the mean square of the differences, in dB."""
        count = len(self._data.evaluation_labels[:limit])
        if len(self._reference) < count:
            self._reference = self._outputs(openvino_infer(self.model), count)
        reference = np.stack(self._reference[:count]).astype(np.float64)
        found = np.stack(self._outputs(infer, count))
        signal = ((reference - reference.mean(axis=0)) ** 2).sum()
        return float(10 * np.log10(signal / ((reference - found) ** 2).sum()))

    def _outputs(self, infer: Infer, count: int) -> list[NDArray[Any]]:
        return [infer({"image": image[None]})[0] for image in self._data.evaluation_images[:count]]


def openvino_infer(model: Path) -> Infer:
    """A function from a feed to the model's outputs, in float32 where the model is not quantized."""
    request = compile_single(model).create_infer_request()

    def infer(feed: Feed) -> list[NDArray[Any]]:
        request.infer(feed)
        return [tensor.data.copy() for tensor in request.output_tensors]

    return infer


def entries(zoo: Path, wanted: Sequence[str] = ()) -> Iterator[Entry]:
    """The digits network, then the entries of a zoo folder; all, or those that are wanted.

    A zoo folder holds a module ``zoo.py`` with ``names(root)`` and ``load(name, root)``.
    """
    module = _zoo_module(zoo / "zoo.py")
    names: list[str] = module.names(zoo) if module else []
    for name in chosen((DigitsEntry.name, *names), wanted):
        yield DigitsEntry() if name == DigitsEntry.name else module.load(name, zoo)


def chosen(names: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """Those of the names that are wanted; all if none is."""
    for name in wanted:
        if name not in names:
            raise SystemExit(f"no entry {name!r}, there are: {', '.join(names)}")
    return [name for name in names if not wanted or name in wanted]


def _zoo_module(path: Path) -> Any:
    if not path.exists():
        return None
    spec = importlib.util.spec_from_file_location("pot_zoo", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)

    sys.modules[spec.name] = module  # dataclasses look their module up by name
    spec.loader.exec_module(module)
    return module
