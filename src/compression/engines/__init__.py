"""Old name of openvino.tools.pot.engines."""
