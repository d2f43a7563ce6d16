"""The engine of Accuracy Checker's configurations under the name that POT had for it."""

from openvino.tools.pot.accuracy_checker.engine import ACEngine as ACEngine
from openvino.tools.pot.paths import offer

offer(globals())
