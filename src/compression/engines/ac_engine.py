"""Old name of openvino.tools.pot.engines.ac_engine."""

from openvino.tools.pot.engines.ac_engine import ACEngine as ACEngine
