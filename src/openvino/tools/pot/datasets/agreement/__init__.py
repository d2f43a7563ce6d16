"""How often two models say the same of the same samples, by what the form of their outputs says."""

from openvino.tools.pot.datasets.agreement.answers import Answers
from openvino.tools.pot.datasets.agreement.figures import FIGURES, Figure
from openvino.tools.pot.datasets.agreement.forms import KINDS, Kind, Part

__all__ = ["FIGURES", "KINDS", "Answers", "Figure", "Kind", "Part"]
