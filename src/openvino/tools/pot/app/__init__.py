"""POT's name for the command, which is now in ``openvino.tools.pot.cli``."""

from openvino.tools.pot.paths import offer

offer(globals())
