"""The optimizer Tpe: parameters of TunableQuantization by the metrics and the latency of the models that they make."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openvino.tools.pot.algorithms.accuracy.clock import Clock
from openvino.tools.pot.algorithms.accuracy.state import State, identity, open_state
from openvino.tools.pot.algorithms.accuracy.target import Target, make_target
from openvino.tools.pot.algorithms.algorithm import Algorithm
from openvino.tools.pot.algorithms.job import edited
from openvino.tools.pot.algorithms.networks import Known, Networks
from openvino.tools.pot.algorithms.quantization.tunable import Choices, TunableQuantization
from openvino.tools.pot.configs.accuracy import AccuracyAwareParameters, NamedMetric
from openvino.tools.pot.configs.tuning import TpeParameters
from openvino.tools.pot.configs.validation import validate
from openvino.tools.pot.engines import probes
from openvino.tools.pot.engines.hooks import predicted, set_model
from openvino.tools.pot.engines.ie_engine import IEEngine
from openvino.tools.pot.engines.items import own
from openvino.tools.pot.engines.metrics import as_number, directions_of
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.pipeline.pipeline import Pipeline, steps_of
from openvino.tools.pot.report.measure import latencies_as_users_run
from openvino.tools.pot.samplers.batch_sampler import BatchSampler, count_samples
from openvino.tools.pot.utils.errors import ConfigError, EngineError
from openvino.tools.pot.utils.logger import get_logger
from openvino.tools.pot.utils.optional import optional
from openvino.tools.pot.utils.progress import say, step

logger = get_logger(__name__)

_BEYOND = 100.0
"""What a model has more to be minimised that loses too much, so that it comes behind all that don't."""

_TIMED = 8
"""Samples whose requests are timed."""

_STARTING = 10
"""Trials that are drawn at random, as POT had it."""


@dataclass(frozen=True)
class Trial:
    """A model that was made and evaluated.

    Attributes:
        values: variable -> what was chosen.
        drop: the largest loss of a metric, as a share of the float model's.
        speedup: how many times as fast as the float model it is; None: not measured.
    """

    values: Mapping[str, Any]
    drop: float
    speedup: float | None

    def loss(self, parameters: TpeParameters) -> float:
        """What is minimised: the time within what may be lost, the loss beyond that."""
        beyond = self.drop - parameters.accuracy_loss / 100
        time = parameters.latency_weight / (self.speedup or 1.0)
        if beyond > 0:
            return _BEYOND * (1 + parameters.accuracy_weight * beyond) + time
        return time if parameters.latency_weight else self.drop

    def reaches(self, parameters: TpeParameters) -> bool:
        """Whether it is as good as wanted."""
        fast = self.speedup is not None and self.speedup >= parameters.latency_reduce
        return fast and self.drop <= parameters.accuracy_loss / 100


