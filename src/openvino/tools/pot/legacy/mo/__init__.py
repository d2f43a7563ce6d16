"""The module ``openvino.tools.mo``: of Model Optimizer the function ``convert_model``, with its arguments."""

from openvino.tools.pot.legacy.mo.convert import convert_model
from openvino.tools.pot.legacy.mo.inputs import InputCutInfo
from openvino.tools.pot.legacy.mo.layouts import LayoutMap

__all__ = ["InputCutInfo", "LayoutMap", "convert_model"]
