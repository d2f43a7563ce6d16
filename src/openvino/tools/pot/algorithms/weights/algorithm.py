"""WeightCompression: weights in 8 or 4 bits, activations as they are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import openvino as ov

from openvino.tools.pot.algorithms.algorithm import Algorithm
from openvino.tools.pot.algorithms.interfaces import Stage
from openvino.tools.pot.algorithms.parameters import check_names, tell_of_scope
from openvino.tools.pot.algorithms.recipe import Recipe
from openvino.tools.pot.algorithms.transform import ROOT, record_origin
from openvino.tools.pot.algorithms.weights.choosing import choose
from openvino.tools.pot.algorithms.weights.compressing import Compressed, Rounding, compress
from openvino.tools.pot.algorithms.weights.costs import Costs
from openvino.tools.pot.algorithms.weights.inputs import measured_inputs
from openvino.tools.pot.api.engine import Engine
from openvino.tools.pot.configs.parameters import MinMaxParameters
from openvino.tools.pot.configs.validation import validate
from openvino.tools.pot.configs.weights import WeightCompressionParameters
from openvino.tools.pot.graph.digest import digest_of
from openvino.tools.pot.graph.edits.decompression import Keep
from openvino.tools.pot.graph.model import CompressedModel, SubModel
from openvino.tools.pot.graph.names import all_names, stabilise
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.placement.scope import ignored_nodes
from openvino.tools.pot.placement.weights import find_weights
from openvino.tools.pot.statistics.measured import MeasuredModel
from openvino.tools.pot.utils.blas import products_in_one_thread
from openvino.tools.pot.utils.errors import ConfigError, EngineError
from openvino.tools.pot.utils.logger import get_logger
from openvino.tools.pot.utils.progress import step
from openvino.tools.pot.utils.timing import timed
from openvino.tools.pot.version import __version__

logger = get_logger(__name__)

_SHARED = ("ignored", "stat_subset_size", "stat_batch_size", "shuffle_data", "seed", "target_device")


class WeightCompression(Algorithm):
    """Stores weights as integers of 8 or 4 bits, which devices take as they are.

    It needs no data. With data, scales, levels and the choice of what gets 4 bits are those with the least error at
    the outputs of layers, from one pass over the samples.

    Args:
        config: parameters, as ``WeightCompressionParameters`` describes them.
        engine: with samples, or none.
        keep: where the memory of new constants is; absent: in the process.

    Raises:
        ConfigError: a parameter is unknown, ill-typed or not supported.
    """

    name = "WeightCompression"
    parameters = WeightCompressionParameters
    stands_alone = True
    needs_data = False
    phases = ("weights",)

    def __init__(
        self,
        config: Mapping[str, Any] | None = None,
        engine: Engine | None = None,
        keep: Keep | None = None,
    ) -> None:
        super().__init__(config, engine)
        self.keep = keep

    def _make_recipe(self) -> Recipe:
        where = f"{self.name} params"
        self._own = validate(WeightCompressionParameters, self.config, where)
        given = {key: getattr(self._own, key) for key in _SHARED}
        recipe = Recipe.of(validate(MinMaxParameters, given, where))
        if recipe.device.integers is not None:
            raise ConfigError(
                f"target_device {recipe.device.name!r} runs no layer in float, which is what unpacked weights are",
                where,
            )
        return recipe

    def _make_stages(self, recipe: Recipe) -> tuple[Stage, ...]:
        return ()

    def collect(
        self, model: CompressedModel, engine: Engine | None, part: tuple[int, int] | None = None
    ) -> MeasuredModel:
        """There is nothing to measure.

        Raises:
            EngineError: always.
        """
        raise EngineError(f"{self.name} measures nothing, expected an algorithm that does")

    def apply(
        self, model: CompressedModel, engine: Engine | None, statistics: MeasuredModel | None = None
    ) -> CompressedModel:
        """The model with integers for weights; the given one is left as it is.

        Args:
            model: in float, or with some layers that are quantized, which stay as they are.
            engine: with samples, or none; those of cascades are not used.
            statistics: none; there are none to give.

        Raises:
            ConfigError: ``ignored`` names what isn't there.
            EngineError: there are statistics, or the engine gives none.
            DataError: the data loader is empty, or a sample doesn't fit the model.
        """
        if statistics is not None:
            raise EngineError(f"{self.name} takes no statistics, found some")
        check_names("by_model", self._own.by_model, model)
        check_names("ignored", self._own.ignored.by_model, model)
        if self._own.by_model and not model.is_cascade:
            raise ConfigError(f"by_model is for cascades, found the single model {model.name!r}")
        if engine is not None and engine.data_loader is not None and model.is_cascade:
            logger.warning("model %r is a cascade: its weights are compressed without data", model.name)
            engine = None
        with step("weights"):
            subs = [self._compressed(sub, engine) for sub in model.clone()]
        return CompressedModel(subs, model.name, model.is_cascade)

    def _compressed(self, sub: SubModel, engine: Engine | None) -> SubModel:
        view, before, origin = GraphView(sub.model), all_names(sub.model), digest_of(sub.model)
        algorithm = self.of(sub.name)
        assert isinstance(algorithm, WeightCompression)
        own = algorithm._own
        ignored = own.ignored.of(sub.name)
        found = find_weights(view, ignored_nodes(view, ignored, sub))
        tell_of_scope(view, ignored, sub)
        inputs = None
        if engine is not None and engine.data_loader is not None:
            inputs = measured_inputs(
                CompressedModel([sub], sub.name), engine, found, algorithm.recipe.parameters
            )
        elif own.weight_rounding == "least_error":
            raise EngineError("weight_rounding: least_error needs an engine with a data loader, found none")
        with timed("weights"), products_in_one_thread():
            choices = choose(found, own, Costs(view, inputs))
            done = compress(view, choices, Rounding(inputs, own.weight_rounding == "nearest", self.keep))
        sub.model.validate_nodes_and_infer_types()
        stabilise(sub.model, before)
        _record(sub.model, self.name, self.config)
        record_origin(sub.model, origin, "")
        _tell(sub.name, done)
        return replace(sub, weights=tuple(done), origin=origin)


def as_plain_data(done: Sequence[Compressed]) -> list[dict[str, Any]]:
    """What became of weights, as data that JSON has words for."""
    return [asdict(each) for each in done]


def _record(model: ov.Model, name: str, config: Mapping[str, Any]) -> None:
    """Leave in a model what made it."""
    model.set_rt_info({}, [ROOT])
    model.set_rt_info(__version__, [ROOT, "version"])
    model.set_rt_info(name, [ROOT, "algorithm_0", "name"])
    model.set_rt_info(json.dumps(config, default=str, sort_keys=True), [ROOT, "algorithm_0", "parameters"])


def _tell(name: str, done: Sequence[Compressed]) -> None:
    """Log how many weights got which form, and why others stay."""
    stored = [each for each in done if each.mode]
    before, after = (sum(getattr(each, key) for each in done) for key in ("bytes_before", "bytes_after"))
    if not stored:
        logger.warning("model %r has no weights to compress: it is returned as it is", name)
    for mode in dict.fromkeys(each.mode for each in stored):
        count = sum(each.mode == mode for each in stored)
        logger.info("model %r: %d weights in %s", name, count, mode)
    logger.info("model %r: weights take %.2f MB, before %.2f MB", name, after / 1e6, before / 1e6)
    for each in done:
        if not each.mode:
            logger.info("weights %r stay as they are: %s", each.weights, each.why)
