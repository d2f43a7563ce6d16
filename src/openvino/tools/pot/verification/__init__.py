"""Whether a quantized model is what it says it is, and whether devices and settings agree on what it computes."""

from openvino.tools.pot.verification.facts import Verification
from openvino.tools.pot.verification.verifying import verify

__all__ = ["Verification", "verify"]
