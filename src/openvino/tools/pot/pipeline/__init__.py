"""Sequences of algorithms."""

from openvino.tools.pot.paths import offer

offer(globals())
