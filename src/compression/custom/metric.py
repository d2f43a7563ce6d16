"""Old home of Metric, now in openvino.tools.pot.api.metric."""

from openvino.tools.pot.api.metric import Metric as Metric
