"""RangeSupervision: keeps activations within what samples showed, whatever becomes of the memory."""

from __future__ import annotations

from collections.abc import Iterator

from openvino.tools.pot.algorithms.decisions import Decisions, PlannedNetwork
from openvino.tools.pot.algorithms.interfaces import Stage
from openvino.tools.pot.algorithms.recipe import Recipe
from openvino.tools.pot.algorithms.rewriting import Rewriting
from openvino.tools.pot.configs.rewriting import RewritingParameters
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.paths import offer
from openvino.tools.pot.placement.scope import ignored_nodes
from openvino.tools.pot.statistics.measured import Statistics
from openvino.tools.pot.statistics.reducers import Extreme
from openvino.tools.pot.statistics.requests import Request
from openvino.tools.pot.utils.logger import get_logger

__path__: list[str] = []  # POT had a package here: see openvino.tools.pot.paths

logger = get_logger(__name__)

ACTIVATIONS = frozenset(
    {"Elu", "Gelu", "HSigmoid", "HSwish", "Mish", "PRelu", "Relu", "Selu", "Sigmoid", "SoftPlus", "SoftSign"}
    | {"Swish", "Tanh"}
)
"""Types of operations behind which bounds stand."""


class SupervisionStage:
    """Finds the smallest and the largest value behind each activation.

    Source: Geissler et al., "Towards a Safety Case for Hardware Fault Tolerance in Convolutional Neural Networks Using
    Activation Range Supervision", 2021, section 3.1; Chen et al., "A Low-cost Fault Corrector for Deep Neural Networks
    through Range Restriction", 2021 (Ranger), section 3.
    """

    def __init__(self, parameters: RewritingParameters) -> None:
        self._parameters = parameters

    def requests(self, network: PlannedNetwork) -> Iterator[Request]:
        """Ask for both of every activation."""
        for tensor in self._tensors(network):
            yield from _extremes(tensor)

    def decide(self, decisions: Decisions, statistics: Statistics) -> Decisions:
        """Set the bounds."""
        found = {}
        for tensor in self._tensors(decisions.network):
            low, high = (float(statistics.value(request)[0]) for request in _extremes(tensor))
            if low < high:  # of a constant nothing is known
                found[tensor] = (low, high)
        logger.info("%d activations are kept within bounds", len(found))
        return decisions.decided(self, f"extremes over {statistics.samples} samples", bounds=found)

    def _tensors(self, network: PlannedNetwork) -> list[TensorId]:
        view, sub = network.view, network.sub
        ignored = ignored_nodes(view, self._parameters.ignored.of(sub.name), sub)
        tensors = (TensorId(name) for name in view.nodes if view.type(name) in ACTIVATIONS)
        return [
            tensor
            for tensor in tensors
            if tensor.node not in ignored
            and not view.is_constant(tensor)
            and view.is_float(tensor)
            and view.shape(tensor) is not None
        ]


def _extremes(tensor: TensorId) -> tuple[Request, Request]:
    return Request(tensor, Extreme("min"), "min"), Request(tensor, Extreme("max"), "max")


class RangeSupervision(Rewriting):
    """Puts a Clamp behind each activation, at the smallest and the largest value that samples showed there.

    An error in memory that makes a value huge then stays small. It is carried out before anything is quantized,
    wherever it stands in a list.
    """

    name = "RangeSupervision"
    stands_anywhere = True

    def _make_stages(self, recipe: Recipe) -> tuple[Stage, ...]:
        return (SupervisionStage(self._parameters),)


offer(globals())
