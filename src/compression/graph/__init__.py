"""Old name of openvino.tools.pot.graph."""

from openvino.tools.pot.graph import load_model as load_model
from openvino.tools.pot.graph import save_model as save_model
