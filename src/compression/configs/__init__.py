"""Old name of openvino.tools.pot.configs."""
