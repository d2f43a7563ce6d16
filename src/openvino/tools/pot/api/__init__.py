"""What users subclass."""

from openvino.tools.pot.api.data_loader import DataLoader
from openvino.tools.pot.api.engine import Engine
from openvino.tools.pot.api.metric import Metric

__all__ = ["DataLoader", "Engine", "Metric"]
