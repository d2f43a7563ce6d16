"""WeightCompression: weights in few bits, activations as they are."""

from openvino.tools.pot.algorithms.weights.algorithm import WeightCompression as WeightCompression
from openvino.tools.pot.algorithms.weights.algorithm import as_plain_data as as_plain_data
from openvino.tools.pot.algorithms.weights.compressing import Compressed as Compressed
