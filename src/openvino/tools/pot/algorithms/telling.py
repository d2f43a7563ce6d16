"""What there is to say of the samples of a pass, and of what came of them."""

from __future__ import annotations

import numpy as np

from openvino.tools.pot.statistics.layout import Span
from openvino.tools.pot.statistics.measured import Statistics
from openvino.tools.pot.statistics.witness import Witness
from openvino.tools.pot.utils.errors import DataError, EngineError
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)

FEW_SAMPLES = 30
"""From which on statistics are good."""


def check_span(found: Statistics, span: Span, inferences: int) -> None:
    """Make sure that there was one inference of each sample, or of each fixed batch."""
    expected = [(span.start, span.start + inferences)]
    if list(found.spans) != expected:
        raise EngineError(
            f"inferences {list(found.spans)} were made of a part of the samples, expected {expected}: its place in a "
            "whole pass is not known"
        )


def tell_of_choice(length: int, wanted: int | None) -> None:
    """Say where there are fewer samples than were wanted, or than are good."""
    if wanted is not None and wanted > length:
        have = _samples(length)
        logger.info("stat_subset_size is %d, the data loader has %s: all are used", wanted, have)
    taken = min(wanted or length, length)
    if taken < FEW_SAMPLES:
        logger.warning(
            "statistics come from %s, expected at least %d for good accuracy",
            _samples(taken),
            FEW_SAMPLES,
        )


def _samples(count: int) -> str:
    return f"{count} sample{'s' * (count != 1)}"


def check_outputs(witness: Witness, name: str) -> None:
    """Make sure that what is not finite inside a model does not reach its outputs everywhere."""
    for position, values in enumerate(witness.values):
        if values and not any(np.any(np.isfinite(value)) for value in values if value.dtype.kind == "f"):
            raise DataError(
                f"sample {position}: no output of model {name!r} is finite, expected data that it can work with"
            )
