"""Samples from files: images, arrays, and images made up where there are none."""

from openvino.tools.pot.paths import offer

offer(globals())
