"""POT's name for what is now in ``openvino.tools.pot.config``."""

from openvino.tools.pot.paths import offer

offer(globals())
