"""Statistics of tensors: reduced inside the graph, streamed through accumulators, in one pass."""

from openvino.tools.pot.paths import offer
from openvino.tools.pot.statistics.measured import Statistics as Statistics
from openvino.tools.pot.statistics.measured import merge as merge

offer(globals())
