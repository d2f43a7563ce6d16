"""Old name of openvino.tools.pot.api.engine."""

from openvino.tools.pot.api.engine import Engine as Engine
