"""Whether tensors that stay in float leave what half precision holds, and the factor that keeps them within."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import ceil, log2

from openvino.tools.pot.algorithms.decisions import Beyond, Decisions, PlannedNetwork
from openvino.tools.pot.graph.half import LARGEST, Halves
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.statistics.measured import Statistics
from openvino.tools.pot.statistics.reducers import Extreme
from openvino.tools.pot.statistics.requests import Request
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)

_ROOM = 2.0
"""Times as large as on the samples of calibration a tensor may be on others."""

_MASK = 1e30
"""What is larger than this masks something, and does so as well where half precision ends."""

_NAMED = 3


class HalfRangeStage:
    """Finds tensors in float that half precision can't hold; the rest of a network is computed in it on some devices.

    The factor is a power of two, so that dividing costs no digits, and no larger than it must be, since what is small
    loses digits by it.
    """

    def requests(self, network: PlannedNetwork) -> Iterator[Request]:
        """Ask for the largest magnitude of each tensor that can be larger than what it is made of."""
        yield from (_largest(tensor) for tensor in _halves(network).growing())

    def decide(self, decisions: Decisions, statistics: Statistics) -> Decisions:
        """Choose the factor by the largest tensor that it helps."""
        halves = _halves(decisions.network)
        sizes = {tensor: float(statistics.value(_largest(tensor))[0]) for tensor in halves.growing()}
        large = {tensor: size for tensor, size in sizes.items() if LARGEST / _ROOM < size < _MASK}
        if not large:
            return decisions
        helped = {tensor: size for tensor, size in large.items() if halves.is_helped(tensor)}
        factor = 2.0 ** ceil(log2(_ROOM * max(helped.values(), default=1) / LARGEST))
        _tell(helped, {tensor: size for tensor, size in large.items() if tensor not in helped}, factor)
        beyond = {tensor: Beyond(size, factor if tensor in helped else 1.0) for tensor, size in large.items()}
        return decisions.decided(
            self, {tensor: f"it reaches {size:.3g}" for tensor, size in large.items()}, beyond_half=beyond
        )


def _halves(network: PlannedNetwork) -> Halves:
    """The tensors in float of a network as it is planned."""
    plan = network.plan
    rounded = frozenset(reader for each in plan.activations for reader in each.readers)
    return Halves(network.view, rounded, frozenset(layer.node for layer in plan.layers if layer.activations))


def _largest(tensor: TensorId) -> Request:
    return Request(tensor, Extreme("abs_max"), "max")


def _tell(helped: Mapping[TensorId, float], others: Mapping[TensorId, float], factor: float) -> None:
    """Say which tensors are too large, and what is done about them."""
    if helped:
        logger.warning(
            "in half precision, which ends at %.0f, %s may overflow: the model asks OpenVINO to divide by an "
            "ACTIVATIONS_SCALE_FACTOR of %g", LARGEST, _named(helped), factor,
        )  # fmt: skip
    if others:
        logger.warning(
            "in half precision, which ends at %.0f, %s may overflow, and no factor helps: compile the model with "
            "INFERENCE_PRECISION_HINT f32", LARGEST, _named(others),
        )  # fmt: skip


def _named(large: Mapping[TensorId, float]) -> str:
    """The largest tensors by name, and how many others there are."""
    worst = sorted(large, key=lambda tensor: -large[tensor])
    names = ", ".join(f"{str(tensor)!r} (up to {large[tensor]:.3g})" for tensor in worst[:_NAMED])
    return names + (f" and {len(worst) - _NAMED} others" if len(worst) > _NAMED else "")
