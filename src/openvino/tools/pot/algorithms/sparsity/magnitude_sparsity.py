"""MagnitudeSparsity: makes the smallest weights zero; needs no data."""

from __future__ import annotations

from openvino.tools.pot.algorithms.interfaces import Stage
from openvino.tools.pot.algorithms.recipe import Recipe
from openvino.tools.pot.algorithms.rewriting import Rewriting
from openvino.tools.pot.algorithms.sparsity.zeros import ZeroStage
from openvino.tools.pot.configs.rewriting import MagnitudeSparsityParameters
from openvino.tools.pot.paths import offer

__path__: list[str] = []  # POT had a package here: see openvino.tools.pot.paths


class MagnitudeSparsity(Rewriting):
    """Makes a share of the weights zero, those of the smallest magnitude, and leaves all else as it is."""

    name = "MagnitudeSparsity"
    parameters = MagnitudeSparsityParameters
    needs_data = False

    def _make_stages(self, recipe: Recipe) -> tuple[Stage, ...]:
        assert isinstance(self._parameters, MagnitudeSparsityParameters)
        return (ZeroStage(self._parameters),)


offer(globals())
