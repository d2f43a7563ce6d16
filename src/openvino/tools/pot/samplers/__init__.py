"""Order and choice of samples."""

from openvino.tools.pot.paths import offer

offer(globals())
