"""Whether workers can read samples by themselves, and what they need for it."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib import import_module
from io import BytesIO
from typing import Any

import openvino as ov
from openvino import opset13 as op

from openvino.tools.pot.engines.feeding import Filler
from openvino.tools.pot.engines.hooks import Hooks
from openvino.tools.pot.engines.metrics import Tally
from openvino.tools.pot.engines.probes import feeds_as_read
from openvino.tools.pot.engines.watching import Runtime
from openvino.tools.pot.samplers.batch_sampler import BatchSampler, Remembered
from openvino.tools.pot.utils.errors import PotError, said
from openvino.tools.pot.utils.logger import get_logger
from openvino.tools.pot.workers.client import UnreadableError, Workers
from openvino.tools.pot.workers.desk import Desk
from openvino.tools.pot.workers.sizes import readable
from openvino.tools.pot.workers.tasks import Compare, Recipe, UnreadError

logger = get_logger(__name__)

_SMALL, _LARGEST = 1_000_000, 256_000_000
"""Bytes of a pickled engine that may travel whatever the samples have, and those that none may."""

_TRIED = 6
"""Samples that are read here and there."""


class Recipes:
    """How workers read the samples of an engine, where they can.

    Args:
        workers: that read them.
    """

    def __init__(self, workers: Workers) -> None:
        self._workers, self._desk = workers, Desk()
        self._judged: dict[tuple[str, bool, bool], str] = {}
        self._refused: dict[tuple[int, bool, bool], str] = {}
        self._told: set[str] = set()

    def of(
        self,
        engine: Hooks,
        sampler: Any,
        single: bool = False,
        apart: bool = False,
        hooks_behind: bool = False,
    ) -> Recipe | None:
        """What workers need, None where samples are to be read here and sent.

        Args:
            engine: whose hooks feed the network that ``set_model`` chose.
            sampler: the samples.
            single, apart: as ``filling.feeds`` takes them.
            hooks_behind: whether hooks get outputs, which may know what those that feed noted.
        """
        key = (id(_bare(engine.data_loader)), single, apart)
        hindrance = self._refused.get(key, "") or _unfit(engine, sampler, hooks_behind)
        if not hindrance:
            for pickled in _pickled(engine):
                found = (
                    pickled
                    if isinstance(pickled, str)
                    else self._tried(engine, sampler, pickled, single, apart)
                )
                if isinstance(found, Recipe):
                    size = readable(found.engine.size)
                    self._tell(
                        f"workers read samples by themselves: the engine and its data loader are {size}"
                    )
                    return found
                hindrance = found
            self._refused[key] = hindrance
        self._tell(f"samples are read here and sent to workers: {hindrance}")
        return None

    def refuse(self, engine: Hooks, recipe: Recipe, why: str) -> None:
        """Take note that workers can't read these samples after all."""
        self._refused[id(_bare(engine.data_loader)), recipe.single, recipe.apart] = why
        self._tell(f"samples are read here and sent to workers: {why}")

    def _tried(
        self, engine: Hooks, sampler: BatchSampler, pickled: bytes, single: bool, apart: bool
    ) -> Recipe | str:
        """How workers read samples, or why they should not."""
        depot, network = self._workers.depot, engine._single_model()
        model = depot.add_model(_inputs_of(network) if feeds_as_read(engine) else network)
        recipe = Recipe(depot.add(pickled), model, single, apart)
        key = (recipe.engine.digest, single, apart)
        if key not in self._judged:
            self._judged[key] = self._hindrance(recipe, sampler.indices)
        return self._judged[key] or recipe

    def _hindrance(self, recipe: Recipe, indices: Sequence[int]) -> str:
        """Why workers should not read samples by themselves, empty where they may.

        There they are read in the opposite order, so that a loader that goes by what it read before is found out.
        """
        some = sorted({indices[number * (len(indices) - 1) // (_TRIED - 1)] for number in range(_TRIED)})
        try:
            here, same_here = Compare(recipe, tuple(some)).answer(self._desk)
            ((_, (there, same_there)),) = self._workers.answers([Compare(recipe, tuple(reversed(some)))])
        except (UnreadableError, UnreadError) as error:
            return str(error)
        except PotError:
            return "one that was tried can't be read from a copy of the data loader"
        if not (same_here and same_there):
            return "the data loader gives another sample each time it is asked for the same one"
        if here != there:
            return "the data loader gives others there than here, or others in another order"
        size = len(indices) * max(size for _, size in here.values())
        if recipe.engine.size > max(_SMALL, size):
            found = readable(recipe.engine.size)
            return f"the data loader is {found}, its samples in this pass {readable(size)}"
        return ""

    def _tell(self, note: str) -> None:
        if note not in self._told:
            self._told.add(note)
            logger.info("%s", note)


def _unfit(engine: Hooks, sampler: Any, hooks_behind: bool) -> str:
    """Why samples of a sampler can't be read elsewhere, empty where they can."""
    ours = isinstance(sampler, BatchSampler) and sampler.is_plain and sampler.batch_size == 1
    numbers = ours and all(isinstance(index, int) for index in sampler.indices)
    if not numbers or sampler.data_loader is not engine.data_loader:
        return "the sampler is no BatchSampler of the data loader, with one sample at a time"
    if hooks_behind and not type(engine).__module__.startswith("openvino.tools.pot."):
        before = [hook for hook in ("_process_batch", "_fill_input") if engine._overrides(hook)]
        behind = [hook for hook in ("postprocess_output", "_update_metrics") if engine._overrides(hook)]
        if before and behind:
            return f"hook {behind[0]} may need what {before[0]} noted"
    return ""


def _bare(loader: Any) -> Any:
    """A data loader of the user's."""
    return loader._loader if isinstance(loader, Remembered) else loader


def _pickled(engine: Hooks) -> Iterator[bytes | str]:
    """An engine without models and metric in the ways there are to pickle it, or why one of them fails.

    Plainly, what a script defines is found again by processes that know the script; else it travels with
    ``cloudpickle``, if that is installed.
    """
    options = engine._options
    bare: dict[str, Any] = {
        "_metric": None,
        "_model": None,
        "_given": None,
        "_elsewhere": None,
        "_ie": Runtime(),
        "_tally": Tally(),
        "_per_sample_metrics": [],
        "_filler": Filler(options.batch_axis, parts=not options.out_in_map),
    }
    other = object.__new__(type(engine))
    other.__dict__.update({**engine.__dict__, **bare})
    picklers = [pickle.Pickler]
    with suppress(ImportError):
        picklers.append(import_module("cloudpickle").CloudPickler)
    for pickler in picklers:
        target = _Limited()
        try:
            pickler(target, protocol=5).dump(other)
        except _TooLargeError:
            yield f"the data loader is larger than {readable(_LARGEST)}"
            return
        except Exception as error:
            yield f"the engine and its data loader can't be pickled ({said(error)})"
        else:
            yield target.getvalue()


class _TooLargeError(Exception):
    """An engine holds all its samples, and these are many."""


class _Limited(BytesIO):
    def write(self, data: Any) -> int:
        """As of any file, up to a size.

        Raises:
            _TooLargeError: that would be exceeded.
        """
        if self.tell() + len(memoryview(data).cast("B")) > _LARGEST:
            raise _TooLargeError
        return super().write(data)


def _inputs_of(network: ov.Model) -> ov.Model:
    """A network of the same inputs, and nothing else."""
    parameters = []
    for port in network.inputs:
        node = port.get_node()
        twin = op.parameter(port.get_partial_shape(), port.get_element_type(), name=node.get_friendly_name())
        twin.set_layout(node.get_layout())
        twin.output(0).set_names(port.get_names())
        parameters.append(twin)
    results = [op.result(twin, name=f"{twin.get_friendly_name()}/result") for twin in parameters]
    return ov.Model([result.output(0) for result in results], parameters, network.get_friendly_name())
