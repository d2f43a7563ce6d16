"""Algorithms that make a float model of a float one, ahead of those that quantize it."""

from __future__ import annotations

from openvino.tools.pot.algorithms.algorithm import Algorithm
from openvino.tools.pot.algorithms.recipe import Recipe
from openvino.tools.pot.configs.parameters import MinMaxParameters, SampleParameters
from openvino.tools.pot.configs.rewriting import RewritingParameters
from openvino.tools.pot.configs.validation import validate


class Rewriting(Algorithm):
    """Changes the weights of a model and leaves it in float: no quantizer is placed, and no device is asked.

    In a list of algorithms it stands before those that quantize, which take what it made for the float model. It has a
    pass over the samples of its own if its stages ask for any statistics, and needs no engine if not.
    """

    parameters: type[RewritingParameters] = RewritingParameters
    rewrites = True

    def _make_recipe(self) -> Recipe:
        self._parameters = validate(self.parameters, self.config, f"{self.name} params")
        shared = {name: getattr(self._parameters, name) for name in SampleParameters.model_fields}
        return Recipe.of(MinMaxParameters(**shared, self_check=self.needs_data))
