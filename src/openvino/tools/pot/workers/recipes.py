"""Whether workers can read samples by themselves, and what they need for it."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import openvino as ov
from openvino import opset13 as op

from openvino.tools.pot.engines.feeding import Filler
from openvino.tools.pot.engines.hooks import Hooks
from openvino.tools.pot.engines.probes import feeds_as_read
from openvino.tools.pot.engines.watching import Runtime
from openvino.tools.pot.samplers.batch_sampler import BatchSampler
from openvino.tools.pot.utils.errors import PotError, said
from openvino.tools.pot.utils.logger import get_logger
from openvino.tools.pot.workers.client import UnreadableError, Workers
from openvino.tools.pot.workers.desk import Desk, UnreadError
from openvino.tools.pot.workers.sizes import readable
from openvino.tools.pot.workers.tasks import Compare, Recipe

logger = get_logger(__name__)

_SMALL = 1_000_000
"""Bytes of a pickled engine that may travel whatever the samples have."""


class Recipes:
    """How workers read the samples of an engine, where they can.

    Args:
        workers: that read them.
    """

    def __init__(self, workers: Workers) -> None:
        self._workers, self._desk = workers, Desk()
        self._judged: dict[Recipe, str] = {}
        self._told: set[str] = set()

    def of(self, engine: Hooks, sampler: Any, single: bool, apart: bool) -> Recipe | None:
        """What workers need, None where samples are to be read here and sent.

        Args:
            engine: whose hooks feed the network that ``set_model`` chose.
            sampler: the samples.
            single, apart: as ``filling.feeds`` takes them.
        """
        if not _is_plain(engine, sampler):
            return self._none("the sampler is no BatchSampler of the data loader, with one sample at a time")
        try:
            pickled = _pickled(engine)
        except Exception as error:
            return self._none(f"the engine and its data loader can't be pickled ({said(error)})")
        depot, network = self._workers.depot, engine._single_model()
        model = depot.add_model(_inputs_of(network) if feeds_as_read(engine) else network)
        recipe = Recipe(depot.add(pickled), model, single, apart)
        if recipe not in self._judged:
            self._judged[recipe] = self._hindrance(recipe, sampler.indices)
        if hindrance := self._judged[recipe]:
            return self._none(hindrance)
        self._tell(
            f"workers read samples by themselves: the engine and its data loader are {readable(len(pickled))}"
        )
        return recipe

    def _hindrance(self, recipe: Recipe, indices: Sequence[int]) -> str:
        """Why workers should not read samples by themselves, empty where they may."""
        compare = Compare(recipe, (indices[0], indices[-1], indices[0]))
        try:
            here = compare.answer(self._desk)
            ((_, there),) = self._workers.answers([compare])
        except UnreadableError as error:
            return f"they can't be read there ({error})"
        except (PotError, UnreadError):
            return "one that was tried can't be read from a copy of the data loader"
        if here[0] != here[2]:
            return "the data loader gives another sample each time it is asked for the same one"
        if here != there:
            return "the data loader gives others there than here"
        size = len(indices) * max(size for _, size in here)
        if recipe.engine.size > max(_SMALL, size):
            found = readable(recipe.engine.size)
            return f"the data loader is {found}, its samples in this pass {readable(size)}"
        return ""

    def _none(self, hindrance: str) -> Recipe | None:
        self._tell(f"samples are read here and sent to workers: {hindrance}")
        return None

    def _tell(self, note: str) -> None:
        if note not in self._told:
            self._told.add(note)
            logger.info("%s", note)


def _is_plain(engine: Hooks, sampler: Any) -> bool:
    """Whether samples are those of the engine's own data loader, one by one."""
    ours = isinstance(sampler, BatchSampler) and sampler.is_plain and sampler.batch_size == 1
    return ours and sampler.data_loader is engine.data_loader


def _pickled(engine: Hooks) -> bytes:
    """An engine without models and metric.

    Raises:
        Exception: it, or its loader, can't be pickled.
    """
    options = engine._options
    bare = {
        "_metric": None,
        "_model": None,
        "_given": None,
        "_elsewhere": None,
        "_ie": Runtime(),
        "_filler": Filler(options.batch_axis, parts=not options.out_in_map),
    }
    other = object.__new__(type(engine))
    other.__dict__.update({**engine.__dict__, **bare})
    return _dumps(other)


def _dumps(value: object) -> bytes:
    """Pickled, with what a script itself defines where that can be: workers don't run the script."""
    try:
        better = import_module("cloudpickle")
    except ImportError:
        return pickle.dumps(value, protocol=5)
    return bytes(better.dumps(value, protocol=5))


def _inputs_of(network: ov.Model) -> ov.Model:
    """A network of the same inputs, and nothing else."""
    parameters = []
    for port in network.inputs:
        node = port.get_node()
        twin = op.parameter(port.get_partial_shape(), port.get_element_type(), name=node.get_friendly_name())
        twin.set_layout(node.get_layout())
        twin.output(0).set_names(port.get_names())
        parameters.append(twin)
    return ov.Model([twin.output(0) for twin in parameters], parameters, network.get_friendly_name())
