"""Old name of openvino.tools.pot.engines.simplified_engine."""

from openvino.tools.pot.engines.simplified_engine import SimplifiedEngine as SimplifiedEngine
