"""What every misuse must come to: an error of ours, one sentence that names the thing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import openvino as ov
import pytest

import builders
from openvino.tools.pot import IEEngine, Metric, create_pipeline, load_model
from openvino.tools.pot.utils.errors import PotError

IMAGES = builders.images(4)


class Misuse(NamedTuple):
    """A call that can't be right.

    Attributes:
        call: what is done; files stand in, or go to, the current folder.
        part: of the sentence that names the thing.
        cause: the user's own error, if there was one.
    """

    call: Callable[[], Any]
    part: str
    cause: type[BaseException] | None = None


def check(misuse: Misuse) -> None:
    """Make sure that a call ends in an error as it must be."""
    with pytest.raises(PotError) as caught:
        misuse.call()
    sentence = str(caught.value)
    assert misuse.part in sentence
    assert "\n" not in sentence
    assert not sentence.endswith(".")
    assert len(sentence) <= 1000
    if misuse.cause is not None:
        assert type(caught.value.__cause__) is misuse.cause


def raising(error: type[BaseException], *arguments: Any) -> Callable[..., Any]:
    """A function that raises an error whatever it is given."""

    def function(*_: Any, **__: Any) -> Any:
        raise error(*arguments)

    return function


def giving(value: Any) -> Callable[..., Any]:
    """A function that gives a value whatever it is given."""
    return lambda *_, **__: value


class Sum(Metric):
    """A metric that is as it must be."""

    @property
    def value(self) -> Any:
        return {"sum": self.sums[-1:]}

    @property
    def avg_value(self) -> Any:
        return {"sum": float(np.mean(self.sums))}

    def update(self, output: Any, target: Any) -> None:
        self.sums.append(float(output[0].sum()))

    def reset(self) -> None:
        self.sums: list[float] = []

    def get_attributes(self) -> Any:
        return {"sum": {"direction": "higher-better", "type": "sum"}}


def altered(kind: type[Any], *arguments: Any, **members: Any) -> Any:
    """An object of a class with other members."""
    return type(kind.__name__, (kind,), members)(*arguments)


def loader(items: Any = None, **members: Any) -> Any:
    """A loader of labelled images, or of other items, with other members."""
    own = [(image, index) for index, image in enumerate(IMAGES)] if items is None else items
    return altered(builders.Items, own, **members)


def run(
    data_loader: Any = None,
    metric: Any = None,
    algorithm: str = "DefaultQuantization",
    engine: Any = None,
    source: Any = None,
    **params: Any,
) -> Any:
    """A pipeline of one algorithm, as it must be where nothing is given."""
    data_loader = loader() if data_loader is None else data_loader
    engine = IEEngine({}, data_loader, metric) if engine is None else engine
    pipeline = create_pipeline([{"name": algorithm, "params": params}], engine)
    return pipeline.run(load_model(builders.network()) if source is None else source)


def search(metric: Any = None, **params: Any) -> Any:
    """A search that meets its target at once, unless something is wrong."""
    given = {"maximal_drop": 1e9, **params}
    return run(None, Sum() if metric is None else metric, "AccuracyAwareQuantization", **given)


def evaluated(metric: Any = None, data_loader: Any = None, kind: Any = IEEngine, **members: Any) -> Any:
    """What a metric says of the model."""
    samples = loader() if data_loader is None else data_loader
    engine = altered(kind, {}, samples, Sum() if metric is None else metric, **members)
    return create_pipeline([], engine).evaluate(load_model(builders.network()))


def saved(name: str = "m.xml") -> Path:
    """A model's files in the current folder."""
    ov.save_model(builders.network(), name, compress_to_fp16=False)
    return Path(name)
