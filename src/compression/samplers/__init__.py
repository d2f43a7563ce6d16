"""Old name of openvino.tools.pot.samplers."""
