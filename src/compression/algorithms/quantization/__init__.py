"""Old name of openvino.tools.pot.algorithms.quantization."""

from openvino.tools.pot.algorithms.quantization import *
