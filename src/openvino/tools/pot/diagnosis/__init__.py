"""What a quantized model loses, where and why, and what helps: measured, never guessed."""

from openvino.tools.pot.diagnosis.diagnosing import diagnose
from openvino.tools.pot.diagnosis.facts import Diagnosis

__all__ = ["Diagnosis", "diagnose"]
