"""Old name of openvino.tools.pot.algorithms."""
