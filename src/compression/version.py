"""Old name of openvino.tools.pot.version."""

from openvino.tools.pot.paths import offer_as

offer_as(globals())
