"""Old name of openvino.tools.pot.graph."""

from openvino.tools.pot.paths import offer_as

offer_as(globals())
