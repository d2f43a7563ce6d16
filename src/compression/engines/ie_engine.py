"""Old name of openvino.tools.pot.engines.ie_engine."""

from openvino.tools.pot.engines.ie_engine import IEEngine as IEEngine
