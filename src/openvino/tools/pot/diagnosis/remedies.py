"""Changes that could help, made and measured: nothing is recommended that was not run."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any

import openvino as ov

from openvino.tools.pot.algorithms.checking.running import run_compiled
from openvino.tools.pot.algorithms.job import edited
from openvino.tools.pot.algorithms.networks import Known, Networks
from openvino.tools.pot.algorithms.quantization import DefaultQuantization
from openvino.tools.pot.algorithms.run import run as run_algorithms
from openvino.tools.pot.configs.ignored import with_names
from openvino.tools.pot.diagnosis.aside import Aside
from openvino.tools.pot.diagnosis.facts import Cause, Layer, Remedy
from openvino.tools.pot.diagnosis.fidelity import Followed
from openvino.tools.pot.diagnosis.samples import Samples
from openvino.tools.pot.diagnosis.timing import request_seconds
from openvino.tools.pot.engines.hooks import Hooks
from openvino.tools.pot.engines.profiling import timed
from openvino.tools.pot.engines.stream import Feed
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.graph.model_utils import compress_model_weights
from openvino.tools.pot.graph.sizes import is_static
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.pipeline.pipeline import Pipeline
from openvino.tools.pot.report.estimate import stored_bytes
from openvino.tools.pot.statistics.measured import Measured
from openvino.tools.pot.statistics.witness import Witness
from openvino.tools.pot.utils.errors import PotError, reason
from openvino.tools.pot.utils.logger import get_logger
from openvino.tools.pot.utils.memory import apart

logger = get_logger(__name__)

Params = Mapping[str, Any]

_ENOUGH = (0.5, 0.8, 0.95)
"""Shares of the error that layers in float are to take with them."""

_MOST_IN_FLOAT = 0.34
"""Share of the layers that may go back to float."""

_WORTH, _WORTH_TIME = 0.3, 0.05
"""dB that a remedy must win to be told of, or the share of a request's time that it must save."""

_QUANTILE = {"activations": {"range_estimator": {"max": {"type": "quantile", "outlier_prob": 1e-4}}}}
_LARGEST = {"activations": {"range_estimator": {"min": {"aggregator": "min"}, "max": {"aggregator": "max"}}}}
_BY_CAUSE: Mapping[str, tuple[str, Params]] = {
    "outlier_activation": ("cutting outliers off", _QUANTILE),
    "unlike_sample": ("cutting outliers off", _QUANTILE),
    "clipped_range": ("ranges up to the largest values", _LARGEST),
    "few_samples": ("ranges up to the largest values", _LARGEST),
    "overflow": ("protecting sums of 16 bits", {"saturation_fix": "all"}),
}
_RANKED_AS_NO_TIME = 0.1
"""Share of a request's time up to which remedies are ranked by accuracy alone: a few requests tell no less."""

_MOST_SAMPLES = 0.7
"""Share of samples that must follow better in a model that no cause speaks for: of two alike that is half of them."""

_LARGE = 32e6
"""Bytes of the float model's weights from which on two compiled models, which have them again, take too much."""

_TIMED = 4
"""Samples whose requests are timed."""

_PRESETS = ("accuracy", "mixed", "performance")


@dataclass(frozen=True)
class Trial:
    """A change to try.

    Attributes:
        title: in a few words.
        helps: the cause that it is for.
        params: of DefaultQuantization.
    """

    title: str
    helps: str
    params: Params


@dataclass(frozen=True)
class _Ran:
    """How a model ran.

    Attributes:
        followed: how its outputs follow.
        int8_layers: how many layers ran in INT8.
        before, after: seconds of a request of what is to be mended, and of the model.
    """

    followed: Followed
    int8_layers: int
    before: float
    after: float


