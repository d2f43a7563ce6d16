"""Old name of openvino.tools.pot.utils."""
