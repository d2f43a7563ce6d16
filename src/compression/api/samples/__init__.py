"""Old name of openvino.tools.pot.api.samples."""