@dataclass
class Bench:
    """Where changes are tried.

    Attributes:
        samples: that models are quantized with.
        model: in float.
        int8: what is to be mended.
        witness: outputs of the float model, which take no memory while others are made.
        exact: how the one to be mended follows them.
        device: where models run.
        params: of DefaultQuantization, as they were.
        best: what came of the best trial that helped; others are not kept.
        passes: what was measured for trials so far; it takes no memory while models run.
    """

    samples: Samples
    model: CompressedModel
    int8: ov.Model
    witness: Aside[Witness]
    exact: Followed
    device: str
    params: Params
    best: CompressedModel | None = None
    passes: Aside[list[Measured]] = field(default_factory=lambda: Aside([]))
    _value: float = -inf

    @apart
    def tried(self, trial: Trial) -> Remedy | None:
        """Make and measure one; None where it can't be made."""
        try:
            made = self._made(trial.params)
            network = made.submodels[0].model
            ran = self._run(network)
        except (PotError, RuntimeError) as error:
            logger.info("%s was not tried: %s", trial.title, reason(error))
            return None
        if ran is None:
            return None
        found, metric = ran.followed, metric_of(self.samples.engine, made)
        remedy = Remedy(
            title=trial.title, helps=trial.helps, fidelity=found.decibels, won=found.decibels - self.exact.decibels,
            metric=None if metric is None else metric[1],
            seconds=ran.after, paid=ran.after - ran.before, bytes=stored_bytes(GraphView(network)),
            int8_layers=ran.int8_layers, **lines(trial.params),
        )  # fmt: skip
        if not (self._comes_closer(found, trial) or saves(remedy)):
            return None
        if helps(remedy) and value(remedy) > self._value:
            self.best, self._value = made, value(remedy)
        return remedy

    def _comes_closer(self, found: Followed, trial: Trial) -> bool:
        """Whether samples follow better: in the mean, where a cause speaks for the trial, else most of them."""
        if trial.helps:
            return found.closer_than(self.exact) > 0
        return found.better_on(self.exact, 1.0) >= _MOST_SAMPLES

    @apart
    def _run(self, network: ov.Model) -> _Ran | None:
        """How a model runs; None where the device can't run it. Its outputs are not kept."""
        compiled, witness = timed(network, self.device), self.witness.take()
        found = run_compiled(compiled, network, witness, self.device)
        if found.failure:
            return None
        followed, feeds = Followed.of(witness, found), witness.feeds[:_TIMED]
        int8_layers = sum(layer.is_int8 for layer in found.layers)
        del found, witness
        if stored_bytes(GraphView(self.model.submodels[0].model)) < _LARGE:
            both = [timed(self.int8, self.device), compiled]
            return _Ran(followed, int8_layers, *request_seconds(both, feeds))
        (after,) = request_seconds([compiled], feeds)
        del compiled
        before = self._seconds(self.int8, feeds)
        if after < before:  # the machine may have been busier with the second
            after = max(after, self._seconds(network, feeds))
        return _Ran(followed, int8_layers, before, after)

    @apart
    def _seconds(self, network: ov.Model, feeds: Sequence[Feed]) -> float:
        """Of a request of a model by itself."""
        return request_seconds([timed(network, self.device)], feeds)[0]

    @apart
    def _made(self, params: Params) -> CompressedModel:
        own = {**self.params, **params, "stat_subset_size": len(self.samples)}
        own |= {"self_check": False, "max_slowdown": None}
        algorithm = DefaultQuantization(own, self.samples.engine)
        if is_static(self.model):  # what was measured for one trial need not be measured for the next
            networks = Networks.of(self.model, [algorithm], self.samples.engine)
            known = Known(networks, self.passes.take())
            jobs = known.decided(networks.planned([algorithm]))
            if known.taken:
                self.passes.put(known.passes)
            made = networks.assembled({name: edited(job).result for name, job in jobs.items()})
        else:
            made = run_algorithms(self.model, [algorithm], self.samples.engine)
        compress_model_weights(made)
        return made


def metric_of(engine: Hooks, model: CompressedModel) -> tuple[str, float] | None:
    """Name and value of the first figure of an engine's metric; None where it has none."""
    if engine.metric is None:
        return None
    found = Pipeline(engine).evaluate(model)
    name = next(iter(found), None)
    return None if name is None else (name, float(found[name]))


def lines(params: Params) -> dict[str, str]:
    """Lines to paste for parameters of DefaultQuantization."""
    words = "".join(f", {key}={value!r}" for key, value in params.items())
    flags = []
    if "preset" in params:
        flags.append(f"--preset {params['preset']}")
    ignored = params.get("ignored", {})
    kinds = [each["type"] for each in ignored.get("operations", ())]
    for flag, names in (("--ignored", ignored.get("scope", ())), ("--ignored-types", kinds)):
        if names:
            flags.append(f"{flag} " + " ".join(f"'{name}'" for name in names))
    said = all(key in ("preset", "ignored") for key in params) and ignored.keys() <= {"scope", "operations"}
    said = said and not any(each.get("attributes") for each in ignored.get("operations", ()))
    return {
        "script": f"quantize(model, data{words})",
        "config": json.dumps(dict(params)),
        "command": " ".join(["pot -q default -m MODEL --data-source DATA", *flags]) if said else "",
    }


