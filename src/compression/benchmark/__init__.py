"""Old name of openvino.tools.pot.benchmark."""

from openvino.tools.pot.paths import offer_as

offer_as(globals())
