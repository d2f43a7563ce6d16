"""How images are fed: what users say, then a family, then what the model says, then POT's defaults."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot.data_loaders.geometry import NEED_SIZES
from openvino.tools.pot.data_loaders.images import ImageReader
from openvino.tools.pot.data_loaders.layout import ImageInput
from openvino.tools.pot.data_loaders.stating.families import LETTERBOX
from openvino.tools.pot.data_loaders.stating.statement import Resize, Statement
from openvino.tools.pot.utils.errors import ConfigError
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)

ASKED, DEFAULT = "as asked", "by default"
_KEPT = Resize("keep", method="LINEAR")


@dataclass(frozen=True)
class Given:
    """What users say about one input.

    Attributes:
        color_order: RGB or BGR.
        mean, scale: one number for each channel or one for all.
        letterbox, keep_aspect: whether images keep their proportions, and what becomes of the rest.
        central_fraction: part that is kept, before images are stretched.
        sized: whether they say the input's size.
        anomalies: whether some images get a patch that doesn't belong there.
    """

    color_order: str | None = None
    mean: NDArray[np.float32] | None = None
    scale: NDArray[np.float32] | None = None
    letterbox: bool = False
    keep_aspect: bool = False
    central_fraction: float | None = None
    sized: bool = False
    anomalies: bool | None = None

    @property
    def resize(self) -> Resize | None:
        """How images get the input's size, None where users don't say."""
        if self.letterbox:
            return LETTERBOX
        if self.keep_aspect:
            return _KEPT
        return None if self.central_fraction is None else Resize()


@dataclass(frozen=True)
class Decision:
    """How images are fed, and who says so.

    Attributes:
        reader: of the images.
        sources: what of it -> who says it, in the order in which people read it.
    """

    reader: ImageReader
    sources: tuple[tuple[str, str], ...]


def decided(
    target: ImageInput, kind: ov.Type, given: Given, said: Sequence[Statement], where: str
) -> Decision:
    """How the images of an input are fed.

    Args:
        target: the input, with the sizes that users give.
        kind: of its elements; inputs of integers are fed pixels as they are, whoever says what.
        given: what users say.
        said: what others say, those first who are believed first.
        where: names the configuration in messages.

    Raises:
        ConfigError: what is said does not go together, or a size is needed and unknown.
    """
    whole = not kind.is_real()
    said = [_fitting(each, target) for each in said]
    order, order_by = _first(given.color_order, said, lambda each: each.color_order, "BGR")
    mean, scale, span_by = _span(given, [] if whole else said)
    if target.channels != 1:
        _check_order(order, order_by, span_by, said, where)
    resize, resize_by = _first(given.resize, said, lambda each: each.resize, Resize())
    sized, size_by = _sized(target, given, said)
    if resize.kind in NEED_SIZES and None in (sized.height, sized.width):
        raise ConfigError(
            f"{where}: input {target.name!r} is {_shape(target)}: state --shape (shape), which images that keep their "
            f"proportions need ({resize.kind}, {resize_by})"
        )
    blue_first = order == "BGR"
    anomalies, anomalies_by = _first(given.anomalies, said, lambda each: each.anomalies, False)
    reader = ImageReader(sized, blue_first, given.central_fraction, mean, scale, resize, anomalies)
    names = (
        *(("order", order_by), ("range", span_by), ("resize", resize_by), ("size", size_by)),
        ("anomalies", anomalies_by if anomalies else ""),
    )
    return Decision(
        reader, tuple((name, by) for name, by in names if by and (name, target.channels) != ("order", 1))
    )


def _first(
    given: Any, said: Sequence[Statement], part: Callable[[Statement], Any], absent: Any
) -> tuple[Any, str]:
    """What is said first, and by whom."""
    if given is not None:
        return given, ASKED
    found = next((each for each in said if part(each) is not None), None)
    return (absent, DEFAULT) if found is None else (part(found), found.source)


def _span(
    given: Given, said: Sequence[Statement]
) -> tuple[NDArray[np.float32] | None, NDArray[np.float32] | None, str]:
    """Mean and scale, which belong together; numbers of others that change nothing are left out."""
    if given.mean is not None or given.scale is not None:
        return given.mean, given.scale, ASKED
    found = next((each for each in said if each.mean is not None), None)
    if found is None or found.mean is None or found.scale is None:
        return None, None, DEFAULT
    mean = np.array(found.mean, np.float32) if any(found.mean) else None
    scale = np.array(found.scale, np.float32) if set(found.scale) != {1.0} else None
    return mean, scale, found.source


def _fitting(said: Statement, target: ImageInput) -> Statement:
    """What is said, without numbers for more channels than there are."""
    if said.mean is None or said.scale is None:
        return said
    counts = {len(said.mean), len(said.scale)}
    if counts <= {1, target.channels or 3}:
        return said
    if len({*said.mean}) == len({*said.scale}) == 1:
        return replace(said, mean=said.mean[:1], scale=said.scale[:1])
    logger.warning(
        "%s: mean and scale are of %d channels, input %r has %s: they are not used",
        *(said.source, max(counts), target.name, target.channels),
    )
    return replace(said, mean=None, scale=None)


def _check_order(order: str, order_by: str, span_by: str, said: Sequence[Statement], where: str) -> None:
    """Make sure that numbers for channels are of the channels that they are applied to."""
    source = next((each for each in said if each.source == span_by), None)
    if source is None or order_by == span_by or source.color_order in (None, order):
        return
    uneven = [values for values in (source.mean, source.scale) if values and len({*values}) > 1]
    if uneven:
        who, numbers = named(span_by), f"mean {list(source.mean or ())} and scale {list(source.scale or ())}"
        raise ConfigError(
            f"{where}: color_order is {order} ({order_by}), but {numbers} {who} are for {source.color_order}: state "
            "--mean-values and --scale-values (mean_values, scale_values), too"
        )


def named(source: str) -> str:
    """Who says something, for people."""
    return source if source in (ASKED, DEFAULT) else f"from {'--' * source.startswith('like ')}{source}"


def _sized(target: ImageInput, given: Given, said: Sequence[Statement]) -> tuple[ImageInput, str]:
    """The input with the size that somebody states, where it is open; the model's own needs nobody to say it."""
    own = target.height, target.width
    found = next((each for each in said if each.size is not None), None)
    if found is None or found.size is None:
        return target, ASKED if given.sized else ""
    for name, mine, theirs in zip(("height", "width"), own, found.size, strict=True):
        if mine is not None and theirs not in (None, mine) and not given.sized:
            logger.warning("%s says %s %d, input %r has %d", found.source, name, theirs, target.name, mine)
    if None not in own:
        return target, ASKED if given.sized else ""
    height, width = (mine or theirs for mine, theirs in zip(own, found.size, strict=True))
    return replace(target, height=height, width=width), found.source


def _shape(target: ImageInput) -> str:
    sizes = {"N": None, "C": target.channels, "H": target.height, "W": target.width}
    return f"[{','.join('?' if sizes[axis] is None else str(sizes[axis]) for axis in target.layout)}]"
