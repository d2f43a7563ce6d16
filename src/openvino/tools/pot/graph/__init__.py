"""Everything that touches OpenVINO nodes: loading, saving, looking, editing."""

from openvino.tools.pot.graph.load import load_model
from openvino.tools.pot.graph.model import save_model
from openvino.tools.pot.paths import offer

__all__ = ["load_model", "save_model"]


offer(globals())
