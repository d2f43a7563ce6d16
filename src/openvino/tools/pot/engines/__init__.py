"""How samples flow through a compiled model."""

from openvino.tools.pot.paths import offer

offer(globals())
