"""What users subclass."""

from openvino.tools.pot.api.data_loader import DataLoader
from openvino.tools.pot.api.engine import Engine
from openvino.tools.pot.api.metric import Metric
from openvino.tools.pot.paths import offer

__all__ = ["DataLoader", "Engine", "Metric"]

offer(globals())
