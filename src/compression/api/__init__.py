"""Old name of openvino.tools.pot.api."""

from openvino.tools.pot.api.data_loader import DataLoader as DataLoader
from openvino.tools.pot.api.engine import Engine as Engine
from openvino.tools.pot.api.metric import Metric as Metric
