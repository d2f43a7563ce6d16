"""Old name of openvino.tools.pot.api.metric."""

from openvino.tools.pot.api.metric import Metric as Metric
