"""WeightSparsity: makes weights zero, and corrects biases for it."""

from __future__ import annotations

from openvino.tools.pot.algorithms.interfaces import Stage
from openvino.tools.pot.algorithms.quantization.biases import BiasStage
from openvino.tools.pot.algorithms.recipe import Recipe
from openvino.tools.pot.algorithms.rewriting import Rewriting
from openvino.tools.pot.algorithms.sparsity.fitting import FittedZeroStage
from openvino.tools.pot.algorithms.sparsity.zeros import ZeroStage
from openvino.tools.pot.configs.rewriting import WeightSparsityParameters
from openvino.tools.pot.paths import offer

__path__: list[str] = []  # POT had a package here: see openvino.tools.pot.paths


class BaseWeightSparsity(Rewriting):
    """Makes a share of the weights zero and makes up for them.

    The others are fitted so that the outputs of every layer stay, and biases are shifted so that their means do.
    """

    name = "BaseWeightSparsity"
    parameters = WeightSparsityParameters

    def _make_stages(self, recipe: Recipe) -> tuple[Stage, ...]:
        assert isinstance(self._parameters, WeightSparsityParameters)
        fits = self._parameters.use_layerwise_tuning
        zeros = FittedZeroStage(self._parameters) if fits else ZeroStage(self._parameters)
        return (zeros, BiasStage(self._parameters))


class WeightSparsity(BaseWeightSparsity):
    """The same by the name that configurations have for it."""

    name = "WeightSparsity"


offer(globals())
