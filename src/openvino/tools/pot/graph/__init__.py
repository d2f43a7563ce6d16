"""Everything that touches OpenVINO nodes: loading, saving, looking, editing."""

from openvino.tools.pot.graph.load import load_model as load_model
from openvino.tools.pot.graph.model import save_model as save_model
from openvino.tools.pot.paths import offer

offer(globals())
