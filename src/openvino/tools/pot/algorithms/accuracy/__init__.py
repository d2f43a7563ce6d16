"""Quantization under the control of the user's metric."""

from __future__ import annotations

from openvino.tools.pot.algorithms.accuracy.accuracy_aware import (
    AccuracyAwareQuantization as AccuracyAwareQuantization,
)