def trials(
    layers: Sequence[Layer],
    causes: Sequence[Cause],
    params: Params,
    is_ours: bool,
    loses: bool,
    is_recorded: bool = False,
) -> Iterator[Trial]:
    """What is worth a try, the likeliest first.

    Args:
        layers: worst first.
        causes: of the model as a whole.
        params: of DefaultQuantization, as they were.
        is_ours: whether the INT8 model is what these give.
        loses: whether it loses so much that anything is to be won.
        is_recorded: whether it records that this package made it, some time before.
    """
    if not loses:
        yield from _of_time(layers, params)
        return
    if not is_ours:
        how = "quantizing it anew with these samples" if is_recorded else "quantizing it with this package"
        yield Trial(how, "", {})
    seen: set[str] = set()
    for named in _sets(layers):
        helps = named[0].causes[0].name if named[0].causes else ""
        names = [layer.node for layer in named]
        title = f"leaving {names[0]} in float" if len(names) == 1 else f"leaving {len(names)} layers in float"
        yield Trial(title, helps, {"ignored": with_names(params.get("ignored"), names)})
    for cause in [*causes, *(cause for layer in layers[:5] for cause in layer.causes)]:
        if cause.name in _BY_CAUSE and _BY_CAUSE[cause.name][0] not in seen:
            title, changes = _BY_CAUSE[cause.name]
            seen.add(title)
            yield Trial(title, cause.name, changes)
    yield from _of_time(layers, params)
    for preset in _PRESETS:
        if params.get("preset") != preset:
            yield Trial(f"preset {preset}", "", {"preset": preset})


def _of_time(layers: Sequence[Layer], params: Params) -> Iterator[Trial]:
    """What could save time."""
    slow = [layer.node for layer in layers if any(c.name == "slower_in_int8" for c in layer.causes)]
    if slow:
        title = f"leaving {len(slow)} slow layer{'s' * (len(slow) > 1)} in float"
        yield Trial(title, "slower_in_int8", {"ignored": with_names(params.get("ignored"), slow)})


def _sets(layers: Sequence[Layer]) -> Iterator[list[Layer]]:
    """The fewest layers that make some shares of the error, none twice."""
    losing = sorted((layer for layer in layers if layer.share > 0), key=lambda layer: -layer.share)
    sizes: set[int] = set()
    for enough in _ENOUGH:
        gone, count = 0.0, 0
        while count < len(losing) and gone < enough:
            gone, count = gone + losing[count].share, count + 1
        if count and count not in sizes and count <= max(1, int(_MOST_IN_FLOAT * len(layers))):
            sizes.add(count)
            yield losing[:count]


def found(
    bench: Bench, wanted: Sequence[Trial], seconds: float, clock: Callable[[], float] = time.perf_counter
) -> list[Remedy]:
    """What helped of all that was tried, alone and together, the best first.

    Args:
        bench: where they are tried.
        wanted: the likeliest first.
        seconds: within which a further one must be over, as far as the others tell; the first is tried in any case.
        clock: what tells the time.
    """
    began, longest, kept = clock(), 0.0, list[tuple[Remedy, Trial]]()
    for number, trial in enumerate(wanted):
        started = clock()
        if number and started - began + longest > seconds:
            logger.info("%d of %d remedies were not tried: the time is up", len(wanted) - number, len(wanted))
            break
        remedy = bench.tried(trial)
        longest = max(longest, clock() - started)
        if remedy is not None and helps(remedy):
            kept.append((remedy, trial))
    kept.sort(key=lambda pair: -value(pair[0]))
    both = _together([trial for _, trial in kept])
    if both is not None and clock() - began + longest <= seconds:
        remedy = bench.tried(both)
        if remedy is not None and helps(remedy):
            kept.append((remedy, both))
    return sorted((remedy for remedy, _ in kept), key=lambda remedy: -value(remedy))


def helps(remedy: Remedy) -> bool:
    """Whether it wins accuracy, or time at next to no loss."""
    return remedy.won >= _WORTH or saves(remedy)


def saves(remedy: Remedy) -> bool:
    """Whether it wins time at next to no loss."""
    return remedy.paid < -_WORTH_TIME * (remedy.seconds - remedy.paid) and remedy.won > -1


def value(remedy: Remedy) -> float:
    """What it wins in dB, less one for each 10 % of time that it costs; what timing can't tell counts as nothing."""
    paid = remedy.paid / max(remedy.seconds - remedy.paid, 1e-9)
    return remedy.won - 10 * (paid if abs(paid) > _RANKED_AS_NO_TIME else 0.0)


def _together(helped: Sequence[Trial]) -> Trial | None:
    """The best two that change different parameters."""
    for second in helped[1:]:
        first = helped[0]
        if first.params and second.params and not {*first.params} & {*second.params}:
            return Trial(f"{first.title} and {second.title}", first.helps, {**first.params, **second.params})
    return None
