"""Old name of openvino.tools.pot.pipeline."""
