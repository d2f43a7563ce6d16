"""What searches and checks ask of an engine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot.api.engine import Engine
from openvino.tools.pot.engines.ie_engine import IEEngine
from openvino.tools.pot.engines.stream import Feed, Outputs
from openvino.tools.pot.graph.model import CompressedModel


def device_of(engine: Engine | None) -> str:
    """Where an engine runs models; an engine that doesn't say so, on the CPU."""
    return str(getattr(engine, "device", "CPU"))


def batch_axis(engine: Engine) -> int:
    """The axis of inputs along which samples of a batch lie."""
    return int(getattr(engine, "config", {}).get("batch_dim") or 0)


def reads_samples(engine: Engine | None) -> bool:
    """Whether an engine feeds the samples of its data loader by itself, so that ``feeds`` says what a pass is fed."""
    return isinstance(engine, IEEngine) and type(engine)._predict is IEEngine._predict


def feeds(engine: Engine, model: CompressedModel, indices: Sequence[int]) -> Iterator[Feed]:
    """What a model is fed for samples of the data loader, input name to array, one by one or in its fixed batch.

    Of a sample with time steps, it is what one of them is fed.

    Raises:
        DataError: a sample doesn't fit the model; its index is named.
    """
    assert isinstance(engine, IEEngine)
    return engine.feeds(model, indices)


def outputs(
    engine: Engine, model: CompressedModel, indices: Sequence[int], strict: bool = True
) -> Iterator[Outputs]:
    """The outputs of a model for samples of the data loader, one by one.

    Args:
        engine: that runs it.
        model: that is run.
        indices: of the samples.
        strict: whether it must be one by one; otherwise a fixed batch stays whole where it can't be taken apart.

    Raises:
        EngineError: samples have time steps, and so outputs at each of them.
        DataError: a sample doesn't fit the model, or outputs of a fixed batch can't be taken apart.
    """
    assert isinstance(engine, IEEngine)
    return engine.outputs(model, indices, strict)


def run_settings(
    engine: Engine, model: ov.Model, indices: Sequence[int], flags: str, settings: NDArray[Any]
) -> Iterator[Outputs]:
    """The outputs of a model with an input of flags, for each feed with each setting of them in turn.

    Args:
        engine: that runs it; ``set_model`` chose the same model without flags.
        model: with one input more, for the flags.
        indices: of the samples.
        flags: name of that input.
        settings: float32, shape ``[settings, flags]``.
    """
    assert isinstance(engine, IEEngine)
    return engine.run_settings(model, indices, flags, settings)


def using(engine: Engine, data_loader: Any, metric: Any) -> AbstractContextManager[None]:
    """Other samples and another metric, for a while."""
    assert isinstance(engine, IEEngine)
    return engine.using(data_loader, metric)
