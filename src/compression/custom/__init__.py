"""Old home of the base classes that users derive from, which are now in openvino.tools.pot.api."""

from openvino.tools.pot.paths import offer_as

offer_as(globals())
