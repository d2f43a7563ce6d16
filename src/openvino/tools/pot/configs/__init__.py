"""Configuration files and parameters of algorithms, checked: unknown and ill-typed ones are errors naming the place."""

from openvino.tools.pot.paths import offer

offer(globals())
