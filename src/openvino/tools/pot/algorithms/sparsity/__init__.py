"""Algorithms that make weights zero."""

from openvino.tools.pot.algorithms.sparsity.default import BaseWeightSparsity, WeightSparsity
from openvino.tools.pot.algorithms.sparsity.magnitude_sparsity import MagnitudeSparsity
from openvino.tools.pot.paths import offer

__all__ = ["BaseWeightSparsity", "MagnitudeSparsity", "WeightSparsity"]

offer(globals())
