"""What a quantized model loses, where and why, and what helps: measured, never guessed."""

from openvino.tools.pot.diagnosis.comparing import Comparison, compare
from openvino.tools.pot.diagnosis.diagnosing import diagnose
from openvino.tools.pot.diagnosis.frontiers import Frontier, frontier
from openvino.tools.pot.diagnosis.shown import Diagnosis

__all__ = ["Comparison", "Diagnosis", "Frontier", "compare", "diagnose", "frontier"]
