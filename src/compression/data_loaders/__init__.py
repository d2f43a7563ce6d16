"""Old name of openvino.tools.pot.data_loaders."""

from openvino.tools.pot.paths import offer_as

offer_as(globals())