class TpeOptimizer:
    """Searches the parameters of the TunableQuantization of a pipeline.

    Each trial is a model made of the statistics that all share, evaluated by the engine's metric and, if its weight is
    not zero, timed beside the float one. The first trial is the pipeline as it is configured. The sampler of each
    trial has a seed of its own, so that a search that goes on does what it would have done uninterrupted, as far as
    latencies are the same. Ctrl-C and ``max_minutes`` end it with the best model so far.

    Source: Bergstra et al., "Algorithms for Hyper-Parameter Optimization", 2011, section 4, as Optuna has it.

    Args:
        config: the ``params`` of the section ``optimizer``, perhaps checked already.
        pipeline: has a TunableQuantization.
        engine: an ``IEEngine`` with a data loader and a metric.
        folder: that keeps what was found, unless the parameters name one; None: nothing is kept.

    Attributes:
        trials: those of the last search.

    Raises:
        ConfigError: a parameter is unknown, ill-typed or not supported, the pipeline has no TunableQuantization, or
            Optuna is not installed.
        EngineError: the engine is no IEEngine, or has no data loader or metric.
    """

    def __init__(
        self,
        config: Mapping[str, Any] | TpeParameters,
        pipeline: Pipeline,
        engine: IEEngine,
        folder: Path | str | None = None,
    ) -> None:
        self._config = dict(config)
        self._parameters = validate(TpeParameters, config, "optimizer: params")
        self._optuna = optional("optuna", "Optuna", "optimizer: searches for parameters", "tuning")
        self._engine = _checked(engine)
        self._steps = steps_of(pipeline.algo_seq)
        tunable = [each for each in self._steps[-1] if isinstance(each, TunableQuantization)]
        if not tunable:
            names = [each.name for each in pipeline.algo_seq]
            raise ConfigError(f"optimizer: expected TunableQuantization among the algorithms, found {names}")
        self._tunable = tunable[0]
        self._folder = self._parameters.state_dir or (None if folder is None else str(folder))
        self.trials: list[Trial] = []

    def run(self, model: CompressedModel) -> CompressedModel:
        """The model of the best trial; the given one is left as it is.

        Args:
            model: in float, a single one.

        Raises:
            EngineError, ConfigError, DataError, ModelError: as the algorithms raise them.
        """
        if model.is_cascade:
            raise EngineError(f"optimizer: this is for single models, found the cascade {model.name!r}")
        for algorithms in self._steps[:-1]:
            model = algorithms[0].apply(model, self._engine)
        state = self._opened(model)
        search = _Search(self._parameters, self._engine, self._tunable, self._steps[-1], model, state)
        self.trials = search.known
        if self._parameters.trials_load_method != "eval":
            with step("search"):
                search.go_on(self._optuna)
        elif not self.trials:
            raise ConfigError(
                f"optimizer: trials_load_method is eval, and nothing was found in {self._folder!r}"
            )
        best = min(self.trials, key=lambda trial: trial.loss(self._parameters))
        logger.info("best of %d trials: %s", len(self.trials), _said(best))
        final = Pipeline(self._engine)
        for algorithm in search.algorithms(best.values):
            final.add_algo(algorithm)
        return final.run(model)

    def _opened(self, model: CompressedModel) -> State:
        """What an earlier search of the same found, or nothing."""
        passing = ("max_trials", "max_minutes", "stop_on_target", "trials_load_method", "state_dir")
        lasting = self._parameters.model_dump(exclude=set(passing))
        lists = {str(n): {each.name: dict(each.config)} for n, each in enumerate(self._steps[-1])}
        facts = identity(model, self._engine, {**lasting, **lists})
        if self._folder is None:
            return open_state(None, facts)
        folder = Path(self._folder) / "tpe"  # nobody else's search is lost by a cold start
        if self._parameters.trials_load_method == "cold_start":
            (folder / "search.json").unlink(missing_ok=True)
        return open_state(str(folder), facts)


