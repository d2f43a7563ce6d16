"""What searches and checks ask of an engine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeGuard

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot.api.engine import Engine
from openvino.tools.pot.engines import filling
from openvino.tools.pot.engines.batches import Batch, as_they_are
from openvino.tools.pot.engines.compiling import compiled_for
from openvino.tools.pot.engines.hooks import Hooks
from openvino.tools.pot.engines.items import Item
from openvino.tools.pot.engines.passes import recorded
from openvino.tools.pot.engines.recurrent import KEY, Recurrence, TimeStep
from openvino.tools.pot.engines.results import results
from openvino.tools.pot.engines.rounds import run_steps
from openvino.tools.pot.engines.stream import Feed, Outputs, run_stream
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.graph.sizes import is_static, sizes_of, with_shapes
from openvino.tools.pot.samplers.batch_sampler import BatchSampler, Remembered
from openvino.tools.pot.utils.errors import EngineError

Fed = Iterator[tuple[Batch, Feed]]
"""What a network is fed, and what that is of."""


def device_of(engine: Engine | None) -> str:
    """Where an engine runs models; one that doesn't say so, on the CPU."""
    return str(getattr(engine, "device", "CPU"))


def batch_axis(engine: Engine) -> int:
    """The axis of inputs along which samples of a batch lie."""
    return int(getattr(engine, "config", {}).get("batch_dim") or 0)


def reads_samples(engine: Engine | None) -> TypeGuard[Hooks]:
    """Whether an engine feeds the samples of its data loader by itself, so that ``feeds`` says what a pass is fed."""
    return isinstance(engine, Hooks) and not engine._overrides("_predict")


def feeds_samples(engine: Engine | None) -> TypeGuard[Hooks]:
    """The same of an engine that leaves the whole pass to us, too."""
    return reads_samples(engine) and not engine._overrides("predict")


@contextmanager
def using(engine: Engine, data_loader: Any, metric: Any) -> Iterator[None]:
    """Let an engine have other samples and another metric, for a while."""
    own = engine._data_loader, engine._metric
    engine._data_loader, engine._metric = data_loader, metric
    try:
        yield
    finally:
        engine._data_loader, engine._metric = own


_HOOKS = ("predict", "_predict", "_process_batch", "_fill_input")


def feeds_as_read(engine: Engine | None) -> TypeGuard[Hooks]:
    """Whether an engine feeds the samples of its data loader as they are, without hooks of the user's."""
    return isinstance(engine, Hooks) and not any(engine._overrides(hook) for hook in _HOOKS)


@contextmanager
def once(engine: Engine | None) -> Iterator[None]:
    """Let an engine read no item of its data loader twice that was read while it was ``remembering``."""
    if not feeds_as_read(engine) or engine.data_loader is None:
        yield
        return
    with using(engine, Remembered(engine.data_loader, most=0), engine.metric):
        yield


def feeds(engine: Hooks, model: CompressedModel, indices: Sequence[int]) -> Iterator[Feed]:
    """What a model is fed for samples of the data loader, input name to array, one by one or in its fixed batch.

    Of a sample with time steps, it is what one of them is fed.

    Raises:
        DataError: a sample doesn't fit the model; its index is named.
    """
    engine.set_model(model)
    for _, feed in _feeds(engine, indices):
        yield feed


def outputs(
    engine: Hooks, model: CompressedModel, indices: Sequence[int], strict: bool = True
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
    if engine._options.out_in_map:
        raise EngineError(f"predictions of whole samples (annotation_free) are not supported with {KEY}")
    engine.set_model(model)
    for _, _, found in results(engine, filling.Samples(BatchSampler(engine.data_loader, 1, indices)), strict):
        yield found


def fed(engine: Hooks, model: CompressedModel, indices: Sequence[int]) -> dict[str, Fed]:
    """What each network of a model is fed for samples of the data loader, by its name; of cascades some of it.

    Raises:
        EngineError: nothing of the engine runs several networks.
        DataError: a sample doesn't fit the model; its index is named.
    """
    engine.set_model(model)
    if not model.is_cascade:
        return {model.submodels[0].name: _feeds(engine, indices)}
    found = recorded(engine, BatchSampler(engine.data_loader, 1, indices))
    return {
        name: as_they_are(([Item(number, feed, None, None)], feed) for number, feed in enumerate(own))
        for name, own in found.items()
    }


def run_settings(
    engine: Hooks, model: ov.Model, feeds: Fed, flags: str, settings: NDArray[np.float32]
) -> Iterator[Outputs]:
    """The outputs of a model with an input of flags, for each feed with each setting of them in turn.

    Of a sample with time steps, one of them is run, with what ``feeds`` gives for it.

    Args:
        engine: that runs it.
        model: with one input more, for the flags.
        feeds: as ``fed`` gives them for the same model without flags.
        flags: name of that input.
        settings: float32, shape ``[settings, flags]``.
    """
    options = engine._options
    set_so = ((batch, {**feed, flags: setting}) for batch, feed in feeds for setting in settings)
    compiled = compiled_for("compared", model, options.device)
    for _, found in run_stream(compiled, set_so, options.eval_requests):
        yield found


def _feeds(engine: Hooks, indices: Sequence[int]) -> Iterator[tuple[Batch, Feed]]:
    network, options = engine._single_model(), engine._options
    samples = filling.Samples(BatchSampler(engine.data_loader, 1, indices))
    if not options.out_in_map:
        return filling.feeds(engine, network, samples)
    compiled = compiled_for("evaluated", network, options.device)
    recurrence = Recurrence(network, options.out_in_map)
    steps = filling.time_steps(engine, network, recurrence, samples)
    single = _single_steps(compiled, recurrence, steps, len(indices))
    return as_they_are(([step.item], feed) for step, feed in single)


def _single_steps(
    compiled: ov.CompiledModel, recurrence: Recurrence, samples: Iterable[Sequence[TimeStep]], count: int
) -> Iterator[tuple[TimeStep, Feed]]:
    """One step of each sample with its whole feed: near the first sample's beginning, ..., near the last one's end."""
    infer = partial(run_stream, compiled, requests=1)
    for number, steps in enumerate(samples):
        chosen, state = steps[len(steps) * (2 * number + 1) // (2 * count)], Feed()
        before = steps[: chosen.number]
        for _, found in run_steps([before] if before else [], recurrence.state, infer, in_order=False):
            state = recurrence.state(found)
        yield chosen, chosen.feed_after(state)


def fixed_by_sample(model: CompressedModel, engine: Hooks) -> CompressedModel:
    """A model of one network with those sizes of its inputs that are open as the first sample has them.

    Args:
        model: stays as it is.
        engine: has the samples.

    Raises:
        DataError: the sample doesn't fit the model.
        ModelError: the rest of the model doesn't go with its sizes.
    """
    if not is_static(model) and len(engine.data_loader):
        (feed,) = feeds(engine, model, [0])
        return with_shapes(model, sizes_of(feed))
    return model
