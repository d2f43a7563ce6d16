"""Old name of openvino.tools.pot.api.samples.face_detection."""