class _Search:
    """Trials one after the other."""

    def __init__(
        self,
        parameters: TpeParameters,
        engine: IEEngine,
        tunable: TunableQuantization,
        algorithms: Sequence[Algorithm],
        model: CompressedModel,
        state: State,
    ) -> None:
        self._parameters, self._engine, self._tunable = parameters, engine, tunable
        self._algorithms, self._model, self._state = algorithms, model, state
        self.known = [Trial(**each) for each in state.facts.get("trials", [])]

    def algorithms(self, values: Mapping[str, Any]) -> list[Algorithm]:
        """The list with what was chosen; what prepares has nothing to do where ranges are said to look otherwise."""
        tuned = TunableQuantization(self._tunable.chosen(values), self._engine)
        return [
            tuned if each is self._tunable else each
            for each in self._algorithms
            if not each.prepares or tuned.recipe.divides or not self._tunable.recipe.divides
        ]

    def go_on(self, optuna: Any) -> None:
        """Try until there were enough trials, the time is over, or the target is reached."""
        networks = Networks.of(self._model, self._algorithms, self._engine)
        made = Known(networks)
        ((_, job),) = networks.planned(self._algorithms).items()
        choices = self._tunable.choices([layer.node for layer in job.plan.layers])
        target = self._target()
        study = self._study(optuna, choices)
        minutes = self._parameters.max_minutes
        clock = Clock(None if minutes is None else 60 * minutes)
        try:
            while len(self.known) < self._parameters.max_trials and not clock.is_over:
                if self._parameters.stop_on_target and any(t.reaches(self._parameters) for t in self.known):
                    break
                self._try(optuna, study, choices, made, target)
        except KeyboardInterrupt:
            if not self.known:
                raise
            logger.warning("interrupted: the best of %d trials is taken", len(self.known))

    def _study(self, optuna: Any, choices: Choices) -> Any:
        """What was tried so far, as Optuna has it."""
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        study = optuna.create_study()
        kinds = {name: optuna.distributions.CategoricalDistribution(own) for name, own in choices.items()}
        for trial in self.known:
            loss = trial.loss(self._parameters)
            study.add_trial(
                optuna.trial.create_trial(params=dict(trial.values), distributions=kinds, value=loss)
            )
        return study

    def _try(self, optuna: Any, study: Any, choices: Choices, known: Known, target: Target) -> None:
        number = len(self.known)
        if number == 0:
            study.enqueue_trial({name: own[0] for name, own in choices.items()})
        study.sampler = optuna.samplers.TPESampler(
            seed=self._parameters.seed + number, n_startup_trials=_STARTING, constant_liar=False
        )
        asked = study.ask()
        values = {name: asked.suggest_categorical(name, own) for name, own in choices.items()}
        before = next((each for each in self.known if each.values == values), None)
        trial = before or self._evaluated(values, known, target)
        study.tell(asked, trial.loss(self._parameters))
        self.known.append(trial)
        self._state.put("trials", [vars(each) for each in self.known])
        logger.info("trial %d of %d: %s", number + 1, self._parameters.max_trials, _said(trial))
        say(f"trial {number + 1} of {self._parameters.max_trials}: {_said(trial)}")

    def _evaluated(self, values: Mapping[str, Any], known: Known, target: Target) -> Trial:
        """Make a model and see what it is worth."""
        jobs = known.decided(known.networks.planned(self.algorithms(values)))
        made = {name: job.result if job.is_empty else edited(job).result for name, job in jobs.items()}
        model = known.networks.assembled(made)
        drop = target.drop(self._metrics(model))
        return Trial(values, drop, self._speedup(model) if self._parameters.times else None)

    def _target(self) -> Target:
        """The metrics of the float model."""
        if "float metrics" not in self._state.facts:
            self._state.put("float metrics", self._metrics(self._model))
        found = self._state.facts["float metrics"]
        wanted = self._parameters.metrics or [NamedMetric(name=name) for name in found]
        for each in wanted:
            if (found.get(each.name) if each.baseline_value is None else each.baseline_value) == 0:
                raise ConfigError(
                    f"optimizer: accuracy_loss is a share of the float model's {each.name!r}, which is 0"
                )
        parameters = AccuracyAwareParameters(
            maximal_drop=self._parameters.accuracy_loss / 100,
            drop_type="relative",
            metrics=wanted,
        )
        return make_target(parameters, found, directions_of(self._engine.metric, found))

    def _metrics(self, model: CompressedModel) -> dict[str, float]:
        """Figures over the samples for evaluation."""
        count, wanted = count_samples(self._engine.data_loader), self._parameters.eval_subset_size
        set_model(self._engine, model)
        sampler = BatchSampler(self._engine.data_loader, 1, range(min(count, wanted or count)))
        found = predicted(self._engine, sampler=sampler)[0] or {}
        figures = {str(name): as_number(value) for name, value in found.items()}
        return {name: value for name, value in figures.items() if value is not None}

    def _speedup(self, model: CompressedModel) -> float:
        samples = range(min(_TIMED, count_samples(self._engine.data_loader)))
        feeds = [own(feed) for feed in probes.feeds(self._engine, self._model, samples)]
        networks = [each.submodels[0].model for each in (self._model, model)]
        before, after = latencies_as_users_run(networks, feeds, self._engine.device)
        return before / after


def _checked(engine: Any) -> IEEngine:
    if not isinstance(engine, IEEngine):
        raise EngineError(f"optimizer: expected an IEEngine, found {type(engine).__name__}")
    if engine.data_loader is None or engine.metric is None:
        missing = "data loader" if engine.data_loader is None else "metric"
        raise EngineError(f"optimizer: expected an engine with a {missing}, found none")
    return engine


def _said(trial: Trial) -> str:
    values = {name: value for name, value in trial.values.items() if value is not None}
    fast = "" if trial.speedup is None else f", {trial.speedup:.2f} times as fast as in float"
    return (
        f"{100 * trial.drop:.3g} % lost{fast}, with {json.dumps(values) if values else 'all as configured'}"
    )
