"""TunableQuantization: MinMaxQuantization, some of whose parameters an optimizer may choose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from openvino.tools.pot.algorithms.quantization.minmax import MinMaxQuantization
from openvino.tools.pot.configs.tuning import TunableQuantizationParameters
from openvino.tools.pot.paths import offer

Choices = Mapping[str, Sequence[Any]]
"""Variable -> its values, that as configured first."""

_LAYER = "layer "
_AGGREGATORS = ("mean", "max", "median", "mean_no_outliers", "median_no_outliers", "hl_estimator")


class TunableQuantization(MinMaxQuantization):
    """Quantizes as it is configured; an optimizer may choose what its ``tuning_scope`` names otherwise."""

    name = "TunableQuantization"
    parameters = TunableQuantizationParameters

    def choices(self, layers: Sequence[str]) -> Choices:
        """What may be chosen, None for a value as configured.

        Args:
            layers: that are quantized.
        """
        own = self.recipe.parameters
        assert isinstance(own, TunableQuantizationParameters)
        scope, estimator = set(own.tuning_scope), set(own.estimator_tuning_scope)
        found: dict[str, Sequence[Any]] = {}
        if "mode" in scope:
            found["mode"] = (None, "symmetric", "asymmetric")
        if "granularity" in scope:
            found["granularity"] = (None, "perchannel", "pertensor")
        if "range_estimator" in scope:
            if estimator & {"preset", "type"}:
                found["estimator"] = (None, "default", "quantile")
            if "aggregator" in estimator:
                found["aggregator"] = (None, *_AGGREGATORS)
            if "outlier_prob" in estimator:
                found["outlier_prob"] = (None, *own.outlier_prob_choices)
        if "layer" in scope:
            found |= {f"{_LAYER}{layer}": (None, "float") for layer in layers}
        return found

    def chosen(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The configuration with values of ``choices``."""
        own = self.recipe.parameters
        assert isinstance(own, TunableQuantizationParameters)
        floats = [name.removeprefix(_LAYER) for name, value in values.items() if value == "float"]
        config: dict[str, Any] = dict(self.config)
        if floats:
            ignored = own.ignored.model_dump(exclude={"by_model"})
            config["ignored"] = {**ignored, "scope": [*ignored["scope"], *floats]}
        if values.get("mode"):
            config["activations"] = {**(config.get("activations") or {}), "mode": values["mode"]}
        if values.get("granularity"):
            config["weights"] = {**(config.get("weights") or {}), "granularity": values["granularity"]}
        border = {key: values[key] for key in ("aggregator", "outlier_prob") if values.get(key)}
        if border or values.get("estimator"):
            preset = values.get("estimator") or ("quantile" if "outlier_prob" in border else "default")
            borders = {"min": border, "max": border} if border else {}
            config["range_estimator"] = {"preset": preset, **borders}
        return config


offer(globals())
