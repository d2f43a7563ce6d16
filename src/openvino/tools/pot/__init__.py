"""Post-training quantization of OpenVINO models."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from openvino.tools.pot.paths import install, offered
from openvino.tools.pot.version import __version__ as __version__

if TYPE_CHECKING:
    from openvino.tools.pot.algorithms.accuracy import (
        AccuracyAwareQuantization as AccuracyAwareQuantization,
    )
    from openvino.tools.pot.algorithms.quantization import (
        ActivationChannelAlignment as ActivationChannelAlignment,
    )
    from openvino.tools.pot.algorithms.quantization import BiasCorrection as BiasCorrection
    from openvino.tools.pot.algorithms.quantization import DataFreeQuantization as DataFreeQuantization
    from openvino.tools.pot.algorithms.quantization import DefaultQuantization as DefaultQuantization
    from openvino.tools.pot.algorithms.quantization import FastBiasCorrection as FastBiasCorrection
    from openvino.tools.pot.algorithms.quantization import MinMaxQuantization as MinMaxQuantization
    from openvino.tools.pot.algorithms.quantization import OutlierChannelSplitting as OutlierChannelSplitting
    from openvino.tools.pot.algorithms.quantization import OverflowCorrection as OverflowCorrection
    from openvino.tools.pot.algorithms.quantization import QuantNoiseEstimator as QuantNoiseEstimator
    from openvino.tools.pot.algorithms.quantization import RangeOptimization as RangeOptimization
    from openvino.tools.pot.algorithms.quantization import RangeSupervision as RangeSupervision
    from openvino.tools.pot.algorithms.quantization import TunableQuantization as TunableQuantization
    from openvino.tools.pot.algorithms.sparsity import MagnitudeSparsity as MagnitudeSparsity
    from openvino.tools.pot.algorithms.sparsity import WeightSparsity as WeightSparsity
    from openvino.tools.pot.algorithms.weights import WeightCompression as WeightCompression
    from openvino.tools.pot.api import DataLoader as DataLoader
    from openvino.tools.pot.api import Engine as Engine
    from openvino.tools.pot.api import Metric as Metric
    from openvino.tools.pot.data_loaders.creator import load_images as load_images
    from openvino.tools.pot.diagnosis import compare as compare
    from openvino.tools.pot.diagnosis import diagnose as diagnose
    from openvino.tools.pot.diagnosis import frontier as frontier
    from openvino.tools.pot.engines.ie_engine import IEEngine as IEEngine
    from openvino.tools.pot.graph import load_model as load_model
    from openvino.tools.pot.graph import save_model as save_model
    from openvino.tools.pot.graph.model_utils import compress_model_weights as compress_model_weights
    from openvino.tools.pot.pipeline.initializer import create_pipeline as create_pipeline
    from openvino.tools.pot.pipeline.pipeline import Pipeline as Pipeline
    from openvino.tools.pot.shortcut import compress_weights as compress_weights
    from openvino.tools.pot.shortcut import quantize as quantize
    from openvino.tools.pot.verification import verify as verify
    from openvino.tools.pot.workers.processes import Processes as Processes

_HOMES = {
    "DataLoader": "api",
    "Engine": "api",
    "Metric": "api",
    "IEEngine": "engines.ie_engine",
    "load_model": "graph",
    "save_model": "graph",
    "compress_model_weights": "graph.model_utils",
    "create_pipeline": "pipeline.initializer",
    "Pipeline": "pipeline.pipeline",
    "DefaultQuantization": "algorithms.quantization",
    "AccuracyAwareQuantization": "algorithms.accuracy",
    "MinMaxQuantization": "algorithms.quantization",
    "FastBiasCorrection": "algorithms.quantization",
    "BiasCorrection": "algorithms.quantization",
    "ActivationChannelAlignment": "algorithms.quantization",
    "OverflowCorrection": "algorithms.quantization",
    "WeightCompression": "algorithms.weights",
    "DataFreeQuantization": "algorithms.quantization",
    "RangeSupervision": "algorithms.quantization",
    "OutlierChannelSplitting": "algorithms.quantization",
    "RangeOptimization": "algorithms.quantization",
    "QuantNoiseEstimator": "algorithms.quantization",
    "TunableQuantization": "algorithms.quantization",
    "MagnitudeSparsity": "algorithms.sparsity",
    "WeightSparsity": "algorithms.sparsity",
    "quantize": "shortcut",
    "compress_weights": "shortcut",
    "load_images": "data_loaders.creator",
    "diagnose": "diagnosis",
    "compare": "diagnosis",
    "frontier": "diagnosis",
    "verify": "verification",
    "Processes": "workers.processes",
}

__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, so that importing the package costs little."""
    if name in _HOMES:
        value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    else:
        value = offered(__name__, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


install()
