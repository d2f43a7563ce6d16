"""The quantization algorithms."""

from openvino.tools.pot.algorithms.quantization.bias_correction import BiasCorrection
from openvino.tools.pot.algorithms.quantization.channel_alignment import ActivationChannelAlignment
from openvino.tools.pot.algorithms.quantization.datafree import DataFreeQuantization
from openvino.tools.pot.algorithms.quantization.default import DefaultQuantization
from openvino.tools.pot.algorithms.quantization.fast_bias_correction import FastBiasCorrection
from openvino.tools.pot.algorithms.quantization.minmax import MinMaxQuantization
from openvino.tools.pot.algorithms.quantization.outlier_channel_splitting import OutlierChannelSplitting
from openvino.tools.pot.algorithms.quantization.overflow_correction import OverflowCorrection
from openvino.tools.pot.algorithms.quantization.quant_noise_estimator import QuantNoiseEstimator
from openvino.tools.pot.algorithms.quantization.range_optimization import RangeOptimization
from openvino.tools.pot.algorithms.quantization.range_supervision import RangeSupervision
from openvino.tools.pot.algorithms.quantization.tunable import TunableQuantization
from openvino.tools.pot.paths import offer

__all__ = [
    "ActivationChannelAlignment",
    "BiasCorrection",
    "DataFreeQuantization",
    "DefaultQuantization",
    "FastBiasCorrection",
    "MinMaxQuantization",
    "OutlierChannelSplitting",
    "OverflowCorrection",
    "QuantNoiseEstimator",
    "RangeOptimization",
    "RangeSupervision",
    "TunableQuantization",
]

offer(globals())
