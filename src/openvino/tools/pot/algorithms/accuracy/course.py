"""The course of accuracy control: which candidates are judged, and which one is taken."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from math import ceil, inf, log2
from statistics import fmean
from typing import Any

from openvino.tools.pot.algorithms.accuracy.candidates import AS_GIVEN, Candidates, Variant
from openvino.tools.pot.algorithms.accuracy.clock import Clock, OutOfTimeError
from openvino.tools.pot.algorithms.accuracy.evaluation import Evaluation, Evaluator
from openvino.tools.pot.algorithms.accuracy.layers import expected, layer_figures
from openvino.tools.pot.algorithms.accuracy.report import AccuracyReport, LayerFigures, Step, shown
from openvino.tools.pot.algorithms.accuracy.search import Floats, cleaned, reaching
from openvino.tools.pot.algorithms.accuracy.sensitivity import most_telling
from openvino.tools.pot.algorithms.accuracy.state import State
from openvino.tools.pot.algorithms.accuracy.target import Target, make_target
from openvino.tools.pot.algorithms.measuring import Jobs
from openvino.tools.pot.algorithms.transform import ROOT
from openvino.tools.pot.configs.accuracy import AccuracyAwareParameters
from openvino.tools.pot.engines.ie_engine import IEEngine
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.placement.avoided import Stored
from openvino.tools.pot.utils.logger import get_logger
from openvino.tools.pot.utils.progress import say, step

logger = get_logger(__name__)

_FEWEST_TELLING = 4


def counting(parameters: AccuracyAwareParameters) -> list[str] | None:
    """The names of the metrics that count, None: all."""
    return None if parameters.metrics is None else [metric.name for metric in parameters.metrics]


class Search:
    """One search; see ``AccuracyAwareQuantization``.

    Attributes:
        report: its course.
    """

    def __init__(
        self,
        parameters: AccuracyAwareParameters,
        choices: Sequence[Variant],
        engine: IEEngine,
        candidates: Candidates,
        state: State,
        clock: Clock,
    ) -> None:
        self._parameters, self._choices = parameters, choices
        self._engine, self._candidates, self._state, self._clock = engine, candidates, state, clock
        self._evaluator = Evaluator(engine, clock, counting(parameters))
        self._target: Target
        self._best_jobs: Jobs | None = None
        self._judged: dict[str, float] = {}
        self._usual_seconds = 0.0
        self._extra_samples = 0
        self._remaining = 0
        self.report = AccuracyReport(parameters.maximal_drop, parameters.drop_type)

    def run(self) -> CompressedModel:
        """Search, and give the best model found."""
        try:
            self.report.ended = self._explore()
        except OutOfTimeError:
            self.report.ended = f"the time budget of {self._parameters.time_budget:g} s is used up"
        except KeyboardInterrupt:
            if self.report.chosen is None:
                raise
            self.report.ended = "interrupted"
        with step("checking"):
            return self._finished()

    def _explore(self) -> str:
        """All phases, one after the other; why it ended."""
        with step("float model"):
            self._measure_baseline()
        if self._candidates.is_empty:
            return "the model has nothing to quantize"
        with step("statistics"):
            self._candidates.measure(self._choices)
            self._candidates.mend(self._engine.device)
        self._state.keep_passes(self._candidates.known.passes)
        with step("search"):
            return self._searched()

    def _searched(self) -> str:
        """All candidates, the most promising first; why it ended."""
        start = self._judge(AS_GIVEN, frozenset(), "full INT8")
        if self._target.is_met(start):
            return "full INT8 meets the target"
        variant = AS_GIVEN
        for choice in self._choices[1:]:
            drop = self._judge(choice, frozenset(), choice.name)
            if self._target.is_met(drop):
                return f"{choice.name} meets the target without a layer in float"
            if drop < start:
                variant, start = choice, drop
        layers = self._rank(variant)
        names = [layer.node for layer in layers]
        self._remaining = 2 * ceil(log2(len(names) + 1))

        def judge(floats: Floats) -> float:
            actual = self._candidates.floats(variant, floats)
            if len(actual) > most:
                logger.info("%d layers in float are not tried: %d would be", len(floats), len(actual))
                return inf
            return self._judge(variant, frozenset(actual), f"{len(actual)} in float")

        most = min(self._parameters.max_iter_num or len(names), len(names) - 1)
        undo = self._parameters.use_prev_if_drop_increase
        first = min(self._guess(layers, start), most)
        found = reaching(names, judge, self._target.is_met, start, first, most, undo)
        if found is None:
            return "no set of layers that was tried meets the target"
        self._remaining = 2 * min(len(found), 8)
        cleaned(sorted(found, key=names.index, reverse=True), judge, self._target.is_met)
        self._store_weights()
        return "the target is met"

    def _guess(self, layers: Sequence[LayerFigures], start: float) -> int:
        """How many layers in float might do, if drops grow with the amplitude of the error: its root mean square."""
        allowed = max(self._parameters.maximal_drop, 0.0)
        return expected(layers, 1 - (allowed / start) ** 2 if start > allowed else 1.0)

    def _measure_baseline(self) -> None:
        """Metrics of the float model, and from them the target."""
        if "baseline" not in self._state.facts:
            self._keep(
                "baseline", self._evaluator.baseline(self._candidates.networks.model), with_values=True
            )
        fact = self._known("baseline")
        self._target = make_target(
            self._parameters, fact["metrics"], self._evaluator.directions(fact["metrics"])
        )
        self.report.baseline = fact["metrics"]
        logger.info("float model: %s", shown(fact["metrics"]))
        for doubt in self._target.doubts:
            logger.warning("%s", doubt)

    def _keep(self, key: str, found: Evaluation, with_values: bool) -> None:
        """Keep an evaluation as a fact."""
        fact = {"metrics": dict(found.metrics), "complete": found.complete}
        if with_values:
            fact["values"] = {name: list(values) for name, values in found.values.items()}
        self._state.put(key, {**fact, "bounded": sorted(self._evaluator.bounded)})

    def _known(self, key: str) -> dict[str, Any]:
        """An evaluation that was kept; the evaluator knows as much as it did after it."""
        fact: dict[str, Any] = self._state.facts[key]
        self._evaluator.bounded = frozenset(fact["bounded"])
        return fact

    def _store_weights(self) -> None:
        """Let layers in float keep weights of 8 bits, if that is wanted or costs no time, and the metrics bear it."""
        best, wanted = self.report.chosen, self._parameters.keep_int8_weights
        if best is None or wanted is False or not (wanted or self._candidates.is_measured):
            return
        (variant,) = (choice for choice in self._choices if choice.name == best.variant)
        stored: Stored = "all" if wanted else "convolutions"
        what = f"{len(best.floats)} in float, weights in INT8"
        if self._candidates.stores(variant, best.floats, stored):
            with suppress(OutOfTimeError):  # what meets the target is found already
                self._judge(variant, frozenset(best.floats), what, stored)

    def _judge(self, variant: Variant, floats: Floats, what: str, stored: Stored = "none") -> float:
        """The drop of a candidate, measured unless it is known."""
        key = "\n".join([f"drop of {variant.name}", *sorted(floats)])
        key = key if stored == "none" else f"INT8 weights, {stored}: {key}"
        if key in self._judged:
            return self._judged[key]
        started, jobs = self._clock.seconds, None
        if key not in self._state.facts:
            if not self._clock.allows(self._usual_seconds):
                raise OutOfTimeError
            jobs = self._candidates.made(variant, floats, stored)
            self._usual_seconds = self._clock.seconds - started
            self._state.keep_passes(self._candidates.known.passes)
            # Products in float with weights in integers round what they read, by default.
            candidates = self._candidates
            model = candidates.assembled(jobs) if stored == "none" else candidates.stored(jobs)
            found = self._evaluator.evaluate(model, self._target, self._worst())
            self._keep(key, found, with_values=variant is AS_GIVEN and not floats)
        fact = self._known(key)
        drop = self._judged[key] = self._target.drop(fact["metrics"])
        step = Step(
            what, variant.name, tuple(sorted(floats)), fact["metrics"], drop, fact["complete"],
            self._target.is_met(drop), self._clock.seconds - started, stored,
        )  # fmt: skip
        self._take(step, jobs)
        return drop

    def _worst(self) -> float:
        """A drop beyond which a candidate is neither good enough nor better than the best."""
        best = self.report.chosen
        return inf if best is None else max(self._parameters.maximal_drop, best.drop)

    def _take(self, taken: Step, jobs: Jobs | None) -> None:
        self.report.steps.append(taken)
        best = self.report.chosen
        if best is None or self._is_better(taken, best):
            self._best_jobs = None  # an interrupt in between must not mix two candidates
            best = self.report.chosen = taken
            self._best_jobs = jobs
        self._remaining = max(self._remaining - 1, 0)
        seconds = [other.seconds for other in self.report.steps if other.seconds > 0.05]
        left = f", about {self._remaining * fmean(seconds):.0f} s left" if seconds and self._remaining else ""
        drop = f"drop {'' if taken.complete else 'at least '}{taken.drop:.4g}"
        allowed = f"(allowed {self._parameters.maximal_drop:.4g}), best so far {best.drop:.4g}{left}"
        number = len(self.report.steps)
        logger.info("step %d, %s: %s, %s %s", number, taken.what, shown(taken.metrics), drop, allowed)
        say(f"step {number}, {taken.what}: {drop} {allowed}")

    def _is_better(self, step: Step, best: Step) -> bool:
        """Allowed drops go before others, then fewer seconds and fewer layers in float, then smaller drops.

        A smaller file is worth a larger drop, as long as it is allowed, to those who asked for it.
        """
        if not step.complete:
            return False
        if step.stored != best.stored:
            return step.met and (bool(self._parameters.keep_int8_weights) or step.drop <= best.drop)
        if step.met and best.met:
            return (self._price(step), len(step.floats), step.drop) < (
                self._price(best), len(best.floats), best.drop,
            )  # fmt: skip
        return step.met or (not best.met and step.drop < best.drop)

    def _price(self, step: Step) -> float:
        price = {layer.node: layer.latency for layer in self.report.layers}
        return sum(price.get(name, 0.0) for name in step.floats)

    def _rank(self, variant: Variant) -> list[LayerFigures]:
        """Layers in the order in which they are tried, measured unless known."""
        key = f"layers of {variant.name}"
        if key not in self._state.facts:
            jobs = self._candidates.decided(variant)
            count = sum(len(job.plan.layers) for job in jobs.values())
            telling = self._telling(count)
            figures = layer_figures(self._candidates, jobs, self._engine, telling, self._clock)
            self._extra_samples += len(telling) * (count + 2)
            self._state.put(key, [[f.node, f.type, f.share, f.latency] for f in figures])
        self.report.layers = [LayerFigures(*row) for row in self._state.facts[key]]
        return self.report.layers

    def _telling(self, layers: int) -> list[int]:
        """The samples on which layers are compared: as many as make up one pass over all."""
        size = self._evaluator.size
        count = max(size // (layers + 2), _FEWEST_TELLING)
        count = min(count, self._parameters.ranking_subset_size, size)
        known = self._state.facts
        before = known["baseline"]["values"]
        after = known[f"drop of {AS_GIVEN.name}"].get("values", {})
        return most_telling(before, after, size, count, self._parameters.metric_subset_ratio)

    def _finished(self) -> CompressedModel:
        """The best model, and words on it."""
        report, best, candidates = self.report, self.report.chosen, self._candidates
        if best is None:
            logger.warning(
                "%s: nothing was evaluated, what can be quantized is, and returned as it is", report.ended
            )
            model = candidates.looked_at(candidates.made(AS_GIVEN), self._engine.device)
        else:
            (variant,) = (choice for choice in self._choices if choice.name == best.variant)
            jobs = self._best_jobs or candidates.made(variant, best.floats, best.stored)
            model = candidates.looked_at(jobs, self._engine.device)
            kept = best.met if any(goal.tells for goal in self._target.goals) else None
            for sub in model:
                if sub.check is not None:
                    notes = (*sub.check.notes, *self._target.doubts)
                    sub.check = replace(sub.check, is_kept=kept, notes=notes)
            self._describe(best)
            self._record(model, best)
        report.seconds = self._clock.seconds
        samples = self._evaluator.samples_seen + self._extra_samples
        report.passes = samples / self._evaluator.size + candidates.known.taken
        logger.info("%s\n%s", report.ended, report.table())
        if best is not None and not best.met:
            logger.warning(
                "the drop of %.4g is more than the %.4g allowed; it is the least of %d candidates: %s",
                best.drop, self._parameters.maximal_drop, len(report.steps), report.ended,
            )  # fmt: skip
        self._state.put("report", report.as_dict())
        return model

    def _record(self, model: CompressedModel, chosen: Step) -> None:
        """Leave in the model what it was chosen for."""
        facts = {
            "baseline": dict(self.report.baseline),
            "metrics": dict(chosen.metrics),
            "drop": chosen.drop,
            "maximal_drop": self._parameters.maximal_drop,
            "floats": list(chosen.floats),
            "int8_weights": chosen.stored,
        }
        model.submodels[0].model.set_rt_info(json.dumps(facts, sort_keys=True), [ROOT, "accuracy_aware"])

    def _describe(self, chosen: Step) -> None:
        """Mark the layers in float, with what each is worth as far as evaluations tell."""
        plain = [step for step in self.report.steps if step.stored == "none"]
        drops = {(step.variant, step.floats): step.drop for step in plain}
        drop, floats = drops.get((chosen.variant, chosen.floats), chosen.drop), set(chosen.floats)

        def described(layer: LayerFigures) -> LayerFigures:
            if layer.node not in floats:
                return layer
            without = drops.get((chosen.variant, tuple(sorted(floats - {layer.node}))))
            return replace(layer, is_float=True, bought=None if without is None else without - drop)

        self.report.layers = [described(layer) for layer in self.report.layers]
