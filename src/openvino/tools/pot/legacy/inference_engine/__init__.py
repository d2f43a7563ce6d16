"""The module ``openvino.inference_engine``: the Python API of 2018 to 2023, on today's OpenVINO."""

from __future__ import annotations

import os

import openvino as ov

from openvino.tools.pot.legacy.inference_engine.constants import (
    ColorFormat,
    MeanVariant,
    ResizeAlgorithm,
    StatusCode,
    WaitMode,
)
from openvino.tools.pot.legacy.inference_engine.core import IECore
from openvino.tools.pot.legacy.inference_engine.data import (
    CDataPtr,
    DataPtr,
    InputInfoCPtr,
    InputInfoPtr,
    PreProcessInfo,
)
from openvino.tools.pot.legacy.inference_engine.executable import ExecutableNetwork
from openvino.tools.pot.legacy.inference_engine.network import IENetLayer, IENetwork
from openvino.tools.pot.legacy.inference_engine.request import InferRequest, VariableState
from openvino.tools.pot.legacy.inference_engine.tensors import Blob, TensorDesc

__all__ = [
    "Blob",
    "CDataPtr",
    "ColorFormat",
    "DataPtr",
    "ExecutableNetwork",
    "IECore",
    "IENetLayer",
    "IENetwork",
    "InferRequest",
    "InputInfoCPtr",
    "InputInfoPtr",
    "MeanVariant",
    "PreProcessInfo",
    "ResizeAlgorithm",
    "StatusCode",
    "TensorDesc",
    "VariableState",
    "WaitMode",
    "get_version",
    "read_network",
]


def get_version() -> str:
    """The version of OpenVINO."""
    return str(ov.get_version())


def read_network(path_to_xml: str | os.PathLike[str], path_to_bin: str | os.PathLike[str]) -> IENetwork:
    """Read a network from its files.

    Raises:
        ModelError: it can't be read.
    """
    return IENetwork(path_to_xml, path_to_bin)
