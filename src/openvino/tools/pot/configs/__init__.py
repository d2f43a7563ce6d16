"""POT's name for what is now in ``openvino.tools.pot.config``."""
