"""Errors, logging, progress."""

from openvino.tools.pot.paths import offer

offer(globals())
