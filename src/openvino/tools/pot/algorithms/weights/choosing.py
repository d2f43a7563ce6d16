"""In which form each constant is stored: the one that was asked for, one of 8 bits, or as it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from openvino.tools.pot.arithmetic.groups import WEIGHT_FORMS, WeightForm
from openvino.tools.pot.configs.weights import SMALLEST_GROUP, WeightCompressionParameters
from openvino.tools.pot.placement.weights import StoredWeights

Cost = Callable[[StoredWeights, WeightForm, int], float]
"""What storing weights in a form, in groups of a size, adds to the squared relative error at the layer's output."""


@dataclass(frozen=True)
class Choice:
    """What becomes of weights.

    Attributes:
        weights: that it is about.
        mode: a key of ``WEIGHT_FORMS``, empty where they stay as they are.
        group: how many of a row share a scale.
        why: in words.
    """

    weights: StoredWeights
    mode: str
    group: int
    why: str

    @property
    def form(self) -> WeightForm:
        """What the mode means."""
        return WEIGHT_FORMS[self.mode]


def choose(
    found: Sequence[StoredWeights], parameters: WeightCompressionParameters, cost: Cost
) -> list[Choice]:
    """A choice for each of the weights, in their order.

    With a ratio below one, those weights are stored in 4 bits that cost least for what they save, up to that share of
    all that may be. What fits is filled up in the order of cost by size, as of the continuous knapsack problem.

    Args:
        found: all weights of a network.
        parameters: of the user.
        cost: asked only where there is something to choose.
    """
    wanted = WEIGHT_FORMS[parameters.mode]
    free = [each for each in found if not each.left and not each.whole and wanted.bits < 8]
    backed = {} if parameters.ratio == 1 else _backed_up(free, parameters, cost)
    return [_choice(each, parameters, backed.get(id(each), "")) for each in found]


def fitting_group(row: int, wanted: int) -> int:
    """The largest size of groups, up to the wanted one, that divides a row; the row itself where none fits.

    Groups that are no power of two are computed wrongly by the CPU (2026.4), some of single rows, others of several.
    """
    if wanted < 0 or wanted >= row:
        return row
    while wanted >= SMALLEST_GROUP and row % wanted:
        wanted //= 2
    return wanted if wanted >= SMALLEST_GROUP else row


def _choice(weights: StoredWeights, parameters: WeightCompressionParameters, backed: str) -> Choice:
    if weights.left:
        return Choice(weights, "", 0, weights.left)
    if WEIGHT_FORMS[parameters.mode].bits == 8:
        return Choice(weights, parameters.mode, weights.row, "as asked for")
    if said := weights.whole or backed:
        if parameters.backup == "none":
            return Choice(weights, "", 0, f"{said}, and backup is none")
        return Choice(weights, parameters.backup, weights.row, said)
    group = fitting_group(weights.row, parameters.group_size)
    return Choice(weights, parameters.mode, group, _why_group(weights.row, parameters.group_size, group))


def _why_group(row: int, wanted: int, group: int) -> str:
    if group == wanted or (wanted < 0 and group == row):
        return "as asked for"
    if group < row:
        return f"groups of {wanted} do not divide rows of {row}, those of {group} do"
    if wanted > row:
        return f"rows of {row} are shorter than groups of {wanted}"
    return f"neither groups of {wanted} nor smaller ones divide rows of {row}: one scale for each row"


def _backed_up(
    free: Sequence[StoredWeights], parameters: WeightCompressionParameters, cost: Cost
) -> dict[int, str]:
    """The identity of weights that get 8 bits to keep the ratio -> why."""
    form = WEIGHT_FORMS[parameters.mode]
    costs = {id(each): cost(each, form, fitting_group(each.row, parameters.group_size)) for each in free}
    room = parameters.ratio * sum(each.size for each in free)
    backed = {}
    for each in sorted(free, key=lambda each: costs[id(each)] / each.size):
        if each.size <= room:
            room -= each.size
        else:
            backed[id(each)] = f"4 bits would cost a relative error of {costs[id(each)]:.2g} at its output"
    return backed
